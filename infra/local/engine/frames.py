"""Checksummed compressed frames of the native protocol.

A frame is CityHash128 (version 1.0.2, high half first) of the rest, a method byte, the size with
this 9-byte header, the raw size, and the payload.
Source: ClickHouse ``src/Compression/CompressedReadBufferBase.cpp``.
"""

import struct
from collections.abc import Callable
from typing import Final

import lz4.block
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from infra.local.engine.wire import Buffer, ProtocolError

LZ4: Final = 0x82
ZSTD: Final = 0x90
NONE: Final = 0x02

_HEADER: Final = struct.Struct("<BII")
_CHECKSUM_BYTES: Final = 16
_MAX_FRAME_BYTES: Final = 1 << 30


def _unpack_lz4(payload: bytes, raw_bytes: int) -> bytes:
    return bytes(lz4.block.decompress(payload, uncompressed_size=raw_bytes))


def _unpack_zstd(payload: bytes, raw_bytes: int) -> bytes:
    return zstandard.ZstdDecompressor().decompress(payload, max_output_size=raw_bytes)


def _unpack_none(payload: bytes, _raw_bytes: int) -> bytes:
    return payload


_UNPACK: Final[dict[int, Callable[[bytes, int], bytes]]] = {
    LZ4: _unpack_lz4,
    ZSTD: _unpack_zstd,
    NONE: _unpack_none,
}


def _checksum(body: bytes) -> bytes:
    high_then_low = CityHash128(body)
    return struct.pack("<QQ", high_then_low >> 64, high_then_low & 0xFFFF_FFFF_FFFF_FFFF)


def read_frame(buffer: Buffer) -> bytes:
    """Raw bytes of the next frame.

    Raises
    ------
    ProtocolError
        40 for a wrong checksum, 89 for an unknown method, 271 for a broken payload.
    """
    checksum = buffer.take(_CHECKSUM_BYTES)
    header = buffer.take(_HEADER.size)
    method, frame_bytes, raw_bytes = _HEADER.unpack(header)
    if not _HEADER.size <= frame_bytes <= _MAX_FRAME_BYTES or raw_bytes > _MAX_FRAME_BYTES:
        raise ProtocolError(271, f"DB::Exception: Frame of {frame_bytes} bytes is out of bounds")
    payload = buffer.take(frame_bytes - _HEADER.size)
    if _checksum(header + payload) != checksum:
        raise ProtocolError(40, "DB::Exception: Checksum doesn't match: corrupted data")
    if method not in _UNPACK:
        raise ProtocolError(89, f"DB::Exception: Unknown compression method: {method:#x}")
    try:
        raw = _UNPACK[method](payload, raw_bytes)
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise ProtocolError(271, f"DB::Exception: Cannot decompress: {error}") from error
    if len(raw) != raw_bytes:
        raise ProtocolError(271, "DB::Exception: Cannot decompress: the raw size differs")
    return raw


def frame(raw: bytes, method: int) -> bytes:
    """`raw` as one frame compressed by `method` (`LZ4` or `ZSTD`)."""
    if method == ZSTD:
        payload = zstandard.ZstdCompressor(level=1).compress(raw)
    else:
        payload = lz4.block.compress(raw, store_size=False)
    body = _HEADER.pack(method, len(payload) + _HEADER.size, len(raw)) + payload
    return _checksum(body) + body

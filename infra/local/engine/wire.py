"""Primitive values and packets of ClickHouse's native protocol, revision 54429.

At this revision settings travel as strings and no later extension (interserver secret, tracing,
custom column serialization, profile events) is on the wire.
Source: ClickHouse ``src/Core/Protocol.h`` and ``ProtocolDefines.h``.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

REVISION: Final = 54429
BLOCK_INFO: Final = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # no overflow rows, bucket -1, end

_COMPACT_ABOVE_BYTES: Final = 1 << 20
_MAX_TEXT_BYTES: Final = 1 << 28
_MAX_VARINT_SHIFT: Final = 63
_TCP_INTERFACE: Final = 1


class ClientPacket(IntEnum):
    """Kinds of packet a client sends."""

    HELLO = 0
    QUERY = 1
    DATA = 2
    CANCEL = 3
    PING = 4


class ServerPacket(IntEnum):
    """Kinds of packet the engine sends."""

    HELLO = 0
    DATA = 1
    EXCEPTION = 2
    PROGRESS = 3
    PONG = 4
    END_OF_STREAM = 5
    PROFILE_INFO = 6


class EngineError(Exception):
    """A failure with ClickHouse's numeric code.

    Parameters
    ----------
    code
        ClickHouse error code, e.g. 60 for an unknown table.
    message
        Text as the engine words it, starting with ``DB::Exception:``.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"Code: {code}. {message}")
        self.code = code
        self.message = message


class ProtocolError(EngineError):
    """The client's bytes make no sense, so that the connection cannot go on."""


class Buffer:
    """Bytes to be parsed, refilled on demand.

    Parameters
    ----------
    refill
        Returns the next bytes, at best as many as asked for; raises EOFError at the end.

    Attributes
    ----------
    raw
        All bytes since the last `compact`.
    pos
        Index into `raw` of the next byte to read.
    """

    def __init__(self, refill: Callable[[int], bytes]) -> None:
        self._refill = refill
        self.raw = bytearray()
        self.pos = 0

    def fill_to(self, end: int) -> None:
        """Make `raw` at least `end` bytes long; raise EOFError if the source ends before."""
        while len(self.raw) < end:
            self.raw += self._refill(end - len(self.raw))

    def compact(self) -> None:
        """Forget what has been read, once that is worth a copy."""
        if self.pos == len(self.raw):
            self.raw.clear()
        elif self.pos > _COMPACT_ABOVE_BYTES:
            del self.raw[: self.pos]
        else:
            return
        self.pos = 0

    def skip(self, size: int) -> None:
        """Step over `size` bytes."""
        end = self.pos + size
        self.fill_to(end)
        self.pos = end

    def take(self, size: int) -> bytes:
        """Next `size` bytes."""
        self.skip(size)
        return bytes(self.raw[self.pos - size : self.pos])

    def byte(self) -> int:
        """Next byte as a number."""
        self.skip(1)
        return self.raw[self.pos - 1]

    def varint(self) -> int:
        """Next unsigned LEB128 number; raise `ProtocolError` if it is longer than 64 bits."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > _MAX_VARINT_SHIFT:
                raise ProtocolError(27, "DB::Exception: Cannot parse a variable-length integer")

    def text(self) -> str:
        """Next length-prefixed string; raise `ProtocolError` if it is too long or not UTF-8."""
        size = self.varint()
        if size > _MAX_TEXT_BYTES:
            raise ProtocolError(131, f"DB::Exception: Too large string size: {size}")
        try:
            return self.take(size).decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(36, f"DB::Exception: Text is not UTF-8: {error}") from error


def varint(value: int) -> bytes:
    """`value` >= 0 as unsigned LEB128."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value: str) -> bytes:
    """`value` as a length-prefixed UTF-8 string."""
    raw = value.encode()
    return varint(len(raw)) + raw


@dataclass(frozen=True)
class Setting:
    """One setting that came with a query."""

    name: str
    value: str
    is_important: bool


@dataclass(frozen=True)
class Query:
    """A query packet, without the parts the engine has no use for."""

    sql: str
    settings: tuple[Setting, ...]
    is_compressed: bool


def read_hello(buffer: Buffer) -> str:
    """Client's database, from a hello packet whose kind has been read.

    Any user and password are accepted: the engine listens on the loopback only.
    A client older than `REVISION` is a `ProtocolError`.
    """
    buffer.text()
    buffer.varint()
    buffer.varint()
    revision = buffer.varint()
    database = buffer.text()
    buffer.text()
    buffer.text()
    if revision < REVISION:
        raise ProtocolError(48, f"DB::Exception: Client revision {revision} is below {REVISION}")
    return database


def read_query(buffer: Buffer) -> Query:
    """Query packet whose kind has been read."""
    buffer.text()
    _skip_client_info(buffer)
    settings = _read_settings(buffer)
    buffer.varint()
    is_compressed = bool(buffer.varint())
    return Query(buffer.text(), settings, is_compressed)


def _skip_client_info(buffer: Buffer) -> None:
    if not buffer.byte():
        return
    for _ in range(3):
        buffer.text()
    if buffer.byte() != _TCP_INTERFACE:
        raise ProtocolError(101, "DB::Exception: Only the TCP interface is understood")
    for _ in range(3):
        buffer.text()
    for _ in range(3):
        buffer.varint()
    buffer.text()
    buffer.varint()


def _read_settings(buffer: Buffer) -> tuple[Setting, ...]:
    settings = []
    while name := buffer.text():
        is_important = bool(buffer.byte() & 1)
        settings.append(Setting(name, buffer.text(), is_important))
    return tuple(settings)


def hello(version: tuple[int, int, int], timezone: str) -> bytes:
    """Hello packet of the engine."""
    major, minor, patch = map(varint, version)
    server = text("ClickHouse") + major + minor + varint(REVISION)
    return varint(ServerPacket.HELLO) + server + text(timezone) + text("local engine") + patch


def exception(error: EngineError) -> bytes:
    """Exception packet."""
    body = struct.pack("<i", error.code) + text("DB::Exception") + text(error.message) + text("")
    return varint(ServerPacket.EXCEPTION) + body + b"\x00"


def progress(rows: int, size_bytes: int) -> bytes:
    """Progress packet: rows and bytes read from storage since the last one."""
    return varint(ServerPacket.PROGRESS) + b"".join(map(varint, (rows, size_bytes, 0, 0, 0)))


def profile(rows: int, blocks: int, size_bytes: int) -> bytes:
    """Profile packet: what a finished query has returned."""
    counts = b"".join(map(varint, (rows, blocks, size_bytes)))
    return varint(ServerPacket.PROFILE_INFO) + counts + b"\x00" + varint(0) + b"\x00"

import struct

import lz4.block
import pytest
from clickhouse_cityhash.cityhash import CityHash128

from infra.local.engine import frames
from infra.local.engine.blocks import header_block, read_block
from infra.local.engine.wire import Buffer, ProtocolError, text, varint


def buffer_of(raw, step=1 << 16):
    parts = iter([raw[at : at + step] for at in range(0, len(raw), step)])

    def refill(_):
        part = next(parts, b"")
        if not part:
            raise EOFError
        return part

    return Buffer(refill)


def block(declared, rows, data):
    return varint(1) + varint(rows) + text("x") + text(declared) + data


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


LAYOUTS = [
    ("Int32", 3, bytes(12)),
    ("DateTime64(6, 'UTC')", 2, bytes(16)),
    ("Enum8('a,b)' = 1, 'c''(' = 2)", 5, bytes(5)),
    ("FixedString(5)", 2, bytes(10)),
    ("Decimal(18, 4)", 2, bytes(16)),
    ("String", 3, text("") + text("ab") + text("é" * 100)),
    ("Nullable(String)", 2, b"\x01\x00" + text("") + text("b")),
    ("Array(UInt16)", 2, u64(1, 3) + bytes(6)),
    ("Array(Array(String))", 1, u64(2) + u64(1, 1) + text("a")),
    ("LowCardinality(String)", 3, u64(1, 0x600, 2) + text("") + text("a") + u64(3) + bytes(3)),
    ("LowCardinality(Nullable(String))", 1, u64(1, 0x601, 1) + text("") + u64(1) + bytes(2)),
    ("Array(LowCardinality(String))", 2, u64(1) + u64(0, 0)),
    ("Tuple(UInt8, String)", 1, b"\x01" + text("q")),
    ("Tuple(x UInt8, `y z` Array(UInt8))", 1, b"\x01" + u64(2) + bytes(2)),
    ("Map(String, UInt64)", 1, u64(1) + text("k") + u64(7)),
    ("SimpleAggregateFunction(sum, UInt64)", 1, u64(4)),
]


@pytest.mark.parametrize(("declared", "rows", "data"), LAYOUTS)
@pytest.mark.parametrize("step", [1, 1 << 16])
def test_a_block_ends_where_its_types_say(declared, rows, data, step):
    raw = block(declared, rows, data)
    buffer = buffer_of(raw + b"next", step)
    got = read_block(buffer)
    assert (got.columns, got.rows, got.body) == ((("x", declared),), rows, raw)
    assert buffer.take(4) == b"next"


@pytest.mark.parametrize(("declared", "rows", "data"), LAYOUTS)
def test_a_block_cut_short_is_noticed(declared, rows, data):
    with pytest.raises(EOFError):
        read_block(buffer_of(block(declared, rows, data)[:-1]))


@pytest.mark.parametrize("declared", ["Dynamic", "Array(", "FixedString(x)", "Decimal(99, 1)"])
def test_a_type_of_unknown_layout_is_refused(declared):
    with pytest.raises(ProtocolError) as refused:
        read_block(buffer_of(block(declared, 1, bytes(99))))
    assert refused.value.code == 50


def test_a_header_block_has_names_but_no_rows():
    got = read_block(buffer_of(header_block([("a", "UInt8"), ("b", "String")])))
    assert (got.columns, got.rows) == ((("a", "UInt8"), ("b", "String")), 0)


@pytest.mark.parametrize("method", [frames.LZ4, frames.ZSTD])
@pytest.mark.parametrize("raw", [b"", b"x", b"spam" * 10_000])
def test_a_frame_comes_back_as_it_went(method, raw):
    assert frames.read_frame(buffer_of(frames.frame(raw, method))) == raw


def test_a_frame_has_the_checksum_high_half_first():
    framed = frames.frame(b"spam" * 100, frames.LZ4)
    high, low = struct.unpack("<QQ", framed[:16])
    assert high << 64 | low == CityHash128(framed[16:])


def test_a_flipped_bit_in_a_frame_is_refused():
    framed = bytearray(frames.frame(b"spam" * 100, frames.LZ4))
    framed[-1] ^= 1
    with pytest.raises(ProtocolError, match="Checksum"):
        frames.read_frame(buffer_of(bytes(framed)))


def test_a_frame_that_lies_about_its_raw_size_is_refused():
    payload = lz4.block.compress(b"spam" * 100, store_size=False)
    body = struct.pack("<BII", frames.LZ4, len(payload) + 9, 10) + payload
    checksum = CityHash128(body)
    framed = struct.pack("<QQ", checksum >> 64, checksum & (1 << 64) - 1) + body
    with pytest.raises(ProtocolError, match="decompress"):
        frames.read_frame(buffer_of(framed))


def test_an_endless_number_is_refused():
    with pytest.raises(ProtocolError):
        buffer_of(b"\xff" * 20).varint()

"""Finding where a native block ends, by the types its columns name.

Blocks are relayed as they are; only their length has to be known. Every layout is stepped over in
two passes as ClickHouse writes it: state prefixes of all nested columns first, then the data.
Source: ClickHouse ``src/DataTypes/Serializations``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from infra.local.engine.wire import Buffer, ProtocolError, text, varint

_WIDTH_BYTES: Final = {
    "Bool": 1, "Int8": 1, "UInt8": 1, "Enum8": 1, "Nothing": 1,
    "Int16": 2, "UInt16": 2, "Enum16": 2, "Date": 2, "BFloat16": 2,
    "Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "IPv4": 4,
    "Int64": 8, "UInt64": 8, "Float64": 8, "DateTime64": 8,
    "Int128": 16, "UInt128": 16, "UUID": 16, "IPv6": 16,
    "Int256": 32, "UInt256": 32,
    "Decimal32": 4, "Decimal64": 8, "Decimal128": 16, "Decimal256": 32,
}  # fmt: skip
_DECIMAL_DIGITS_BYTES: Final = ((9, 4), (18, 8), (38, 16), (76, 32))
_KEY_WIDTH_MASK: Final = 0xFF
_PARTS: Final = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|[(),]|[^'`(),]+")
_ELEMENT_NAME: Final = re.compile(r"(?:`(?:[^`\\]|\\.)*`|\w+)\s+(?=\w)")


@dataclass(frozen=True)
class Block:
    """One block as it stood on the wire, without its block info.

    Attributes
    ----------
    columns
        Names and types.
    rows
        Number of rows.
    body
        Dimensions, names, types and data: what the engine's ``Native`` format is made of.
    """

    columns: tuple[tuple[str, str], ...]
    rows: int
    body: bytes


class _Layout(Protocol):
    """How the values of one type lie in a block."""

    def prefix(self, buffer: Buffer) -> None:
        """Step over what comes before all data of the column."""

    def data(self, buffer: Buffer, rows: int) -> None:
        """Step over `rows` values."""


@dataclass(frozen=True)
class _Fixed:
    width_bytes: int

    def prefix(self, buffer: Buffer) -> None:
        pass

    def data(self, buffer: Buffer, rows: int) -> None:
        buffer.skip(rows * self.width_bytes)


@dataclass(frozen=True)
class _Text:
    def prefix(self, buffer: Buffer) -> None:
        pass

    def data(self, buffer: Buffer, rows: int) -> None:
        # The one loop over values; kept free of calls because it bounds uncompressed inserts.
        raw, pos = buffer.raw, buffer.pos
        for _ in range(rows):
            if pos >= len(raw):
                buffer.fill_to(pos + 1)
            size = raw[pos]
            if size < 0x80:
                pos += size + 1
            else:
                buffer.pos = pos
                size = buffer.varint()
                pos = buffer.pos + size
        buffer.fill_to(pos)
        buffer.pos = pos


@dataclass(frozen=True)
class _Nullable:
    inner: _Layout

    def prefix(self, buffer: Buffer) -> None:
        self.inner.prefix(buffer)

    def data(self, buffer: Buffer, rows: int) -> None:
        buffer.skip(rows)
        self.inner.data(buffer, rows)


@dataclass(frozen=True)
class _Array:
    inner: _Layout

    def prefix(self, buffer: Buffer) -> None:
        self.inner.prefix(buffer)

    def data(self, buffer: Buffer, rows: int) -> None:
        if rows:
            buffer.skip(8 * rows)
            last_offset = bytes(buffer.raw[buffer.pos - 8 : buffer.pos])
            self.inner.data(buffer, int.from_bytes(last_offset, "little"))


@dataclass(frozen=True)
class _Tuple:
    inner: tuple[_Layout, ...]

    def prefix(self, buffer: Buffer) -> None:
        for layout in self.inner:
            layout.prefix(buffer)

    def data(self, buffer: Buffer, rows: int) -> None:
        for layout in self.inner:
            layout.data(buffer, rows)


@dataclass(frozen=True)
class _LowCardinality:
    inner: _Layout

    def prefix(self, buffer: Buffer) -> None:
        buffer.skip(8)

    def data(self, buffer: Buffer, rows: int) -> None:
        if not rows:
            return
        key_width_bytes = 1 << (int.from_bytes(buffer.take(8), "little") & _KEY_WIDTH_MASK)
        self.inner.data(buffer, int.from_bytes(buffer.take(8), "little"))
        keys = int.from_bytes(buffer.take(8), "little")
        buffer.skip(keys * key_width_bytes)


def _arguments(inside: str) -> Iterator[str]:
    """Comma-separated parts of `inside`, commas within brackets and quotes apart."""
    depth, part = 0, ""
    for match in _PARTS.finditer(inside):
        token = match.group()
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += token
    if part.strip():
        yield part.strip()


def _element(declared: str) -> _Layout:
    """Layout of a tuple's element, which may carry a name before its type."""
    match = _ELEMENT_NAME.match(declared)
    return _layout(declared[match.end() :] if match else declared)


def _composite(name: str, arguments: list[str]) -> _Layout | None:
    match name:
        case "Nullable":
            return _Nullable(_layout(arguments[0]))
        case "LowCardinality":
            inner = _layout(arguments[0])
            # NULL is an index of its own, so the dictionary holds the bare type.
            return _LowCardinality(inner.inner if isinstance(inner, _Nullable) else inner)
        case "Array":
            return _Array(_layout(arguments[0]))
        case "Tuple":
            return _Tuple(tuple(map(_element, arguments)))
        case "Map" | "Nested":
            return _Array(_Tuple(tuple(map(_element, arguments))))
        case "SimpleAggregateFunction":
            return _layout(arguments[1])
    return None


def _simple(name: str, arguments: list[str]) -> _Layout | None:
    if name == "String":
        return _Text()
    if name == "FixedString":
        return _Fixed(int(arguments[0]))
    if name == "Decimal":
        digits = int(arguments[0])
        return _Fixed(next(width for most, width in _DECIMAL_DIGITS_BYTES if digits <= most))
    return _Fixed(_WIDTH_BYTES[name]) if name in _WIDTH_BYTES else None


@lru_cache(maxsize=4096)
def _layout(declared: str) -> _Layout:
    name, _, rest = declared.partition("(")
    arguments = list(_arguments(rest.removesuffix(")")))
    try:
        layout = _composite(name, arguments) or _simple(name, arguments)
    except (IndexError, ValueError, StopIteration) as error:
        raise ProtocolError(50, f"DB::Exception: Malformed type: {declared}") from error
    if layout is None:
        raise ProtocolError(50, f"DB::Exception: The local engine cannot read {declared}")
    return layout


def read_block(buffer: Buffer) -> Block:
    """Next block of `buffer`, which stands behind the block info.

    Raises
    ------
    ProtocolError
        50 for a type whose layout is unknown here.
    EOFError
        The bytes end within the block.
    """
    start = buffer.pos
    width, rows = buffer.varint(), buffer.varint()
    columns = []
    for _ in range(width):
        name, declared = buffer.text(), buffer.text()
        columns.append((name, declared))
        layout = _layout(declared)
        if rows:
            layout.prefix(buffer)
            layout.data(buffer, rows)
    return Block(tuple(columns), rows, bytes(buffer.raw[start : buffer.pos]))


def skip_block_info(buffer: Buffer) -> None:
    """Step over the numbered fields that precede a block on the wire."""
    while field := buffer.varint():
        if field not in (1, 2):
            raise ProtocolError(27, f"DB::Exception: Unknown field {field} of block info")
        buffer.skip(1 if field == 1 else 4)


def header_block(columns: Sequence[tuple[str, str]]) -> bytes:
    """Block of no rows that tells names and types."""
    names = b"".join(text(name) + text(declared) for name, declared in columns)
    return varint(len(columns)) + varint(0) + names


def split_blocks(body: bytes) -> Iterator[Block]:
    """Single blocks of concatenated ``Native`` output."""

    def refill(_size: int) -> bytes:
        raise EOFError

    buffer = Buffer(refill)
    buffer.raw += body
    while buffer.pos < len(buffer.raw):
        yield read_block(buffer)

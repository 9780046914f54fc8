"""What the driver writes of coded columns, the driver reads as their values."""

from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from clickhouse_driver.columns.service import read_column, write_column
from clickhouse_driver.varint import make_varint, read_varint
from hypothesis import given
from hypothesis import strategies as st

from jobs.io.coded import Coded, numbered

SETTINGS = {"use_numpy": True, "strings_as_bytes": False, "input_format_null_as_default": False}
CONTEXT = SimpleNamespace(client_settings=SETTINGS)
# Arrays of texts lose a zero at their end, which a text may have.
READING = SimpleNamespace(client_settings=SETTINGS | {"use_numpy": False})
TEXTS = "LowCardinality(String)"
LISTS = f"Array({TEXTS})"
texts = st.text(max_size=5)


class Wire(BytesIO):
    """Stands for the connection: bytes and texts with their length before them."""

    def write_strings(self, items, encoding="utf-8"):
        for item in items:
            raw = item.encode(encoding)
            self.write(make_varint(len(raw)) + raw)

    def read_one(self):
        return self.read(1)[0]

    def read_strings(self, count, encoding="utf-8"):
        return [self.read(read_varint(self)).decode(encoding) for _ in range(count)]


def sent(kind, column):
    """Rows as they are read, and the bytes that are left over: none."""
    wire = Wire()
    write_column(CONTEXT, "column", kind, column, wire)
    wire.seek(0)
    rows = read_column(READING, kind, len(column), wire)
    return [list(row) if kind == LISTS else row for row in rows], wire.read()


def of_texts(rows):
    return Coded(*numbered(rows))


def of_lists(rows):
    codes, values = numbered([tuple(row) for row in rows])
    return Coded(codes, [list(value) for value in values])


@given(st.lists(texts, min_size=1))
def test_texts_come_as_they_are(rows):
    assert sent(TEXTS, of_texts(rows)) == (rows, b"")


@given(st.lists(st.lists(texts, max_size=4), min_size=1))
def test_lists_come_as_they_are(rows):
    assert sent(LISTS, of_lists(rows)) == (rows, b"")


@pytest.mark.parametrize("different", [256, 257, 65_537])
def test_codes_get_as_wide_as_they_have_to(different):
    rows = [str(number) for number in range(different)]
    assert sent(TEXTS, of_texts(rows)) == (rows, b"")
    assert sent(LISTS, of_lists([[row] for row in rows])) == ([[row] for row in rows], b"")


def test_a_piece_of_a_column_keeps_its_values():
    rows = [["a", "b"], [], ["c"], ["a", "b"]]
    piece = of_lists(rows)[2:]
    assert piece.tolist() == list(piece) == rows[2:]
    assert sent(LISTS, piece) == (rows[2:], b"")


def test_what_is_not_coded_is_written_as_before():
    rows = [["a", "b"], [], ["c"]]
    plain = np.empty(3, object)
    plain[:] = rows
    assert sent(LISTS, plain) == (rows, b"")
    assert sent(TEXTS, np.array(["a", "b", "a"], object)) == (["a", "b", "a"], b"")


def test_codes_are_in_the_order_in_which_values_come():
    codes, values = numbered(["b", "a", "b"])
    assert (codes.tolist(), values) == ([0, 1, 0], ["b", "a"])

"""Columns of many rows and few different values, written by their codes.

The driver looks at each value of such a column, though ClickHouse's LowCardinality is codes on the
wire, too: packing the names of sources took it longer than all numbers of a row. What it makes of
any other column stays as it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from clickhouse_driver.columns import service
from clickhouse_driver.columns.arraycolumn import ArrayColumn, create_array_column
from clickhouse_driver.columns.numpy import service as numpy_service
from clickhouse_driver.columns.numpy.lowcardinalitycolumn import NumpyLowCardinalityColumn
from clickhouse_driver.writer import write_binary_int64

Codes = npt.NDArray[np.integer[Any]]

_LISTS: Final = "Array(LowCardinality(String))"


class Coded(np.ndarray[Any, np.dtype[np.integer[Any]]]):
    """Codes of rows, which point into `values`: texts, or lists of texts.

    Parameters
    ----------
    codes
        Of each row, shape (n,).
    values
        The different values.
    """

    values: Sequence[Any]

    def __new__(cls, codes: npt.ArrayLike, values: Sequence[Any]) -> Self:
        """Make a column."""
        made = np.asarray(codes, np.int64).view(cls)
        made.values = values
        return made

    def __array_finalize__(self, other: Any) -> None:
        """Take the values over to what is cut out of a column."""
        self.values = getattr(other, "values", ())

    def __iter__(self) -> Iterator[Any]:
        """Go through the values of the rows."""
        return iter(self.tolist())

    def tolist(self) -> list[Any]:
        """Give the value of each row."""
        return [self.values[code] for code in np.asarray(self).tolist()]


def numbered(values: Sequence[str]) -> tuple[Codes, list[str]]:
    """Code of each value, and the different ones in the order in which they come."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], np.int64), list(numbers)


def _write(codes: Codes, values: Sequence[str], kind: int, strings: Any, buffer: Any) -> None:
    """Write a LowCardinality: its kind with the width of the codes, the values, the codes."""
    width = next(k for k in range(3) if len(values) <= 1 << (8 << k))
    write_binary_int64(kind | width, buffer)
    write_binary_int64(len(values), buffer)
    strings.write_data(np.array(values, object), buffer)
    write_binary_int64(len(codes), buffer)
    buffer.write(codes.astype(f"<u{1 << width}").tobytes())


class _Texts(NumpyLowCardinalityColumn):  # type: ignore[misc]  # the driver ships no types
    """LowCardinality(String) of coded rows."""

    def _write_data(self, items: Any, buf: Any) -> None:
        if isinstance(items, Coded) and len(items) and not self.nested_column.nullable:
            codes = np.asarray(items)
            _write(codes, items.values, self.serialization_type, self.nested_column, buf)
        else:
            super()._write_data(items, buf)


class _Lists(ArrayColumn):  # type: ignore[misc]  # the driver ships no types
    """Array(LowCardinality(String)) of coded rows: where each list ends, then all of them."""

    def write_data(self, data: Any, buf: Any) -> None:
        """Write a column."""
        if not isinstance(data, Coded):
            super().write_data(data, buf)
            return
        lengths = np.array([len(one) for one in data.values], np.int64)
        parts, texts = numbered([text for one in data.values for text in one])
        codes = np.asarray(data)
        counts = lengths[codes]
        ends = np.cumsum(counts)
        buf.write(ends.astype("<u8").tobytes())
        if len(ends) and ends[-1]:
            first = (np.cumsum(lengths) - lengths)[codes]
            place = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
            nested = self.nested_column
            _write(parts[place], texts, nested.serialization_type, nested.nested_column, buf)


def _lists(spec: str, column_of: Any, options: Any) -> Any:
    if spec != _LISTS:
        return create_array_column(spec, column_of, options)
    return _Lists(column_of(spec[len("Array(") : -1]), **options)


def _texts(spec: str, column_of: Any, options: Any) -> Any:
    return _Texts(column_of(spec[len("LowCardinality(") : -1]), **options)


service.create_array_column = _lists
numpy_service.create_numpy_low_cardinality_column = _texts

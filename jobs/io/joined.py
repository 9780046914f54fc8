"""Columns of rows from what records carry packed, one record behind the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import schemas
from jobs.io.coded import Coded, numbered

Record = Mapping[str, Any]
Array = npt.NDArray[Any]

_MISSING = {"lat_e7": 0, "lon_e7": 0, "x_m": np.nan, "y_m": np.nan}
WHO = ("run_id", "station_id")


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one table.

    Parameters
    ----------
    table
        Name without database.
    columns
        Columns of equal length by name: all arrays, or all lists.
    raw
        The table lies in the database for raw bytes.
    """

    table: str
    columns: Mapping[str, Any]
    raw: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def packed(self) -> bool:
        """Whether the columns are arrays."""
        return all(isinstance(column, np.ndarray) for column in self.columns.values())


def elements_of(record: str) -> dict[str, str]:
    """Type of the elements of each packed column of a record."""
    fields = schemas.load(record)["fields"]
    return {f["name"]: f["element"] for f in fields if "element" in f}


class Joined:
    """The column fields of many records, one behind the other.

    Parameters
    ----------
    records
        Each with a ``count``.
    elements
        Of `elements_of`.
    """

    def __init__(self, records: Sequence[Record], elements: Mapping[str, str]) -> None:
        self._records = records
        self._elements = elements
        self._counts = np.array([r["count"] for r in records], np.int64)

    def column(self, name: str) -> Array:
        """One column; what a record leaves empty is filled with what stands for nothing."""
        element = self._elements[name]
        missing = np.array(_MISSING.get(name, 0), element).tobytes()
        parts = (r[name] or missing * r["count"] for r in self._records)
        return np.frombuffer(b"".join(parts), element)

    def repeated(self, name: str, kind: Any) -> Array:
        """A number of the records, for each of their elements."""
        return np.repeat(np.array([r[name] for r in self._records], kind), self._counts)

    def texts(self, name: str) -> Coded:
        """A text of the records, for each of their elements."""
        codes, values = numbered([r[name] for r in self._records])
        return Coded(np.repeat(codes, self._counts), values)

    def named(self, name: str, table: str) -> Coded:
        """What a column points to in a table of its record."""
        codes, values = numbered([text for r in self._records for text in r[table]])
        return Coded(codes[self._index(name, table)], values)

    def fields(self, name: str, table: str, missing: Mapping[str, Any]) -> dict[str, Array]:
        """Fields of the entries of a table that a column points into, by name."""
        entries = [entry for r in self._records for entry in r[table]]
        index = self._index(name, table)
        return {
            field: np.array(
                [other if e[field] is None else e[field] for e in entries], other.dtype
            )[index]
            for field, other in missing.items()
        }

    def _index(self, name: str, table: str) -> Array:
        first = np.cumsum([0, *(len(r[table]) for r in self._records)])[:-1]
        index: Array = self.column(name) + np.repeat(first, self._counts)
        return index

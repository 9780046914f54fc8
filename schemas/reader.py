"""Reads the column fields of the station's records; a file to copy, it needs nothing but itself.

A record such as the picture of a cell carries its objects as packed little-endian arrays in
`bytes` fields. The record's Avro schema says for each such field the type of one element
(`element`, a numpy code), into which list of the record its numbers point (`table`), in which
field the number of them for each object stands (`counts`), and for which `frame` alone it is
filled. Give the schema that the record was *resolved to*: with an Avro deserializer, the schema
that was handed to it.

    reader = ColumnReader(schema)                      # plain Python: tuples
    reader = ColumnReader(schema, numpy.frombuffer)    # numpy: read-only arrays
    reader.columns(picture)["lat_e7"]
    for row in reader.rows(picture): ...
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

VERSIONS = (0,)
_CODES = dict(
    zip(("u1", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"), "BHiIqQfd", strict=True)
)  # numpy's codes and those of struct


class ReaderError(ValueError):
    """A schema or a record that this reader does not understand."""


def plain(data: bytes, element: str) -> tuple[Any, ...]:
    """Elements of a packed column, without numpy.

    Parameters
    ----------
    data
        The column.
    element
        Numpy code of the type of one element.
    """
    size = struct.calcsize("<" + _CODES[element])
    return struct.unpack(f"<{len(data) // size}{_CODES[element]}", data)


class ColumnReader:
    """Reads records of one schema.

    Parameters
    ----------
    schema
        Avro schema of the record, parsed or as text.
    view
        How the bytes of a column become its elements: `plain`, or `numpy.frombuffer`.

    Raises
    ------
    ReaderError
        If the schema's version or the type of an element is unknown.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | str,
        view: Callable[[bytes, str], Any] = plain,
    ) -> None:
        parsed = json.loads(schema) if isinstance(schema, str) else schema
        version = parsed.get("version")
        if version not in VERSIONS:
            name = parsed.get("name")
            msg = f"schema {name!r} has version {version!r}, this reader knows {VERSIONS}"
            raise ReaderError(msg)
        self._view = view
        self._fields = {f["name"]: f for f in parsed["fields"] if "element" in f}
        for name, field in self._fields.items():
            if field["element"] not in _CODES:
                msg = f"column {name!r} has elements of unknown type {field['element']!r}"
                raise ReaderError(msg)

    def columns(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of a record by name; one that does not apply is empty.

        Raises
        ------
        ReaderError
            If a column is missing or has not as many elements as the record has objects.
        """
        return {name: self._view(data, element) for name, element, data in self._packed(record)}

    def rows(self, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """One dict of plain Python values for each object.

        Numbers that point into a table are replaced by what stands there: one value, or a list
        where an object has any number of them. Columns that do not apply are left out.
        """
        columns = {name: plain(data, element) for name, element, data in self._packed(record)}
        resolved = {name: self._resolved(record, name, columns) for name in columns}
        named = {name: column for name, column in resolved.items() if len(column)}
        for values in zip(*named.values(), strict=True):
            yield dict(zip(named, values, strict=True))

    def _packed(self, record: Mapping[str, Any]) -> Iterator[tuple[str, str, bytes]]:
        for name, field in self._fields.items():
            element, data = field["element"], record.get(name)
            due = self._due(record, field)
            size = due * struct.calcsize("<" + _CODES[element])
            if not isinstance(data, bytes) or len(data) != size:
                msg = f"column {name!r} is not {due} elements {element}: {data!r:.60}"
                raise ReaderError(msg)
            yield name, element, data

    def _due(self, record: Mapping[str, Any], field: Mapping[str, Any]) -> int:
        if field.get("frame") not in (None, record.get("frame")):
            return 0
        counts = field.get("counts")
        if counts is None:
            return int(record["count"])
        return int(sum(plain(record[counts], self._fields[counts]["element"])))

    def _resolved(
        self, record: Mapping[str, Any], name: str, columns: Mapping[str, Sequence[Any]]
    ) -> Sequence[Any]:
        field = self._fields[name]
        if "table" not in field:
            return columns[name]
        table = record[field["table"]]
        if max(columns[name], default=-1) >= len(table):
            msg = f"column {name!r} points beyond the {len(table)} entries of {field['table']!r}"
            raise ReaderError(msg)
        flat = [table[index] for index in columns[name]]
        if "counts" not in field:
            return flat
        ends = list(accumulate(columns[field["counts"]], initial=0))
        return [flat[start:end] for start, end in pairwise(ends)]

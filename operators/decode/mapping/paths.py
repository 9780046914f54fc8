"""Reads the values that paths name out of JSON or CSV, a column for each path."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from operators.decode.guard import check_objects
from operators.decode.json_text import read_json
from operators.decode.mapping.declared import Csv, Path
from operators.errors import DecodeError
from operators.reasons import Reason

Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The objects of one record.

    Parameters
    ----------
    size
        Number of objects.
    column
        Values of a path, one for each object; None where an object has none.
    whole
        The record itself as a table of one, which tells what an empty list of objects cannot;
        None where a record is nothing but its objects.

    Raises
    ------
    DecodeError
        By `column`: MISSING_FIELD for a column of CSV that is not there, WRONG_TYPE if a path
        leads through something that has no parts.
    """

    size: int
    column: Callable[[Path], Values]
    whole: "Table | None" = None


_ANY = msgspec.json.Decoder()


def read_objects(payload: bytes, objects: Path | None) -> Table:
    """Objects of a JSON record.

    Parameters
    ----------
    payload
        Admitted by the guard.
    objects
        Where the list of objects stands; None if the record is one object.

    Raises
    ------
    DecodeError
        The reasons of `json_text.read_json`, MISSING_FIELD or WRONG_TYPE for the list, and
        TOO_MANY_OBJECTS.
    """
    record = read_json(_ANY, payload)
    if objects is None:
        items = [record]
    else:
        (items,) = _along([record], _steps(objects), objects)
        if items is None:
            raise DecodeError(Reason.MISSING_FIELD, _shown(objects))
        if not isinstance(items, list):
            raise DecodeError(Reason.WRONG_TYPE, f"{_shown(objects)} is no list")
        check_objects(len(items))

    def column(path: Path) -> Values:
        if is_of_record(path):
            return _along([record], _steps(path), path) * len(items)
        return _along(items, _steps(path), path)

    def of_record(path: Path) -> Values:
        return _along([record], _steps(path), path) if is_of_record(path) else [None]

    return Table(len(items), column, Table(1, of_record))


def read_lines(payload: bytes, given: Csv) -> Table:
    """Lines of a CSV record: RFC 4180 with any delimiter; empty fields have no value.

    Raises
    ------
    DecodeError
        MALFORMED for quotes or a number of fields that do not fit, TOO_MANY_OBJECTS.
    """
    text = io.StringIO(payload.decode(), newline="")
    lines = csv.reader(text, delimiter=given.delimiter, strict=True)
    try:
        rows = [row for row in lines if row]
    except csv.Error as error:
        msg = f"line {lines.line_num}: {error}"
        raise DecodeError(Reason.MALFORMED, msg) from error
    names = list(given.columns) or (rows.pop(0) if rows else [])
    check_objects(len(rows))
    wrong = next((k for k, row in enumerate(rows) if len(row) != len(names)), None)
    if wrong is not None:
        msg = f"row {wrong + 1} has {len(rows[wrong])} fields, not {len(names)}"
        raise DecodeError(Reason.MALFORMED, msg)

    def column(path: Path) -> Values:
        if path not in names:
            raise DecodeError(Reason.MISSING_FIELD, f"column {_shown(path)}")
        at = names.index(str(path))
        return [row[at] or None for row in rows]

    return Table(len(rows), column)


def is_of_record(path: Path) -> bool:
    """Whether a path of JSON begins at the record."""
    return path[:1] in ("/", ["/"])


def _steps(path: Path) -> Sequence[str | int]:
    if isinstance(path, list):
        return path[1:] if is_of_record(path) else path
    inner = path.removeprefix("/")
    return inner.split(".") if inner else ()


def _along(values: list[Any], steps: Sequence[str | int], path: Path) -> list[Any]:
    for step in steps:
        try:
            values = [value.get(step) for value in values]  # maps, the usual case
        except AttributeError:
            values = [_part(value, step, path) for value in values]
    return values


def _part(value: Any, step: str | int, path: Path) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return value.get(step)
    index = int(step) if str(step).isdecimal() else -1
    if not isinstance(value, list) or index < 0:
        raise DecodeError(Reason.WRONG_TYPE, f"{_shown(path)}: nothing can be in {value!r:.40}")
    return value[index] if index < len(value) else None


def _shown(path: Path) -> str:
    return repr(path if isinstance(path, str) else ".".join(map(str, path)))[:80]

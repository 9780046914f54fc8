"""Columns of raw values as arrays of canonical numbers, and as words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from operators._typing import FloatArray
from operators.decode.mapping.checks import number_of
from operators.decode.mapping.declared import Choice, Heading, Number, Path, Spread
from operators.decode.mapping.paths import Table
from operators.decode.mapping.units import DIMENSIONS
from operators.errors import DecodeError
from operators.reasons import Reason

_PLAIN = {int, float, type(None)}


def floats(table: Table, key: str, path: Path, unavailable: Sequence[float | str]) -> FloatArray:
    """Numbers of a column, NaN where there is none or it is a sentinel; shape (n,).

    Numbers written as text count as numbers.

    Raises
    ------
    DecodeError
        WRONG_TYPE, NOT_FINITE or OUT_OF_RANGE with the key and the number of the object.
    """
    values = table.column(path)
    words = {one for one in unavailable if isinstance(one, str)}
    numbers = [one for one in unavailable if not isinstance(one, str)]
    if not set(map(type, values)) <= _PLAIN:
        values = [_number(value, words, f"{key}[{k}]") for k, value in enumerate(values)]
    try:
        made = np.array(values, np.float64)
    except OverflowError as error:
        raise DecodeError(Reason.OUT_OF_RANGE, f"{key}: a number of too many digits") from error
    for one in numbers:
        made[made == one] = np.nan
    return made


def _number(value: Any, words: set[str], where: str) -> float | int | None:
    if value is None or isinstance(value, float) or type(value) is int:
        return value
    if not isinstance(value, str):
        raise DecodeError(Reason.WRONG_TYPE, f"{where} is {value!r:.40}, no number")
    if value in words or not value.strip():
        return None
    try:
        number = float(value)
    except ValueError as error:
        raise DecodeError(Reason.WRONG_TYPE, f"{where} is {value!r:.40}, no number") from error
    if not np.isfinite(number):
        raise DecodeError(Reason.NOT_FINITE, f"{where} is {value!r:.40}")
    return number


def canonical(
    table: Table,
    key: str,
    given: str | Number | Heading | Spread | None,
    dimension: str,
    bounds: tuple[float, float],
) -> FloatArray:
    """Numbers in the canonical unit of a dimension; NaN where unknown; shape (n,).

    Parameters
    ----------
    table
        The objects.
    key
        Of the mapping, for errors.
    given
        What the mapping says; None gives NaN.
    dimension
        Key of `units.DIMENSIONS`.
    bounds
        Least and largest number that may stand there, in the canonical unit.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE beyond the bounds, and those of `floats`.
    """
    spec = number_of(given) if isinstance(given, str) else given
    if spec is None:
        return np.full(table.size, np.nan)
    units = DIMENSIONS[dimension]
    scale = spec.factor * (units[spec.unit] if spec.unit else next(iter(units.values())))
    if spec.path is not None:
        made = floats(table, key, spec.path, spec.unavailable)
    else:
        made = np.full(table.size, getattr(spec, "value", None), np.float64)
    made = made * scale
    wrong = (made < bounds[0]) | (made > bounds[1])
    if wrong.any():
        k = int(wrong.argmax())
        detail = f"{key}[{k}] is {made[k]:g}, not in {bounds[0]:g} to {bounds[1]:g}"
        raise DecodeError(Reason.OUT_OF_RANGE, detail)
    return made


def words(table: Table, path: Path) -> list[str]:
    """Values of a column as text, ``""`` where there is none; whole numbers without a point.

    Raises
    ------
    DecodeError
        WRONG_TYPE for a list or a map.
    """
    return [_word(value, path) for value in table.column(path)]


def _word(value: Any, path: Path) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        raise DecodeError(Reason.WRONG_TYPE, f"{path!r:.60} is {value!r:.40}, no single value")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return str(value)


def chosen(table: Table, choice: Choice) -> list[str]:
    """Words of a choice, one for each object."""
    return [choice.map.get(word, choice.other) for word in words(table, choice.path)]

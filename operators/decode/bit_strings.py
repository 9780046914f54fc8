"""Bit strings of ASN.1 messages in JSON, as flags of an object.

Bits are numbered from the most significant one. Four writings are known, and told apart:

* a map of names to truth values, ``{"leftTurnSignalOn": true}``;
* hexadecimal digits of whole octets, ``"80"``, also as ``{"value", "length"}``;
* one character a bit, ``"100000000"``;
* a list of the bits, 0 or 1, or of the names that are set.

A table gives the name of each bit and what it is kept as: `operators.frame.ObjectFlag` bits or 0.
"""

from collections.abc import Iterable

from operators.errors import DecodeError
from operators.reasons import Reason

BitString = str | dict[str, bool | int | str] | list[int | str]
FlagTable = tuple[tuple[str, int], ...]

_DIGITS = frozenset("0123456789abcdefABCDEF")


def flags_of(given: BitString | None, table: FlagTable) -> int:
    """Flags of a bit string.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE if it is neither of the writings.
    """
    if not given:
        return 0
    if isinstance(given, dict):
        if "value" in given:
            return flags_of(str(given["value"]), table)
        return _of_names((name for name, on in given.items() if on is True), table)
    if isinstance(given, list):
        if set(map(type, given)) == {str}:
            return _of_names(map(str, given), table)
        given = "".join(map(str, given))
    return _of_bits(_bits(given, table), table)


def _bits(text: str, table: FlagTable) -> str:
    """Characters 0 and 1, the first bit first."""
    # the last bit of a long table may have come later; octets of a short one are 2 digits
    if len(text) >= max(len(table) - 1, 5) and set(text) <= {"0", "1"}:
        return text
    if len(text) > 16 or not set(text) <= _DIGITS:
        msg = f"bit string {text[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return f"{int(text, 16):0{4 * len(text)}b}"


def _of_bits(bits: str, table: FlagTable) -> int:
    made = 0
    for bit, (_, flag) in zip(bits, table, strict=False):
        if bit == "1":
            made |= int(flag)  # "or" of an enumeration costs more than the rest
    return made


def _of_names(names: Iterable[str], table: FlagTable) -> int:
    known, made = dict(table), 0
    for name in names:
        made |= known.get(name, 0)
    return made

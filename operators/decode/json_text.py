"""Typed reading of JSON: the parser's complaints become reason codes with the field's path."""

from typing import Any, TypeVar

import msgspec

from operators.errors import DecodeError
from operators.reasons import Reason

T = TypeVar("T")

_REASON_OF_PHRASE = (
    ("missing required field", Reason.MISSING_FIELD),
    ("of length <", Reason.TOO_MANY_OBJECTS),
    ("Number out of range", Reason.NOT_FINITE),
    ("Integer value out of range", Reason.OUT_OF_RANGE),
    ("` >", Reason.OUT_OF_RANGE),
    ("` <", Reason.OUT_OF_RANGE),
)
_NOT_NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"-NaN")


def read_json(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    """`payload` as the type of `decoder`.

    A key given twice counts once: the last one stands, as RFC 8259 leaves open.

    Raises
    ------
    DecodeError
        MALFORMED, MISSING_FIELD, WRONG_TYPE, OUT_OF_RANGE, NOT_FINITE or TOO_MANY_OBJECTS; the
        detail names the path of the field.
    """
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except msgspec.DecodeError as error:
        raise DecodeError(_reason_of_malformed(str(error), payload), str(error)) from error
    except UnicodeDecodeError as error:
        raise DecodeError(Reason.NOT_UTF8, f"invalid sequence at byte {error.start}") from error


def as_type(value: Any, kind: type[T]) -> T:
    """Plain JSON values as a type; numbers may be written as text.

    Raises
    ------
    DecodeError
        As `read_json`, but for the reasons of the text.
    """
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error


def _misfit(error: msgspec.ValidationError) -> DecodeError:
    text = str(error)
    reason = next((r for phrase, r in _REASON_OF_PHRASE if phrase in text), Reason.WRONG_TYPE)
    return DecodeError(reason, text)


def _reason_of_malformed(text: str, payload: bytes) -> Reason:
    """NOT_FINITE where the parser stopped at a literal for a number that is not one."""
    _, _, tail = text.partition("(byte ")
    at = int(tail.rstrip(")")) if tail else len(payload)
    rest = payload[max(at - 1, 0) : at + 10]
    if rest[1:].startswith(_NOT_NUMBERS) or rest.startswith(_NOT_NUMBERS):
        return Reason.NOT_FINITE
    return Reason.MALFORMED

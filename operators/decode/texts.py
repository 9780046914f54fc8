"""Texts of feeds: instants with an offset, and properties of a bounded length."""

from collections.abc import Mapping

from operators.errors import DecodeError
from operators.normalise.event_time import instant_us
from operators.reasons import Reason

MAX_TEXT = 1000


def required_time_us(text: str | None, name: str) -> int:
    """UTC microseconds of an ISO 8601 text with an offset.

    Raises
    ------
    DecodeError
        MISSING_FIELD without a text, MALFORMED for one that names no instant.
    """
    if text is None:
        raise DecodeError(Reason.MISSING_FIELD, name)
    instant = instant_us(text)
    if instant is None:
        msg = f"{name} {text[:40]!r} is not ISO 8601 with an offset"
        raise DecodeError(Reason.MALFORMED, msg)
    return instant


def shortened(properties: Mapping[str, str | None]) -> dict[str, str]:
    """Properties that say something, each no longer than 1000 characters."""
    return {name: text[:MAX_TEXT] for name, text in properties.items() if text}

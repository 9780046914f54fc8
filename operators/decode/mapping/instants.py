"""Instants as a mapping declares them, in UTC microseconds."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone

import numpy as np

from operators.decode.mapping.checks import ZONE
from operators.decode.mapping.columns import floats, words
from operators.decode.mapping.declared import Time
from operators.decode.mapping.paths import Table
from operators.errors import DecodeError
from operators.normalise.event_time import mark_us
from operators.reasons import Reason

_DAY_S = 86_400
_US_PER = {"epoch_s": 1_000_000.0, "epoch_ms": 1_000.0, "epoch_us": 1.0}
_YEAR_9999_US = 253_402_300_799_999_999
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instants_us(table: Table, key: str, given: Time, anchor_us: int) -> Sequence[int | None]:
    """Instant of each object, None where it has no usable one.

    Parameters
    ----------
    table
        The objects.
    key
        Of the mapping, for errors.
    given
        Any form but ``receipt``.
    anchor_us
        Seconds of the day are of the day that brings them nearest to it, UTC microseconds.

    Raises
    ------
    DecodeError
        MALFORMED for a text that is no time of the form, OUT_OF_RANGE for a number that is none,
        and those of `columns.floats`.
    """
    if given.path is None:
        return [None] * table.size
    delay_us = round(given.delay_ms * 1000)
    if given.form in _US_PER or given.form == "seconds_of_day":
        numbers = floats(table, key, given.path, given.unavailable)
        read = _second_of_day if given.form == "seconds_of_day" else _since_1970
        found = [None if np.isnan(x) else read(x, given, key, anchor_us) for x in numbers.tolist()]
    else:
        unavailable = {"", *map(str, given.unavailable)}
        parse = _clock if given.form == "time_of_day" else _date
        texts = words(table, given.path)
        found = [
            None if text in unavailable else parse(text, given, key, anchor_us) for text in texts
        ]
    return [None if at is None else at - delay_us for at in found]


def zone_s(zone: str) -> int:
    """Seconds that a zone such as ``+08:00`` is ahead of UTC."""
    match = ZONE.fullmatch(zone)
    if match is None:
        return 0
    sign, hours, minutes = match.groups()
    return (1 if sign == "+" else -1) * (int(hours) * 3600 + int(minutes) * 60)


def _since_1970(number: float, given: Time, key: str, _anchor_us: int) -> int:
    instant = number * _US_PER[given.form]
    if not 0 <= instant <= _YEAR_9999_US:
        raise DecodeError(Reason.OUT_OF_RANGE, f"{key} is {number:g}, no {given.form}")
    return round(instant)


def _second_of_day(number: float, given: Time, key: str, anchor_us: int) -> int:
    if not 0 <= number < _DAY_S:
        raise DecodeError(Reason.OUT_OF_RANGE, f"{key} is {number:g}, no second of a day")
    ahead_us = zone_s(given.zone) * 1_000_000
    mark_ms = min(round(number * 1000), _DAY_S * 1000 - 1)
    return mark_us(mark_ms, _DAY_S * 1000, anchor_us + ahead_us) - ahead_us


def _clock(text: str, given: Time, key: str, anchor_us: int) -> int:
    try:
        at = time.fromisoformat(text)
    except ValueError as error:
        raise DecodeError(Reason.MALFORMED, f"{key} is {text[:40]!r}, no time of day") from error
    seconds = at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6
    return _second_of_day(seconds, given, key, anchor_us)


def _date(text: str, given: Time, key: str, _anchor_us: int) -> int:
    try:
        if given.form == "iso":
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text, given.form)  # noqa: DTZ007  # completed below
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone(timedelta(seconds=zone_s(given.zone))))
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        msg = f"{key} is {text[:40]!r}, no time of the form {given.form}"
        raise DecodeError(Reason.MALFORMED, msg) from error

"""SAE J2735 DF_DDateTime as J3224 messages carry it: an instant of which any part may be missing.

| field | range | unavailable |
|---|---|---|
| year | 1-4095 | 0 |
| month | 1-12 | 0 |
| day | 1-31 | 0 |
| hour | 0-23 (24-30 are for durations) | 31 |
| minute | 0-59 | 60 |
| second | ms of the minute, 0-59999 | 65535 (60000-65534 leap second, reserved) |
| offset | minutes that the local time is ahead of UTC, -840 to 840 | left out: UTC |

The finest parts decide: without `second` there is no instant; with it, a missing minute, hour or
date is completed at the wrap nearest to the anchor. A part under a missing one says nothing.
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.j2735 import SecondMark
from operators.errors import DecodeError
from operators.normalise.event_time import MINUTE_MS, mark_us
from operators.reasons import Reason

_HOUR_MS = 60 * MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


class DateTime(msgspec.Struct):
    """DF_DDateTime."""

    year: Annotated[int, Meta(ge=0, le=4095)] = 0
    month: Annotated[int, Meta(ge=0, le=12)] = 0
    day: Annotated[int, Meta(ge=0, le=31)] = 0
    hour: Annotated[int, Meta(ge=0, le=31)] = 31
    minute: Annotated[int, Meta(ge=0, le=60)] = 60
    second: SecondMark = 65_535
    offset: Annotated[int, Meta(ge=-840, le=840)] = 0


def instant_us(given: DateTime, anchor_us: int) -> int | None:
    """UTC microseconds of a time stamp, None if it names no instant.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a date that no calendar has.
    """
    if given.second >= MINUTE_MS:
        return None
    if given.minute == 60:
        return mark_us(given.second, MINUTE_MS, anchor_us)
    ahead_ms = given.offset * MINUTE_MS
    of_hour_ms = given.minute * MINUTE_MS + given.second
    if given.hour > 23:
        return mark_us((of_hour_ms - ahead_ms) % _HOUR_MS, _HOUR_MS, anchor_us)
    of_day_ms = given.hour * _HOUR_MS + of_hour_ms
    if 0 in (given.year, given.month, given.day):
        return mark_us((of_day_ms - ahead_ms) % _DAY_MS, _DAY_MS, anchor_us)
    return (_midnight_ms(given) + of_day_ms - ahead_ms) * 1000


def _midnight_ms(given: DateTime) -> int:
    try:
        midnight = datetime(given.year, given.month, given.day, tzinfo=UTC)
    except ValueError as error:
        msg = f"sDSMTimeStamp {given.year}-{given.month}-{given.day}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg) from error
    return int(midnight.timestamp()) * 1000

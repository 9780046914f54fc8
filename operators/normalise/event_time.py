"""Anchoring: a full UTC instant out of the partial times that messages carry.

V2X messages carry a time without a date: milliseconds of the minute, milliseconds modulo 65 536,
day of the month. Each is completed with the instant nearest to an anchor, which is the receive
time of the record. A message more than half a period away is ambiguous by construction.

Notes
-----
Ties (exactly half a period away) go to the past: messages are late, never early.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

MINUTE_MS = 60_000
GENERATION_DELTA_MODULUS_MS = 65_536
ITS_EPOCH_UNIX_MS = 1_072_915_200_000  # 2004-01-01T00:00:00Z, the epoch of TimestampIts
_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000
_HOUR_TENTHS = 36_000

# UTC milliseconds since 2004 of the midnights that followed an inserted leap second (IERS
# Bulletin C): 2006-01-01, 2009-01-01, 2012-07-01, 2015-07-01, 2017-01-01.
_LEAP_MIDNIGHTS_MS = (
    63_158_400_000,
    157_852_800_000,
    268_185_600_000,
    362_793_600_000,
    410_313_600_000,
)
# The same midnights in TimestampIts, which has counted the leap seconds up to and with them.
_LEAP_ENDS_ITS_MS = tuple(ms + (k + 1) * 1000 for k, ms in enumerate(_LEAP_MIDNIGHTS_MS))


def _nearest_ms(residue_ms: int, modulus_ms: int, anchor_ms: int) -> int:
    """Instant congruent to `residue_ms` and nearest to `anchor_ms`, ties to the past."""
    half = modulus_ms // 2
    return anchor_ms + (residue_ms - anchor_ms + half) % modulus_ms - half


def _rounded_ms(instant_us: int) -> int:
    return (instant_us + 500) // 1000


def second_of_minute_us(mark_ms: int, anchor_us: int) -> int | None:
    """Instant of a DSecond mark (SAE J2735 DE_DSecond, T/CSAE 53 DE_DSecond).

    Parameters
    ----------
    mark_ms
        Milliseconds of the minute, 0 to 59 999. 60 000 to 65 535 (leap second, reserved,
        unavailable) name no instant.
    anchor_us
        UTC microseconds at which to complete the mark.

    Returns
    -------
    int or None
        UTC microseconds at the wrap nearest to the anchor; None if the mark names no instant.
    """
    if not 0 <= mark_ms < MINUTE_MS:
        return None
    return mark_us(mark_ms, MINUTE_MS, anchor_us)


def mark_us(mark_ms: int, period_ms: int, anchor_us: int) -> int:
    """UTC microseconds of a mark in milliseconds of its period, at the wrap nearest to the anchor.

    Parameters
    ----------
    mark_ms
        0 to `period_ms` - 1.
    period_ms
        Minute, hour or day, counted from an epoch that begins with a whole day.
    anchor_us
        UTC microseconds at which to complete the mark.
    """
    return _nearest_ms(mark_ms, period_ms, _rounded_ms(anchor_us)) * 1000


def utc_us_from_its_ms(its_ms: int) -> int:
    """UTC microseconds of an ETSI TimestampIts (TS 102 894-2), which counts leap seconds.

    Within an inserted leap second the result is the first second of the day that follows.
    """
    leaps = bisect_right(_LEAP_ENDS_ITS_MS, its_ms)
    return (its_ms - leaps * 1000 + ITS_EPOCH_UNIX_MS) * 1000


def its_ms_from_utc_us(instant_us: int) -> int:
    """ETSI TimestampIts of UTC microseconds, rounded to the millisecond."""
    utc_ms = _rounded_ms(instant_us) - ITS_EPOCH_UNIX_MS
    return utc_ms + 1000 * bisect_right(_LEAP_MIDNIGHTS_MS, utc_ms)


def generation_delta_us(delta_ms: int, anchor_us: int, *, leap_seconds: bool = True) -> int | None:
    """Instant of a generationDeltaTime (ETSI EN 302 637-2: TimestampIts modulo 65 536).

    Parameters
    ----------
    delta_ms
        0 to 65 535.
    anchor_us
        UTC microseconds at which to complete it.
    leap_seconds
        Whether the sender counts them, as the standard says; False reads those who count UTC.

    Returns
    -------
    int or None
        UTC microseconds at the wrap nearest to the anchor; None outside 0 to 65 535.
    """
    if not 0 <= delta_ms < GENERATION_DELTA_MODULUS_MS:
        return None
    if not leap_seconds:
        since_ms = _rounded_ms(anchor_us) - ITS_EPOCH_UNIX_MS
        found_ms = _nearest_ms(delta_ms, GENERATION_DELTA_MODULUS_MS, since_ms)
        return (found_ms + ITS_EPOCH_UNIX_MS) * 1000
    anchor_ms = its_ms_from_utc_us(anchor_us)
    return utc_us_from_its_ms(_nearest_ms(delta_ms, GENERATION_DELTA_MODULUS_MS, anchor_ms))


def day_of_month_us(day: int, hour: int, minute: int, anchor_us: int) -> int | None:
    """Instant of a day-hour-minute group (WMO FM 15 METAR), in the month nearest to the anchor.

    Returns
    -------
    int or None
        UTC microseconds; None if no month around the anchor has that day or time.
    """
    if not (1 <= day <= 31 and 0 <= hour < 24 and 0 <= minute < 60):
        return None
    anchor = datetime.fromtimestamp(anchor_us // 1_000_000, UTC)
    first = anchor.replace(day=1, hour=0, minute=0, second=0)
    months = (first - timedelta(days=1), first, first + timedelta(days=31))
    starts = [int(m.replace(day=1).timestamp()) * 1_000_000 for m in months]
    following = [
        *starts[1:],
        int((months[2].replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()) * 1_000_000,
    ]
    offset_us = (day - 1) * _DAY_US + (hour * 60 + minute) * 60_000_000
    instants = [
        s + offset_us for s, end in zip(starts, following, strict=True) if s + offset_us < end
    ]
    return min(instants, key=lambda t: (abs(t - anchor_us), t), default=None)


def minute_of_year_us(minute: int, mark_ms: int, anchor_us: int) -> int | None:
    """Instant of a MinuteOfTheYear and a DSecond (SAE J2735), in the year nearest to the anchor.

    Returns
    -------
    int or None
        UTC microseconds; None for minute 527 040 (invalid) and marks that name no instant.
    """
    if not (0 <= minute < 527_040 and 0 <= mark_ms < MINUTE_MS):
        return None
    year = datetime.fromtimestamp(anchor_us // 1_000_000, UTC).year
    offset_us = (minute * MINUTE_MS + mark_ms) * 1000
    starts = [int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year - 1, year, year + 1)]
    instants = [start * 1_000_000 + offset_us for start in starts]
    return min(instants, key=lambda t: (abs(t - anchor_us), t))


def hour_mark_us(tenths: int, anchor_us: int, before_us: int) -> int | None:
    """Instant of a TimeMark (SAE J2735 DE_TimeMark): tenths of a second of the UTC hour.

    Parameters
    ----------
    tenths
        0 to 35 999. 36 000 (more than an hour ahead), 36 001 (unknown; 36 111 since 2024) and
        what lies between name no instant.
    anchor_us
        When the mark was written, UTC microseconds.
    before_us
        How far the instant may lie before the anchor; else it is of the hour that follows.
    """
    if not 0 <= tenths < _HOUR_TENTHS:
        return None
    first_us = anchor_us - before_us
    return first_us + (tenths * 100_000 - first_us) % _HOUR_US


def instant_us(text: str) -> int | None:
    """UTC microseconds of an ISO 8601 text with an offset; None if it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)

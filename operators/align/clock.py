"""Coarse clock of a source: a whole offset that its own records show.

What is looked at is the delay, receive time minus uncorrected event time. Delay and clock cannot
be told apart from one source's records; only what exceeds any honest delay is removed here, the
rest is for the cell. The least delayed records tell the clock best, so all is decided by low
percentiles.

* A clock that is **ahead** of what was thought shows delays too short to be true. That is certain,
  and followed as soon as a tenth of the window says so.
* A clock that is **behind** looks like a slow uplink. It is believed when nine tenths of the window
  say so, and when the delays do not fall as those of a backlog that is being sent: hours old
  records must not pass for new ones.
* An offset of whole quarters of an hour is a time zone. Other offsets of more than a minute are no
  clock's, and stay: such records are rejected by name.
"""

import numpy as np

from operators._typing import IntArray
from operators.frame import SourceKind

WINDOW = 100  # delays that are looked at
MINIMUM = 20  # delays before anything is said, and of which the new offset is taken
LIMIT_US = 250_000  # offsets below this are left alone: delays of honest sources vary as much
LOW_PERCENTILE = 10
FARTHEST_US = 60_000_000  # farther off, a clock is in another time zone or not to be believed
QUARTER_US = 900_000_000  # zones lie whole quarters of an hour apart (tz database: +5:45, +12:45)
ZONES_US = 14 * 3_600_000_000  # the farthest is +14:00
ZONE_REST_US = 5_000_000  # a clock in another zone may be off by this besides

# The least delayed tenth of the records, from the road to the broker: sensing and tracking of a
# unit and its line; the uplink of a vehicle and its gateway.
_NOMINAL_DELAY_US: dict[int, int] = {
    SourceKind.ROADSIDE: 60_000,
    SourceKind.PROBE: 50_000,
    SourceKind.FEED: 0,
}


def nominal_delay_us(kind: int, declared_ms: float | None) -> int:
    """Honest delay of a source, microseconds: declared, or that of its `SourceKind`."""
    return _NOMINAL_DELAY_US[kind] if declared_ms is None else int(declared_ms * 1000)


def coarse_offset_us(delays_us: IntArray, nominal_delay_us: int, applied_us: int) -> int:
    """Offset to add to a source's event times, microseconds.

    Parameters
    ----------
    delays_us : ndarray of shape (n,)
        Delays of its last records, oldest first; n up to `WINDOW`.
    nominal_delay_us
        The honest part of the delay: what its entry declares, or that of its kind.
    applied_us
        Offset applied so far; kept while it is right within `LIMIT_US`, so that event times do
        not jitter with the estimate.
    """
    if len(delays_us) < MINIMUM:
        return applied_us
    # Two questions: does the window show another offset, and do the newest delays show which?
    shown_us = _low(delays_us) - nominal_delay_us
    newest_us = _low(delays_us[-MINIMUM:]) - nominal_delay_us
    if abs(shown_us - applied_us) <= LIMIT_US or abs(newest_us - applied_us) <= LIMIT_US:
        return applied_us
    if newest_us > applied_us and not _steady(delays_us):
        return applied_us
    return _believable(newest_us, applied_us)


def _low(delays_us: IntArray) -> int:
    rank = len(delays_us) * LOW_PERCENTILE // 100
    return int(np.partition(delays_us, rank)[rank])


def _steady(delays_us: IntArray) -> bool:
    """Whether the earlier half of the window shows the same as the later one."""
    half = len(delays_us) // 2
    return abs(_low(delays_us[:half]) - _low(delays_us[half:])) <= LIMIT_US


def _believable(offset_us: int, applied_us: int) -> int:
    """The offset as far as a clock can have it; `applied_us` if none can."""
    zone_us = round(offset_us / QUARTER_US) * QUARTER_US
    rest_us = offset_us - zone_us
    most_us = FARTHEST_US if zone_us == 0 else ZONE_REST_US
    if abs(zone_us) > ZONES_US or abs(rest_us) > most_us:
        return applied_us
    return zone_us + (rest_us if abs(rest_us) > LIMIT_US else 0)

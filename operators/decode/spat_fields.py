"""What the signal messages of J2735, ETSI and T/CSAE 53 share: marks of the hour, codes, status.

| field | meaning | unavailable |
|---|---|---|
| TimeMark | 0.1 s of the UTC hour, 0-35999 | 36001; 36111 in J2735-2024; 36000: beyond an hour |
| moy | minute of the UTC year, 0-527039 | 527040 |
| timeStamp (DSecond) | ms of the minute, 0-59999 | 60000-65535 |
| TimeIntervalConfidence | 0-15, table below | left out |

**Which hour.** A mark has no hour. An end that lies up to 10 minutes back is one that has passed (a
phase is overdue, or the message); farther back it is of the next hour. A start is of the last 50
minutes or the next 10.

**Which instant.** `moy` and `timeStamp` together; `timeStamp` alone at the minute nearest to the
anchor; else none. The message's own minute, above the intersections, is left alone: real senders
leave 0 there. Without an instant the marks are read at the anchor.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.errors import DecodeError
from operators.normalise.event_time import (
    hour_mark_us,
    minute_of_year_us,
    second_of_minute_us,
)
from operators.reasons import Reason
from operators.road.signal import Phase

TimeMark = Annotated[int, Meta(ge=0, le=36_111)]
MinuteOfYear = Annotated[int, Meta(ge=0, le=527_040)]
Group = Annotated[int, Meta(ge=0, le=255)]
Region = Annotated[int, Meta(ge=0, le=65_535)]
Confidence = Annotated[int, Meta(ge=0, le=15)]
_PASSED_US = 600_000_000
_STARTED_US = 3_000_000_000

# DE_TimeIntervalConfidence (SAE J2735), probabilities.
CONFIDENCE = (
    0.21, 0.36, 0.47, 0.56, 0.62, 0.68, 0.73, 0.77, 0.81, 0.85, 0.88, 0.91, 0.94, 0.96, 0.98, 1.0,
)  # fmt: skip

# DE_IntersectionStatusObject; the number of the bit is the place in this list.
STATUS = (
    "manualControlIsEnabled", "stopTimeIsActivated", "failureFlash", "preemptIsActive",
    "signalPriorityIsActive", "fixedTimeOperation", "trafficDependentOperation",
    "standbyOperation", "failureMode", "off", "recentMAPmessageUpdate",
    "recentChangeInMAPassignedLanesIDsUsed", "noValidMAPisAvailableAtThisTime",
    "noValidSPATisAvailableAtThisTime",
)  # fmt: skip


class Reference(msgspec.Struct):
    """Name of an intersection or node."""

    id: Region
    region: Region | None = None


def event_time_us(moy: int | None, mark_ms: int | None, anchor_us: int) -> int | None:
    """When the states of an intersection hold, UTC microseconds; None if no time is usable."""
    if mark_ms is None:
        return None
    if moy is None or moy == 527_040:
        return second_of_minute_us(mark_ms, anchor_us)
    return minute_of_year_us(moy, mark_ms, anchor_us)


def end_us(mark: int | None, written_us: int) -> int | None:
    """Instant of a mark that tells an end or a next time."""
    return None if mark is None else hour_mark_us(mark, written_us, _PASSED_US)


def start_us(mark: int | None, written_us: int) -> int | None:
    """Instant of a mark that tells a start."""
    return None if mark is None else hour_mark_us(mark, written_us, _STARTED_US)


def confidence_of(code: int | None) -> float | None:
    """Probability of a confidence code."""
    return None if code is None else CONFIDENCE[code]


def status_bits(names: Sequence[str]) -> int:
    """Bits of status names; what the standard does not know counts nothing."""
    return sum(1 << STATUS.index(name) for name in set(names) if name in STATUS)


def phase_code(code: int | str) -> Phase:
    """Phase of a code of DE_MovementPhaseState or its name, however it is hyphenated.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a code or name that the standard does not know.
    """
    if isinstance(code, int) and 0 <= code <= Phase.CAUTION_CONFLICTING_TRAFFIC:
        return Phase(code)
    name = str(code).replace("-", "_").upper()
    if name in Phase.__members__ and name != Phase.FLASHING_GREEN.name:
        return Phase[name]
    msg = f"event state {str(code)[:40]!r}"
    raise DecodeError(Reason.OUT_OF_RANGE, msg)

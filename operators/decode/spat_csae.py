"""Format `spat.csae.json`: SPAT of T/CSAE 53 (YD/T 3709) in JSON, bare or under `spatFrame`.

Per intersection: `intersectionId`, `moy` and `timeStamp` (`spat_fields`), `status` (hexadecimal
text of the bits, the first bit the highest), `phases`. A phase is a signal group; its
`phaseStates` are all states of its cycle. Times come in one of two forms:

* `counting`, a **countdown** in 0.1 s: the state that is on has `startTime` 0, and `minEndTime`,
  `maxEndTime`, `likelyEndTime` and `nextStartTime` count from now. Real senders fill `minEndTime`
  and `maxEndTime` with 0 when they know nothing: an end of 0 before the likely one is unknown;
* `utcTiming`, marks of the UTC hour, as in J2735 (`startUTCTime`, `minEndUTCTime`, ...).

Without times the first state is on. `light` is a name, hyphenated or not, or its code:

| code | light | phase |
|---|---|---|
| 0, 1 | unavailable, dark | the same |
| 2, 3 | flashing-red, red | stop then proceed, stop and remain |
| 4 | flashing-green | flashing green: go, it ends soon |
| 5, 6 | permissive-green, protected-green | permissive, protected movement allowed |
| 7 | yellow | protected clearance |
| 8 | flashing-yellow | caution, conflicting traffic |

`timeConfidence` (0-200) is in steps of 0.5 %. Dropped: advisory speeds. Group 0 is refused.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.j2735 import SecondMark
from operators.decode.json_text import read_json
from operators.decode.spat import signals
from operators.decode.spat_fields import (
    Group,
    MinuteOfYear,
    Reference,
    TimeMark,
    end_us,
    event_time_us,
    start_us,
)
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.signal import IntersectionState, Phase, SignalState, intersection_name

_LIGHTS = (
    ("unavailable", Phase.UNAVAILABLE),
    ("dark", Phase.DARK),
    ("flashing-red", Phase.STOP_THEN_PROCEED),
    ("red", Phase.STOP_AND_REMAIN),
    ("flashing-green", Phase.FLASHING_GREEN),
    ("permissive-green", Phase.PERMISSIVE_MOVEMENT_ALLOWED),
    ("protected-green", Phase.PROTECTED_MOVEMENT_ALLOWED),
    ("yellow", Phase.PROTECTED_CLEARANCE),
    ("flashing-yellow", Phase.CAUTION_CONFLICTING_TRAFFIC),
)
_OF_NAME = dict(_LIGHTS)
_STATUS_BITS = 16
Certainty = Annotated[int, Meta(ge=0, le=200)]


class Counting(msgspec.Struct, rename="camel"):
    """Times of one state, counted down in 0.1 s."""

    start_time: TimeMark = 0
    min_end_time: TimeMark | None = None
    max_end_time: TimeMark | None = None
    likely_end_time: TimeMark | None = None
    time_confidence: Certainty | None = None
    next_start_time: TimeMark | None = None


class Utc(msgspec.Struct):
    """Times of one state, marks of the UTC hour."""

    start: TimeMark | None = msgspec.field(name="startUTCTime", default=None)
    min_end: TimeMark | None = msgspec.field(name="minEndUTCTime", default=None)
    max_end: TimeMark | None = msgspec.field(name="maxEndUTCTime", default=None)
    likely: TimeMark | None = msgspec.field(name="likelyEndUTCTime", default=None)
    next_start: TimeMark | None = msgspec.field(name="nextStartUTCTime", default=None)
    certainty: Certainty | None = msgspec.field(name="timeConfidence", default=None)


class Timing(msgspec.Struct, rename="camel"):
    """Times of one state in either form."""

    counting: Counting | None = None
    utc_timing: Utc | None = None


class PhaseState(msgspec.Struct):
    """One state of a signal group's cycle."""

    light: str | int
    timing: Timing | None = None


class SignalPhase(msgspec.Struct, rename="camel"):
    """All states of one signal group."""

    id: Group
    phase_states: Annotated[list[PhaseState], Meta(min_length=1, max_length=16)]


class _Intersection(msgspec.Struct, rename="camel"):
    intersection_id: Reference
    phases: Annotated[list[SignalPhase], Meta(max_length=255)]
    status: Annotated[str, Meta(pattern="^[0-9a-fA-F]{1,4}$")] | int = 0
    moy: MinuteOfYear | None = None
    time_stamp: SecondMark | None = None


class _Spat(msgspec.Struct):
    intersections: Annotated[list[_Intersection], Meta(max_length=64)]


class _Message(msgspec.Struct):
    spat: _Spat | None = msgspec.field(name="spatFrame", default=None)
    intersections: Annotated[list[_Intersection], Meta(max_length=64)] = []


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; OUT_OF_RANGE for a light that the standard does not know;
        UNAVAILABLE for a message without a phase.
    """
    given = read_json(_DECODER, payload)
    intersections = given.spat.intersections if given.spat else given.intersections
    return signals(tuple(_state(one, anchor_us) for one in intersections))


def _state(given: _Intersection, anchor_us: int) -> IntersectionState:
    at_us = event_time_us(given.moy, given.time_stamp, anchor_us)
    written_us = anchor_us if at_us is None else at_us
    return IntersectionState(
        intersection_name(given.intersection_id.region, given.intersection_id.id),
        at_us,
        None,
        _status(given.status),
        tuple(signal_of(one, written_us) for one in given.phases if one.id),
    )


def _status(given: str | int) -> int:
    """Bits with the first one lowest; the text of a bit string has it highest."""
    if isinstance(given, int):
        return given & (1 << _STATUS_BITS) - 1
    return from_high_bits(int(given, 16))


def from_high_bits(status: int) -> int:
    """Bits of a status whose first bit is the highest of 16, with the first one lowest."""
    return int(f"{status:0{_STATUS_BITS}b}"[::-1], 2)


def signal_of(given: SignalPhase, written_us: int) -> SignalState:
    """State of a signal group in a message of `written_us`.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a light that the standard does not know.
    """
    on = next(filter(_is_on, given.phase_states), given.phase_states[0])
    timing = on.timing or Timing()
    if timing.counting is not None:
        return _counted(given.id, _phase(on.light), timing.counting, written_us)
    utc = timing.utc_timing or Utc()
    return SignalState(
        given.id,
        int(_phase(on.light)),
        start_us(utc.start, written_us),
        end_us(utc.min_end, written_us),
        end_us(utc.max_end, written_us),
        end_us(utc.likely, written_us),
        end_us(utc.next_start, written_us),
        _probability(utc.certainty),
    )


def _is_on(state: PhaseState) -> bool:
    counting = state.timing.counting if state.timing else None
    return counting is not None and counting.start_time == 0


def _counted(group: int, phase: Phase, given: Counting, written_us: int) -> SignalState:
    likely = _ahead_us(given.likely_end_time, written_us)
    least, most = (
        None if mark == 0 and likely != written_us else _ahead_us(mark, written_us)
        for mark in (given.min_end_time, given.max_end_time)
    )
    next_us = _ahead_us(given.next_start_time or None, written_us)
    certainty = _probability(given.time_confidence or None)
    return SignalState(group, int(phase), None, least, most, likely, next_us, certainty)


def _ahead_us(tenths: int | None, written_us: int) -> int | None:
    """Instant of a countdown; 36 000 and more name none."""
    return None if tenths is None or tenths >= 36_000 else written_us + tenths * 100_000


def _probability(certainty: int | None) -> float | None:
    return None if certainty is None else certainty / 200


def _phase(light: str | int) -> Phase:
    if isinstance(light, int) and 0 <= light < len(_LIGHTS):
        return _LIGHTS[light][1]
    found = _OF_NAME.get(str(light).replace("_", "-").lower())
    if found is None:
        msg = f"light {str(light)[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return found

"""Format `spat.dris.json`: SPAT in the dialect of Huawei Cloud's DRIS.

| where | shape | names |
|---|---|---|
| from a unit, `v2x/v1/rsu/{esn}/spat/up` | ``{"intersections": [...]}`` | camel case |
| forwarded, `v2x-v1-spat` | ``{"header", "body": {"spat_source", "intersections"}}`` | snake case |

The lights, their codes and the two forms of times are those of `spat_csae`, but for:

| field | meaning |
|---|---|
| timeStamp | ms since 1970 from a unit, ISO 8601 forwarded: needs no receive time |
| intersectionId | `region` and `id` from a unit, `node_id` forwarded |
| status | a number from a unit, its first bit the highest of 16; named flags forwarded |
| phaseId, phaseStates | `id` and `phaseStates` of the standard; phase 0 is none and left out |
| light | the code as text from a unit, `light_state` forwarded: 0-8 |
| counting, utcTiming | each time is a map with a `timeMark`; of two forms the first counts |

No unit of the countdowns was seen: a sample of 1500 for an end and 150 for a duration is read in
0.1 s, as the standard has it. The source id is the forwarded `spat_source_id`; a unit's own message
does not name it. Dropped: timeConfidence of the intersection, startTime and likelyEndTime beside
the two forms (samples of 255 and 1234567890). What a signal controller sends by itself
(`v2x/v1/signalcontroller/{id}/spat/up`) is not read: its samples contradict each other.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.dris import as_a_unit_writes
from operators.decode.json_text import as_type
from operators.decode.spat import signals
from operators.decode.spat_csae import (
    Certainty,
    Counting,
    PhaseState,
    SignalPhase,
    Timing,
    Utc,
    from_high_bits,
    signal_of,
)
from operators.decode.spat_fields import STATUS, Group, Region, TimeMark
from operators.errors import DecodeError
from operators.normalise.event_time import instant_us
from operators.reasons import Reason
from operators.road.signal import IntersectionState, intersection_name

_CODES = {str(code): code for code in range(9)}
_STATUS = {name.casefold(): 1 << bit for bit, name in enumerate(STATUS)}
_EpochMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # up to the year 9999


class _Mark(msgspec.Struct, rename="camel"):
    time_mark: TimeMark | None = None


class _Counting(msgspec.Struct, rename="camel"):
    start_time: _Mark | None = None
    min_end_time: _Mark | None = None
    max_end_time: _Mark | None = None
    likely_end_time: _Mark | None = None
    time_confidence: Certainty | None = None
    next_start_time: _Mark | None = None


class _Utc(msgspec.Struct, rename="camel"):
    start_utc_time: _Mark | None = None
    min_end_utc_time: _Mark | None = None
    max_end_utc_time: _Mark | None = None
    likely_end_utc_time: _Mark | None = None
    time_confidence: Certainty | None = None
    next_start_utc_time: _Mark | None = None


class _Timing(msgspec.Struct, rename="camel"):
    counting: _Counting | None = None
    utc_timing: _Utc | None = None


class _PhaseState(msgspec.Struct, rename="camel"):
    light: str | int | None = None
    light_state: int | None = None
    timing: _Timing | None = None


class _Phase(msgspec.Struct, rename="camel"):
    phase_id: Group
    phase_states: Annotated[list[_PhaseState], Meta(min_length=1, max_length=16)]


class _Node(msgspec.Struct, rename="camel"):
    region: Region | None = None
    id: Region | None = None
    node_id: Region | None = None


class _Intersection(msgspec.Struct, rename="camel"):
    intersection_id: _Node
    phases: Annotated[list[_Phase], Meta(max_length=255)]
    status: Annotated[int, Meta(ge=0, le=65_535)] = 0
    intersection_status_object: dict[str, bool | None] = {}
    time_stamp: _EpochMs | str | None = None


class _Source(msgspec.Struct, rename="camel"):
    spat_source_id: str | None = None


class _Spat(msgspec.Struct, rename="camel"):
    intersections: Annotated[list[_Intersection], Meta(max_length=1000)]
    spat_source: _Source | None = None


class _Forwarded(msgspec.Struct):
    body: _Spat


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; OUT_OF_RANGE for a light or a time that is none, MISSING_FIELD
        for a state without a light or a node without a number, UNAVAILABLE for a message without
        a phase.
    """
    message = as_a_unit_writes(payload)
    forwarded = isinstance(message, dict) and "body" in message
    spat = as_type(message, _Forwarded).body if forwarded else as_type(message, _Spat)
    decoded = signals(tuple(_state(one, anchor_us) for one in spat.intersections))
    source = spat.spat_source.spat_source_id if spat.spat_source else None
    return Decoded(signals=decoded.signals, source_id=source or None)


def _state(given: _Intersection, anchor_us: int) -> IntersectionState:
    node = given.intersection_id
    number = node.id if node.node_id is None else node.node_id
    if number is None:
        raise DecodeError(Reason.MISSING_FIELD, "number of an intersection")
    at_us = _instant_us(given.time_stamp)
    written_us = anchor_us if at_us is None else at_us
    return IntersectionState(
        intersection_name(node.region, number),
        at_us,
        None,
        from_high_bits(given.status) | _named_bits(given.intersection_status_object),
        tuple(signal_of(_standard(one), written_us) for one in given.phases if one.phase_id),
    )


def _instant_us(given: int | str | None) -> int | None:
    if given is None:
        return None
    found = given * 1000 if isinstance(given, int) else instant_us(given)
    if found is None:
        msg = f"timeStamp {str(given)[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return found


def _named_bits(flags: dict[str, bool | None]) -> int:
    return sum({_STATUS.get(name.casefold(), 0) for name, on in flags.items() if on})


def _standard(given: _Phase) -> SignalPhase:
    """Return the phase as the standard has it."""
    states = [PhaseState(_light(one), _timing(one.timing)) for one in given.phase_states]
    return SignalPhase(given.phase_id, states)


def _light(given: _PhaseState) -> str | int:
    light = given.light if given.light_state is None else given.light_state
    if light is None:
        raise DecodeError(Reason.MISSING_FIELD, "light of a phase")
    return _CODES.get(str(light), light)


def _timing(given: _Timing | None) -> Timing | None:
    if given is None:
        return None
    counting = None if given.counting is None else _counting(given.counting)
    return Timing(counting, None if given.utc_timing is None else _utc(given.utc_timing))


def _counting(given: _Counting) -> Counting:
    return Counting(
        _mark(given.start_time) or 0,
        _mark(given.min_end_time),
        _mark(given.max_end_time),
        _mark(given.likely_end_time),
        given.time_confidence,
        _mark(given.next_start_time),
    )


def _utc(given: _Utc) -> Utc:
    return Utc(
        _mark(given.start_utc_time),
        _mark(given.min_end_utc_time),
        _mark(given.max_end_utc_time),
        _mark(given.likely_end_utc_time),
        _mark(given.next_start_utc_time),
        given.time_confidence,
    )


def _mark(given: _Mark | None) -> int | None:
    return None if given is None else given.time_mark

"""Format `spat.json`: SAE J2735 Signal Phase And Timing in the JSON of the JPO-ODE, schema 6 to 8.

Per intersection: `id` (region and id), `revision`, `status`, `moy` and `timeStamp` (`spat_fields`),
and per `signalGroup` the first of its movement events, which is the one that holds now; predicted
ones behind it are dropped, as are advisory speeds, enabled lanes and manoeuvre assistance.
`eventState` is a name in capitals; `timing` holds marks of the hour. A group without an event is
UNAVAILABLE: it is there, and nobody knows what it shows. Group 0 is reserved and refused.
The payload names no sender that lasts: the record's key or header does.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.j2735 import SecondMark
from operators.decode.json_text import read_json
from operators.decode.spat_fields import (
    Confidence,
    Group,
    MinuteOfYear,
    Reference,
    TimeMark,
    confidence_of,
    end_us,
    event_time_us,
    phase_code,
    start_us,
    status_bits,
)
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.signal import IntersectionState, Phase, SignalState, intersection_name


class Timing(msgspec.Struct, rename="camel"):
    """DF_TimeChangeDetails."""

    start_time: TimeMark | None = None
    min_end_time: TimeMark | None = None
    max_end_time: TimeMark | None = None
    likely_time: TimeMark | None = None
    confidence: Confidence | None = None
    next_time: TimeMark | None = None


class Event(msgspec.Struct, rename="camel"):
    """DF_MovementEvent."""

    event_state: str | int
    timing: Timing | None = None


class _Events(msgspec.Struct):
    events: list[Event] = msgspec.field(name="movementEventList", default=[])


class _Movement(msgspec.Struct):
    group: Group = msgspec.field(name="signalGroup")
    when: _Events = msgspec.field(name="state_time_speed")


class _Movements(msgspec.Struct):
    movements: list[_Movement] = msgspec.field(name="movementList", default=[])


class _Intersection(msgspec.Struct, rename="camel"):
    id: Reference
    states: _Movements
    revision: Annotated[int, Meta(ge=0, le=127)] | None = None
    status: dict[str, bool] | None = None
    moy: MinuteOfYear | None = None
    time_stamp: SecondMark | None = None


class _Intersections(msgspec.Struct):
    intersections: Annotated[list[_Intersection], Meta(max_length=1000)] = msgspec.field(
        name="intersectionStatelist"
    )


class _Data(msgspec.Struct):
    list_: _Intersections = msgspec.field(name="intersectionStateList")


class _Payload(msgspec.Struct):
    data: _Data


class _Message(msgspec.Struct):
    payload: _Payload


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; OUT_OF_RANGE for an event state that no standard knows;
        UNAVAILABLE for a message without a signal group.
    """
    given = read_json(_DECODER, payload).payload.data.list_.intersections
    return signals(tuple(_state(one, anchor_us) for one in given))


def signals(states: tuple[IntersectionState, ...]) -> Decoded:
    """Return the states as a record's content.

    Raises
    ------
    DecodeError
        UNAVAILABLE if there is no signal group in them.
    """
    if not any(one.states for one in states):
        raise DecodeError(Reason.UNAVAILABLE, "no signal group")
    return Decoded(signals=states)


def _state(given: _Intersection, anchor_us: int) -> IntersectionState:
    at_us = event_time_us(given.moy, given.time_stamp, anchor_us)
    status = [name for name, on in (given.status or {}).items() if on]
    return IntersectionState(
        intersection_name(given.id.region, given.id.id),
        at_us,
        given.revision,
        status_bits(status),
        tuple(
            signal_state(one.group, one.when.events, anchor_us if at_us is None else at_us)
            for one in given.states.movements
            if one.group
        ),
    )


def signal_state(group: int, events: list[Event], written_us: int) -> SignalState:
    """State of a signal group from its movement events, marks read at `written_us`."""
    if not events:
        return SignalState(group, Phase.UNAVAILABLE)
    now = events[0]
    timing = now.timing or Timing()
    return SignalState(
        group,
        int(phase_code(now.event_state)),
        start_us(timing.start_time, written_us),
        end_us(timing.min_end_time, written_us),
        end_us(timing.max_end_time, written_us),
        end_us(timing.likely_time, written_us),
        end_us(timing.next_time, written_us),
        confidence_of(timing.confidence),
    )

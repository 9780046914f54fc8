"""Format `spatem.json`: ETSI TS 103 301 SPATEM in the JSON of its-client, schema 2.0.0.

As `spat.json`, but: event states are the codes 0-9 of DE_MovementPhaseState; `status` is a list of
names; the sender is `source_uuid`. The envelope's `timestamp` (ms since 1970) is when the message
was made: it completes marks only where an intersection has no time of its own.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.j2735 import SecondMark
from operators.decode.json_text import read_json
from operators.decode.spat import Event, Timing, signal_state, signals
from operators.decode.spat_fields import (
    Confidence,
    Group,
    MinuteOfYear,
    Reference,
    TimeMark,
    event_time_us,
    status_bits,
)
from operators.road.signal import IntersectionState, intersection_name

UnixMs = Annotated[int, Meta(ge=1_514_764_800_000, le=1_830_297_600_000)]


class _Timing(msgspec.Struct):
    min_end_time: TimeMark
    start_time: TimeMark | None = None
    max_end_time: TimeMark | None = None
    likely_time: TimeMark | None = None
    confidence: Confidence | None = None
    next_time: TimeMark | None = None


class _Event(msgspec.Struct):
    event_state: Annotated[int, Meta(ge=0, le=9)]
    timing: _Timing | None = None


class _Movement(msgspec.Struct):
    signal_group: Group
    state_time_speed: Annotated[list[_Event], Meta(max_length=16)]


class _Intersection(msgspec.Struct):
    id: Reference
    states: Annotated[list[_Movement], Meta(max_length=255)]
    revision: Annotated[int, Meta(ge=0, le=127)] | None = None
    status: list[str] = []
    moy: MinuteOfYear | None = None
    timestamp: SecondMark | None = None


class _Body(msgspec.Struct):
    intersections: Annotated[list[_Intersection], Meta(max_length=32)]


class _Message(msgspec.Struct):
    message_type: Literal["spatem"]
    source_uuid: str
    timestamp: UnixMs
    message: _Body


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; UNAVAILABLE for a message without a signal group.
    """
    given = read_json(_DECODER, payload)
    states = tuple(
        _state(one, anchor_us, given.timestamp * 1000) for one in given.message.intersections
    )
    return signals(states)


def _state(given: _Intersection, anchor_us: int, made_us: int) -> IntersectionState:
    at_us = event_time_us(given.moy, given.timestamp, anchor_us)
    written_us = made_us if at_us is None else at_us
    return IntersectionState(
        intersection_name(given.id.region, given.id.id),
        written_us,
        given.revision,
        status_bits(given.status),
        tuple(
            signal_state(one.signal_group, _events(one), written_us)
            for one in given.states
            if one.signal_group
        ),
    )


def _events(given: _Movement) -> list[Event]:
    return [
        Event(one.event_state, Timing(**msgspec.structs.asdict(one.timing)) if one.timing else None)
        for one in given.state_time_speed[:1]
    ]

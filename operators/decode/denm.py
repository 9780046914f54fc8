"""Formats `denm.json`, `denm.utc.json`: Decentralized Environmental Notification, ETSI TS 103 831.

The JSON of its-client in version 2 (``message_type``, containers ``management``, ``situation``)
and 1 (``management_container``, ...; `relevance_distance` for `awareness_distance`).

| field | becomes |
|---|---|
| `action_id` | feature id ``denm/<originating station>/<sequence number>`` |
| `reference_time` | time of issue: an update and a termination have a later one |
| `detection_time`, `validity_duration` (s, 600 without) | validity |
| `termination` (cancelled or negated) | cancelled |
| `event_position` | point, and by awareness distance 50, 100, 200, 500 m, 1, 5, 10 km |
| | (20 km for more) around it; 200 m without |
| `cause` | 2, 9-11, 14, 91-94 ``incident``, 3 ``work_zone``, 6, 7, 17-19 ``weather``, |
| | 15 ``emergency``, 95 ``emergency_vehicle``, else ``warning`` |

Times are TimestampIts: with the leap seconds since 2004 in ``denm.json``, without in
``denm.utc.json``, as the known sample has them. Dropped: traffic direction, zones, traces, speed of
the event, a la carte.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Adapter, Decoded, Feature
from operators.decode.etsi import Code, Position, StationId, origin
from operators.decode.geometry import place_text
from operators.decode.json_text import read_json
from operators.errors import DecodeError
from operators.normalise.event_time import ITS_EPOCH_UNIX_MS, utc_us_from_its_ms
from operators.reasons import Reason

_REACH_M = (50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0, 10_000.0, 20_000.0)
_KINDS = (
    {3: "work_zone", 15: "emergency", 95: "emergency_vehicle"}
    | dict.fromkeys((2, 9, 10, 11, 14, 91, 92, 93, 94), "incident")
    | dict.fromkeys((6, 7, 17, 18, 19), "weather")
)
_ItsMs = Annotated[int, Meta(ge=0, le=4_398_046_511_103)]
_Distance = Annotated[int, Meta(ge=0, le=7)]


class _ActionId(msgspec.Struct):
    originating_station_id: StationId
    sequence_number: Annotated[int, Meta(ge=0, le=65_535)]


class _Management(msgspec.Struct):
    action_id: _ActionId
    detection_time: _ItsMs
    reference_time: _ItsMs
    event_position: Position
    termination: Annotated[int, Meta(ge=0, le=1)] | None = None
    awareness_distance: _Distance | None = None
    relevance_distance: _Distance | None = None
    validity_duration: Annotated[int, Meta(ge=0, le=86_400)] = 600


class _Cause(msgspec.Struct):
    cause: Code
    subcause: Code = 0


class _Situation(msgspec.Struct):
    event_type: _Cause


class _Content(msgspec.Struct):
    management: _Management | None = None
    management_container: _Management | None = None
    situation: _Situation | None = None
    situation_container: _Situation | None = None


class _Message(msgspec.Struct):
    message: _Content


_DECODER = msgspec.json.Decoder(_Message)


def _utc_us(its_ms: int) -> int:
    return (its_ms + ITS_EPOCH_UNIX_MS) * 1000


def reader(*, leap_seconds: bool) -> Adapter:
    """Adapter of one reading of the times.

    Parameters
    ----------
    leap_seconds
        Whether the times count the leap seconds since 2004.
    """
    instant_us = utc_us_from_its_ms if leap_seconds else _utc_us

    def adapt(payload: bytes, anchor_us: int) -> Decoded:  # its times have full dates
        content = read_json(_DECODER, payload).message
        management = content.management or content.management_container
        if management is None:
            raise DecodeError(Reason.MISSING_FIELD, "management")
        situation = content.situation or content.situation_container
        return Decoded(features=(_feature(management, situation, instant_us),))

    return adapt


def _feature(
    given: _Management, situation: _Situation | None, instant_us: Callable[[int], int]
) -> Feature:
    place = origin(given.event_position)
    if place is None:
        raise DecodeError(Reason.UNAVAILABLE, "event_position")
    if situation is None and given.termination is None:
        raise DecodeError(Reason.MISSING_FIELD, "situation")
    told = given.awareness_distance
    reach = given.relevance_distance if told is None else told
    start_us = instant_us(given.detection_time)
    event = None if situation is None else situation.event_type
    action = given.action_id
    properties = {}
    if event is not None:
        properties = {"cause": str(event.cause), "subcause": str(event.subcause)}
    return Feature(
        feature_id=f"denm/{action.originating_station_id}/{action.sequence_number}",
        kind="warning" if event is None else _KINDS.get(event.cause, "warning"),
        valid_from_us=start_us,
        valid_to_us=start_us + given.validity_duration * 1_000_000,
        area=place_text(place.lon_deg, place.lat_deg),
        radius_m=_REACH_M[2 if reach is None else reach],
        cancelled=given.termination is not None,
        properties=properties,
        issued_us=instant_us(given.reference_time),
    )

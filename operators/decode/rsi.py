"""Formats `rsi.json` and `rsi.dawnline.json`: roadside information, T/CSAE 53-2020 (YD/T 3709).

`rsi.json` has the standard's names, bare or under ``content``: `id`, `refPos`, `rtes` (events) and
`rtss` (signs). `rsi.dawnline.json` is what OpenV2X adaptors send: ``{"dev_id", "event_content":
[...]}``, perhaps as the ``payload`` of a wrapper with a ``topic``; one place an event, 1e-7 deg.

| field | becomes |
|---|---|
| `id` (`dev_id`), `rteId` (`event_id`) | feature id ``rsi/<id>/<rteId>`` |
| `id`, `rtsId` of a sign | feature id ``rsi/<id>/sign/<rtsId>``, kind ``warning`` |
| `eventType` (GB/T 29100) | kind by its hundred: 1 accident ``incident``, 3 ``weather``, |
| | 5 ``work_zone``, else (4 surface, 7 congestion, 9 behaviour) ``warning`` |
| `eventPos`, `eventRadius` (0.1 m) | point and radius; 50 m without a radius |
| `referencePaths`: `activePath`, `pathRadius` (0.1 m) | lines with a width, without `eventRadius` |
| `timeDetails`: `startTime`, `endTime` (minute of the year) | validity, in the nearest year |
| `timeStamp` (UTC ms, DAWNLINE) | start of the validity |

A message says what is so now and is repeated each second: without an end it holds for 60 s.
Dropped: secMark, priority, confidences, links.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import MultiLineString, geometry_text, place_text
from operators.decode.guard import check_objects
from operators.decode.j2735 import Latitude, Longitude
from operators.decode.json_text import read_json
from operators.decode.rsm_position import Place, Position, resolve
from operators.decode.spat_fields import MinuteOfYear
from operators.decode.texts import shortened
from operators.errors import DecodeError
from operators.normalise.event_time import minute_of_year_us
from operators.reasons import Reason

HOLDS_US = 60_000_000
RADIUS_M = 50.0
_KINDS = {1: "incident", 3: "weather", 5: "work_zone"}

TypeCode = Annotated[int, Meta(ge=0, le=65_535)]
Radius = Annotated[int, Meta(ge=0, le=65_535)]
Number = Annotated[int, Meta(ge=0, le=255)]
_EpochMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # up to the year 9999


class Times(msgspec.Struct, rename="camel"):
    """From when to when an event or sign holds, minutes of the UTC year."""

    start_time: MinuteOfYear | None = None
    end_time: MinuteOfYear | None = None


class Path(msgspec.Struct, rename="camel"):
    """A line along which it holds, and how far beside it, 0.1 m."""

    active_path: Annotated[list[Position], Meta(min_length=2, max_length=32)]
    path_radius: Radius = 0


class Event(msgspec.Struct, rename="camel"):
    """An event of the road."""

    event_type: TypeCode
    rte_id: Number = 0
    event_pos: Position | None = None
    event_radius: Radius = 0
    description: str | dict[str, str] = ""
    time_details: Times = msgspec.field(default_factory=Times)
    reference_paths: list[Path] = []


class Sign(msgspec.Struct, rename="camel"):
    """A traffic sign."""

    sign_type: TypeCode
    rts_id: Number = 0
    sign_pos: Position | None = None
    description: str | dict[str, str] = ""
    time_details: Times = msgspec.field(default_factory=Times)
    reference_paths: list[Path] = []


class Body(msgspec.Struct, rename="camel"):
    """One message of a roadside unit."""

    id: str
    ref_pos: Place | None = None
    rtes: list[Event] = []
    rtss: list[Sign] = []


class _Wrapped(msgspec.Struct):
    content: Body


class _Told(msgspec.Struct):
    event_type: TypeCode
    event_id: str | int
    latitude: Latitude
    longitude: Longitude
    time_stamp: _EpochMs | None = msgspec.field(name="timeStamp", default=None)
    event_source: str = ""


class _Device(msgspec.Struct):
    dev_id: str
    event_content: list[_Told]


class _Dawnline(msgspec.Struct):
    payload: _Device


_BARE = msgspec.json.Decoder(Body)
_WRAPPED = msgspec.json.Decoder(_Wrapped)
_DAWNLINE = msgspec.json.Decoder(_Dawnline)
_DEVICE = msgspec.json.Decoder(_Device)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message of the standard.

    Raises
    ------
    DecodeError
        UNAVAILABLE for an event that is nowhere, and the reasons of `json_text.read_json` and
        `rsm_position.resolve`.
    """
    wrapped = b'"content"' in payload
    body = read_json(_WRAPPED, payload).content if wrapped else read_json(_BARE, payload)
    return Decoded(features=features_of(body, anchor_us))


def features_of(body: Body, anchor_us: int) -> tuple[Feature, ...]:
    """Features of the events and signs of one message.

    Raises
    ------
    DecodeError
        MISSING_FIELD or UNAVAILABLE for one that is nowhere, TOO_MANY_OBJECTS.
    """
    check_objects(len(body.rtes) + len(body.rtss))
    events = [
        _feature(
            f"rsi/{body.id}/{event.rte_id}",
            _KINDS.get(event.event_type // 100, "warning"),
            _area(event.event_pos, event.event_radius, event.reference_paths, body.ref_pos),
            _validity(event.time_details, anchor_us),
            {"event_type": str(event.event_type), "description": _text(event.description)},
        )
        for event in body.rtes
    ]
    signs = [
        _feature(
            f"rsi/{body.id}/sign/{sign.rts_id}",
            "warning",
            _area(sign.sign_pos, 0, sign.reference_paths, body.ref_pos),
            _validity(sign.time_details, anchor_us),
            {"sign_type": str(sign.sign_type), "description": _text(sign.description)},
        )
        for sign in body.rtss
    ]
    return (*events, *signs)


def adapt_dawnline(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message of the DAWNLINE dialect; reasons as for `adapt`."""
    wrapped = b'"payload"' in payload
    device = read_json(_DAWNLINE, payload).payload if wrapped else read_json(_DEVICE, payload)
    check_objects(len(device.event_content))
    return Decoded(
        features=tuple(_told(event, device, anchor_us) for event in device.event_content)
    )


def _told(event: _Told, device: _Device, anchor_us: int) -> Feature:
    start_us = None if event.time_stamp is None else event.time_stamp * 1000
    return _feature(
        f"rsi/{device.dev_id}/{event.event_id}",
        _KINDS.get(event.event_type // 100, "warning"),
        (_point(Position(lat=event.latitude, lon=event.longitude), None), RADIUS_M),
        (start_us, anchor_us + HOLDS_US),
        {"event_type": str(event.event_type), "event_source": event.event_source},
    )


def _feature(
    name: str,
    kind: str,
    area: tuple[str, float],
    validity: tuple[int | None, int | None],
    properties: dict[str, str],
) -> Feature:
    return Feature(name, kind, *validity, *area, cancelled=False, properties=shortened(properties))


def _area(
    pos: Position | None, radius: int, paths: list[Path], origin: Place | None
) -> tuple[str, float]:
    """GeoJSON text, and how far around it the event applies, metres."""
    if paths and not (pos is not None and radius):
        lines = [[list(_place(node, origin)) for node in path.active_path] for path in paths]
        widest = max(path.path_radius for path in paths) / 10
        return geometry_text(MultiLineString(lines)), widest or RADIUS_M
    if pos is None:
        raise DecodeError(Reason.MISSING_FIELD, "neither a position nor referencePaths")
    return _point(pos, origin), radius / 10 or RADIUS_M


def _point(pos: Position, origin: Place | None) -> str:
    return place_text(*_place(pos, origin))


def _place(pos: Position, origin: Place | None) -> tuple[float, float]:
    found = resolve(pos, origin)
    if found is None:
        raise DecodeError(Reason.UNAVAILABLE, "position of an event")
    return found[0] / 1e7, found[1] / 1e7


def _validity(times: Times, anchor_us: int) -> tuple[int | None, int]:
    start, end = (
        None if minute is None else minute_of_year_us(minute, 0, anchor_us)
        for minute in (times.start_time, times.end_time)
    )
    return start, anchor_us + HOLDS_US if end is None else end


def _text(description: str | dict[str, str]) -> str:
    """A description, which the standard has as a choice of encodings."""
    return description if isinstance(description, str) else " ".join(description.values())

"""Format `tim.json`: Traveler Information Message, SAE J2735, as the JPO-ODE writes it.

One region of one data frame is one feature.

| field | becomes |
|---|---|
| `packetID` | feature id ``tim/<packetID>/<frame>/<region>``: an update has the same |
| `timeStamp` (minute of the year) | time of issue |
| `startYear`, `startTime` (minute), `durationTime` (min) | validity; 32000 is open |
| `description.path`: nodes from `anchor` on | a line as wide as `laneWidth` (cm), 15 m to each |
| | side without; with `closedPath` a polygon |
| nodes | `node-LatLon` 1e-7 deg; `node-LL*` steps of 1e-7 deg; |
| | `node-XY*` steps of cm times 2^`scale` |
| `description.geometry.circle` | point and radius, in `units` (centimetre to mile) |
| `content`: workZone; ITIS codes | kind: ``work_zone``, or by the codes' category |

ITIS codes (SAE J2540) have 256 numbers a category: 2 accidents and 5 obstructions are an
``incident``, 4 roadwork a ``work_zone``, 18 to 24 (wind, visibility, pavement) ``weather``, others
a ``warning``; the first of these decides. Dropped: directions of travel (so it also marks who
drives the other way), priority, view angles, `msgId`, regions in the obsolete form.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import line_text, place_text, polygon_text
from operators.decode.guard import check_objects
from operators.decode.j2735 import LATITUDE_UNAVAILABLE, LONGITUDE_UNAVAILABLE, Latitude, Longitude
from operators.decode.json_text import read_json
from operators.decode.map_lanes import walked
from operators.decode.spat_fields import MinuteOfYear
from operators.decode.texts import shortened
from operators.errors import DecodeError
from operators.normalise.event_time import minute_of_year_us
from operators.reasons import Reason

HALF_WIDTH_M = 15.0
_OPEN_MIN = 32_000
_METRES = {
    "centimeter": 0.01, "cm2-5": 0.025, "decimeter": 0.1, "meter": 1.0, "kilometer": 1000.0,
    "foot": 0.3048, "yard": 0.9144, "mile": 1609.344,
}  # fmt: skip
_KIND_OF_CATEGORY = {2: "incident", 4: "work_zone", 5: "incident"} | dict.fromkeys(
    range(18, 25), "weather"
)
_Step = Annotated[int, Meta(ge=-1_800_000_001, le=1_800_000_001)]


class _Node(msgspec.Struct):
    lon: _Step | None = None
    lat: _Step | None = None
    x: _Step | None = None
    y: _Step | None = None


class _Delta(msgspec.Struct):
    delta: dict[str, _Node]


class _Nodes(msgspec.Struct):
    nodes: Annotated[list[_Delta], Meta(min_length=1, max_length=63)]


class _Offset(msgspec.Struct):
    xy: _Nodes | None = None
    ll: _Nodes | None = None


class _Path(msgspec.Struct):
    offset: _Offset
    scale: Annotated[int, Meta(ge=0, le=15)] = 0


class _Place(msgspec.Struct):
    lat: Latitude
    lon: Longitude = msgspec.field(name="long")


class _Circle(msgspec.Struct):
    center: _Place
    radius: Annotated[int, Meta(ge=0, le=4095)]
    units: str = "meter"


class _Geometry(msgspec.Struct):
    circle: _Circle


class _Description(msgspec.Struct):
    path: _Path | None = None
    geometry: _Geometry | None = None


class _Region(msgspec.Struct, rename="camel"):
    description: _Description
    name: str = ""
    anchor: _Place | None = None
    lane_width: Annotated[int, Meta(ge=0, le=32_767)] = 0
    closed_path: bool = False


class _Frame(msgspec.Struct, rename="camel"):
    start_time: MinuteOfYear
    duration_time: Annotated[int, Meta(ge=0, le=_OPEN_MIN)]
    regions: list[_Region]
    content: dict[str, Any] = {}
    frame_type: str = ""
    start_year: Annotated[int, Meta(ge=0, le=4095)] | None = None


class _Data(msgspec.Struct):
    packet_id: str = msgspec.field(name="packetID")
    frames: list[_Frame] = msgspec.field(name="dataFrames")
    time_stamp: MinuteOfYear | None = msgspec.field(name="timeStamp", default=None)


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
        UNAVAILABLE for a place that is not known, MISSING_FIELD for a path without nodes or anchor,
        OUT_OF_RANGE for a time that is none, and the reasons of `json_text.read_json`.
    """
    data = read_json(_DECODER, payload).payload.data
    check_objects(sum(len(frame.regions) for frame in data.frames))
    stamp = data.time_stamp
    issued_us = None if stamp is None else minute_of_year_us(stamp, 0, anchor_us)
    features = []
    for k, frame in enumerate(data.frames):
        start_us = _start_us(frame, anchor_us)
        long_us = frame.duration_time * 60_000_000
        for n, region in enumerate(frame.regions):
            area, radius_m = _area(region)
            features.append(
                Feature(
                    feature_id=f"tim/{data.packet_id}/{k}/{n}",
                    kind=_kind(frame.content),
                    valid_from_us=start_us,
                    valid_to_us=None if frame.duration_time == _OPEN_MIN else start_us + long_us,
                    area=area,
                    radius_m=radius_m,
                    cancelled=False,
                    properties=_properties(frame, region),
                    issued_us=issued_us,
                )
            )
    return Decoded(features=tuple(features))


def _start_us(frame: _Frame, anchor_us: int) -> int:
    if frame.start_year:
        if frame.start_time == 527_040:
            raise DecodeError(Reason.OUT_OF_RANGE, "startTime")
        year = datetime(frame.start_year, 1, 1, tzinfo=UTC)
        return round(year.timestamp()) * 1_000_000 + frame.start_time * 60_000_000
    instant = minute_of_year_us(frame.start_time, 0, anchor_us)
    if instant is None:
        raise DecodeError(Reason.OUT_OF_RANGE, "startTime")
    return instant


def _codes(content: dict[str, Any]) -> list[int]:
    """ITIS codes of all parts, in their order."""
    items = [one for part in content.values() if isinstance(part, list) for one in part]
    given = [one.get("item") for one in items if isinstance(one, dict)]
    codes = [one.get("itis") for one in given if isinstance(one, dict)]
    return [code for code in codes if isinstance(code, int)]


def _kind(content: dict[str, Any]) -> str:
    if "workZone" in content:
        return "work_zone"
    kinds = (_KIND_OF_CATEGORY.get(code >> 8) for code in _codes(content))
    return next((kind for kind in kinds if kind), "warning")


def _properties(frame: _Frame, region: _Region) -> dict[str, str]:
    codes = " ".join(str(code) for code in _codes(frame.content))
    return shortened({"name": region.name, "frame_type": frame.frame_type, "itis_codes": codes})


def _area(region: _Region) -> tuple[str, float | None]:
    path, geometry = region.description.path, region.description.geometry
    if geometry is not None:
        circle = geometry.circle
        if circle.units not in _METRES:
            raise DecodeError(Reason.OUT_OF_RANGE, f"units {circle.units[:20]!r}")
        return place_text(*_degrees(circle.center)), circle.radius * _METRES[circle.units]
    if path is None or region.anchor is None:
        raise DecodeError(Reason.MISSING_FIELD, "a region needs an anchor and a path, or a circle")
    places = _places(path, _degrees(region.anchor))
    if region.closed_path:
        ring = places[1:] if len(places) > 3 else places
        return polygon_text([[*ring, ring[0]]]), None
    return line_text(places), region.lane_width / 200 or HALF_WIDTH_M


def _degrees(place: _Place) -> tuple[float, float]:
    if place.lat == LATITUDE_UNAVAILABLE or place.lon == LONGITUDE_UNAVAILABLE:
        raise DecodeError(Reason.UNAVAILABLE, "anchor or centre of a region")
    return place.lon / 1e7, place.lat / 1e7


def _places(path: _Path, anchor: tuple[float, float]) -> list[list[float]]:
    """The anchor and the nodes of a path, longitude and latitude in degrees."""
    nodes = path.offset.xy or path.offset.ll
    if nodes is None:
        raise DecodeError(Reason.MISSING_FIELD, "nodes of a path")
    places = [list(anchor)]
    for node in nodes.nodes:
        if len(node.delta) != 1:
            raise DecodeError(Reason.MALFORMED, f"{len(node.delta)} choices in a delta")
        ((choice, step),) = node.delta.items()
        places.append(_next(places[-1], choice.replace("-", "").lower(), step, 2**path.scale))
    return places


def _next(last: list[float], choice: str, step: _Node, scale: int) -> list[float]:
    if step.lon is not None and step.lat is not None:
        lon, lat = step.lon / 1e7, step.lat / 1e7
        return [lon, lat] if choice == "nodelatlon" else [last[0] + lon, last[1] + lat]
    if step.x is None or step.y is None:
        raise DecodeError(Reason.MISSING_FIELD, f"step of {choice[:20]}")
    moved_m = (step.x / 100 * scale, step.y / 100 * scale)
    return list(walked(last[0], last[1], [moved_m])[0])

"""Format `wzdx.json`: Work Zone Data Exchange 4.2, a work-zone feed or a device feed (GeoJSON).

A message is the whole feed; each of its road events or devices is one feature, so that the feed
that no longer names one leaves it to its end.

| field | becomes |
|---|---|
| `core_details.data_source_id`, `id` | feature id ``wzdx/<data source>/<id>`` |
| `core_details.event_type` | ``work-zone``: kind ``work_zone``; ``detour``, ``restriction``: |
| | ``warning``, since a detour is where the traffic goes, not where the work is |
| `start_date`, `end_date` | validity; `is_*_verified` false only says that they are estimates |
| `core_details.update_date`, else that of the feed | time of issue |
| `event_status` ``completed``, ``cancelled`` | cancelled |
| LineString; MultiPoint, places in order along the road | a line, 15 m to each side, since no |
| | width is told |
| names, direction, impact, speed limit (km/h to m/s), workers present | properties |

A device is of kind ``work_zone`` within 50 m while it works: an arrow board with a pattern, a
flashing beacon that flashes, a traffic signal that is not blank. One in transport position, blank,
or with `device_status` other than ``ok`` or ``warning`` is cancelled. Cameras, sensors, message
signs and markers warn of nothing at their place and give no feature. A device holds for three
updates of its feed, five minutes at least.
Dropped: lanes, restrictions, types of work, mileposts, contacts.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import (
    LineString,
    MultiPoint,
    Point,
    Polygon,
    geometry_text,
    line_text,
)
from operators.decode.guard import check_objects
from operators.decode.json_text import read_json
from operators.decode.texts import required_time_us, shortened
from operators.errors import DecodeError
from operators.reasons import Reason

HALF_WIDTH_M = 15.0
DEVICE_RADIUS_M = 50.0
_LEAST_DEVICE_US = 300_000_000
_ENDED = ("completed", "cancelled")
_WORKING = ("ok", "warning")


class _Source(msgspec.Struct):
    data_source_id: str
    organization_name: str


class _FeedInfo(msgspec.Struct):
    publisher: str
    version: str
    update_date: str
    data_sources: list[_Source]
    update_frequency: Annotated[int, Meta(ge=1)] = 60


class _Details(msgspec.Struct):
    data_source_id: str
    event_type: str | None = None
    direction: str | None = None
    device_type: str | None = None
    device_status: str | None = None
    has_automatic_location: bool | None = None
    road_names: list[str] = []
    name: str = ""
    description: str = ""
    update_date: str | None = None


class _Presence(msgspec.Struct):
    are_workers_present: bool


class _Properties(msgspec.Struct):
    core_details: _Details
    start_date: str | None = None
    end_date: str | None = None
    location_method: str | None = None
    event_status: str | None = None
    vehicle_impact: str | None = None
    reduced_speed_limit_kph: float | None = None
    worker_presence: _Presence | None = None
    pattern: str | None = None
    is_in_transport_position: bool = False
    is_flashing: bool = True
    function: str | None = None
    mode: str | None = None


class _Member(msgspec.Struct):
    type: Literal["Feature"]
    id: str
    properties: _Properties
    geometry: LineString | MultiPoint | Point | Polygon


class _Feed(msgspec.Struct):
    type: Literal["FeatureCollection"]
    features: list[_Member]
    feed_info: _FeedInfo | None = None
    road_event_feed_info: _FeedInfo | None = None  # what it was called up to 4.0


_DECODER = msgspec.json.Decoder(_Feed)


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # a feed has full dates
    """Read one feed.

    Raises
    ------
    DecodeError
        MISSING_FIELD for what the schema requires, MALFORMED for a date without an offset,
        OUT_OF_RANGE for a place that is not on the Earth, WRONG_KIND for an unknown type of
        event, and the reasons of `json_text.read_json`.
    """
    feed = read_json(_DECODER, payload)
    info = feed.feed_info or feed.road_event_feed_info
    if info is None:
        raise DecodeError(Reason.MISSING_FIELD, "feed_info")
    check_objects(len(feed.features))
    updated_us = required_time_us(info.update_date, "feed_info.update_date")
    features = []
    for member in feed.features:
        if member.properties.core_details.event_type is not None:
            features.append(_event(member, updated_us))
        elif (active := _is_working(member.properties)) is not None:
            features.append(_device(member, info, updated_us, active=active))
    return Decoded(features=tuple(features))


_KINDS = {"work-zone": "work_zone", "detour": "warning", "restriction": "warning"}


def _event(member: _Member, updated_us: int) -> Feature:
    given, details = member.properties, member.properties.core_details
    kind = _KINDS.get(details.event_type or "")
    if kind is None:
        raise DecodeError(Reason.WRONG_KIND, f"event_type {details.event_type!r:.40}")
    _require(details.direction, "direction")
    _require(details.road_names or None, "road_names")
    if kind == "work_zone":
        _require(given.vehicle_impact, "vehicle_impact")
        _require(given.location_method, "location_method")
    properties = {
        "event_type": details.event_type,
        "name": details.name,
        "description": details.description,
        "road_names": "; ".join(details.road_names),
        "direction": details.direction,
        "vehicle_impact": given.vehicle_impact,
    }
    if given.reduced_speed_limit_kph is not None:
        properties["speed_limit_mps"] = f"{given.reduced_speed_limit_kph / 3.6:.2f}"
    if given.worker_presence is not None:
        properties["workers_present"] = str(given.worker_presence.are_workers_present).lower()
    return Feature(
        feature_id=_name(member),
        kind=kind,
        valid_from_us=required_time_us(given.start_date, "start_date"),
        valid_to_us=required_time_us(given.end_date, "end_date"),
        area=_road(member.geometry),
        radius_m=HALF_WIDTH_M,
        cancelled=given.event_status in _ENDED,
        properties=shortened(properties),
        issued_us=_issued_us(details, updated_us),
    )


def _road(given: LineString | MultiPoint | Point | Polygon) -> str:
    return line_text(given.coordinates) if isinstance(given, MultiPoint) else geometry_text(given)


def _device(member: _Member, info: _FeedInfo, updated_us: int, *, active: bool) -> Feature:
    given, details = member.properties, member.properties.core_details
    _require(details.device_status, "device_status")
    _require(details.has_automatic_location, "has_automatic_location")
    holds_us = max(3 * info.update_frequency * 1_000_000, _LEAST_DEVICE_US)
    properties = {
        "device_type": details.device_type,
        "device_status": details.device_status,
        "name": details.name,
        "road_names": "; ".join(details.road_names),
        "pattern": given.pattern or given.function or given.mode,
    }
    required_time_us(details.update_date, "core_details.update_date")
    return Feature(
        feature_id=_name(member),
        kind="work_zone",
        valid_from_us=updated_us,
        valid_to_us=updated_us + holds_us,
        area=geometry_text(member.geometry),
        radius_m=DEVICE_RADIUS_M,
        cancelled=not active or details.device_status not in _WORKING,
        properties=shortened(properties),
        issued_us=updated_us,
    )


def _is_working(given: _Properties) -> bool | None:
    """Whether a device warns of something at its place; None for one that never does."""
    kind = given.core_details.device_type
    _require(kind, "event_type or device_type")
    if kind == "arrow-board":
        _require(given.pattern, "pattern")
        return given.pattern not in ("blank", "unknown") and not given.is_in_transport_position
    if kind == "flashing-beacon":
        _require(given.function, "function")
        return given.is_flashing
    if kind == "traffic-signal":
        _require(given.mode, "mode")
        return given.mode not in ("blank", "unknown")
    return None


def _require(value: Any, name: str) -> None:
    if value is None:
        raise DecodeError(Reason.MISSING_FIELD, name)


def _name(member: _Member) -> str:
    return f"wzdx/{member.properties.core_details.data_source_id}/{member.id}"


def _issued_us(details: _Details, updated_us: int) -> int:
    if details.update_date is None:
        return updated_us
    return required_time_us(details.update_date, "core_details.update_date")

"""Format `mapem.json`: ETSI TS 103 301 MAPEM in the JSON of its-client, schema 2.0.0.

As `map.json`, but: `ref_point` in 1e-7 degree; nodes are `node_xy` (16 bits, cm) or
`node_lat_lon` (1e-7 degree); attributes are lists of names; a computed lane is left out and
counted. The schema of the shared definitions was not at hand: the names that it alone gives
(`latitude`, `longitude`, `region`, `id`, `speed`) follow the rest of the family.
Road segments are read as intersections are, under ``road:``.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.j2735 import Latitude, Longitude
from operators.decode.json_text import read_json
from operators.decode.map_j2735 import roads
from operators.decode.map_lanes import (
    Approach,
    Drawn,
    LaneNumber,
    LaneWidth,
    Offset,
    WidthChange,
    fits,
    kind_of,
    limit_mps,
    part_of,
    steps_of,
    turn,
    width_m,
)
from operators.decode.spat_fields import Group, Reference
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.network import RoadPart
from operators.road.signal import intersection_name


class _Degrees(msgspec.Struct):
    lat: Latitude
    lon: Longitude


class _Delta(msgspec.Struct):
    node_xy: Offset | None = None
    node_lat_lon: _Degrees | None = None


class _Attributes(msgspec.Struct):
    d_width: WidthChange | None = None


class _Node(msgspec.Struct):
    delta: _Delta
    attributes: _Attributes | None = None


class _Way(msgspec.Struct):
    nodes: Annotated[list[_Node], Meta(max_length=63)] = []


class _LaneAttributes(msgspec.Struct):
    directional_use: list[str]
    lane_type: dict[str, list[str]]


class _ConnectingLane(msgspec.Struct):
    lane: LaneNumber


class _Connection(msgspec.Struct):
    connecting_lane: _ConnectingLane
    remote_intersections: Reference | None = None
    signal_group: Group = 0


class _Lane(msgspec.Struct):
    lane_id: LaneNumber
    lane_attributes: _LaneAttributes
    node_list: _Way
    ingress_approach: Approach | None = None
    egress_approach: Approach | None = None
    connects_to: Annotated[list[_Connection], Meta(max_length=16)] = []


class _Limit(msgspec.Struct):
    type: str
    speed: Annotated[int, Meta(ge=0, le=8191)]


class _Place(msgspec.Struct):
    latitude: Latitude
    longitude: Longitude


_Lanes = Annotated[list[_Lane], Meta(max_length=255)]


class _Intersection(msgspec.Struct):
    id: Reference
    ref_point: _Place
    lane_set: _Lanes
    revision: Annotated[int, Meta(ge=0, le=127)] = 0
    lane_width: LaneWidth = 0
    speed_limits: list[_Limit] = []


class _RoadSegment(msgspec.Struct):
    id: Reference
    ref_point: _Place
    road_lane_set: _Lanes
    revision: Annotated[int, Meta(ge=0, le=127)] = 0
    lane_width: LaneWidth = 0
    speed_limits: list[_Limit] = []


class _Body(msgspec.Struct):
    intersections: Annotated[list[_Intersection], Meta(max_length=32)] = []
    road_segments: Annotated[list[_RoadSegment], Meta(max_length=32)] = []


class _Message(msgspec.Struct):
    message_type: Literal["mapem"]
    source_uuid: str
    message: _Body


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # a MAP has no time
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; OUT_OF_RANGE for an offset that does not fit its width;
        UNAVAILABLE for a message without a usable lane or with an unavailable reference point.
    """
    given = read_json(_DECODER, payload).message
    parts = [
        _part(intersection_name(one.id.region, one.id.id), one, one.lane_set)
        for one in given.intersections
    ]
    parts += [
        _part(f"road:{intersection_name(one.id.region, one.id.id)}", one, one.road_lane_set)
        for one in given.road_segments
    ]
    return roads(tuple(parts))


def _part(name: str, given: _Intersection | _RoadSegment, lanes: list[_Lane]) -> RoadPart:
    lon, lat = given.ref_point.longitude / 1e7, given.ref_point.latitude / 1e7
    if lat > 90.0 or lon > 180.0:
        raise DecodeError(Reason.UNAVAILABLE, f"reference point of {name}")
    drawn = [_drawn(name, lane, given.lane_width, lon, lat) for lane in lanes]
    limit = limit_mps((one.type, one.speed) for one in given.speed_limits)
    part = part_of(name, drawn, limit, lon, lat)
    return msgspec.structs.replace(part, revision=given.revision)


def _drawn(name: str, lane: _Lane, default_cm: int, lon_deg: float, lat_deg: float) -> Drawn:
    uses, nodes = lane.lane_attributes.directional_use, lane.node_list.nodes
    inward = "ingressPath" in uses
    changes = [(n.attributes.d_width or 0) if n.attributes else 0 for n in nodes]
    return Drawn(
        lane.lane_id,
        kind_of(lane.lane_attributes.lane_type),
        steps_of([_node(one) for one in nodes], lon_deg, lat_deg),
        width_m(default_cm, changes),
        inward,
        "egressPath" in uses,
        lane.ingress_approach if inward else lane.egress_approach,
        tuple(
            turn(name, one.remote_intersections, one.connecting_lane.lane, one.signal_group)
            for one in lane.connects_to
        ),
    )


def _node(node: _Node) -> tuple[float, float, bool] | None:
    """Offset in metres, or degrees and True; None if unknown."""
    place, offset = node.delta.node_lat_lon, node.delta.node_xy
    if place is not None:
        return (place.lon / 1e7, place.lat / 1e7, True)
    if offset is None or not fits("node_xy6", offset):
        return None
    return (offset.x / 100, offset.y / 100, False)

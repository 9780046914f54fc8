"""Format `map.json`: SAE J2735 MAP in the JSON of the JPO-ODE, schema 6 to 8.

Per intersection: `id`, `revision`, `refPoint` (degrees here, not 1e-7), `laneWidth`, `speedLimits`
and the lanes with `directionalUse`, type, `nodeList` and `connectsTo` (`map_lanes`). Nodes come as
a list or under `NodeXY`; a computed lane is its reference lane moved by its offsets (cm), one that
is turned or scaled too is left out and counted. Lanes of one approach are a segment. A connection
names the lane that follows and the signal group that lets it go.
Dropped: elevations, restrictions, manoeuvre bits, node attributes other than `dWidth`, road
segments, preemption. A MAP has no time: it is known from its receive time on.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.json_text import read_json
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
from operators.road.network import RoadPart, Turn
from operators.road.signal import intersection_name


class _Degrees(msgspec.Struct):
    lat: Annotated[float, Meta(ge=-90.0, le=90.0)]
    lon: Annotated[float, Meta(ge=-180.0, le=180.0)]


class _Delta(msgspec.Struct):
    xy1: Offset | None = msgspec.field(name="nodeXY1", default=None)
    xy2: Offset | None = msgspec.field(name="nodeXY2", default=None)
    xy3: Offset | None = msgspec.field(name="nodeXY3", default=None)
    xy4: Offset | None = msgspec.field(name="nodeXY4", default=None)
    xy5: Offset | None = msgspec.field(name="nodeXY5", default=None)
    xy6: Offset | None = msgspec.field(name="nodeXY6", default=None)
    degrees: _Degrees | None = msgspec.field(name="nodeLatLon", default=None)


class _Attributes(msgspec.Struct, rename="camel"):
    d_width: WidthChange | None = None


class _Node(msgspec.Struct):
    delta: _Delta
    attributes: _Attributes | None = None


_NodeList = Annotated[list[_Node], Meta(max_length=63)]


class _Nodes(msgspec.Struct):
    nodes: _NodeList = msgspec.field(name="NodeXY")


class _AxisOffset(msgspec.Struct):
    small: Annotated[int, Meta(ge=-2047, le=2047)] | None = None
    large: Annotated[int, Meta(ge=-32_767, le=32_767)] | None = None

    @property
    def metres(self) -> float:
        return (self.small or self.large or 0) / 100


class _Computed(msgspec.Struct):
    reference: LaneNumber = msgspec.field(name="referenceLaneId")
    east: _AxisOffset = msgspec.field(name="offsetXaxis")
    north: _AxisOffset = msgspec.field(name="offsetYaxis")
    turn: int | None = msgspec.field(name="rotateXY", default=None)
    stretch_x: int | None = msgspec.field(name="scaleXaxis", default=None)
    stretch_y: int | None = msgspec.field(name="scaleYaxis", default=None)


class _Way(msgspec.Struct, rename="camel"):
    nodes: _NodeList | _Nodes | None = None
    computed: _Computed | None = None


class _Uses(msgspec.Struct, rename="camel"):
    ingress_path: bool = False
    egress_path: bool = False


class _LaneAttributes(msgspec.Struct, rename="camel"):
    directional_use: _Uses
    lane_type: dict[str, msgspec.Raw] = {}


class _ConnectingLane(msgspec.Struct):
    lane: LaneNumber


class _Connection(msgspec.Struct, rename="camel"):
    connecting_lane: _ConnectingLane
    remote_intersection: Reference | None = None
    signal_group: Group | None = None


class _Connections(msgspec.Struct, rename="camel"):
    connects_to: Annotated[list[_Connection], Meta(max_length=16)] = []


class _Lane(msgspec.Struct, rename="camel"):
    lane_id: LaneNumber = msgspec.field(name="laneID")
    lane_attributes: _LaneAttributes
    node_list: _Way
    ingress_approach: Approach | None = None
    egress_approach: Approach | None = None
    connects_to: _Connections | None = None


class _LaneSet(msgspec.Struct):
    lanes: Annotated[list[_Lane], Meta(max_length=255)] = msgspec.field(name="GenericLane")


class _Limit(msgspec.Struct):
    type: str
    speed: Annotated[int, Meta(ge=0, le=8191)]


class _Limits(msgspec.Struct, rename="camel"):
    speed_limits: list[_Limit] = []


class _Place(msgspec.Struct):
    latitude: Annotated[float, Meta(ge=-90.0, le=90.0)]
    longitude: Annotated[float, Meta(ge=-180.0, le=180.0)]


class _Intersection(msgspec.Struct, rename="camel"):
    id: Reference
    ref_point: _Place
    lane_set: _LaneSet
    revision: Annotated[int, Meta(ge=0, le=127)] = 0
    lane_width: LaneWidth | None = None
    speed_limits: _Limits | None = None


class _Intersections(msgspec.Struct, rename="camel"):
    intersection_geometry: Annotated[list[_Intersection], Meta(max_length=32)] = []


class _Data(msgspec.Struct):
    intersections: _Intersections | None = None


class _Payload(msgspec.Struct):
    data: _Data


class _Message(msgspec.Struct):
    payload: _Payload


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # a MAP has no time
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; OUT_OF_RANGE for an offset that does not fit its width;
        UNAVAILABLE for a message without a usable lane.
    """
    given = read_json(_DECODER, payload).payload.data.intersections
    found = given.intersection_geometry if given else []
    return roads(tuple(_part(one) for one in found))


def roads(parts: tuple[RoadPart, ...]) -> Decoded:
    """Return the parts as a record's content.

    Raises
    ------
    DecodeError
        UNAVAILABLE if there is no lane in them.
    """
    if not any(part.segments for part in parts):
        lost = sum(part.refused for part in parts)
        msg = f"none of {lost} lanes has usable points"
        raise DecodeError(Reason.UNAVAILABLE, msg)
    return Decoded(roads=parts)


def _part(given: _Intersection) -> RoadPart:
    name = intersection_name(given.id.region, given.id.id)
    place = given.ref_point
    lanes = {lane.lane_id: lane for lane in given.lane_set.lanes}
    limits = given.speed_limits.speed_limits if given.speed_limits else []
    limit = limit_mps((one.type, one.speed) for one in limits)
    drawn = [_drawn(name, lane, lanes, given.lane_width or 0, place) for lane in lanes.values()]
    part = part_of(name, drawn, limit, place.longitude, place.latitude)
    return msgspec.structs.replace(part, revision=given.revision)


def _drawn(
    name: str, lane: _Lane, lanes: dict[int, _Lane], default_cm: int, place: _Place
) -> Drawn:
    use = lane.lane_attributes.directional_use
    types = lane.lane_attributes.lane_type
    way = _nodes_of(lane)
    changes = [n.attributes.d_width or 0 if n.attributes else 0 for n in way]
    return Drawn(
        lane.lane_id,
        kind_of(key for key, value in types.items() if bytes(value) != b"null"),
        _steps(lane, lanes, place),
        width_m(default_cm, changes),
        use.ingress_path,
        use.egress_path,
        lane.ingress_approach if use.ingress_path else lane.egress_approach,
        _turns(name, lane),
    )


def _turns(name: str, lane: _Lane) -> tuple[Turn, ...]:
    given = lane.connects_to.connects_to if lane.connects_to else ()
    return tuple(
        turn(name, one.remote_intersection, one.connecting_lane.lane, one.signal_group or 0)
        for one in given
    )


def _nodes_of(lane: _Lane) -> list[_Node]:
    given = lane.node_list.nodes
    return given.nodes if isinstance(given, _Nodes) else given or []


def _steps(lane: _Lane, lanes: dict[int, _Lane], place: _Place) -> list[tuple[float, float]] | None:
    """Offsets of the nodes in metres, each from the one before; None if one is unknown."""
    computed = lane.node_list.computed
    if computed is None:
        return steps_of([_node(one) for one in _nodes_of(lane)], place.longitude, place.latitude)
    source = lanes.get(computed.reference)
    if source is None or source.node_list.computed is not None:
        return None
    if computed.turn or computed.stretch_x or computed.stretch_y:
        return None
    steps = steps_of([_node(one) for one in _nodes_of(source)], place.longitude, place.latitude)
    if not steps:
        return None
    first = (steps[0][0] + computed.east.metres, steps[0][1] + computed.north.metres)
    return [first, *steps[1:]]


def _node(node: _Node) -> tuple[float, float, bool] | None:
    """Offset in metres, or degrees and True; None if unknown."""
    delta = node.delta
    if delta.degrees is not None:
        return (delta.degrees.lon, delta.degrees.lat, True)
    for name in ("xy1", "xy2", "xy3", "xy4", "xy5", "xy6"):
        offset: Offset | None = getattr(delta, name)
        if offset is not None:
            return (offset.x / 100, offset.y / 100, False) if fits(name, offset) else None
    return None

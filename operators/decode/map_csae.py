"""Format `map.csae.json`: MAP of T/CSAE 53 (YD/T 3709) in JSON, bare or under `mapFrame`.

Nodes (intersections) with the links that lead into them. A link is a segment from its upstream
node; its lanes are drawn **with the traffic**, in 1e-7 degree or as offsets from the node's
`refPos` (`rsm_position`). `laneWidth` is in cm, a speed limit in 0.02 m/s. `connectsTo` names the
node and lane that follow and the `phaseId` of this node's signals that lets the turn go; without
one, the link's `movements` say which phase lets go to which node. A lane without points, or whose
points go to and fro (real ones do), is left out and counted.

OpenV2X writes every number as text, wraps each list in a map of one key (`{"Node": [...]}`), and a
list of one as the one itself; all are read.
Dropped: elevations, manoeuvre bits, sharing, link width.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded
from operators.decode.json_text import as_type, read_json
from operators.decode.map_j2735 import roads
from operators.decode.map_lanes import LaneNumber, LaneWidth, kind_of, limit_mps, line, width_m
from operators.decode.rsm_position import Place, Position, resolve
from operators.decode.spat_fields import Group, Reference
from operators.road.network import Lane, RoadPart, Segment, Turn
from operators.road.signal import intersection_name

_WRAPPERS = ("Node", "Link", "Lane", "RoadPoint", "Connection", "RegulatorySpeedLimit", "Movement")
_MAX_SPEED_CODE = "5"  # DE_SpeedLimitType vehicleMaxSpeed


class _Limit(msgspec.Struct):
    speed: Annotated[int, Meta(ge=0, le=8191)]
    type: Any = ""

    @property
    def kind(self) -> str:
        if isinstance(self.type, dict):
            return next(iter(self.type), "")
        return "vehicleMaxSpeed" if str(self.type) == _MAX_SPEED_CODE else str(self.type)


class _RefPos(msgspec.Struct):
    lat: Annotated[int, Meta(ge=-900_000_000, le=900_000_001)]
    long: Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_001)] | None = None
    lon: Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_001)] | None = None

    @property
    def place(self) -> Place | None:
        east = self.long if self.lon is None else self.lon
        return None if east is None else Place(self.lat, east)


class _Point(msgspec.Struct, rename="camel"):
    pos_offset: Position


class _ConnectingLane(msgspec.Struct):
    lane: LaneNumber


class _Connection(msgspec.Struct, rename="camel"):
    remote_intersection: Reference
    connecting_lane: _ConnectingLane | None = None
    phase_id: Group | None = None


class _Movement(msgspec.Struct, rename="camel"):
    remote_intersection: Reference
    phase_id: Group | None = None


class _LaneAttributes(msgspec.Struct, rename="camel"):
    lane_type: dict[str, Any] = {}


class _Lane(msgspec.Struct, rename="camel"):
    lane_id: LaneNumber = msgspec.field(name="laneID")
    lane_width: LaneWidth = 0
    lane_attributes: _LaneAttributes | None = None
    connects_to: Annotated[list[_Connection], Meta(max_length=16)] = []
    points: Annotated[list[_Point], Meta(max_length=64)] = []


class _Link(msgspec.Struct, rename="camel"):
    upstream_node_id: Reference
    lanes: Annotated[list[_Lane], Meta(max_length=32)]
    speed_limits: list[_Limit] = []
    movements: Annotated[list[_Movement], Meta(max_length=32)] = []


class _Node(msgspec.Struct, rename="camel"):
    id: Reference
    ref_pos: _RefPos | None = None
    in_links: Annotated[list[_Link], Meta(max_length=32)] = []


class _Map(msgspec.Struct):
    nodes: Annotated[list[_Node], Meta(max_length=64)]


_DECODER = msgspec.json.Decoder(dict[str, Any])


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # a MAP has no time
    """Read one message.

    Raises
    ------
    DecodeError
        The reasons of `read_json`; UNAVAILABLE for a message without a usable lane.
    """
    text = read_json(_DECODER, payload)
    given = as_type(_plain(text.get("mapFrame", text)), _Map)
    return roads(tuple(_part(node) for node in given.nodes))


def _plain(value: Any) -> Any:
    """JSON values with every list bare; null in a map says as much as nothing."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (key := next(iter(value))) in _WRAPPERS:
        inner = _plain(value[key])
        return inner if isinstance(inner, list) else [inner]
    return {
        key: _plain(one) for key, one in value.items() if one is not None or key.startswith("vehi")
    }


def _part(node: _Node) -> RoadPart:
    name = intersection_name(node.id.region, node.id.id)
    origin = node.ref_pos.place if node.ref_pos else None
    segments, refused = [], 0
    for link in node.in_links:
        segment = (
            f"{intersection_name(link.upstream_node_id.region, link.upstream_node_id.id)}-{name}"
        )
        lanes = [_lane(name, segment, lane, link, origin) for lane in link.lanes]
        usable = tuple(lane for lane in lanes if lane is not None)
        refused += len(lanes) - len(usable)
        if usable:
            limit = limit_mps((one.kind, one.speed) for one in link.speed_limits)
            stops = any(turn.group for lane in usable for turn in lane.turns)
            segments.append(Segment(segment, usable, limit, stops))
    return RoadPart(f"intersection/{name}", tuple(segments), refused=refused)


def _lane(node: str, segment: str, lane: _Lane, link: _Link, origin: Place | None) -> Lane | None:
    found = [resolve(point.pos_offset, origin) for point in lane.points]
    if None in found:
        return None
    points = line([(place[0] / 1e7, place[1] / 1e7) for place in found if place is not None])
    if not points:
        return None
    types = lane.lane_attributes.lane_type if lane.lane_attributes else {"vehicle": ""}
    return Lane(
        f"{segment}:{lane.lane_id}",
        tuple(points),
        width_m(lane.lane_width, ()),
        kind_of(types),
        turns=_turns(node, lane, link),
    )


def _turns(node: str, lane: _Lane, link: _Link) -> tuple[Turn, ...]:
    phases = {
        (m.remote_intersection.region, m.remote_intersection.id): m.phase_id for m in link.movements
    }
    turns = []
    for one in lane.connects_to:
        remote = one.remote_intersection
        group = one.phase_id or phases.get((remote.region, remote.id)) or 0
        onward = f"{node}-{intersection_name(remote.region, remote.id)}"
        follows = f"{onward}:{one.connecting_lane.lane}" if one.connecting_lane else ""
        turns.append(Turn(follows, node if group else "", group))
    return tuple(turns)

"""From the lanes of a map message to segments: what all dialects share.

SAE J2735 and ETSI draw every lane **from the stop line outward**, also those that traffic comes in
on: an ingress lane is turned round, so that all lanes run with the traffic. Nodes are offsets in
centimetres, x east and y north, each **from the node before** (the first from the reference
point), or absolute degrees. An offset comes in one of six widths; the least value of each means
unknown, and one that does not fit its width is refused.

| node | bits | range, cm |
|---|---|---|
| XY1 to XY6 | 10, 11, 12, 13, 14, 16 | 511, 1023, 2047, 4095, 8191, 32767 |

Lane width is in cm, `dWidth` adds to it from its node on: the mean over the nodes is taken. A speed
limit is in 0.02 m/s (8191 unavailable); only a maximum for all vehicles counts. A lane whose points
are unknown, or turn back by more than 120 degrees, is left out and counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.j2735 import SPEED_UNAVAILABLE
from operators.decode.spat_fields import Reference
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.network import Lane, LaneKind, RoadPart, Segment, Turn
from operators.road.signal import intersection_name
from operators.transform.ellipsoid import metres_per_degree

WIDTH_M = 3.5  # of a lane that tells none
LaneWidth = Annotated[int, Meta(ge=0, le=32_767)]
WidthChange = Annotated[int, Meta(ge=-32_768, le=32_767)]
LaneNumber = Annotated[int, Meta(ge=0, le=255)]
Approach = Annotated[int, Meta(ge=0, le=15)]
Points = list[tuple[float, float]]

_BITS = {"1": 10, "2": 11, "3": 12, "4": 13, "5": 14, "6": 16}
_HAIRPIN_COSINE = -0.5
_NEAR_M = 0.5
_KINDS: dict[str, LaneKind] = {
    "vehicle": "vehicle",
    "crosswalk": "pedestrian",
    "sidewalk": "pedestrian",
    "bikelane": "bicycle",
    "trackedvehicle": "rail",
    "parking": "parking",
}


class Offset(msgspec.Struct):
    """Offset of a node from the one before, cm."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """One lane of a J2735 or ETSI message.

    Parameters
    ----------
    number, kind
        Lane id and who uses it.
    nodes
        From the stop line outward: an offset in metres, or absolute degrees; None if unknown.
    width_m
        Mean width.
    ingress, egress
        The directions of its traffic.
    approach
        Number of its approach on the side that it is on; None if it has none.
    turns
        Lanes that follow.
    """

    number: int
    kind: LaneKind
    nodes: list[tuple[float, float]] | None
    width_m: float
    ingress: bool
    egress: bool
    approach: int | None
    turns: tuple[Turn, ...]


def fits(name: str, offset: Offset) -> bool:
    """Whether an offset of node ``XY1`` to ``XY6`` is known.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for one that its bits cannot hold.
    """
    most = 1 << (_BITS[name[-1]] - 1)
    for value in (offset.x, offset.y):
        if not -most <= value < most:
            msg = f"node {name}: {value}, limit {most - 1}"
            raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return -most not in (offset.x, offset.y)


def kind_of(names: Iterable[str]) -> LaneKind:
    """Kind of a lane of the type that its attributes choose."""
    chosen = [name.replace("_", "").lower() for name in names]
    return next((_KINDS[name] for name in chosen if name in _KINDS), "other")


def width_m(lane_cm: int, changes_cm: Sequence[int]) -> float:
    """Mean width over the nodes of a lane, metres; the usual one if none is told."""
    if lane_cm == 0:
        return WIDTH_M
    widths, now = [], lane_cm
    for change in changes_cm:
        now += change
        widths.append(now)
    mean = sum(widths) / len(widths) if widths else float(lane_cm)
    return mean / 100 if 50 <= mean <= 10_000 else WIDTH_M


def limit_mps(limits: Iterable[tuple[str, int]]) -> float | None:
    """Speed limit for all vehicles of pairs of type and speed."""
    found = [
        speed / 50
        for kind, speed in limits
        if kind == "vehicleMaxSpeed" and 0 < speed < SPEED_UNAVAILABLE
    ]
    return found[0] if found else None


def walked(lon_deg: float, lat_deg: float, steps_m: Iterable[tuple[float, float]]) -> Points:
    """Degrees of points that are each an offset east and north, metres, of the one before.

    In the plane that touches the Earth at the start: 1 km away, that is off by 1 cm.
    """
    points = []
    east, north = metres_per_degree(lat_deg)
    for east_m, north_m in steps_m:
        lon_deg, lat_deg = lon_deg + east_m / east, lat_deg + north_m / north
        points.append((round(lon_deg, 9), round(lat_deg, 9)))
    return points


def steps_of(
    nodes: Iterable[tuple[float, float, bool] | None], lon_deg: float, lat_deg: float
) -> Points | None:
    """Offsets of nodes in metres, each from the one before; None if a node is unknown.

    Parameters
    ----------
    nodes
        An offset east and north of the node before, metres, and False; or longitude and latitude
        in degrees, and True; None if unknown.
    lon_deg, lat_deg
        The reference point.
    """
    east, north = metres_per_degree(lat_deg)
    x = y = 0.0
    steps = []
    for node in nodes:
        if node is None:
            return None
        a, b, absolute = node
        step = ((a - lon_deg) * east - x, (b - lat_deg) * north - y) if absolute else (a, b)
        x, y = x + step[0], y + step[1]
        steps.append(step)
    return steps


def turn(name: str, remote: Reference | None, lane: int, group: int) -> Turn:
    """Turn to a lane of this intersection or of another, let go by a group of this one."""
    at = intersection_name(remote.region, remote.id) if remote else name
    return Turn(f"{at}:{lane}", name if group else "", group)


def line(points: Points) -> Points:
    """Points as a way that somebody can drive; empty if they are none.

    Real maps repeat nodes, with jitter of some centimetres: what is nearer than half a metre to the
    point before goes. A way does not turn back.
    """
    if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in points):
        return []
    east, north = metres_per_degree(points[0][1]) if points else (0.0, 0.0)
    kept: Points = []
    ways: list[tuple[float, float, float]] = []
    for lon, lat in points:
        if kept:
            x, y = (lon - kept[-1][0]) * east, (lat - kept[-1][1]) * north
            if hypot(x, y) < _NEAR_M:
                continue
            ways.append((x, y, hypot(x, y)))
        kept.append((lon, lat))
    cosines = [(a[0] * b[0] + a[1] * b[1]) / (a[2] * b[2]) for a, b in pairwise(ways)]
    return kept if ways and min(cosines, default=1.0) > _HAIRPIN_COSINE else []


def part_of(
    name: str, lanes: Iterable[Drawn], limit: float | None, lon_deg: float, lat_deg: float
) -> RoadPart:
    """Segments of an intersection: its lanes by approach and direction.

    Parameters
    ----------
    name
        Of the intersection.
    lanes
        Nodes in metres, each from the one before.
    limit
        Speed limit, m/s.
    lon_deg, lat_deg
        The reference point.
    """
    grouped: dict[str, list[Lane]] = defaultdict(list)
    stops: set[str] = set()
    refused = 0
    for drawn in lanes:
        points = line(walked(lon_deg, lat_deg, drawn.nodes or []))
        if not points:
            refused += 1
            continue
        inward = drawn.ingress and not drawn.egress
        segment = _segment_name(name, drawn)
        if inward:
            points.reverse()
            stops.add(segment)
        both = drawn.ingress and drawn.egress
        lane = Lane(
            f"{name}:{drawn.number}", tuple(points), drawn.width_m, drawn.kind, both, drawn.turns
        )
        grouped[segment].append(lane)
    segments = [
        Segment(segment, tuple(found), limit, segment in stops)
        for segment, found in sorted(grouped.items())
    ]
    return RoadPart(f"intersection/{name}", tuple(segments), refused=refused)


def _segment_name(name: str, drawn: Drawn) -> str:
    """Vehicle lanes of an approach are one segment; any other lane is its own."""
    if drawn.approach is None or drawn.kind != "vehicle" or drawn.ingress == drawn.egress:
        return f"{name}/lane{drawn.number}"
    return f"{name}/{'in' if drawn.ingress else 'out'}{drawn.approach}"

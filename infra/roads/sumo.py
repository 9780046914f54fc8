"""SUMO networks (``.net.xml``): edges become segments, their lanes lanes.

| SUMO | station |
|---|---|
| edge (ordinary, internal, connector) | segment with the limit of its fastest lane |
| crossing | segment with one lane for pedestrians in both directions |
| walking area | none: an area is no way |
| lane `allow`, `disallow` | kind: vehicle before bicycle before pedestrian before rail |
| connection with `tl` | signal group of the turn (`infra.roads.sumo_links`); a stop line |

SUMO counts lanes from the outer edge, as segments do. A lane without a width has 3.2 m. The speed
of a way over a junction is what its bend allows and no limit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

import msgspec
import numpy as np

from infra.roads.imported import Account, Imported, ImportFileError
from infra.roads.sumo_links import Links, turns_of
from infra.roads.sumo_place import Place, place_of
from infra.roads.xml_tags import Tag, read_tags
from operators.decode.map_lanes import line
from operators.road.network import Lane, LaneKind, Segment, Turn

WIDTH_M = 3.2  # SUMO's default
_MOTOR = frozenset(
    ("passenger", "private", "taxi", "hov", "bus", "coach", "delivery", "truck", "trailer",
     "motorcycle", "moped", "evehicle")
)  # fmt: skip
_CYCLE = frozenset(("bicycle", "scooter"))
_WALK = frozenset(("pedestrian", "wheelchair"))
_RAIL = frozenset(
    ("tram", "rail_urban", "rail", "rail_electric", "rail_fast", "subway", "cable_car")
)
_KINDS: tuple[tuple[frozenset[str], LaneKind], ...] = (
    (_MOTOR, "vehicle"),
    (_CYCLE, "bicycle"),
    (_WALK, "pedestrian"),
    (_RAIL, "rail"),
)
_ALL = _MOTOR | _CYCLE | _WALK | _RAIL
_INSIDE, _CROSSING = "internal", "crossing"
_TOGETHER = 1000  # edges: to project one shape costs as much as to project all of theirs
_Points = list[tuple[float, float]]


@dataclass(slots=True)
class _Edge:
    """An edge; lanes by SUMO's id, their turns not known yet."""

    name: str
    function: str
    lanes: dict[str, Lane] = field(default_factory=dict)
    limits: list[float] = field(default_factory=list)


def read_sumo(
    file: BinaryIO,
    name: str,
    *,
    origin: tuple[float, float] | None = None,
    place: Place | None = None,
    lights: Mapping[str, str] | None = None,
) -> Imported:
    """Read a network.

    Parameters
    ----------
    file
        The XML.
    name
        Of the import; edges and lanes are called ``name/id``.
    origin
        Latitude and longitude of the point 0,0, for a network without a projection.
    place
        From x and y to longitude and latitude, for a caller who knows better.
    lights
        What signal messages call the intersection (``region/id``), by SUMO's traffic light.

    Raises
    ------
    ImportFileError
        If it is no network or lies nowhere.
    """
    account, links = Account(), Links()
    edges: list[_Edge] = []
    lanes: set[str] = set()
    waiting: list[Tag] = []
    for tag in read_tags(file):
        if tag.name == "location":
            place = place or place_of(tag.attributes, origin)
        elif tag.name == "edge":
            waiting.append(tag)
            if len(waiting) >= _TOGETHER or place is None:
                edges += _edges(waiting, name, _known(place), lanes, account)
                waiting = []
        else:
            links.take(tag)
    if waiting:
        edges += _edges(waiting, name, _known(place), lanes, account)
    names = {lane_id: lane.name for edge in edges for lane_id, lane in edge.lanes.items()}
    turns = turns_of(links, names, lights or {})
    groups = {(t.intersection, t.group) for ways in turns.values() for t in ways if t.group}
    account.read["signal groups"] = len(groups)
    segments = [_segment(edge, turns) for edge in edges if edge.lanes]
    account.read["segments"] = len(segments)
    return Imported(tuple(segments), account)


def _known(place: Place | None) -> Place:
    if place is None:
        msg = "no SUMO network: it does not say where it is (<location>) before its first edge"
        raise ImportFileError(msg)
    return place


def _segment(edge: _Edge, turns: Mapping[str, tuple[Turn, ...]]) -> Segment:
    lanes = tuple(
        msgspec.structs.replace(lane, turns=turns[lane_id]) for lane_id, lane in edge.lanes.items()
    )
    stop = edge.function != _CROSSING and any(turn.group for lane in lanes for turn in lane.turns)
    return Segment(edge.name, lanes, max(edge.limits, default=None), stop)


def _edges(
    tags: Sequence[Tag], name: str, place: Place, known: set[str], account: Account
) -> list[_Edge]:
    """Edges with those lanes of them that are imported; `known` gets their ids."""
    shapes = [_shape(lane) for tag in tags for lane in tag.children if lane.name == "lane"]
    placed = iter(_placed(shapes, place))
    return [_edge(tag, name, placed, known, account) for tag in tags]


def _edge(
    tag: Tag, name: str, placed: Iterator[_Points], known: set[str], account: Account
) -> _Edge:
    edge = _Edge(f"{name}/{tag.get('id')}", tag.get("function"))
    for lane in tag.children:
        if lane.name != "lane":
            continue
        account.read["lanes"] += 1
        points = next(placed)
        reason = "another lane has its id" if lane.get("id") in known else ""
        if reason := reason or _take(lane, edge, name, points):
            account.skip("lanes", reason)
    known.update(edge.lanes)
    return edge


def _take(tag: Tag, edge: _Edge, name: str, placed: _Points) -> str:
    """Take a lane of an edge; the reason if it is left out."""
    if edge.function == "walkingarea":
        return "a walking area is no way"
    kind = _kind(tag)
    if kind is None:
        return "closed to all"
    try:
        width_m, speed_mps = float(tag.get("width", str(WIDTH_M))), float(tag.get("speed", "0"))
    except ValueError:
        return "numbers that are none"
    if not placed:
        return "numbers that are none"
    points = line(placed)
    if not points:
        return "shorter than half a metre, turns back, or not in its projection"
    if not 0.0 < width_m <= 100.0:
        return "no width"
    both = kind == "pedestrian"
    edge.lanes[tag.get("id")] = Lane(f"{name}/{tag.get('id')}", tuple(points), width_m, kind, both)
    if edge.function not in (_INSIDE, _CROSSING) and kind == "vehicle" and 0 < speed_mps <= 200:
        edge.limits.append(speed_mps)
    return ""


def _shape(lane: Tag) -> _Points:
    """Points of a lane, metres; empty if they are no numbers."""
    try:
        places = [place.split(",") for place in lane.get("shape").split()]
        points = [(float(place[0]), float(place[1])) for place in places]
    except (ValueError, IndexError):
        return []
    return points if np.isfinite(points).all() else []


def _placed(shapes: Sequence[_Points], place: Place) -> list[_Points]:
    """Longitude and latitude of the points of each shape, degrees."""
    flat = np.array([point for shape in shapes for point in shape]).reshape(-1, 2)
    lon, lat = place(flat[:, 0].copy(), flat[:, 1].copy())
    points = iter(zip(np.round(lon, 9).tolist(), np.round(lat, 9).tolist(), strict=True))
    return [list(islice(points, len(shape))) for shape in shapes]


def _kind(tag: Tag) -> LaneKind | None:
    """Who uses a lane, None for nobody; SUMO gives either list, and neither if all may."""
    allow, disallow = tag.get("allow").split(), tag.get("disallow").split()
    if "all" in disallow:
        return None
    allowed = _ALL if not allow or "all" in allow else frozenset(allow)
    allowed -= frozenset(disallow)
    return next((kind for classes, kind in _KINDS if allowed & classes), "other")

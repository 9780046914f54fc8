"""OpenStreetMap extracts (``.osm``): ways become segments between the nodes that they share.

A way is cut where another road meets it and at a traffic signal or stop sign; each direction of a
piece is a segment, called after the way and the number of the piece. Lanes lie side by side about
the drawn line (`infra.roads.osm_tags` says how many), on the right or, if asked, on the left. From
its end a lane goes on to all lanes that begin there, but not back; along one road it goes on to
the lane of its own place. Signals have no group numbers there, so they give stop lines only. Turn
restrictions, cycle lanes and pavements beside a road are not read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import msgspec
import numpy as np

from infra.roads.imported import Account, Imported, ImportFileError
from infra.roads.osm_lines import beside
from infra.roads.osm_tags import Carriageway, carriageway
from infra.roads.xml_tags import Tag, read_tags
from operators._typing import FloatArray
from operators.decode.map_lanes import line
from operators.road.network import Lane, Segment, Turn

_NO_WAY = "shorter than half a metre, turns back, or no degrees"
_STOPS = ("traffic_signals", "stop")


class _Node(NamedTuple):
    lon_deg: float
    lat_deg: float
    stops: str  # the direction along its way that stops here: "", both, forward or backward


class _Way(NamedTuple):
    name: str
    nodes: tuple[str, ...]
    road: Carriageway


class _Directed(NamedTuple):
    """A segment with the nodes that it runs between; `back` names the other direction."""

    segment: Segment
    start: str
    end: str
    back: str


def read_osm(file: BinaryIO, name: str, *, left_hand: bool = False) -> Imported:
    """Read an extract.

    Parameters
    ----------
    file
        The XML.
    name
        Of the import; segments are called ``name/way.piece`` with + along the way, - against it.
    left_hand
        Traffic keeps to the left.

    Raises
    ------
    ImportFileError
        If it is no XML or holds no nodes.
    """
    account, nodes, known = Account(), dict[str, _Node](), dict[str, _Way]()
    for tag in read_tags(file):
        if tag.name == "node":
            _take_node(tag, nodes)
        elif tag.name == "way" and (reason := _take_way(tag, name, known, account)):
            account.skip("roads", reason)
    if not nodes:
        msg = "no OpenStreetMap extract: it holds no nodes"
        raise ImportFileError(msg)
    # Not before the end of the file: an editor may write ways before their nodes.
    ways = [way for way in known.values() if all(one in nodes for one in way.nodes)]
    account.skip("roads", "some of its nodes are not in the file", len(known) - len(ways))
    cuts = _cuts(ways, nodes)
    directed = [one for way in ways for one in _pieces(way, nodes, cuts, left_hand, account)]
    segments = _linked(directed)
    account.read["segments"] = len(segments)
    return Imported(tuple(segments), account)


def _take_node(tag: Tag, nodes: dict[str, _Node]) -> None:
    tags = _tags(tag)
    stops = ""
    if tags.get("highway") in _STOPS:
        stops = tags.get("traffic_signals:direction") or tags.get("direction") or "both"
    try:
        nodes[tag.get("id")] = _Node(float(tag.get("lon")), float(tag.get("lat")), stops)
    except ValueError:
        return  # a deleted node has no place; a way that needs it says so


def _take_way(tag: Tag, name: str, known: dict[str, _Way], account: Account) -> str:
    """Take a way if it is a road; the reason if that is left out."""
    tags = _tags(tag)
    if "highway" not in tags:
        return ""
    account.read["roads"] += 1
    road = carriageway(tags)
    if isinstance(road, str):
        return road
    ids = tuple(child.get("ref") for child in tag.children if child.name == "nd")
    way = _Way(f"{name}/{tag.get('id')}", ids, road)
    if known.setdefault(way.name, way) is not way:
        return "another way has its id"
    return ""


def _tags(tag: Tag) -> dict[str, str]:
    return {child.get("k"): child.get("v") for child in tag.children if child.name == "tag"}


def _cuts(ways: Sequence[_Way], nodes: Mapping[str, _Node]) -> set[str]:
    """Nodes at which segments begin and end, ends of ways aside."""
    used = Counter(one for way in ways for one in way.nodes)
    return {one for one, times in used.items() if times > 1 or nodes[one].stops}


def _pieces(
    way: _Way, nodes: Mapping[str, _Node], cuts: set[str], left_hand: bool, account: Account
) -> Iterator[_Directed]:
    """Segments of a way."""
    inner = [k for k in range(1, len(way.nodes) - 1) if way.nodes[k] in cuts]
    for number, (first, last) in enumerate(pairwise([0, *inner, len(way.nodes) - 1])):
        ids = way.nodes[first : last + 1]
        drawn = line([(nodes[one].lon_deg, nodes[one].lat_deg) for one in ids])
        if not drawn:
            account.read["lanes"] += 1
            account.skip("lanes", _NO_WAY)
            continue
        name = f"{way.name}.{number}"
        sides = (ids[0], ids[-1], f"{name}+", "forward"), (ids[-1], ids[0], f"{name}-", "backward")
        for (start, end, own, side), other in zip(sides, sides[::-1], strict=True):
            points = np.array(drawn if side == "forward" else drawn[::-1])
            made = _lanes(own, way.road, points, side == "forward", left_hand)
            lanes = tuple(lane for lane in made if line(list(lane.points)))
            account.read["lanes"] += len(made)
            account.skip("lanes", _NO_WAY, len(made) - len(lanes))
            if not lanes:
                continue
            stop = way.road.kind == "vehicle" and nodes[end].stops in ("both", side)
            limit = way.road.limit_along_mps if side == "forward" else way.road.limit_against_mps
            yield _Directed(Segment(own, lanes, limit, stop), start, end, other[2])


def _lanes(
    name: str, road: Carriageway, points: FloatArray, along: bool, left_hand: bool
) -> tuple[Lane, ...]:
    """Lanes of one direction, the rightmost first; a shared one is of the direction along."""
    count = road.along if along else road.against
    shared = road.shared if along else 0
    whole = road.along + road.against + road.shared
    offsets = [(whole / 2 - 0.5 - k) * road.width_m for k in range(count)] or [0.0] * shared
    if left_hand:
        offsets = [-offset for offset in reversed(offsets)]
    drawn = [beside(points, offset) for offset in offsets]
    return tuple(
        Lane(
            f"{name}{k}",
            tuple((lon, lat) for lon, lat in np.round(one, 9).tolist()),
            road.width_m,
            road.kind,
            shared > 0,
        )
        for k, one in enumerate(drawn)
    )


def _linked(directed: Sequence[_Directed]) -> list[Segment]:
    """Segments whose lanes know what follows."""
    starts: dict[tuple[str, str], list[_Directed]] = defaultdict(list)
    for one in directed:
        starts[one.start, one.segment.lanes[0].kind].append(one)
    return [_onward(one, starts[one.end, one.segment.lanes[0].kind]) for one in directed]


def _onward(one: _Directed, starting: Sequence[_Directed]) -> Segment:
    following = [other.segment.lanes for other in starting if other.segment.name != one.back]
    lanes = one.segment.lanes
    same_road = len(following) == 1 and len(following[0]) == len(lanes)
    turns = [
        tuple(
            Turn(lane.name)
            for others in following
            for lane in (others[k : k + 1] if same_road else others)
        )
        for k in range(len(lanes))
    ]
    linked = [
        msgspec.structs.replace(lane, turns=ways) for lane, ways in zip(lanes, turns, strict=True)
    ]
    return msgspec.structs.replace(one.segment, lanes=tuple(linked))

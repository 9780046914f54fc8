"""The district's junctions with signals: their lanes as a MAP draws them, and their lights.

A street between two junctions is shared: its first metres are ways out of the one, the rest are
ways into the other, so that no place is in two lanes. Pavements are left out.
"""

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from infra.simulator.lights import Group, Shown, read_groups
from operators._typing import FloatArray

OUT_M = 40.0


class Way(NamedTuple):
    """A turn: the junction and lane that follow, and the group that lets it go, 0 for none."""

    junction: int
    lane: int
    group: int = 0


@dataclass(frozen=True, slots=True)
class JunctionLane:
    """One lane of a junction.

    Parameters
    ----------
    number
        At its junction, from 1.
    kind
        ``vehicle``, ``bikeLane`` or ``crosswalk``, as SAE J2735 names them.
    points : ndarray of shape (n, 2)
        Local metres, in the direction of travel.
    width_m
    inward, outward
        Both for a crossing.
    approach
        Number of its street, from 1; 0 for a crossing.
    ways
        Turns from its end.
    """

    number: int
    kind: str
    points: FloatArray
    width_m: float
    inward: bool
    outward: bool
    approach: int
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """A junction with signals; `number` is what messages call it."""

    name: str
    number: int
    x_m: float
    y_m: float
    limit_mps: float
    groups: tuple[Group, ...]
    lanes: tuple[JunctionLane, ...]

    def shown(self, time_us: int) -> dict[int, Shown]:
        """What each group shows at an instant."""
        return {group.number: group.shown(time_us) for group in self.groups}


@dataclass(frozen=True, slots=True)
class _Lane:
    """A lane of SUMO; `begins` and `ends` are junctions, equal for a crossing."""

    lane_id: str
    edge: str
    begins: str
    ends: str
    kind: str
    points: FloatArray
    width_m: float
    limit_mps: float


def read_junctions(network: Path, side_m: float, begin_us: int) -> tuple[Junction, ...]:
    """All junctions with signals of a SUMO network, in the order of their names.

    Parameters
    ----------
    network
        The network file.
    side_m
        Length of the district's side; local metres begin in its middle.
    begin_us
        UTC microseconds of SUMO's second 0.
    """
    root = ET.parse(network).getroot()
    middle_m = side_m / 2.0
    reader = _Reader(root, middle_m)
    places = {one.attrib["id"]: one.attrib for one in root.iter("junction")}
    found = []
    for number, name in enumerate(reader.names, 1):
        x_m, y_m = (float(places[name][axis]) - middle_m for axis in "xy")
        groups = read_groups(root, name, begin_us)
        distinct = {group.number: group for group in groups.values()}
        numbers = {link: group.number for link, group in groups.items()}
        lanes = tuple(reader.lanes_of(name, numbers))
        limit_mps = max(lane.limit_mps for lane in reader.at[name])
        found.append(Junction(name, number, x_m, y_m, limit_mps, tuple(distinct.values()), lanes))
    return tuple(found)


class _Reader:
    """Lanes of a network by junction, and how they go on."""

    def __init__(self, root: ET.Element, middle_m: float) -> None:
        self.names = sorted(one.attrib["id"] for one in root.iter("tlLogic"))
        self._lanes = {lane.lane_id: lane for lane in _read_lanes(root, middle_m)}
        self.at = {name: self._sorted(name) for name in self.names}
        self._numbers = {
            (name, lane.lane_id): number
            for name in self.names
            for number, lane in enumerate(self.at[name], 1)
        }
        self._turns: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self._crossing: dict[str, int] = {}
        self._after: dict[str, str] = {}
        self._link(root)
        self._before = {end: start for start, end in self._after.items()}

    def _sorted(self, name: str) -> list[_Lane]:
        """Ways in, ways out, crossings."""
        found = [lane for lane in self._lanes.values() if name in {lane.begins, lane.ends}]

        def order(lane: _Lane) -> tuple[bool, bool, str]:
            return lane.begins == lane.ends, lane.begins == name, lane.lane_id

        return sorted(found, key=order)

    def _link(self, root: ET.Element) -> None:
        straight: defaultdict[str, list[str]] = defaultdict(list)
        for link in root.iter("connection"):
            start = f"{link.attrib['from']}_{link.attrib['fromLane']}"
            end = f"{link.attrib['to']}_{link.attrib['toLane']}"
            if end not in self._lanes:
                continue
            if start not in self._lanes:
                self._crossing[end] = int(link.get("linkIndex", "-1"))
            elif link.get("tl") is None:
                straight[start].append(end)
            else:
                self._turns[start].append((end, int(link.attrib["linkIndex"])))
        for start, ends in straight.items():
            self._after[start] = min(ends, key=lambda end: self._gap_m(start, end))

    def _gap_m(self, start: str, end: str) -> float:
        return float(np.hypot(*(self._lanes[end].points[0] - self._lanes[start].points[-1])))

    def lanes_of(self, name: str, groups: dict[int, int]) -> Iterator[JunctionLane]:
        """Lanes of a junction; `groups` are numbers of groups by link."""
        streets: dict[tuple[bool, str], int] = {}
        for number, lane in enumerate(self.at[name], 1):
            inward, outward = lane.ends == name, lane.begins == name
            if inward and outward:
                points, approach = lane.points, 0
                ways = [Way(self._number_of(name), number, groups[self._crossing[lane.lane_id]])]
            else:
                points, ways = self._in(lane, groups) if inward else self._out(lane)
                count = sum(side is inward for side, _ in streets)
                approach = streets.setdefault((inward, lane.edge), count + 1)
            yield JunctionLane(
                number, lane.kind, points, lane.width_m, inward, outward, approach, tuple(ways)
            )

    def _number_of(self, name: str) -> int:
        return self.names.index(name) + 1

    def _in(self, lane: _Lane, groups: dict[int, int]) -> tuple[FloatArray, list[Way]]:
        street = [lane]
        while street[0].lane_id in self._before:
            street.insert(0, self._lanes[self._before[street[0].lane_id]])
        shared = street[0].begins in self.names
        points = _part(street, OUT_M if shared else 0.0, np.inf)
        ways = [self._way(end, lane.ends, groups[link]) for end, link in self._turns[lane.lane_id]]
        return points, ways

    def _out(self, lane: _Lane) -> tuple[FloatArray, list[Way]]:
        street = [lane]
        while street[-1].lane_id in self._after:
            street.append(self._lanes[self._after[street[-1].lane_id]])
        last = street[-1]
        if last.ends not in self.names:
            return _part(street, 0.0, np.inf), []
        return _part(street, 0.0, OUT_M), [self._way(last.lane_id, last.ends, 0)]

    def _way(self, lane_id: str, name: str, group: int) -> Way:
        return Way(self._number_of(name), self._numbers[name, lane_id], group)


def _read_lanes(root: ET.Element, middle_m: float) -> Iterator[_Lane]:
    for edge in root.iter("edge"):
        crossing = edge.get("function") == "crossing"
        if edge.get("function") is not None and not crossing:
            continue
        across = edge.attrib["id"][1:].rsplit("_", 1)[0]  # the junction of a crossing
        for lane in edge.iter("lane"):
            if lane.get("allow") == "pedestrian" and not crossing:
                continue
            kind = "bikeLane" if lane.get("allow") == "bicycle" else "vehicle"
            shape = [[float(n) for n in p.split(",")] for p in lane.attrib["shape"].split()]
            yield _Lane(
                lane.attrib["id"],
                edge.attrib["id"],
                edge.get("from", across),
                edge.get("to", across),
                "crosswalk" if crossing else kind,
                np.array(shape) - middle_m,
                float(lane.attrib["width"]),
                float(lane.attrib["speed"]),
            )


def _part(street: list[_Lane], from_m: float, to_m: float) -> FloatArray:
    """Points of lanes one after the other, from one distance along them to another."""
    points = np.concatenate([lane.points for lane in street])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    to_m = min(to_m, float(along[-1]))
    inside = along[(along > from_m) & (along < to_m)]
    at = np.concatenate([[from_m], inside, [to_m]])
    return np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)])

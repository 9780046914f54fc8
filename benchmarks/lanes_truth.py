"""On which lane of SUMO the middle of each object really is.

SUMO tells the lane of a vehicle's front. Its middle is half a length behind: on the lane that the
front was on there, which may be one or two before.
"""

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from infra.roads.imported import Imported
from infra.simulator.scenario import Scenario
from infra.simulator.traffic import ROAD_USERS, STEP_S, STEP_US
from operators.road.network import length_m


class OnLane(NamedTuple):
    """Where the middle of an object is."""

    segment_id: int
    lane_id: int


class Lanes:
    """Ids and lengths of the lanes of an imported network, by SUMO's id."""

    def __init__(self, imported: Imported, name: str) -> None:
        self._known = {
            lane.name.removeprefix(f"{name}/"): (
                OnLane(segment.segment_id, lane.lane_id),
                length_m(lane),
            )
            for segment in imported.segments
            for lane in segment.lanes
        }

    def id_of(self, lane: str) -> OnLane | None:
        """Ids of a lane; None for one that was not imported."""
        return self._known[lane][0] if lane in self._known else None

    def length_m(self, lane: str) -> float:
        """Length; 0 for one that was not imported because it is next to nothing."""
        return self._known[lane][1] if lane in self._known else 0.0


def read_truth(
    floating: Path, scenario: Scenario, lanes: Lanes
) -> dict[tuple[int, int], OnLane | None]:
    """Lane by instant (UTC microseconds) and object; pedestrians have none and are not there."""
    told: dict[int, list[tuple[int, str, float, float]]] = defaultdict(list)
    with floating.open(newline="") as file:
        for line in csv.DictReader(file, delimiter=";"):
            if not line["vehicle_id"].startswith("v"):
                continue
            seconds = float(line["timestep_time"]) - scenario.demand.warm_up_s
            at_us = scenario.start_us + int(np.round(seconds / STEP_S)) * STEP_US
            half_m = ROAD_USERS[line["vehicle_type"]].length_m / 2
            place = (at_us, line["vehicle_lane"], float(line["vehicle_pos"]), half_m)
            told[int(line["vehicle_id"][1:])].append(place)
    found = {}
    for number, places in told.items():
        way: list[str] = []  # the last lane on each edge so far
        for at_us, lane, front_m, half_m in sorted(places):
            if way and _edge(way[-1]) == _edge(lane):
                way[-1] = lane
            else:
                way.append(lane)
            found[at_us, number] = _behind(way, front_m - half_m, lanes)
    return found


def _edge(lane: str) -> str:
    return lane.rpartition("_")[0]


def _behind(way: list[str], at_m: float, lanes: Lanes) -> OnLane | None:
    """Lane of a point `at_m` along the last lane, before its start if negative."""
    k = len(way) - 1
    while at_m < 0.0 and k > 0:
        k -= 1
        at_m += lanes.length_m(way[k])
    return lanes.id_of(way[k]) if at_m >= 0.0 else None

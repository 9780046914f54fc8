"""What happened on segments and lanes by SUMO's own account, by the definitions of the states."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.segments.traffic import Seen
from operators.segments.sums import JOIN_MPS, LEAVE_MPS


class Truth(NamedTuple):
    """Sums by segment or lane: ``(name, period) -> figure``; periods count from the start."""

    time_s: Counter[tuple[str, int]]
    way_m: Counter[tuple[str, int]]
    vehicles: dict[tuple[str, int], set[str]]
    queued: Counter[tuple[str, int]]
    delay_s: Counter[tuple[str, int]]


def truth_of(placed: Sequence[tuple[Seen, str]], limits: dict[str, float]) -> Truth:
    """Edie's sums by edge and minute; queue by lane and second, delay by lane and minute."""
    truth = Truth(Counter(), Counter(), defaultdict(set), Counter(), Counter())
    seconds: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    last: dict[tuple[int, str], str] = {}
    for one, lane in placed:
        edge, minute = lane.rpartition("_")[0], one.tick // 600
        truth.time_s[edge, minute] += 0.1
        truth.way_m[edge, minute] += one.speed_mps * 0.1
        truth.vehicles[edge, minute].add(one.vehicle)
        seconds[one.tick // 10, one.vehicle, lane].append(one.speed_mps)
        if one.tick % 10 >= 8:
            last[one.tick // 10, one.vehicle] = lane
    queue: set[str] = set()
    by_second: dict[int, list[tuple[str, str, list[float]]]] = defaultdict(list)
    for (second, vehicle, lane), speeds in seconds.items():
        by_second[second].append((vehicle, lane, speeds))
        limit = limits[lane.rpartition("_")[0]]
        lost_s = 0.1 * (len(speeds) - sum(speeds) / limit)
        truth.delay_s[lane, second // 60] += max(0.0, lost_s)
    for second in sorted(by_second):
        joined = set()
        for vehicle, lane, speeds in by_second[second]:
            slow = sum(speeds) / len(speeds) < (LEAVE_MPS if vehicle in queue else JOIN_MPS)
            if slow and last.get((second, vehicle)) == lane:
                joined.add(vehicle)
                truth.queued[lane, second] += 1
        queue = joined
    return truth

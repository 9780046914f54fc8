"""Traffic with an incident each ten minutes, as SUMO sees it."""

import csv
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from infra.simulator.network import Network, run_sumo_program
from infra.simulator.traffic import ROAD_USERS

WARM_UP_S = 120
INCIDENT_EACH_S = 600
RATE_PER_S = 0.7  # vehicles that enter the district
SHARES = {"car": 0.85, "van": 0.08, "truck": 0.07}
_ENTER = '<vType id="{0}" vClass="{1}" length="{2}" speedDev="0.1"/>'


class Seen(NamedTuple):
    """One vehicle at one tick as SUMO has it; x and y of its front."""

    tick: int
    vehicle: str
    kind: str
    lane: str
    pos_m: float
    speed_mps: float
    x_m: float
    y_m: float
    angle_deg: float


def drive(network: Network, seconds: float, seed: int, stop_lane: str) -> list[Seen]:
    """Run SUMO; what it saw of vehicles, by time."""
    folder, end_s = network.path.parent, WARM_UP_S + seconds
    rng, trips = np.random.default_rng(seed), []
    at_s = 0.0
    while (at_s := at_s + rng.exponential(1 / RATE_PER_S)) < end_s:
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        start, end = rng.choice(network.entries), rng.choice(network.exits)
        trips.append(
            f'<trip id="v{len(trips)}" type="{kind}" depart="{at_s:.1f}" from="{start}" to="{end}"'
            ' departLane="best" departSpeed="max"/>'
        )
    edge = stop_lane.rpartition("_")[0]
    trips += [
        f'<trip id="incident{second}" type="car" depart="{second}" from="{edge}"'
        f' to="{network.exits[0]}"><stop lane="{stop_lane}" endPos="120" duration="150"/></trip>'
        for second in range(WARM_UP_S, round(end_s), INCIDENT_EACH_S)
    ]
    trips.sort(key=_depart)
    types = [_ENTER.format(n, ROAD_USERS[n].sumo_class, ROAD_USERS[n].length_m) for n in SHARES]
    routes, floating = folder / "trips.rou.xml", folder / "fcd.csv"
    routes.write_text("\n".join(["<routes>", *types, *trips, "</routes>"]))
    run_sumo_program(
        "sumo",
        [
            *("--net-file", str(network.path), "--route-files", str(routes)),
            *("--fcd-output", str(floating)),
            *("--fcd-output.attributes", "x,y,angle,type,lane,pos,speed"),
            *("--device.fcd.begin", str(WARM_UP_S), "--precision", "3"),
            *("--step-length", "0.1", "--end", str(end_s), "--seed", str(seed)),
            *("--time-to-teleport", "-1", "--no-step-log", "--ignore-route-errors"),
        ],
    )
    with floating.open(newline="") as file:
        return [_seen(line) for line in csv.DictReader(file, delimiter=";") if line["vehicle_id"]]


def _depart(trip: str) -> float:
    return float(trip.partition('depart="')[2].partition('"')[0])


def _seen(line: dict[str, str]) -> Seen:
    named = {name.partition("_")[2]: text for name, text in line.items()}
    tick = round((float(named["time"]) - WARM_UP_S) * 10)
    where = (float(named[name]) for name in ("pos", "speed", "x", "y", "angle"))
    return Seen(tick, named["id"], named["type"], named["lane"], *where)


def middles(seen: Sequence[Seen], lengths_m: dict[str, float]) -> list[tuple[Seen, str]]:
    """Each with the lane of its middle, which may be the one that it came from."""
    before: dict[str, str] = {}
    now: dict[str, str] = {}
    found = []
    for one in seen:
        lane = now.get(one.vehicle, one.lane)
        if lane.rpartition("_")[0] != one.lane.rpartition("_")[0]:
            before[one.vehicle] = lane
        now[one.vehicle] = one.lane
        half_m = ROAD_USERS[one.kind].length_m / 2
        behind = one.pos_m < half_m and one.vehicle in before
        found.append((one, before[one.vehicle] if behind else one.lane))
    return [pair for pair in found if lengths_m.get(pair[1], 0.0) > 0.0]

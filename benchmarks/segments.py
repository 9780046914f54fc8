"""States of segments and approaches against SUMO's truth.

    python -m benchmarks.segments [--seconds 600] [--seed 1] [--sigma 0.3] [--out FILE]

Traffic with an incident (a car that stands on a lane for a while) drives through a district whose
network is imported. Its true positions plus errors that last about a second are the pictures of
cells of resolution 9, some dozen, so that segments lie in several. They go through the steps of the
segment job. Truth is SUMO's: lanes and speeds of the middles of vehicles, by the same definitions.
"""

import argparse
import csv
import math
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from infra.roads.sumo import read_sumo
from infra.simulator.network import District, Network, build_network, run_sumo_program
from infra.simulator.placement import Placement
from infra.simulator.traffic import ROAD_USERS
from operators.enrich.context import no_context
from operators.envelope import Kind
from operators.parameters import Parameters
from operators.picture import columns, positions
from operators.pipeline import LogRecord, run
from operators.raw import RawRecord
from operators.report import encoder
from operators.road.intake import CellRoad, Origin, road_record
from operators.road.known import KnownRoads
from operators.road.network import RoadPart, Segment, length_m
from operators.road.placing import cell_roads
from operators.routes import (
    APPROACH_STATES,
    NETWORK,
    OBJECTS,
    ROAD_EVENTS,
    SEGMENT_STATES,
    SOURCES,
)
from operators.segments.approaches import USUAL_MPS
from operators.segments.flow import SegmentFlow
from operators.segments.segment import COLUMNS
from operators.segments.service import COLUMNS as OF_GROUPS
from operators.segments.sums import JOIN_MPS, LEAVE_MPS
from operators.track import TRACK_ROW
from operators.transform.cells import cell, owner

NAME = "district"
START_US = 1_789_999_980_000_000  # a whole minute
TICK_US, SECOND_US, MINUTE_US = 100_000, 1_000_000, 60_000_000
WARM_UP_S = 120
PARAMETERS = Parameters(h3_resolution=9)
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
    incident = (
        f'<trip id="incident" type="car" depart="{WARM_UP_S}" from="{stop_lane.rpartition("_")[0]}"'
        f' to="{network.exits[0]}"><stop lane="{stop_lane}" endPos="120" duration="150"/></trip>'
    )
    place = next((k for k, t in enumerate(trips) if _depart(t) > WARM_UP_S), len(trips))
    trips.insert(place, incident)
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


class Errors:
    """Errors of the positions and velocities of vehicles that last about a second."""

    def __init__(self, sigma_m: float, seed: int) -> None:
        self._sigmas = np.array([sigma_m, sigma_m, 0.2, 0.2])
        self._rng = np.random.default_rng([seed, 9])
        self._held: dict[str, np.ndarray] = {}
        self._stays = math.exp(-0.1)

    def of(self, vehicle: str) -> np.ndarray:
        """Errors of the next tick: east, north, and of the velocity."""
        new = self._rng.normal(size=4) * self._sigmas
        stays = self._stays
        old = self._held.get(vehicle, new)
        self._held[vehicle] = stays * old + math.sqrt(1 - stays * stays) * new
        return self._held[vehicle]


def pictures(
    seen: Sequence[Seen], parts: Sequence[RoadPart], place: Placement, half_m: float,
    sigma_m: float, seed: int, ticks: int,
) -> Iterator[LogRecord]:  # fmt: skip
    """Pictures of all cells that the network touches, tick by tick."""
    origin = Origin(START_US - 5_000_000, "raw.signal", 0, 0, "maps")
    held: dict[str, dict[str, bytes]] = {}
    for part in parts:
        for key, near in cell_roads(part, PARAMETERS).items():
            roads = KnownRoads(key, held.setdefault(key, {}))
            roads.take([(Kind.ROAD, msgspec.msgpack.encode(CellRoad(origin, near)))])
            held[key] |= {k: v for k, v in roads.changes.items() if v is not None}
    by_tick: dict[int, list[Seen]] = defaultdict(list)
    for one in seen:
        by_tick[one.tick].append(one)
    errors, numbers, offset = Errors(sigma_m, seed), {}, 0
    for tick in range(ticks):
        tick_us = START_US + tick * TICK_US
        rows = _rows(by_tick[tick], place, half_m, errors, numbers, sigma_m)
        for key in sorted(held):
            value = _picture(key, rows.get(key, np.zeros(0, TRACK_ROW)), tick_us, held[key])
            record = RawRecord(offset, tick_us + 150_000, 0, "", "", key, encoder.encode(value))
            yield LogRecord(OBJECTS, 0, record)
            offset += 1


def _rows(
    seen: Sequence[Seen], place: Placement, half_m: float, errors: Errors,
    numbers: dict[str, int], sigma_m: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Tracks by the cell that owns their place."""
    found: dict[str, list[tuple[Seen, float, float, np.ndarray]]] = defaultdict(list)
    for one in seen:
        back = ROAD_USERS[one.kind].length_m / 2
        angle = math.radians(90.0 - one.angle_deg)
        error = errors.of(one.vehicle)
        x = one.x_m - back * math.cos(angle) - half_m + error[0]
        y = one.y_m - back * math.sin(angle) - half_m + error[1]
        lat, lon, _ = place.local_to_wgs84(np.array([x]), np.array([y]), np.zeros(1))
        key = owner(float(lat[0]), float(lon[0]), PARAMETERS.h3_resolution)
        velocity = one.speed_mps * np.array([math.cos(angle), math.sin(angle)]) + error[2:]
        found[key].append((one, float(lon[0]), float(lat[0]), velocity))
    made = {}
    for key, held in found.items():
        rows = np.zeros(len(held), TRACK_ROW)
        lon, lat = (np.array([one[k] for one in held]) for k in (1, 2))
        rows["x_m"], rows["y_m"] = cell(key).frame.to_local(lon, lat)
        rows["vx_mps"], rows["vy_mps"] = np.array([one[3] for one in held]).T
        rows["track_id"] = [numbers.setdefault(o[0].vehicle, len(numbers) + 1) for o in held]
        rows["length_m"] = [ROAD_USERS[one[0].kind].length_m for one in held]
        rows["object_class"] = [ROAD_USERS[one[0].kind].object_class for one in held]
        rows["cov_xx_m2"] = rows["cov_yy_m2"] = sigma_m**2
        made[key] = rows
    return made


def _picture(
    key: str, rows: np.ndarray, tick_us: int, entries: dict[str, bytes]
) -> dict[str, object]:
    roads = KnownRoads(key, entries)
    on_roads = roads.columns(rows, tick_us, TICK_US)
    for name, value in roads.changes.items():
        if value is None:
            entries.pop(name, None)
        else:
            entries[name] = value
    head = {"run_id": PARAMETERS.run_id, "frame": "wgs84", "cell_key": key, "tick_us": tick_us}
    head |= {"live_sources": ["unit"], "count": len(rows)}
    head |= no_context(len(rows)) | {"sources": [], "missing_sources": [], "station_id": "s"}
    return head | columns(key, rows, positions(key, rows), tick_us) | on_roads


def told(log: Sequence[LogRecord]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Columns of the records of both topics, with the start of each in microseconds."""
    flow = SegmentFlow(PARAMETERS, lambda _topic, value: msgspec.msgpack.decode(value))
    found: dict[str, list[dict[str, np.ndarray]]] = defaultdict(list)
    for output in run(log, flow):
        if output.route == ROAD_EVENTS:
            continue
        value = msgspec.msgpack.decode(output.value)
        kinds = COLUMNS if output.route == SEGMENT_STATES else OF_GROUPS
        row = {name: np.frombuffer(value[name], kind) for name, kind in kinds.items()}
        row |= {"start_us": value["start_us"], "period_us": value.get("period_us", SECOND_US)}
        found[output.route].append(row | {"key": output.key})
    return found


def score_segments(
    records: Sequence[dict[str, np.ndarray]],
    truth: Truth,
    segments: Sequence[Segment],
    minutes: int,
) -> dict[str, float]:
    """Flow and speed by segment and minute, queue by segment and second."""
    names = {one.segment_id: one.name.removeprefix(f"{NAME}/") for one in segments}
    lengths = {names[s.segment_id]: np.mean([length_m(k) for k in s.lanes]) for s in segments}
    flow, speed, queue, standing = [], [], [], []
    by_edge: Counter[tuple[str, int]] = Counter()
    for (lane, second), count in truth.queued.items():
        by_edge[lane.rpartition("_")[0], second] += count
    for record in records:
        at_s = (record["start_us"] - START_US) // SECOND_US
        for k, segment_id in enumerate(record["segment_id"].tolist()):
            edge = names[segment_id]
            if edge.startswith(":") or at_s < 0:
                continue
            if record["period_us"] == SECOND_US:
                true = by_edge[edge, at_s]
                queue.append(abs(int(record["queued"][k]) - true))
                standing += queue[-1:] if true else []
                continue
            place = (edge, at_s // 60)
            if at_s // 60 >= minutes or len(truth.vehicles[place]) < 5:
                continue
            true_flow = truth.way_m[place] / lengths[edge] * 60.0
            flow.append(float(record["flow_vph"][k]) / true_flow - 1.0)
            speed.append(float(record["speed_mps"][k]) - truth.way_m[place] / truth.time_s[place])
    if not flow or not standing:
        return {"segment_minutes": len(flow)}
    return {
        "segment_minutes": len(flow),
        "flow_error_median": float(np.median(np.abs(flow))),
        "flow_error_p90": float(np.quantile(np.abs(flow), 0.9)),
        "flow_bias": float(np.mean(flow)),
        "flow_within_5_percent": float(np.mean(np.abs(flow) <= 0.05)),
        "speed_error_p90_mps": float(np.quantile(np.abs(speed), 0.9)),
        "queue_error_p90": float(np.quantile(queue, 0.9)),
        "queue_error_p90_where_some_stand": float(np.quantile(standing, 0.9)),
        "queue_error_p99_where_some_stand": float(np.quantile(standing, 0.99)),
    }


def score_approaches(
    records: Sequence[dict[str, np.ndarray]], truth: Truth, segments: Sequence[Segment]
) -> dict[str, float]:
    """Queue by signal group and second, delay by group over the whole time."""
    lanes: dict[tuple[str, int], set[str]] = defaultdict(set)
    for segment in segments:
        for lane in segment.lanes:
            for turn in lane.turns:
                if turn.group and lane.kind == "vehicle":
                    lanes[turn.intersection, turn.group].add(lane.name.removeprefix(f"{NAME}/"))
    delay: Counter[tuple[str, int]] = Counter()
    queue, standing = [], []
    seconds = [(record["start_us"] - START_US) // SECOND_US for record in records]
    minutes = range((max(seconds) + 1) // 60)
    for record, at_s in zip(records, seconds, strict=True):
        for k, group in enumerate(record["signal_group"].tolist()):
            place = (str(record["key"]), group)
            true = sum(truth.queued[lane, at_s] for lane in lanes[place])
            queue.append(abs(int(record["queued"][k]) - true))
            standing += queue[-1:] if true else []
            delay[place] += float(record["delay_s"][k]) if at_s // 60 in minutes else 0.0
    true_delay = {
        place: sum(truth.delay_s[lane, minute] for lane in held for minute in minutes)
        for place, held in lanes.items()
    }
    busy = [place for place, true in true_delay.items() if true > 60.0]
    errors = [abs(delay[place] / true_delay[place] - 1.0) for place in busy]
    return {
        "groups_with_delay": len(busy),
        "group_queue_error_p90": float(np.quantile(queue, 0.9)),
        "group_queue_error_p90_where_some_stand": float(np.quantile(standing, 0.9)),
        "delay_error_all": sum(delay[p] for p in busy) / sum(true_delay[p] for p in busy) - 1.0,
        "delay_error_median": float(np.median(errors)),
        "delay_error_p90": float(np.quantile(errors, 0.9)),
    }


def measure(seconds: float, seed: int, sigma_m: float) -> dict[str, float]:
    """All figures of one run."""
    district, place = District(crossings=2), Placement()
    half_m = district.side_m / 2
    with tempfile.TemporaryDirectory() as folder:
        network = build_network(district, Path(folder), seed)

        def placed(x_m: np.ndarray, y_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            lat, lon, _ = place.local_to_wgs84(x_m - half_m, y_m - half_m, np.zeros_like(x_m))
            return lon, lat

        with network.path.open("rb") as file:
            segments = read_sumo(file, NAME, place=placed).segments
        stop_lane = next(
            lane.name.removeprefix(f"{NAME}/")
            for segment in segments
            if segment.name.removeprefix(f"{NAME}/") in network.inner
            for lane in segment.lanes
            if lane.kind == "vehicle" and length_m(lane) > 130.0
        )
        seen = drive(network, seconds, seed, stop_lane)
    lanes = [lane for segment in segments for lane in segment.lanes]
    lengths = {lane.name.removeprefix(f"{NAME}/"): length_m(lane) for lane in lanes}
    limits = {s.name.removeprefix(f"{NAME}/"): s.limit_mps or USUAL_MPS for s in segments}
    truth = truth_of(middles(seen, lengths), limits)
    part = RoadPart(NAME, segments)
    origin = Origin(START_US - 5_000_000, "raw.signal", 0, 0, "maps")
    road = road_record(part, origin, PARAMETERS)
    lat, lon, _ = place.local_to_wgs84(np.zeros(1), np.zeros(1), np.zeros(1))
    unit = {"source_id": "unit", "kind": "roadside", "lat_deg": float(lat[0]),
            "lon_deg": float(lon[0]), "coverage_radius_m": 2000.0}  # fmt: skip
    log = [
        LogRecord(SOURCES, 0, _raw(msgspec.json.encode(unit))),
        LogRecord(NETWORK, 0, _raw(road)),
        *pictures(seen, [part], place, half_m, sigma_m, seed, round(seconds * 10)),
    ]
    records = told(log)
    minutes = int(seconds // 60)
    return (
        {"seconds": seconds, "vehicle_ticks": len(seen), "pictures": len(log) - 2}
        | score_segments(records[SEGMENT_STATES], truth, segments, minutes)
        | score_approaches(records[APPROACH_STATES], truth, segments)
    )


def _raw(body: bytes) -> RawRecord:
    return RawRecord(0, START_US - 5_000_000, 0, "", "", "", body)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segments", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sigma", type=float, default=0.3, help="of places, metres an axis")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.seconds, chosen.seed, chosen.sigma)
    for name, value in figures.items():
        sys.stdout.write(f"{name:36} {value:.3f}\n")
    if chosen.out:
        chosen.out.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


if __name__ == "__main__":
    main()

"""Traffic on the network, simulated by SUMO, as truth.

What SUMO gives is not yet truth: `x, y` of its floating-car data is the front bumper, `angle` is
clockwise from north, and there is no velocity vector. Here they become box centres, headings
counter-clockwise from east and velocities that agree with the positions.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from infra.simulator.network import District, Network, run_sumo_program
from infra.simulator.placement import Placement
from infra.simulator.stories import Stories
from infra.simulator.truth import TRUTH_ROW, Truth
from operators._typing import FloatArray, IntArray, RecordArray
from operators.frame import ObjectClass

STEP_S = 0.1
STEP_US = 100_000
SMOOTHING_STEPS = 7  # 0.7 s, odd


@dataclass(frozen=True, slots=True)
class RoadUser:
    """One kind of road user; sizes are of common European and Chinese models."""

    sumo_class: str
    object_class: ObjectClass
    length_m: float
    width_m: float
    height_m: float
    model: str = ""


# IDM for motor vehicles: the default Krauss model draws a new acceleration at every step, which at
# 10 Hz is a shaking that no vehicle shows.
ROAD_USERS = {
    "car": RoadUser("passenger", ObjectClass.CAR, 4.6, 1.82, 1.5, "IDM"),
    "van": RoadUser("delivery", ObjectClass.VAN, 5.4, 2.0, 2.3, "IDM"),
    "truck": RoadUser("truck", ObjectClass.TRUCK, 9.0, 2.5, 3.4, "IDM"),
    "bus": RoadUser("bus", ObjectClass.BUS, 12.0, 2.55, 3.1, "IDM"),
    "bicycle": RoadUser("bicycle", ObjectClass.BICYCLE, 1.8, 0.65, 1.7, "IDM"),
    "ambulance": RoadUser("emergency", ObjectClass.EMERGENCY, 6.5, 2.1, 2.7, "IDM"),
    "pedestrian": RoadUser("pedestrian", ObjectClass.PEDESTRIAN, 0.5, 0.6, 1.75),
}


@dataclass(frozen=True, slots=True)
class Demand:
    """How much traffic enters, per second of the whole district.

    The defaults keep 50 to 80 motor vehicles, 10 to 25 bicycles and 40 pedestrians in the district:
    a working-day afternoon, with queues at red.

    Parameters
    ----------
    motor_per_s, bicycle_per_s, pedestrian_per_s
        Arrival rates (Poisson), 1/s.
    shares
        Share of each motor vehicle kind; they sum to 1.
    standing_pedestrians
        Pedestrians that are on their way at the start already (they walk for minutes).
    warm_up_s
        Simulated before the truth begins, so that it begins with a full district.
    """

    motor_per_s: float = 0.65
    bicycle_per_s: float = 0.1
    pedestrian_per_s: float = 0.12
    shares: tuple[tuple[str, float], ...] = (
        ("car", 0.8),
        ("van", 0.08),
        ("truck", 0.07),
        ("bus", 0.05),
    )
    standing_pedestrians: int = 30
    warm_up_s: float = 90.0


def simulate_traffic(
    network: Network,
    district: District,
    demand: Demand,
    placement: Placement,
    start_us: int,
    duration_s: float,
    seed: int,
    stories: Stories | None = None,
) -> Truth:
    """Truth of `duration_s` seconds at 10 Hz, beginning at `start_us` (UTC microseconds).

    The same arguments give the same truth to the last bit. Files go beside the network file.
    """
    folder = network.path.parent
    routes, floating = folder / "demand.rou.xml", folder / "floating.csv"
    end_s = demand.warm_up_s + duration_s
    routes.write_text(_route_file(network, demand, end_s, seed, stories))
    run_sumo_program(
        "sumo",
        [
            *("--net-file", str(network.path)),
            *("--route-files", str(routes)),
            *("--fcd-output", str(floating)),
            *("--fcd-output.attributes", "x,y,angle,type,lane,pos"),
            *("--device.fcd.begin", str(demand.warm_up_s)),
            *("--precision", "4"),
            *("--step-length", str(STEP_S)),
            *("--end", str(end_s)),
            # Lanes are shared sideways: without it a lane change is a jump of 3.2 m.
            *("--lateral-resolution", "0.8"),
            *("--time-to-teleport", "-1"),
            *("--seed", str(seed)),
            "--no-step-log",
        ],
    )
    rows = _truth_rows(floating, district, demand.warm_up_s, start_us)
    truth = Truth.from_rows(rows, placement)
    return truth if stories is None else stories.added(truth)


def _route_file(
    network: Network, demand: Demand, end_s: float, seed: int, stories: Stories | None
) -> str:
    rng = np.random.default_rng([seed, 1])
    departures: list[tuple[float, str]] = []
    kinds, shares = zip(*demand.shares, strict=True)
    for at in _arrivals(rng, demand.motor_per_s, end_s):
        kind = str(rng.choice(kinds, p=shares))
        departures.append((at, _trip(rng, network, kind, at, len(departures))))
    for at in _arrivals(rng, demand.bicycle_per_s, end_s):
        departures.append((at, _trip(rng, network, "bicycle", at, len(departures))))
    walks = np.concatenate(
        [np.zeros(demand.standing_pedestrians), _arrivals(rng, demand.pedestrian_per_s, end_s)]
    )
    for at in walks:
        departures.append((float(at), _walk(rng, network, float(at), len(departures))))
    if stories is not None:
        departures += stories.departures(demand.warm_up_s)
    departures.sort()
    types = [_vehicle_type(name, user) for name, user in ROAD_USERS.items()]
    return "\n".join(["<routes>", *types, *(text for _, text in departures), "</routes>", ""])


def _arrivals(rng: np.random.Generator, rate_per_s: float, end_s: float) -> FloatArray:
    """Sorted instants of a Poisson process: given their number they are uniform."""
    count = int(rng.poisson(rate_per_s * end_s))
    return np.sort(np.round(rng.uniform(0.0, end_s, count), 1))


def _vehicle_type(name: str, user: RoadUser) -> str:
    if user.object_class == ObjectClass.PEDESTRIAN:  # SUMO's own small body lets crowds pass
        return f'<vType id="{name}" vClass="{user.sumo_class}" speedDev="0.1"/>'
    # Sideways motion needs forward motion: a standing vehicle must not slide into the next lane.
    return (
        f'<vType id="{name}" vClass="{user.sumo_class}" '
        f'length="{user.length_m}" width="{user.width_m}" '
        f'carFollowModel="{user.model}" speedDev="0.1" '
        'minGapLat="1.0" maxSpeedLat="1.0" lcMaxSpeedLatStanding="0" lcMaxSpeedLatFactor="0.2"/>'
    )


def _trip(rng: np.random.Generator, network: Network, kind: str, at_s: float, number: int) -> str:
    start, end = _ends(rng, network.entries, network.exits)
    lane = "" if kind == "bicycle" else 'departLane="best" '
    return (
        f'<trip id="v{number}" type="{kind}" depart="{at_s:.1f}" from={start} to={end} '
        f'{lane}departSpeed="max"/>'
    )


def _walk(rng: np.random.Generator, network: Network, at_s: float, number: int) -> str:
    start, end = _ends(rng, network.inner, network.inner)
    return (
        f'<person id="p{number}" type="pedestrian" depart="{at_s:.1f}" departPos="random">'
        f'<personTrip from={start} to={end} arrivalPos="random"/></person>'
    )


def _ends(
    rng: np.random.Generator, starts: tuple[str, ...], ends: tuple[str, ...]
) -> tuple[str, str]:
    """Two quoted edge ids that are not two directions of one street end."""
    start = rng.integers(len(starts))
    end = (start + rng.integers(1, len(ends))) % len(ends)
    return quoteattr(starts[start]), quoteattr(ends[end])


def _truth_rows(floating: Path, district: District, warm_up_s: float, start_us: int) -> RecordArray:
    with floating.open(newline="") as file:
        table = list(csv.DictReader(file, delimiter=";"))
    table = [line for line in table if line["vehicle_id"]]
    table.sort(key=lambda line: (_number(line["vehicle_id"]), float(line["timestep_time"])))
    rows = np.zeros(len(table), TRUTH_ROW)
    seconds = np.array([float(line["timestep_time"]) for line in table]) - warm_up_s
    rows["time_us"] = start_us + np.round(seconds / STEP_S).astype(np.int64) * STEP_US
    rows["object_id"] = [_number(line["vehicle_id"]) for line in table]
    # one that makes way for an ambulance has a type of its own, such as car@v2
    users = [ROAD_USERS[line["vehicle_type"].partition("@")[0]] for line in table]
    rows["object_class"] = [user.object_class for user in users]
    for name in ("length_m", "width_m", "height_m"):
        rows[name] = [getattr(user, name) for user in users]
    angle = np.radians(90.0 - np.array([float(line["vehicle_angle"]) for line in table]))
    rows["heading_rad"] = np.arctan2(np.sin(angle), np.cos(angle))
    # A pedestrian's point is already the middle of the body.
    back = np.where(rows["object_class"] == ObjectClass.PEDESTRIAN, 0.0, rows["length_m"] / 2.0)
    front_x = np.array([float(line["vehicle_x"]) for line in table]) - district.side_m / 2.0
    front_y = np.array([float(line["vehicle_y"]) for line in table]) - district.side_m / 2.0
    rows["x_m"] = front_x - back * np.cos(angle)
    rows["y_m"] = front_y - back * np.sin(angle)
    rows["z_m"] = rows["height_m"] / 2.0
    return _smooth(rows)


def _number(sumo_id: str) -> int:
    return int(sumo_id[1:])


def _smooth(rows: RecordArray) -> RecordArray:
    """Round off the corners of SUMO's lanes, and give each object its velocity.

    Lanes are polylines on which a body turns at once, at 15 m/s² and more. A local mean over
    0.7 s brings that to what tyres can do. Objects seen for less than that are left out.
    """
    starts = np.flatnonzero(np.diff(rows["object_id"], prepend=-1))
    keep: list[IntArray] = []
    for first, end in zip(starts, np.append(starts[1:], len(rows)), strict=True):
        if end - first < SMOOTHING_STEPS:
            continue
        for position, velocity in (("x_m", "vx_mps"), ("y_m", "vy_mps")):
            rows[position][first:end] = _local_mean(rows[position][first:end])
            rows[velocity][first:end] = np.gradient(rows[position][first:end], STEP_S)
        heading = _local_mean(np.unwrap(rows["heading_rad"][first:end]))
        rows["heading_rad"][first:end] = np.arctan2(np.sin(heading), np.cos(heading))
        keep.append(np.arange(first, end))
    return rows[np.concatenate(keep)]


def _local_mean(values: FloatArray) -> FloatArray:
    """Triangular mean over `SMOOTHING_STEPS`; the line goes on straight at both ends."""
    half = SMOOTHING_STEPS // 2
    before = values[0] - (values[1] - values[0]) * np.arange(half, 0, -1)
    after = values[-1] + (values[-1] - values[-2]) * np.arange(1, half + 1)
    weights = np.bartlett(SMOOTHING_STEPS + 2)[1:-1]
    return np.convolve(np.concatenate([before, values, after]), weights / weights.sum(), "valid")

"""Recordings as one or two moving vehicles with lidar make them, in a frame that moves with one.

Nobody tells the pose of the frame. The other vehicle's boxes come into it through both vehicles'
poses, so they carry an error that changes slowly, and its own clock.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from infra.simulator.detector import MOTOR, Found, detect
from infra.simulator.false_boxes import hedge_places
from infra.simulator.lidar import Lidar
from infra.simulator.network import District
from infra.simulator.parked import with_parked
from infra.simulator.sight import houses, lately
from infra.simulator.told import REAL, Recorded, ToldFrame, in_order, untold
from infra.simulator.traffic import STEP_S, Demand
from infra.simulator.truth import Snapshot, Truth
from infra.simulator.wander import wander
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.frame import ObjectClass

MS_US = 1000
SOURCES = ("ego", "other")
EXTRA_S = 60.0  # traffic to choose the vehicles from
TOGETHER_M = (10.0, 60.0)
STEERING_S = 0.5


@dataclass(frozen=True, slots=True)
class Convoy:
    """One or two vehicles with lidar on their way through a district.

    Parameters
    ----------
    district, demand
        Larger than the default, so that a vehicle stays for a minute and longer.
    parked_share
        Of the places along the kerbs.
    vehicles
        1 or 2; the first is the origin.
    lidar
    pose_sigma_m, pose_sigma_deg
        Of the second vehicle's pose against the first's; it changes within `pose_lasts_s`.
    clock_error_ms
        The second vehicle's frames are told to be so much younger than they are, 0 to 100 ms.
    delay_ms
        From the instant to the receipt, by vehicle.
    seen_s
        A vehicle that was hidden for up to that long before or after is still in the truth.
    logits
        Scores are unbounded logits instead of 0 to 1.
    """

    district: District = District(crossings=4, turn_mps2=2.5)  # noqa: RUF009  (frozen)
    demand: Demand = Demand(motor_per_s=1.8)  # noqa: RUF009  (frozen)
    parked_share: float = 0.2
    vehicles: int = 2
    lidar: Lidar = Lidar()  # noqa: RUF009  (frozen)
    pose_sigma_m: float = 0.4
    pose_sigma_deg: float = 0.4
    pose_lasts_s: float = 15.0
    clock_error_ms: int = 30
    delay_ms: tuple[int, int] = (60, 90)
    seen_s: float = 1.0
    logits: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """Place, velocity and heading of a vehicle at T steps, shapes (T,)."""

    x_m: FloatArray
    y_m: FloatArray
    vx_mps: FloatArray
    vy_mps: FloatArray
    heading_rad: FloatArray

    def inward(self, step: IntArray, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """Points of the world in the vehicle's axes, shape (2, n)."""
        return self.turned(step, x_m - self.x_m[step], y_m - self.y_m[step])

    def turned(self, step: IntArray, x: FloatArray, y: FloatArray) -> FloatArray:
        """Vectors of the world along the vehicle's axes, shape (2, n)."""
        cos, sin = np.cos(self.heading_rad[step]), np.sin(self.heading_rad[step])
        return np.stack((x * cos + y * sin, y * cos - x * sin))


def record(convoy: Convoy, traffic: Truth, duration_s: float, seed: int) -> Recorded:
    """Make a recording out of traffic that is longer than `duration_s`.

    Raises
    ------
    ValueError
        If no vehicle (or pair near each other) is on the road for so long.
    """
    steps = round(duration_s / STEP_S)
    begin, egos = _chosen(traffic, steps, convoy.vehicles)
    traffic = _steered(traffic)
    parking = np.random.default_rng([seed, 9])
    traffic = with_parked(traffic, convoy.district, convoy.parked_share, parking)
    walls = houses(convoy.district)
    side = convoy.district.side_m
    hedges = hedge_places(
        (side, side), convoy.lidar.hedges_per_km2, walls, np.random.default_rng([seed, 10])
    )
    times = traffic.time_us[begin : begin + steps]
    states = traffic.at(times)
    pose = _pose(states, egos[0])
    frames, visible = [], np.zeros(states.x_m.shape)
    for number, own in enumerate(egos):
        rng = np.random.default_rng([seed, 11 + number])
        # what is told of an instant was seen the clock error earlier
        late_us = number * convoy.clock_error_ms * MS_US
        sensed = traffic.at(times - late_us)
        found = detect(convoy.lidar, traffic, sensed, own, walls, hedges, rng)
        visible = np.maximum(visible, found.visible)
        told = _told(convoy, found, pose, _pose(sensed, own) if number else None, rng)
        delay_us = convoy.delay_ms[number] * MS_US
        frames += [
            ToldFrame(SOURCES[number], int(at), int(at) + delay_us, told[found.boxes["step"] == k])
            for k, at in enumerate(times)
        ]
    height_m = convoy.lidar.height_m
    real = _in_truth(convoy, traffic, states, egos, visible)
    return Recorded(in_order(frames), _real(traffic, times, states, pose, real, height_m))


def _steered(traffic: Truth) -> Truth:
    """Headings without the jerks of SUMO's, which turns a body at once as it changes lanes.

    A mean with Gaussian weights: a frame that moves with a body swings all that is far.
    """
    heading = traffic.states.heading_rad.copy()
    for column in heading.T:
        there = np.flatnonzero(~np.isnan(column))
        smooth = gaussian_filter1d(np.unwrap(column[there]), STEERING_S / STEP_S, mode="nearest")
        column[there] = _wrapped(smooth)
    return replace(traffic, states=replace(traffic.states, heading_rad=heading))


def _pose(states: Snapshot, own: int) -> Pose:
    return Pose(
        states.x_m[:, own],
        states.y_m[:, own],
        states.vx_mps[:, own],
        states.vy_mps[:, own],
        states.heading_rad[:, own],
    )


def _chosen(traffic: Truth, steps: int, vehicles: int) -> tuple[int, list[int]]:
    """First step and the vehicles: those that drive farthest, a pair being near each other."""
    best: tuple[float, int, list[int]] | None = None
    cars = np.flatnonzero(traffic.object_class == ObjectClass.CAR)
    # the step before the first must be there too: a late clock looks back
    for begin in range(1, len(traffic.time_us) - steps + 1, 50):
        part = slice(begin - 1, begin + steps)
        x, y = traffic.states.x_m[part, cars], traffic.states.y_m[part, cars]
        there = np.flatnonzero(~np.isnan(x).any(axis=0))
        x, y = x[:, there], y[:, there]
        way = np.hypot(np.diff(x, axis=0), np.diff(y, axis=0)).sum(axis=0)
        worth = way[:, None] * _together(x, y) if vehicles == 2 else np.diag(way)
        if not worth.size:
            continue
        first, second = np.unravel_index(int(np.argmax(worth)), worth.shape)
        found = [int(cars[there[first]]), int(cars[there[second]])][:vehicles]
        if best is None or worth[first, second] > best[0]:
            best = (float(worth[first, second]), begin, found)
    if best is None or best[0] <= 0.0:
        msg = f"no {vehicles} vehicle(s) together on the road for {steps * STEP_S:.0f} s"
        raise ValueError(msg)
    return best[1], best[2]


def _together(x_m: FloatArray, y_m: FloatArray) -> FloatArray:
    """Share of the time for which each two are at a useful distance, shape (n, n)."""
    away = np.hypot(x_m[:, :, None] - x_m[:, None], y_m[:, :, None] - y_m[:, None])
    near: FloatArray = ((away > TOGETHER_M[0]) & (away < TOGETHER_M[1])).mean(axis=0)
    return near


def _told(
    convoy: Convoy, found: Found, pose: Pose, other: Pose | None, rng: np.random.Generator
) -> RecordArray:
    """Boxes in the first vehicle's axes, as `TOLD`."""
    boxes, step = found.boxes, found.boxes["step"]
    x, y, heading = boxes["x_m"], boxes["y_m"], boxes["heading_rad"]
    if other is not None:
        slow = wander(rng, len(other.x_m), (3,), convoy.pose_lasts_s / STEP_S)[step].T
        turn = np.radians(convoy.pose_sigma_deg) * slow[2]
        dx, dy = x - other.x_m[step], y - other.y_m[step]
        x = other.x_m[step] + dx * np.cos(turn) - dy * np.sin(turn) + convoy.pose_sigma_m * slow[0]
        y = other.y_m[step] + dx * np.sin(turn) + dy * np.cos(turn) + convoy.pose_sigma_m * slow[1]
        heading = heading + turn
    made = untold(len(boxes))
    made["x_m"], made["y_m"] = pose.inward(step, x, y)
    made["z_m"] = boxes["z_m"] - convoy.lidar.height_m
    made["heading_rad"] = _wrapped(heading - pose.heading_rad[step])
    for name in ("length_m", "width_m", "height_m"):
        made[name] = boxes[name]
    made["score"] = boxes["logit"] if convoy.logits else 1.0 / (1.0 + np.exp(-boxes["logit"]))
    made["object_class"] = ObjectClass.CAR  # the detector knows one class
    return made


def _in_truth(
    convoy: Convoy, traffic: Truth, states: Snapshot, egos: list[int], visible: FloatArray
) -> BoolArray:
    """Which vehicles count at which step, shape (T, N): seen, or hidden for a moment."""
    seen = visible > 0.05
    recent = lately(seen, round(convoy.seen_s / STEP_S))
    x, y = states.x_m, states.y_m
    away = np.hypot(x - x[:, [egos[0]]], y - y[:, [egos[0]]])
    with np.errstate(invalid="ignore"):
        near = away <= convoy.lidar.range_m
    motor = np.isin(traffic.object_class, MOTOR)
    counts: BoolArray = recent & near & motor
    if len(egos) == 1:
        counts[:, egos[0]] = False  # nobody can see it
    return counts


def _real(
    traffic: Truth,
    times: IntArray,
    states: Snapshot,
    pose: Pose,
    counts: BoolArray,
    sensor_m: float,
) -> RecordArray:
    at, of = np.nonzero(counts)
    cell = (at, of)
    made = np.zeros(len(at), REAL)
    made["time_us"], made["object_id"] = times[at], traffic.object_id[of]
    made["x_m"], made["y_m"] = pose.inward(at, states.x_m[cell], states.y_m[cell])
    turning = np.gradient(np.unwrap(pose.heading_rad), STEP_S)[at]
    moved = pose.turned(
        at, states.vx_mps[cell] - pose.vx_mps[at], states.vy_mps[cell] - pose.vy_mps[at]
    )
    # d/dt of R'(p - o): what the frame's own turning adds
    made["vx_mps"] = moved[0] + turning * made["y_m"]
    made["vy_mps"] = moved[1] - turning * made["x_m"]
    made["heading_rad"] = _wrapped(states.heading_rad[cell] - pose.heading_rad[at])
    for name in ("length_m", "width_m", "height_m", "object_class"):
        made[name] = getattr(traffic, name)[of]
    made["z_m"] = made["height_m"] / 2.0 - sensor_m  # the road is flat
    return made


def _wrapped(angle_rad: FloatArray) -> FloatArray:
    wrapped: FloatArray = np.arctan2(np.sin(angle_rad), np.cos(angle_rad))
    return wrapped

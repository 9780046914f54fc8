"""Roadside units: what a camera, lidar or radar on a mast makes of the truth.

Every number of a unit has a physical meaning, given with the field; the defaults describe a
good present-day unit at a crossing, and `default_units` differ from each other as real ones do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from infra.simulator.frames import CLUTTER, SensorFrame
from infra.simulator.truth import Snapshot, Truth
from operators._typing import BoolArray, FloatArray, IntArray
from operators.frame import ObjectClass

MS_US = 1000


class Sensor(IntEnum):
    """Kind of sensor, with the numbers of T/CSAE 53-2020 (`source` of a participant)."""

    VIDEO = 3
    RADAR = 4
    LIDAR = 6


@dataclass(frozen=True, slots=True)
class RoadsideUnit:
    """One roadside unit with its faults; a fault of 0 is no fault.

    Parameters
    ----------
    source_id
        At most 8 characters: it is also the unit's id in its messages (OCTET STRING SIZE(8)).
    x_m, y_m
        Foot of the mast, local metres.
    sensor
        A radar measures no box, and no heading of what stands.
    mast_m
        Height of the sensor, which decides occlusion: 6 m is usual on lamp posts.
    range_m, heading_deg, opening_deg
        View: a sector around `heading_deg` (clockwise from north); 360 is all round. Range 180 m is
        what units of 2 to 8 megapixels or 80-line lidars are sold for.
    rate_hz, phase_ms
        10 Hz as in T/CSAE 157; units are not synchronised, so each has its phase.
    latency_mean_ms, latency_sd_ms
        From exposure to the broker: detection 30-50 ms, network 5-20 ms, gamma-shaped jitter.
    clock_offset_ms
        Unit's clock minus true clock; NTP over a city network keeps some ms.
    bias_x_m, bias_y_m, yaw_bias_deg
        Survey error of the mast and its orientation (counter-clockwise): 0.1-0.2 m with RTK.
    sigma_near_m, sigma_far_m
        Standard deviation of each axis at the mast and at the edge of the view (between them
        linear): a pixel at 150 m spans several decimetres of road. White from frame to frame.
    declared_sigma_scale
        Declared over true sigma; 1 is honest.
    speed_sigma_mps, heading_sigma_deg, size_sigma_m
        Of a tracker over about ten frames, and of a box from one side.
    detection_probability
        In each frame, of what is in view and not occluded.
    clutter_per_frame
        Mean number of false objects (Poisson), uniform over the view: shadows, reflections, trees.
    id_breaks_per_s
        Rate at which the unit's tracker loses an object and numbers it anew.
    dead_after_s
        It falls silent so long after the start: a cable, a power supply.
    copies
        How often it sends each message: a gateway that repeats, two uplinks.
    """

    source_id: str
    x_m: float
    y_m: float
    sensor: Sensor = Sensor.VIDEO
    mast_m: float = 6.0
    range_m: float = 180.0
    heading_deg: float = 0.0
    opening_deg: float = 360.0
    rate_hz: float = 10.0
    phase_ms: int = 0
    latency_mean_ms: float = 60.0
    latency_sd_ms: float = 12.0
    clock_offset_ms: int = 0
    bias_x_m: float = 0.0
    bias_y_m: float = 0.0
    yaw_bias_deg: float = 0.0
    sigma_near_m: float = 0.6
    sigma_far_m: float = 0.8
    declared_sigma_scale: float = 1.0
    speed_sigma_mps: float = 0.3
    heading_sigma_deg: float = 3.0
    size_sigma_m: float = 0.15
    detection_probability: float = 0.95
    clutter_per_frame: float = 0.2
    id_breaks_per_s: float = 0.01
    dead_after_s: float = np.inf
    copies: int = 1


def default_units() -> tuple[RoadsideUnit, ...]:
    """Four units on lamp posts of the two middle streets, half a block off the central crossing.

    Each sees the central crossing; neighbours (134 m apart) share most of their views; the outer
    corners of the district are seen by no unit, so that probes alone know them. One was set up with
    care; the clock of the second, the mast of the third are off as is common without it.
    """
    unit = RoadsideUnit("RSU-EAST", 95.0, 12.0)
    return (
        replace(unit, phase_ms=13, clock_offset_ms=4, bias_x_m=0.10, bias_y_m=-0.06),
        replace(
            unit, source_id="RSU-NRTH", x_m=-12.0, y_m=95.0, sensor=Sensor.LIDAR, phase_ms=41,
            clock_offset_ms=-35, bias_x_m=-0.3, bias_y_m=0.2, latency_mean_ms=70.0,
        ),
        replace(
            unit, source_id="RSU-WEST", x_m=-95.0, y_m=-12.0, phase_ms=66,
            clock_offset_ms=20, bias_y_m=0.5, yaw_bias_deg=0.6,
        ),
        replace(
            unit, source_id="RSU-SOTH", x_m=12.0, y_m=-95.0, sensor=Sensor.RADAR, phase_ms=87,
            clock_offset_ms=-6, bias_x_m=-0.05, bias_y_m=-0.12, latency_mean_ms=50.0,
        ),
    )  # fmt: skip


def in_view(unit: RoadsideUnit, truth: Truth, snapshot: Snapshot) -> BoolArray:
    """Whether each object is in the unit's view and not hidden, shape (K, N): geometry alone."""
    dx, dy = snapshot.x_m - unit.x_m, snapshot.y_m - unit.y_m
    distance, bearing = np.hypot(dx, dy), np.arctan2(dy, dx)
    with np.errstate(invalid="ignore"):
        seen = distance <= unit.range_m
    if unit.opening_deg < 360.0:
        off = bearing - np.radians(90.0 - unit.heading_deg)
        off = np.abs(np.arctan2(np.sin(off), np.cos(off)))
        seen &= off <= np.radians(unit.opening_deg / 2.0)
    for row, near in enumerate(seen):
        objects = np.flatnonzero(near)
        seen[row, objects] = ~_occluded(
            unit.mast_m,
            distance[row, objects],
            bearing[row, objects],
            truth.width_m[objects],
            truth.height_m[objects],
        )
    return seen


def _occluded(
    mast_m: float,
    distance_m: FloatArray,
    bearing_rad: FloatArray,
    width_m: FloatArray,
    height_m: FloatArray,
) -> BoolArray:
    """Whether the middle of each box is hidden from the mast's top by a nearer box, shape (n,).

    The ray to the middle of a box falls linearly; it is blocked by a nearer box that subtends its
    bearing and is taller than the ray there. A box counts with its width: the least it can hide.
    """
    offset = bearing_rad[:, None] - bearing_rad[None, :]
    offset = np.abs(np.arctan2(np.sin(offset), np.cos(offset)))
    near = np.maximum(distance_m, 1.0)
    ray_m = mast_m + (height_m / 2.0 - mast_m)[:, None] * (near[None, :] / near[:, None])
    blocked = (
        (near[None, :] < near[:, None] - 1.0)
        & (offset < np.arctan2(width_m / 2.0, near)[None, :])
        & (height_m[None, :] > ray_m)
    )
    return np.asarray(blocked.any(axis=1))


def observe(unit: RoadsideUnit, truth: Truth, seed: int) -> list[SensorFrame]:
    """All frames of one unit in order of event time; equal arguments give equal frames."""
    rng = np.random.default_rng([seed, 2, *unit.source_id.encode()])
    times = frame_times(truth, unit.rate_hz, unit.phase_ms)
    times = times[times < truth.time_us[0] + unit.dead_after_s * 1e6]
    snapshot = truth.at(times)
    detected = in_view(unit, truth, snapshot)
    detected &= rng.random(detected.shape) < unit.detection_probability
    return list(_frames(unit, truth, times, snapshot, detected, rng))


def frame_times(truth: Truth, rate_hz: float, phase_ms: int) -> IntArray:
    """Instants at the given rate within the truth, whole milliseconds after its start."""
    span_ms = int(truth.time_us[-1] - truth.time_us[0]) // MS_US
    after_ms = np.round(np.arange(phase_ms, span_ms, 1000.0 / rate_hz)).astype(np.int64)
    return np.asarray(truth.time_us[0] + after_ms * MS_US)


def _frames(
    unit: RoadsideUnit,
    truth: Truth,
    times: IntArray,
    snapshot: Snapshot,
    detected: BoolArray,
    rng: np.random.Generator,
) -> Iterator[SensorFrame]:
    numbers = _Numbering(unit, len(truth.object_id))
    least_ms = unit.latency_mean_ms - 2 * unit.latency_sd_ms
    latency_ms = least_ms + rng.gamma(4.0, unit.latency_sd_ms / 2.0, len(times))
    for row, event_us in enumerate(times):
        seen = np.flatnonzero(detected[row])
        values = _measure(unit, truth, snapshot, row, seen, rng)
        clutter = _clutter(unit, rng)
        columns = {name: np.concatenate([values[name], clutter[name]]) for name in values}
        yield SensorFrame(
            source_id=unit.source_id,
            event_time_us=int(event_us),
            claimed_time_us=int(event_us) + unit.clock_offset_ms * MS_US,
            receive_time_us=int(event_us) + round(latency_ms[row] * MS_US),
            object_index=np.concatenate([seen, np.full(len(clutter["x_m"]), CLUTTER)]),
            local_id=numbers.take(seen, len(clutter["x_m"]), row, rng),
            object_class=columns.pop("object_class").astype(np.int64),
            **columns,
        )


def _measure(
    unit: RoadsideUnit,
    truth: Truth,
    snapshot: Snapshot,
    row: int,
    seen: IntArray,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Noisy columns of the objects seen in one frame."""
    x, y = snapshot.x_m[row, seen] - unit.x_m, snapshot.y_m[row, seen] - unit.y_m
    sigma = _sigma(unit, np.hypot(x, y))
    yaw = np.radians(unit.yaw_bias_deg)
    n = len(seen)
    speed = np.hypot(snapshot.vx_mps[row, seen], snapshot.vy_mps[row, seen])
    heading = snapshot.heading_rad[row, seen] + yaw
    heading = heading + rng.normal(0.0, np.radians(unit.heading_sigma_deg), n)
    sizes = [
        np.maximum(size[seen] + rng.normal(0.0, unit.size_sigma_m, n) * size[seen] / 4.6, 0.1)
        for size in (truth.length_m, truth.width_m, truth.height_m)
    ]
    if unit.sensor == Sensor.RADAR:
        sizes = [np.full(n, np.nan)] * 3
        heading = np.where(speed < 1.0, np.nan, heading)
    error_x, error_y = sigma * rng.normal(size=(2, n))
    return {
        "x_m": unit.x_m + np.cos(yaw) * x - np.sin(yaw) * y + unit.bias_x_m + error_x,
        "y_m": unit.y_m + np.sin(yaw) * x + np.cos(yaw) * y + unit.bias_y_m + error_y,
        "speed_mps": np.abs(speed + rng.normal(0.0, unit.speed_sigma_mps, n)),
        "heading_rad": heading,
        "length_m": sizes[0],
        "width_m": sizes[1],
        "height_m": sizes[2],
        "position_sigma_m": sigma * unit.declared_sigma_scale,
        "score": rng.uniform(0.7, 0.99, n),
        "object_class": truth.object_class[seen].astype(np.float64),
    }


def _sigma(unit: RoadsideUnit, distance_m: FloatArray) -> FloatArray:
    return unit.sigma_near_m + (unit.sigma_far_m - unit.sigma_near_m) * distance_m / unit.range_m


def _clutter(unit: RoadsideUnit, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Columns of the false objects of one frame, uniform over the view."""
    n = int(rng.poisson(unit.clutter_per_frame))
    distance = unit.range_m * np.sqrt(rng.random(n))
    half = np.radians(unit.opening_deg / 2.0)
    bearing = np.radians(90.0 - unit.heading_deg) + rng.uniform(-half, half, n)
    nothing = np.full(n, np.nan)
    return {
        "x_m": unit.x_m + distance * np.cos(bearing),
        "y_m": unit.y_m + distance * np.sin(bearing),
        "speed_mps": np.abs(rng.normal(0.0, 1.0, n)),
        "heading_rad": nothing,
        "length_m": nothing,
        "width_m": nothing,
        "height_m": nothing,
        "position_sigma_m": _sigma(unit, distance) * unit.declared_sigma_scale,
        "score": rng.uniform(0.3, 0.7, n),
        "object_class": np.full(n, float(ObjectClass.UNKNOWN)),
    }


class _Numbering:
    """The unit's own object numbers, 1 to 65535: new after a second unseen, or by a break."""

    def __init__(self, unit: RoadsideUnit, objects: int) -> None:
        self._number = np.zeros(objects, np.int64)
        self._last_row = np.full(objects, -(10**9), np.int64)
        self._next = 1
        self._forget_rows = round(unit.rate_hz)
        self._break_probability = unit.id_breaks_per_s / unit.rate_hz

    def take(self, seen: IntArray, clutter: int, row: int, rng: np.random.Generator) -> IntArray:
        """Numbers of the objects seen in frame `row`, then of its clutter."""
        stale = row - self._last_row[seen] > self._forget_rows
        fresh = seen[stale | (rng.random(len(seen)) < self._break_probability)]
        self._number[fresh] = self._new(len(fresh))
        self._last_row[seen] = row
        return np.concatenate([self._number[seen], self._new(clutter)])

    def _new(self, count: int) -> IntArray:
        numbers = (self._next + np.arange(count) - 1) % 65535 + 1
        self._next += count
        return numbers

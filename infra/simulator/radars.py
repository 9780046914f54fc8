"""Recordings of roadside radars: points without size or heading, each unit at its own rate.

A radar of 77 GHz on a mast gives one or more reflections of a body, from the sides that face it,
well in range and poorly in angle; it loses what stands, and sees some bodies a second time behind
themselves, when the echo comes by way of a wall. Units are not synchronised, and neither their
clocks nor their survey are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from infra.simulator.detector import MOTOR
from infra.simulator.network import District
from infra.simulator.sight import Sight, box_corners, houses, lately, look
from infra.simulator.told import REAL, Recorded, ToldFrame, in_order, untold
from infra.simulator.traffic import Demand
from infra.simulator.truth import Snapshot, Truth
from infra.simulator.wander import wander
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.frame import ObjectClass

MS_US = 1000
_ECHO = np.dtype([(name, "<f8") for name in ("away_m", "angle_rad", "vx_mps", "vy_mps", "decibel")])
SEEN_BY_RADAR = (*MOTOR, ObjectClass.BICYCLE)


@dataclass(frozen=True, slots=True)
class Radar:
    """One radar with its faults.

    Parameters
    ----------
    source_id, x_m, y_m, heading_deg, opening_deg, range_m, mast_m
        Who, where, and the sector it looks at, about a heading counter-clockwise from east.
    rate_hz, phase_ms, delay_ms, jitter_ms
        When it looks and how long a frame takes to be received.
    clock_offset_ms, bias_x_m, bias_y_m, yaw_bias_deg
        What its clock and its survey are off.
    range_sigma_m, angle_sigma_deg
        Of one reflection.
    speed_sigma_mps
        Of each axis of the velocity; NaN for a unit that tells none.
    detection_probability, standing_probability
        In each frame, of what is in view; of what moves by less than 0.3 m/s.
    reflections
        Mean number beyond the first, of a car at 30 m.
    ghost_share, false_per_frame
        Share of the bodies that are seen a second time; mean number of reflections of nothing.
    """

    source_id: str
    x_m: float
    y_m: float
    heading_deg: float
    opening_deg: float = 110.0
    range_m: float = 150.0
    mast_m: float = 5.0
    rate_hz: float = 16.0
    phase_ms: int = 0
    delay_ms: float = 70.0
    jitter_ms: float = 8.0
    clock_offset_ms: int = 0
    bias_x_m: float = 0.0
    bias_y_m: float = 0.0
    yaw_bias_deg: float = 0.0
    range_sigma_m: float = 0.25
    angle_sigma_deg: float = 0.5
    speed_sigma_mps: float = 0.5
    detection_probability: float = 0.92
    standing_probability: float = 0.3
    reflections: float = 0.4
    ghost_share: float = 0.06
    false_per_frame: float = 0.3


def default_radars() -> tuple[Radar, ...]:
    """Four radars on the arms of the central crossing, that look at it from 60 m."""
    unit = Radar("radar-1", 60.0, 12.0, 190.0)
    return (
        replace(unit, rate_hz=12.5, clock_offset_ms=-35, bias_x_m=0.3, yaw_bias_deg=0.4),
        replace(
            unit, source_id="radar-2", x_m=-12.0, y_m=60.0, heading_deg=-80.0, rate_hz=16.0,
            phase_ms=21, clock_offset_ms=55, bias_y_m=-0.4, speed_sigma_mps=1.0,
        ),
        replace(
            unit, source_id="radar-3", x_m=-60.0, y_m=-12.0, heading_deg=10.0, rate_hz=17.0,
            phase_ms=37, clock_offset_ms=20, yaw_bias_deg=-0.5, speed_sigma_mps=np.nan,
        ),
        replace(
            unit, source_id="radar-4", x_m=12.0, y_m=-60.0, heading_deg=100.0, rate_hz=20.0,
            phase_ms=5, clock_offset_ms=-80, bias_x_m=-0.2, bias_y_m=0.3, speed_sigma_mps=0.7,
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing with its radars; the recording's axes are those of the district.

    Parameters
    ----------
    district, demand, radars
    seen_s
        A body that was out of all views for up to that long before or after is in the truth.
    """

    district: District = District()  # noqa: RUF009  (frozen)
    demand: Demand = Demand()  # noqa: RUF009  (frozen)
    radars: tuple[Radar, ...] = default_radars()
    seen_s: float = 1.0


def record(crossing: Crossing, traffic: Truth, seed: int) -> Recorded:
    """Make a recording of all of `traffic`."""
    walls = houses(crossing.district)
    frames: list[ToldFrame] = []
    seen = np.zeros(traffic.states.x_m.shape, np.bool_)
    for number, radar in enumerate(crossing.radars):
        rng = np.random.default_rng([seed, 20 + number])
        frames += _observed(radar, traffic, walls, rng, seen)
    reach = round(crossing.seen_s * 1e6 / traffic.step_us)
    return Recorded(in_order(frames), _real(traffic, lately(seen, reach)))


def _observed(
    radar: Radar, traffic: Truth, walls_m: FloatArray, rng: np.random.Generator, seen: BoolArray
) -> Iterator[ToldFrame]:
    """Frames of one radar; what it has in view is marked in `seen` at the nearest instant."""
    period_us = 1e6 / radar.rate_hz
    length_us = int(traffic.time_us[-1] - traffic.time_us[0]) - radar.phase_ms * MS_US
    steps = int(length_us / period_us)
    times = traffic.time_us[0] + radar.phase_ms * MS_US
    times = times + np.rint(np.arange(steps) * period_us).astype(np.int64)
    states = traffic.at(times)
    lasting = wander(rng, steps, (states.x_m.shape[1],), radar.rate_hz)  # about a second
    for step, at_us in enumerate(times.tolist()):
        of, sight = _in_view(radar, traffic, states, step, walls_m)
        instant = round((at_us - int(traffic.time_us[0])) / traffic.step_us)
        seen[instant, of] = True
        echoes = _echoes(radar, traffic, states, step, of, sight, lasting[step], rng)
        jitter_ms = float(rng.gamma(4.0, radar.jitter_ms / 4.0))
        yield ToldFrame(
            radar.source_id,
            at_us // MS_US * MS_US + radar.clock_offset_ms * MS_US,
            at_us + round((radar.delay_ms + jitter_ms) * MS_US),
            _measured(radar, echoes, rng),
        )


def _in_view(
    radar: Radar, traffic: Truth, states: Snapshot, step: int, walls_m: FloatArray
) -> tuple[IntArray, Sight]:
    dx, dy = states.x_m[step] - radar.x_m, states.y_m[step] - radar.y_m
    off = np.arctan2(dy, dx) - np.radians(radar.heading_deg)
    off = np.abs(np.arctan2(np.sin(off), np.cos(off)))
    with np.errstate(invalid="ignore"):
        near = (np.hypot(dx, dy) <= radar.range_m) & (off <= np.radians(radar.opening_deg / 2.0))
    of = np.flatnonzero(near & np.isin(traffic.object_class, SEEN_BY_RADAR))
    corners = box_corners(
        states.x_m[step, of],
        states.y_m[step, of],
        states.heading_rad[step, of],
        (traffic.length_m[of], traffic.width_m[of]),
    )
    sight = look((radar.x_m, radar.y_m), radar.mast_m, corners, traffic.height_m[of], walls_m)
    clear = sight.visible > 0.2
    return of[clear], Sight(*(getattr(sight, name)[clear] for name in Sight.__slots__))


def _echoes(
    radar: Radar, traffic: Truth, states: Snapshot, step: int, of: IntArray, sight: Sight,
    lasting: FloatArray, rng: np.random.Generator,
) -> RecordArray:  # fmt: skip
    """Echoes of one frame: of bodies, by way of a wall, of nothing."""
    speed = np.hypot(states.vx_mps[step, of], states.vy_mps[step, of])
    chance = np.where(speed < 0.3, radar.standing_probability, radar.detection_probability)
    found = rng.random(len(of)) < chance
    mean = radar.reflections * np.minimum(2.0, 30.0 / sight.range_m) * traffic.length_m[of] / 4.5
    body = np.repeat(np.arange(len(of)), np.where(found, 1 + rng.poisson(mean), 0))
    x, y = _on_body(traffic, states, step, of[body], sight.bearing_rad[body], rng)
    bodies = _from_places(radar, x, y, states, step, of[body])
    # which bodies are seen by way of a wall, and how far off, changes in about a second
    twice = of[found & (lasting[of] > ndtri(1.0 - radar.ghost_share))]
    x, y = states.x_m[step, twice], states.y_m[step, twice]
    ghosts = _from_places(radar, x, y, states, step, twice)
    ghosts["away_m"] += 3.0 * lasting[twice] + rng.normal(0.0, 0.3, len(twice))
    ghosts["decibel"] -= 6.0
    return np.concatenate((bodies, ghosts, _nothing(radar, rng)))


def _from_places(
    radar: Radar, x_m: FloatArray, y_m: FloatArray, states: Snapshot, step: int, of: IntArray
) -> RecordArray:
    made = np.zeros(len(of), _ECHO)
    made["away_m"] = np.hypot(x_m - radar.x_m, y_m - radar.y_m)
    made["angle_rad"] = np.arctan2(y_m - radar.y_m, x_m - radar.x_m)
    made["vx_mps"], made["vy_mps"] = states.vx_mps[step, of], states.vy_mps[step, of]
    made["decibel"] = 30.0 - 20.0 * np.log10(np.maximum(made["away_m"], 5.0) / 30.0)
    return made


def _nothing(radar: Radar, rng: np.random.Generator) -> RecordArray:
    made = np.zeros(int(rng.poisson(radar.false_per_frame)), _ECHO)
    half = np.radians(radar.opening_deg / 2.0)
    made["away_m"] = radar.range_m * np.sqrt(rng.random(len(made)))
    made["angle_rad"] = np.radians(radar.heading_deg) + rng.uniform(-half, half, len(made))
    made["vx_mps"], made["vy_mps"] = rng.normal(0.0, 3.0, (2, len(made)))
    made["decibel"] = 12.0
    return made


def _on_body(
    traffic: Truth, states: Snapshot, step: int, of: IntArray, bearing_rad: FloatArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Points on the end or the side of bodies that faces the radar."""
    heading = states.heading_rad[step, of]
    aspect = bearing_rad - heading
    along, across = rng.uniform(-0.5, 0.5, (2, len(of)))
    # who is seen from behind shows its end, who is seen from abeam its side
    end = rng.random(len(of)) < np.cos(aspect) ** 2
    along = np.where(end, -0.5 * np.sign(np.cos(aspect)), along) * traffic.length_m[of]
    across = np.where(end, across, -0.5 * np.sign(np.sin(aspect))) * traffic.width_m[of]
    cos, sin = np.cos(heading), np.sin(heading)
    x = states.x_m[step, of] + along * cos - across * sin
    y = states.y_m[step, of] + along * sin + across * cos
    return x, y


def _measured(radar: Radar, echoes: RecordArray, rng: np.random.Generator) -> RecordArray:
    """What the unit tells of its echoes, with the errors of its survey, as `TOLD` in any order."""
    n = len(echoes)
    away = echoes["away_m"] + rng.normal(0.0, radar.range_sigma_m, n)
    angle = echoes["angle_rad"] + np.radians(
        radar.yaw_bias_deg + rng.normal(0.0, radar.angle_sigma_deg, n)
    )
    made = untold(n)
    made["x_m"] = radar.x_m + radar.bias_x_m + away * np.cos(angle)
    made["y_m"] = radar.y_m + radar.bias_y_m + away * np.sin(angle)
    for name in ("vx_mps", "vy_mps"):
        made[name] = echoes[name] + radar.speed_sigma_mps * rng.standard_normal(n)
    made["score"] = echoes["decibel"] + rng.normal(0.0, 4.0, n)
    shuffled: RecordArray = made[rng.permutation(n)]
    return shuffled


def _real(traffic: Truth, counts: BoolArray) -> RecordArray:
    at, of = np.nonzero(counts & traffic.states.present)
    made = np.zeros(len(at), REAL)
    made["time_us"] = traffic.time_us[at]
    for name in ("x_m", "y_m", "heading_rad", "vx_mps", "vy_mps"):
        made[name] = getattr(traffic.states, name)[at, of]
    for name in ("object_id", "length_m", "width_m", "height_m", "object_class"):
        made[name] = getattr(traffic, name)[of]
    made["z_m"] = made["height_m"] / 2.0
    return made

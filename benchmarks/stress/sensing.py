"""What roadside units and probes tell of the traffic: frames without any fault.

A unit sees boxes with white noise, misses some, and adds false ones. Local ids are the objects' own
numbers from 1 (0 for what is false); most scenarios take them away (`faults.without_ids`).
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.stress.traffic import Traffic
from infra.simulator.sight import box_corners, look
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.frame import Frame, ObjectClass, SourceKind, empty_observations

START_US = 1_700_000_000_000_000
DELAY_US = 40_000
HEADING_SIGMA_RAD, SIZE_SIGMA_M = np.radians(3.0), 0.15
VISIBLE = 0.3  # share of a face that must be in view
TOPIC = {SourceKind.ROADSIDE: "raw.roadside", SourceKind.PROBE: "raw.probe"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A roadside unit.

    Parameters
    ----------
    sigma_m
        Of a position, each axis; declared as it is.
    detection, clutter
        Probability to see an object in range; false objects a frame.
    phase_s
        Of its first frame.
    height_m
        Of its sensor, if objects hide each other; None if it looks over everything.
    """

    source_id: str
    x_m: float
    y_m: float
    radius_m: float = 100.0
    rate_hz: float = 10.0
    phase_s: float = 0.0
    sigma_m: float = 0.4
    detection: float = 0.92
    clutter: float = 0.5
    height_m: float | None = None


@dataclass(frozen=True, slots=True)
class Probes:
    """A fleet of vehicles that report themselves."""

    source_id: str = "fleet"
    share: float = 0.15
    rate_hz: float = 1.0
    sigma_m: float = 1.0


def corner_units(n: int = 4) -> list[Unit]:
    """Units at the corners of the crossing, not synchronised."""
    places = ((16.0, 16.0), (-16.0, -16.0), (-16.0, 16.0), (16.0, -16.0))[:n]
    return [Unit(f"unit-{k}", *at, phase_s=0.1 * k / n) for k, at in enumerate(places)]


def _rng(source_id: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(source_id.encode())])


def frame_at(
    source_id: str,
    kind: SourceKind,
    seconds: float,
    observations: RecordArray,
    circle: tuple[float, float, float],
) -> Frame:
    """A frame `seconds` after the start, received a usual delay later."""
    event_us = START_US + round(seconds * 1e6)
    received_us = event_us + DELAY_US
    return Frame(
        source_id, kind, 0, event_us, received_us, TOPIC[kind], 0, 0, 0, *circle, observations
    )


def unit_frames(unit: Unit, traffic: Traffic, seed: int) -> list[Frame]:
    """All frames of a unit."""
    rng = _rng(unit.source_id, seed)
    seconds = np.arange(unit.phase_s, traffic.seconds, 1.0 / unit.rate_hz)
    view, site = traffic.at(seconds), np.array([unit.x_m, unit.y_m])
    circle = (unit.x_m, unit.y_m, unit.radius_m)
    made = []
    for k, second in enumerate(seconds.tolist()):
        away = view.place_m[k] - site
        near = np.hypot(*np.nan_to_num(away, nan=np.inf).T) < unit.radius_m
        if unit.height_m is not None:
            near &= _in_view(unit, traffic, view.place_m[k], view.heading_rad[k])
        seen = np.flatnonzero(near & (rng.random(len(near)) < unit.detection))
        boxes = _boxes(rng, traffic, seen, view.place_m[k], view.heading_rad[k], unit.sigma_m)
        false = _false_boxes(rng, unit)
        together = np.concatenate((boxes, false))[rng.permutation(len(boxes) + len(false))]
        together["index"] = np.arange(len(together))
        made.append(frame_at(unit.source_id, SourceKind.ROADSIDE, second, together, circle))
    return made


def _in_view(
    unit: Unit, traffic: Traffic, place_m: FloatArray, heading_rad: FloatArray
) -> BoolArray:
    there = np.flatnonzero(~np.isnan(place_m[:, 0]))
    size = traffic.size_m[there]
    corners = box_corners(*place_m[there].T, heading_rad[there], (size[:, 0], size[:, 1]))
    assert unit.height_m is not None
    sight = look((unit.x_m, unit.y_m), unit.height_m, corners, size[:, 2], np.zeros((0, 4)))
    visible = np.zeros(len(place_m), np.bool_)
    visible[there] = sight.visible > VISIBLE
    return visible


def _boxes(
    rng: np.random.Generator,
    traffic: Traffic,
    seen: IntArray,
    place_m: FloatArray,
    heading_rad: FloatArray,
    sigma_m: float,
) -> RecordArray:
    made = empty_observations(len(seen))
    made["x_m"], made["y_m"] = (place_m[seen] + rng.normal(0.0, sigma_m, (len(seen), 2))).T
    made["cov_xx_m2"] = made["cov_yy_m2"] = sigma_m**2
    made["cov_xy_m2"] = 0.0
    made["heading_rad"] = heading_rad[seen] + rng.normal(0.0, HEADING_SIGMA_RAD, len(seen))
    made["heading_sigma_rad"] = HEADING_SIGMA_RAD
    size = traffic.size_m[seen] + rng.normal(0.0, SIZE_SIGMA_M, (len(seen), 3))
    made["length_m"], made["width_m"], made["height_m"] = np.maximum(size, 0.3).T
    made["object_class"] = traffic.object_class[seen]
    made["class_confidence"] = 0.9
    made["local_id"] = seen + 1
    return made


def _false_boxes(rng: np.random.Generator, unit: Unit) -> RecordArray:
    made = empty_observations(rng.poisson(unit.clutter))
    far = unit.radius_m * np.sqrt(rng.random(len(made)))
    angle = rng.uniform(0.0, 2.0 * np.pi, len(made))
    made["x_m"], made["y_m"] = unit.x_m + far * np.cos(angle), unit.y_m + far * np.sin(angle)
    made["cov_xx_m2"] = made["cov_yy_m2"] = unit.sigma_m**2
    made["cov_xy_m2"] = 0.0
    return made


def members(probes: Probes, traffic: Traffic, seed: int) -> IntArray:
    """Numbers of the vehicles that report themselves."""
    rng = _rng(probes.source_id, seed)
    motor = np.isin(traffic.object_class, (ObjectClass.CAR, ObjectClass.TRUCK, ObjectClass.BUS))
    return np.flatnonzero(motor & (rng.random(len(motor)) < probes.share))


def probe_frames(probes: Probes, traffic: Traffic, seed: int) -> list[Frame]:
    """Frames of one report each, every vehicle at a phase of its own."""
    rng = _rng(probes.source_id + "/noise", seed)
    made = []
    for number in members(probes, traffic, seed).tolist():
        seconds = np.arange(rng.random() / probes.rate_hz, traffic.seconds, 1.0 / probes.rate_hz)
        view = traffic.at(seconds)
        for k in np.flatnonzero(~np.isnan(view.place_m[:, number, 0])).tolist():
            one = _boxes(
                rng,
                traffic,
                np.array([number]),
                view.place_m[k],
                view.heading_rad[k],
                probes.sigma_m,
            )
            one["vx_mps"], one["vy_mps"] = view.velocity_mps[k, number] + rng.normal(0.0, 0.3, 2)
            one["speed_sigma_mps"] = 0.3
            nowhere = (*one[["x_m", "y_m"]][0].tolist(), np.nan)
            kind = SourceKind.PROBE
            made.append(frame_at(probes.source_id, kind, float(seconds[k]), one, nowhere))
    return made


def all_frames(
    units: Sequence[Unit], traffic: Traffic, seed: int, probes: Probes | None = None
) -> list[Frame]:
    """Frames of all sources in the order in which they are taken."""
    frames = [frame for unit in units for frame in unit_frames(unit, traffic, seed)]
    frames += probe_frames(probes, traffic, seed) if probes is not None else []
    return sorted(frames, key=lambda frame: frame.order)

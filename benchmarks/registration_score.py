"""Scores of a run with wrong clocks and poses, and what the registration found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.registration_scene import RANGE_M, START_US, UnitModel, motor_vehicles
from benchmarks.tracker_scenario import matched
from infra.simulator.truth import Truth
from operators import tracker
from operators._typing import BoolArray, FloatArray, RecordArray
from operators.frame import Frame
from operators.parameters import Parameters
from operators.register.state import N_UNITS

EVERY_US = 500_000
RIM_M = 10.0


@dataclass
class Run:
    """Pictures and estimates of a run, one of each every half second."""

    at_us: list[int] = field(default_factory=list)
    shown: list[RecordArray] = field(default_factory=list)
    estimates: list[dict[str, FloatArray]] = field(default_factory=list)
    mixups: list[dict[str, int]] = field(default_factory=list)
    state: tracker.TrackerState = field(default_factory=tracker.empty)


def estimates_of(state: tracker.TrackerState) -> dict[str, FloatArray]:
    """Estimated errors of each registered source."""
    registry = state.registry
    names = dict(zip(state.sources["key"].tolist(), state.sources["name"].tolist(), strict=True))
    keys = registry.units["key"][: registry.counts[N_UNITS]].tolist()
    return {names[key].decode(): registry.bias[k].copy() for k, key in enumerate(keys)}


def follow(
    frames: Iterable[Frame], parameters: Parameters, offsets_m: FloatArray | None = None
) -> Run:
    """Take frames in their order, in a cell where the datums add `offsets_m` to a place."""
    run = Run()
    if offsets_m is not None:
        run.state.registry.offsets[:] = offsets_m
    next_us = START_US + EVERY_US
    for frame in frames:
        while frame.event_time_us > next_us:
            rows = tracker.rows(run.state, next_us)
            run.at_us.append(next_us)
            run.shown.append(rows[rows["confirmed"] == 1].copy())
            run.estimates.append(estimates_of(run.state))
            sources = tracker.sources_of(run.state)
            run.mixups.append(dict(zip(sources, run.state.registry.mixups.tolist(), strict=False)))
            next_us += EVERY_US
        tracker.advance(run.state, frame, parameters)
    return run


def score(
    run: Run, truth: Truth, units: list[UnitModel], from_s: float, to_s: float = 1e9
) -> dict[str, float]:
    """RMSE, ANEES, misses, false tracks and id switches where units see, between two times."""
    sites = np.array([[unit.x_m, unit.y_m] for unit in units])
    vehicles = motor_vehicles(truth)
    squares: list[FloatArray] = []
    nees: list[FloatArray] = []
    missed = false = switches = 0
    last: dict[int, int] = {}
    snapshot = truth.at(np.array(run.at_us), vehicles)
    for k, at_us in enumerate(run.at_us):
        if not from_s <= (at_us - START_US) / 1e6 < to_s:
            continue
        places = np.column_stack((snapshot.x_m[k], snapshot.y_m[k]))
        near = _inside(places, sites)
        rows = run.shown[k]
        found = np.column_stack((rows["x_m"], rows["y_m"]))
        i, j, distance = matched(places[near], found)
        squares.append(distance**2)
        nees.append(_nees(places[near][i] - found[j], rows[j]))
        missed += int(near.sum()) - len(i)
        false += int(_inside(np.delete(found, j, 0), sites).sum())
        for target, track_id in zip(
            vehicles[near][i].tolist(), rows["track_id"][j].tolist(), strict=True
        ):
            switches += last.get(target, track_id) != track_id
            last[target] = track_id
    distances = np.sqrt(np.concatenate(squares))
    total = len(distances) + missed
    return {
        "rmse_m": float(np.sqrt(np.mean(distances**2))),
        "p95_m": float(np.quantile(distances, 0.95)),
        "anees": float(np.mean(np.concatenate(nees)) / 2.0),
        "missed_pct": 100.0 * missed / total,
        "false_pct": 100.0 * false / total,
        "switches": float(switches),
    }


def _inside(places: FloatArray, sites: FloatArray) -> BoolArray:
    if not len(places):
        return np.zeros(0, np.bool_)
    with np.errstate(invalid="ignore"):
        off = np.linalg.norm(places[:, None] - sites[None], axis=2)
        return np.asarray((off < RANGE_M - RIM_M).any(1))


def _nees(off: FloatArray, rows: RecordArray) -> FloatArray:
    xx, xy, yy = (rows[name].astype(float) for name in ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2"))
    x, y = off.T
    return np.asarray((yy * x * x - 2.0 * xy * x * y + xx * y * y) / (xx * yy - xy * xy))


def errors_left(run: Run, units: list[UnitModel], at_s: float) -> FloatArray:
    """True minus estimated errors at a time, shape (units, 5)."""
    k = min(int(np.searchsorted((np.array(run.at_us) - START_US) / 1e6, at_s)), len(run.at_us) - 1)
    at = np.array([(run.at_us[k] - START_US) / 1e6])
    nothing = np.zeros(5)
    return np.array(
        [unit.errors(at)[0] - run.estimates[k].get(unit.source_id, nothing) for unit in units]
    )


def rms_left(run: Run, units: list[UnitModel], at_s: float) -> dict[str, float]:
    """RMS over the units of what is left, in ms, m, degrees and per cent."""
    rms = np.sqrt((errors_left(run, units, at_s) ** 2).mean(0))
    place = float(np.sqrt(0.5 * (rms[1] ** 2 + rms[2] ** 2)))
    return {
        "clock_ms": 1e3 * float(rms[0]),
        "place_m": place,
        "yaw_deg": float(np.degrees(rms[3])),
        "stretch_pct": 100.0 * float(rms[4]),
    }

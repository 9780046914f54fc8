"""Stress scenarios of clocks, poses and probes: S1, S3 and S13.

    python -m benchmarks.registration_faults [--only S1,S3] [--seed 1] [--out FILE]

Each row is one run of 150 s of SUMO truth: RMSE of the oracle, without and with registration, from
60 s on (after a step: from 10 s after it), what is left of each error, and how long a step took to
be found.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.registration import run_mode
from benchmarks.registration_scene import (
    START_US,
    Errors,
    ProbeModel,
    UnitModel,
    constant,
    crossings,
    drawn_units,
    stepping,
    traffic,
)
from benchmarks.registration_score import Run, errors_left, rms_left, score
from operators import tracker
from operators._typing import FloatArray

SECONDS, STEP_S = 150.0, 90.0
STRETCHED = np.array([0.0, 0.0, 0.0, 0.0, 0.01])
FOUND = np.array(
    [0.05, 0.25, 0.25, np.radians(0.25), 0.005]
)  # a step is found when so little is left


@dataclass(frozen=True)
class Fault:
    """A scenario; `step_s` if something changes then."""

    name: str
    units: Callable[[int], list[UnitModel]]
    probes: ProbeModel = field(default_factory=ProbeModel)
    step_s: float | None = None


def _with(errors: list[Errors]) -> list[UnitModel]:
    places = crossings(len(errors)).tolist()
    return [
        UnitModel(f"unit-{k}", *place, error)
        for k, (place, error) in enumerate(zip(places, errors, strict=True))
    ]


def clocks(*offsets_ms: float) -> list[UnitModel]:
    """Units with the given clock offsets and perfect poses."""
    return _with([constant(ms / 1e3, 0.0, 0.0, 0.0) for ms in offsets_ms])


def drifting(seed: int) -> list[UnitModel]:
    """Every clock drifts by 50 ppm, to either side."""
    del seed

    def drift(sign: float) -> Errors:
        return lambda at_s: np.column_stack((sign * 50e-6 * at_s, np.zeros((len(at_s), 4))))

    return _with([drift(sign) for sign in (1, -1, 1, -1, 1, -1)])


def stepped(*step: float) -> Callable[[int], list[UnitModel]]:
    """The sketch's units; the error of unit 1 (between two) steps at `STEP_S`."""

    def make(seed: int) -> list[UnitModel]:
        units = drawn_units(seed)
        before = units[1].errors
        after: Errors = lambda at_s: before(at_s) + np.array([*step, 0.0])  # noqa: E731
        units[1] = replace(units[1], errors=stepping(before, after, STEP_S))
        return units

    return make


def poses(seed: int) -> list[UnitModel]:
    """Poses as bad as S3 asks: up to 3 m and 3 deg."""
    del seed
    yaw = np.radians([0.2, 1.0, 3.0, -3.0, -1.0, 0.2])
    place = [0.5, 1.0, 2.0, 3.0, -2.0, -0.5]
    return _with([constant(0.0, t, -0.7 * t, psi) for t, psi in zip(place, yaw, strict=True)])


def shared(seed: int) -> list[UnitModel]:
    """All units are off by the same 1.5 m, 0.5 deg and 100 ms: only probes can tell."""
    del seed
    return _with([constant(0.1, 1.2, -0.9, np.radians(0.5)) for _ in range(6)])


def scaled(seed: int) -> list[UnitModel]:
    """Two units measure 1 % too far."""
    units = drawn_units(seed)
    for k in (1, 4):
        errors = units[k].errors
        units[k] = replace(units[k], errors=lambda at_s, e=errors: e(at_s) + STRETCHED)
    return units


def multipath(rng: np.random.Generator, at_s: FloatArray, places: FloatArray) -> FloatArray:
    """In a street canyon: now and then off by 5 to 30 m for 10 s, or the same place again."""
    made = places.copy()
    state, until_s, offset, held = 0, -1.0, np.zeros(2), np.zeros(2)
    for k, now_s in enumerate(at_s.tolist()):
        if now_s > until_s:
            state = int(rng.choice(3, p=[0.85, 0.1, 0.05]))
            until_s = now_s + 10.0 * (state > 0)
            bearing, size = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(5.0, 30.0)
            offset, held = size * np.array([np.cos(bearing), np.sin(bearing)]), places[k]
        made[k] = places[k] + offset if state == 1 else held if state == 2 else places[k]
    return made


FAULTS = (
    Fault("S1 clocks +-50 +-200 ms", lambda _: clocks(0, 50, -50, 200, -200, 0)),
    Fault("S1 clocks +-1000 ms", lambda _: clocks(0, 1000, 0, -1000, 0, 0)),
    Fault("S1 drift 50 ppm", drifting),
    Fault("S1 step 300 ms", stepped(0.3, 0.0, 0.0, 0.0), step_s=STEP_S),
    Fault("S3 poses to 3 m, 3 deg", poses),
    Fault("S3 knocked 1 m, 2 deg", stepped(0.0, 0.8, 0.6, np.radians(2.0)), step_s=STEP_S),
    Fault("S3 shared bias", shared),
    Fault("S3 scale 1 %", scaled),
    Fault("S13 multipath", drawn_units, ProbeModel(disturb=multipath)),
)


def found_after_s(run: Run, units: list[UnitModel], step_s: float) -> float:
    """Seconds from a step until all of unit 1's errors are known again."""
    for at_us in run.at_us:
        at_s = (at_us - START_US) / 1e6
        if at_s > step_s and (abs(errors_left(run, units, at_s)[1]) < FOUND).all():
            return at_s - step_s
    return float("inf")


def measure(fault: Fault, seed: int) -> dict[str, float | str]:
    """One row."""
    truth, units = traffic(seed, SECONDS), fault.units(seed)
    from_s = 60.0 if fault.step_s is None else fault.step_s + 10.0
    row: dict[str, float | str] = {"name": fault.name}
    for mode in ("oracle", "none", "online"):
        run, _ = run_mode(mode, units, fault.probes, truth, seed)
        scores = score(run, truth, units, from_s)
        row[mode] = scores["rmse_m"]
        if mode == "online":
            row |= {name: scores[name] for name in ("anees", "missed_pct", "false_pct", "switches")}
            row |= rms_left(run, units, 60.0)
            row |= {f"end_{k}": v for k, v in rms_left(run, units, SECONDS).items()}
            row["found_s"] = np.nan
            if fault.step_s is not None:
                row["found_s"] = found_after_s(run, units, fault.step_s)
            worst = errors_left(run, units, SECONDS)
            row["worst_clock_ms"] = 1e3 * float(np.abs(worst[:, 0]).max())
    return row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="S")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tracker.warm_up()
    rows = []
    for fault in FAULTS:
        if any(fault.name.startswith(part) for part in arguments.only.split(",")):
            row = measure(fault, arguments.seed)
            if not rows:
                print(f"{'':24}" + "".join(f"{name[:10]:>11}" for name in row if name != "name"))
            rows.append(row)
            print(
                f"{row['name']:24}"
                + "".join(f"{value:11.3f}" for name, value in row.items() if name != "name"),
                flush=True,
            )
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

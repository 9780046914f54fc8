"""What online registration is worth: oracle, none and online over three seeds.

    python -m benchmarks.registration [--seeds 1,2,3] [--seconds 150] [--out FILE]

Six asynchronous units with clock sd 150 ms, translation sd 0.5 m, yaw sd 1 deg, and 15 % probes
(`benchmarks.registration_scene`). *oracle* gets measurements without these errors; *none* gets the
usual practical fix, 0.3 m² on top of the declared variance; *online* estimates. Scored from 60 s
on, every 0.5 s, within 120 m of a unit.
"""

import argparse
import json
import time
from pathlib import Path

from benchmarks.registration_scene import (
    ProbeModel,
    UnitModel,
    drawn_units,
    in_order,
    probe_frames,
    traffic,
    unit_frames,
)
from benchmarks.registration_score import Run, follow, rms_left, score
from infra.simulator.truth import Truth
from operators import tracker
from operators.frame import Frame
from operators.parameters import Parameters

MODES = ("oracle", "none", "online")
USUAL_FIX_M2 = 0.3
SCORED_FROM_S = 60.0


def frames_of(
    mode: str, units: list[UnitModel], probes: ProbeModel, truth: Truth, seed: int
) -> list[Frame]:
    """All frames of a run in their order."""
    made = list(probe_frames(probes, truth, seed))
    for unit in units:
        extra = USUAL_FIX_M2 if mode == "none" else 0.0
        made += unit_frames(unit, truth, seed, right=mode == "oracle", declared_m2=extra)
    return in_order(made)


def parameters_of(mode: str, units: list[UnitModel]) -> Parameters:
    """Without registration every unit counts as surveyed."""
    known = ",".join(unit.source_id for unit in units)
    return Parameters() if mode == "online" else Parameters(surveyed=known)


def run_mode(
    mode: str, units: list[UnitModel], probes: ProbeModel, truth: Truth, seed: int
) -> tuple[Run, dict[str, float]]:
    """A run with its CPU cost."""
    frames = frames_of(mode, units, probes, truth, seed)
    before_s = time.process_time()
    run = follow(frames, parameters_of(mode, units))
    spent_s = time.process_time() - before_s
    observations = sum(len(frame.observations) for frame in frames)
    return run, {"observations": observations, "us_per_obs": 1e6 * spent_s / observations}


def measure(seed: int, seconds: float) -> list[dict[str, float | str]]:
    """One row for each mode."""
    truth, units = traffic(seed, seconds), drawn_units(seed)
    rows: list[dict[str, float | str]] = []
    for mode in MODES:
        run, cost = run_mode(mode, units, ProbeModel(), truth, seed)
        row: dict[str, float | str] = {"seed": float(seed), "mode": mode}
        row |= score(run, truth, units, SCORED_FROM_S) | cost
        if mode == "online":
            for at_s in (10.0, 20.0, 30.0, 60.0, seconds - 1.0):
                left = rms_left(run, units, at_s)
                row |= {f"{name}_at_{at_s:.0f}s": value for name, value in left.items()}
        rows.append(row)
    return rows


def show(rows: list[dict[str, float | str]]) -> None:
    """Print rows as a table and the estimates of each online run."""
    names = [
        "seed",
        "rmse_m",
        "p95_m",
        "anees",
        "missed_pct",
        "false_pct",
        "switches",
        "us_per_obs",
    ]
    print("mode    " + "  ".join(f"{name:>10}" for name in names))
    for row in rows:
        print(f"{row['mode']:8}" + "  ".join(f"{row[name]:10.3f}" for name in names))
    for row in rows:
        left = {k: round(float(v), 3) for k, v in row.items() if "_at_" in k}
        if left:
            print(f"seed {row['seed']:.0f} left: {left}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tracker.warm_up()
    rows = []
    for seed in arguments.seeds.split(","):
        rows += measure(int(seed), arguments.seconds)
    show(rows)
    online = [float(row["rmse_m"]) for row in rows if row["mode"] == "online"]
    print(f"online, mean over seeds: {sum(online) / len(online):.3f} m")
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""For how long errors of fused tracks last.

    python -m benchmarks.lasting [--seconds 120] [--seed 1]

A district with roadside units and probes is fused in memory, and its vehicles compared with SUMO's.
A detector of events sees changes of a position or a speed over a lag; of an error that is the same
at both ends it sees nothing. Told is, of errors divided by the sigma told with them:

* size: their root mean square, 1 if sigmas are honest;
* change: that of their changes over each lag, over the root of 2; 1 if errors last for no time.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lanes import Scene, matched, scene
from operators._typing import BoolArray, FloatArray, RecordArray

STEPS = (1, 3, 6, 7, 8, 10, 20, 40)  # lags, in ticks
TICK_US = 100_000
SETTLED_US = 2_000_000  # a younger track has not found its speed
MOVES_MPS, BRAKES_MPS2 = 3.0, 2.5

ERROR = np.dtype(
    [
        ("tick_us", "<i8"),
        ("track_id", "<u8"),
        ("object_id", "<i8"),
        ("true_mps", "<f8"),
        ("speed", "<f8"),  # errors over their sigmas
        ("east", "<f8"),
        ("sigma_mps", "<f8"),
        ("sigma_m", "<f8"),
    ]
)


class Lag(NamedTuple):
    """Change of errors over a lag."""

    lag_s: float
    speed: float
    speed_braking: float
    east: float


def errors(made: Scene) -> RecordArray:
    """Errors of fused vehicles that are seen now, dtype `ERROR`, by track, object and time."""
    found = np.concatenate(list(_errors(made)))
    return found[np.lexsort((found["tick_us"], found["object_id"], found["track_id"]))]


def _errors(made: Scene) -> Iterator[RecordArray]:
    truth = made.truth
    for tick_us, at, columns, own, x_m, objects in matched(made):
        rows = np.zeros(len(objects), ERROR)
        rows["tick_us"], rows["track_id"] = tick_us, columns["track_id"][own]
        rows["object_id"] = truth.object_id[objects]
        true_mps = np.hypot(truth.states.vx_mps[at, objects], truth.states.vy_mps[at, objects])
        told_mps = np.hypot(columns["velocity_east_mps"], columns["velocity_north_mps"])[own]
        rows["true_mps"] = true_mps
        rows["sigma_mps"] = np.sqrt(columns["velocity_variance_m2ps2"][own])
        rows["sigma_m"] = np.sqrt(columns["cov_ee_m2"][own])
        rows["speed"] = (told_mps - true_mps) / rows["sigma_mps"]
        rows["east"] = (x_m - truth.states.x_m[at, objects]) / rows["sigma_m"]
        seen = (columns["age_us"][own] < 500_000) & (truth.length_m[objects] > 3.0)
        yield rows[seen]


def changes(rows: RecordArray) -> list[Lag]:
    """What `ERROR` rows change by over each lag of `STEPS`."""
    settled = rows["tick_us"] - _first_us(rows) >= SETTLED_US
    return [_change(rows, settled, step) for step in STEPS]


def _first_us(rows: RecordArray) -> FloatArray:
    _, first, which = np.unique(rows["track_id"], return_index=True, return_inverse=True)
    since: FloatArray = np.minimum.reduceat(rows["tick_us"], first)[which]
    return since


def _change(rows: RecordArray, settled: BoolArray, step: int) -> Lag:
    before, after = rows[:-step], rows[step:]
    same = settled[:-step] & (after["tick_us"] - before["tick_us"] == step * TICK_US)
    for name in ("track_id", "object_id"):
        same &= before[name] == after[name]
    moves = same & (np.maximum(before["true_mps"], after["true_mps"]) > MOVES_MPS)
    lost = (before["true_mps"] - after["true_mps"]) / (step * TICK_US / 1e6)
    brakes = moves & (lost > BRAKES_MPS2)
    speed, east = (after[name] - before[name] for name in ("speed", "east"))
    return Lag(
        step * TICK_US / 1e6,
        *(size(change) / np.sqrt(2.0) for change in (speed[moves], speed[brakes], east[moves])),
    )


def size(values: FloatArray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(values**2))) if len(values) else np.nan


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = errors(scene(given.seconds, given.seed, maps=False))
    moving = rows[rows["true_mps"] > MOVES_MPS]
    print(
        f"{len(moving)} rows of moving vehicles; sigma {size(moving['sigma_mps']):.3f} m/s, "
        f"{size(moving['sigma_m']):.3f} m; size of errors: speed {size(moving['speed']):.2f}, "
        f"east {size(moving['east']):.2f}"
    )
    shown = Table("lag s", "speed", "speed, braking", "east", title="change of errors")
    for lag in changes(rows):
        shown.add_row(f"{lag.lag_s:.1f}", *(f"{value:.3f}" for value in lag[1:]))
    Console().print(shown)


if __name__ == "__main__":
    main()

"""What the tracker costs: CPU time an observation and a tick, by targets and frame size.

Targets are those of `benchmarks.tracker_scenario`, 200 to the square kilometre unless it is said:
a city that grows has more of the same, not denser traffic.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.tracker_scenario import SIDE_M, START_US, STEP_US, frame_of, walk
from operators import tracker
from operators._typing import FloatArray, IntArray
from operators.frame import Frame
from operators.parameters import Parameters

PER_TILE = 200  # targets in a square kilometre
STEPS, OBSERVATIONS = 25, 60_000  # of a run; of all runs of one figure
SIGMA_M, DETECTION, CLUTTER = 0.5, 0.95, 10.0  # clutter: a frame of one tile


class Ticks(NamedTuple):
    """CPU of whole frames."""

    median_ms: float
    p99_ms: float


def tile(n_targets: int, steps: int, per_tile: int = PER_TILE) -> FloatArray:
    """Places of shape (steps, n_targets, 2) at a constant density."""
    rng = np.random.default_rng(n_targets)
    return walk(rng, n_targets, steps, 0.1, SIDE_M * float(np.sqrt(n_targets / per_tile)))


def whole(truth: FloatArray, per_tile: int = PER_TILE) -> Iterator[Frame]:
    """One frame of all targets a step, with misses and false observations."""
    rng = np.random.default_rng([truth.shape[1], 2])
    n = truth.shape[1]
    side_m = SIDE_M * float(np.sqrt(n / per_tile))
    for k, places in enumerate(truth):
        hits = places[rng.random(n) < DETECTION]
        hits = hits + rng.normal(0.0, SIGMA_M, hits.shape)
        false = rng.uniform(0.0, side_m, (rng.poisson(CLUTTER * n / per_tile), 2))
        mixed = np.concatenate((hits, false))
        event_us = START_US + k * STEP_US
        yield frame_of(mixed[rng.permutation(len(mixed))], event_us, "unit", 2.0 * side_m)


def dealt(truth: FloatArray, size: int, units: int) -> Iterator[Frame]:
    """Small frames of neighbours, dealt to units in turn; what is near is in one frame."""
    rng = np.random.default_rng([truth.shape[1], 3])
    for k, places in enumerate(truth):
        parts = _neighbours(places, size)
        for s, part in enumerate(parts):
            event_us = START_US + k * STEP_US + s * STEP_US // len(parts)
            seen = places[part] + rng.normal(0.0, SIGMA_M, (len(part), 2))
            yield frame_of(seen, event_us, f"unit-{s % units}", np.nan)


def _neighbours(places: FloatArray, size: int) -> list[IntArray]:
    """Groups of at most `size`, about as wide as they are high."""
    groups = []
    columns = max(1, round(np.sqrt(len(places) / size)))
    for column in np.array_split(np.argsort(places[:, 0], kind="stable"), columns):
        upward = column[np.argsort(places[column, 1], kind="stable")]
        groups += np.split(upward, np.arange(size, len(upward), size))
    return groups


def cost_us(frames: Iterable[Frame], warm_us: int = 1_000_000) -> tuple[float, int]:
    """Microseconds of CPU for all observations but those of the first second, and their number."""
    state, parameters = tracker.empty(), Parameters()
    ready = list(frames)
    early = sum(frame.event_time_us < START_US + warm_us for frame in ready)
    for frame in ready[:early]:
        tracker.advance(state, frame, parameters)
    before_s = time.process_time()
    for frame in ready[early:]:
        tracker.advance(state, frame, parameters)
    spent_s = time.process_time() - before_s
    return spent_s * 1e6, sum(len(frame.observations) for frame in ready[early:])


def cost_at(n_targets: int, framed: Callable[[FloatArray], Iterable[Frame]]) -> float:
    """Microseconds for an observation among so many targets, all runs as long as each other.

    Young tracks cost more than old ones; runs with few targets are repeated until they have as
    many observations as those with many.
    """
    truth = tile(n_targets, STEPS)
    runs = [cost_us(framed(truth)) for _ in range(max(1, OBSERVATIONS // (n_targets * STEPS)))]
    return sum(spent for spent, _ in runs) / sum(number for _, number in runs)


def ticks(n_targets: int, steps: int) -> Ticks:
    """CPU of a tick of a hot tile, all targets on one square kilometre: a frame, and its rows."""
    state, parameters, spent_ms = tracker.empty(), Parameters(), []
    for frame in list(whole(tile(n_targets, steps, n_targets), n_targets)):
        before_s = time.process_time()
        tracker.advance(state, frame, parameters)
        tracker.rows(state, frame.event_time_us)
        spent_ms.append((time.process_time() - before_s) * 1e3)
    settled = spent_ms[steps // 5 :]
    return Ticks(float(np.median(settled)), float(np.quantile(settled, 0.99)))

"""How fast and how right the tracker is: obs/s by targets and frame size, GOSPA, id switches.

    python -m benchmarks.tracker_scenario [--seconds 60] [--speed-only]

Near-constant-velocity targets cross 1 km x 1 km; Pd 0.95, 10 false observations a frame, sigma
0.5 m, 10 Hz, one source that sees all. GOSPA (Rahmathullah, Garcia-Fernandez, Svensson, 2017) with
c = 5 m, p = 2, from 5 s on; switches by the rule of CLEAR MOT, within the same cut-off. Times are
CPU seconds of the whole call, Python included.
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from operators import tracker
from operators._typing import BoolArray, FloatArray, IntArray
from operators.frame import Frame, SourceKind, empty_observations
from operators.parameters import Parameters

STEP_US = 100_000
SIDE_M = 1000.0
START_US = 1_700_000_000_000_000
CUTOFF_M = 5.0


class Scene(NamedTuple):
    """Truth of shape (frames, targets, 2), and what was observed in each frame."""

    truth: FloatArray
    seen: list[FloatArray]


class Score(NamedTuple):
    gospa: float
    rmse_m: float
    missed: float
    false: float
    switches: int


def walk(
    rng: np.random.Generator, n_targets: int, n_frames: int, noise: float, side_m: float
) -> FloatArray:
    """Positions of targets that are inside the square at half time."""
    dt = STEP_US / 1e6
    speed, course = rng.uniform(3.0, 12.0, n_targets), rng.uniform(0.0, 2.0 * np.pi, n_targets)
    pushes = rng.normal(0.0, np.sqrt(noise / dt), (n_frames, n_targets, 2))
    velocity = np.stack((speed * np.cos(course), speed * np.sin(course)), -1)
    velocities = velocity + np.cumsum(pushes, 0) * dt - pushes[0] * dt
    steps = velocities * dt + 0.5 * pushes * dt * dt
    path = np.cumsum(steps, 0) - steps[0]
    start: FloatArray = rng.uniform(0.0, side_m, (n_targets, 2)) - path[n_frames // 2]
    moved: FloatArray = path + start
    return moved


def make_scene(
    n_targets: int, seconds: float, seed: int = 0, noise: float = 0.1, clutter: float = 10.0
) -> Scene:
    rng = np.random.default_rng(seed)
    truth = walk(rng, n_targets, round(seconds * 1e6 / STEP_US), noise, SIDE_M)
    seen = []
    for positions in truth:
        hits = positions[rng.random(n_targets) < 0.95]
        false = rng.uniform(0.0, SIDE_M, (rng.poisson(clutter), 2))
        mixed = np.vstack((hits + rng.normal(0.0, 0.5, hits.shape), false))
        seen.append(mixed[rng.permutation(len(mixed))])
    return Scene(truth, seen)


def frame_of(
    positions: FloatArray, event_us: int, source: str = "unit-1", radius_m: float = 2000.0
) -> Frame:
    """A roadside unit's frame at the middle of the square."""
    made = empty_observations(len(positions))
    made["index"] = np.arange(len(positions))
    made["x_m"], made["y_m"] = positions[:, 0], positions[:, 1]
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.25
    made["cov_xy_m2"] = 0.0
    middle = SIDE_M / 2.0
    return Frame(
        source,
        SourceKind.ROADSIDE,
        0,
        event_us,
        event_us,
        "",
        0,
        0,
        0,
        middle,
        middle,
        radius_m,
        made,
    )


def matched(truth: FloatArray, found: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of the best assignment that are closer than the cut-off, and their distances."""
    distance = np.linalg.norm(truth[:, None] - found[None], axis=2)
    i, j = linear_sum_assignment(np.minimum(distance, CUTOFF_M) ** 2)
    near: BoolArray = distance[i, j] < CUTOFF_M
    return i[near], j[near], distance[i, j][near]


def score(truth: FloatArray, pictures: list[tuple[IntArray, FloatArray]], first: int) -> Score:
    gospa, squares, missed, false, switches = [], [], 0, 0, 0
    last: dict[int, int] = {}
    for k in range(first, len(pictures)):
        ids, found = pictures[k]
        i, j, distance = matched(truth[k], found)
        lost, extra = len(truth[k]) - len(i), len(found) - len(j)
        gospa.append(np.sqrt(np.sum(distance**2) + CUTOFF_M**2 / 2.0 * (lost + extra)))
        squares.append(np.mean(distance**2))
        missed, false = missed + lost, false + extra
        switches += _switched(truth[k], ids, found, last)
    n = len(pictures) - first
    return Score(
        float(np.mean(gospa)), float(np.sqrt(np.mean(squares))), missed / n, false / n, switches
    )


def _switched(truth: FloatArray, ids: IntArray, found: FloatArray, last: dict[int, int]) -> int:
    """Targets that got another id; `last` holds the id of each target and is brought up to date.

    As CLEAR MOT does it, a pair goes on while it is within the cut-off, so two that meet at one
    place are no switch, and two that leave it with each other's ids are one.
    """
    free_target, free_track = np.ones(len(truth), bool), np.ones(len(ids), bool)
    at = {track_id: j for j, track_id in enumerate(ids.tolist())}
    for target, track_id in last.items():
        j = at.get(track_id)
        if j is None or not free_track[j]:
            continue
        if np.linalg.norm(truth[target] - found[j]) < CUTOFF_M:
            free_target[target] = free_track[j] = False
    targets, tracks = np.flatnonzero(free_target), np.flatnonzero(free_track)
    i, j, _ = matched(truth[targets], found[tracks])
    switches = 0
    for target, track_id in zip(targets[i].tolist(), ids[tracks[j]].tolist(), strict=True):
        switches += last.get(target, track_id) != track_id
        last[target] = track_id
    return switches


def run(scene: Scene) -> tuple[float, Score]:
    """Observations a CPU second, and the score."""
    state, parameters = tracker.empty(), Parameters()
    pictures, spent_s, n = [], 0.0, 0
    for k, positions in enumerate(scene.seen):
        frame = frame_of(positions, START_US + k * STEP_US)
        before_s = time.process_time()
        tracker.advance(state, frame, parameters)
        spent_s += time.process_time() - before_s
        n += len(positions)
        shown = tracker.rows(state, frame.event_time_us)
        shown = shown[shown["confirmed"] == 1]
        pictures.append((shown["track_id"].copy(), np.column_stack((shown["x_m"], shown["y_m"]))))
    return n / spent_s, score(scene.truth, pictures, min(50, len(pictures) // 2))


def split_frames(truth: FloatArray, size: int, rng: np.random.Generator) -> Iterator[Frame]:
    """Small asynchronous frames: each step's targets, sorted by place, dealt to many sources."""
    for k, positions in enumerate(truth):
        order = np.argsort(positions[:, 0], kind="stable")
        parts = [order[at : at + size] for at in range(0, len(order), size)]
        for s, part in enumerate(parts):
            event_us = START_US + k * STEP_US + s * STEP_US // len(parts)
            noisy = positions[part] + rng.normal(0.0, 0.5, (len(part), 2))
            yield frame_of(noisy, event_us, f"unit-{s % 60}", np.nan)


def speed(frames: Iterable[Frame]) -> float:
    """Microseconds of CPU for an observation, after a second of warming."""
    state, parameters = tracker.empty(), Parameters()
    ready = list(frames)
    early = sum(frame.event_time_us < START_US + 1_000_000 for frame in ready)
    for frame in ready[:early]:
        tracker.advance(state, frame, parameters)
    before_s = time.process_time()
    for frame in ready[early:]:
        tracker.advance(state, frame, parameters)
    spent_s = time.process_time() - before_s
    return spent_s / sum(len(frame.observations) for frame in ready[early:]) * 1e6


def report_scores(seconds: float) -> None:
    print("targets  obs/s     GOSPA   rmse_m  missed  false  switches")
    for n_targets in (50, 200, 800):
        rate, result = run(make_scene(n_targets, seconds))
        print(
            f"{n_targets:7d}  {rate:8.0f}  {result.gospa:6.3f}  {result.rmse_m:6.3f}"
            f"  {result.missed:6.2f}  {result.false:5.2f}  {result.switches:8d}"
        )


def report_speed() -> None:
    print("targets  frame  us/obs  obs/s")
    for n_targets, size in (
        (50, 1),
        (200, 1),
        (200, 10),
        (200, 16),
        (200, 50),
        (200, 200),
        (800, 10),
        (800, 16),
        (5000, 1),
        (5000, 10),
        (5000, 16),
        (5000, 50),
        (5000, 200),
    ):
        rng = np.random.default_rng(1)
        steps = max(13, 6000 // n_targets) if n_targets < 5000 else 13
        truth = walk(rng, n_targets, steps, 0.1, SIDE_M if n_targets < 5000 else 2.0 * SIDE_M)
        cost_us = speed(split_frames(truth, size, rng))
        print(f"{n_targets:7d}  {size:5d}  {cost_us:6.2f}  {1e6 / cost_us:8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--speed-only", action="store_true")
    arguments = parser.parse_args()
    began_s = time.perf_counter()
    tracker.warm_up()
    print(f"warm-up {time.perf_counter() - began_s:.2f} s")
    report_speed()
    if arguments.speed_only:
        return
    report_scores(arguments.seconds)


if __name__ == "__main__":
    main()

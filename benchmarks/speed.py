"""The tracker beside Stone Soup and the numpy sketch on one scene: speed, GOSPA, growth.

    python -m benchmarks.speed [--frames 40] [--out FILE]

One core, CPU seconds, one process: only the ratios say something about another machine. The scene
is `benchmarks.tracker_scenario`'s: 200 targets on a square kilometre, 10 Hz, detection 0.95, 10
false observations a frame, sigma 0.5 m. Stone Soup is its multi-target tracker with a KD-tree and
assignment in two dimensions (extra `bench`); the sketch is the vectorised numpy/scipy filter in
`../shared/reference/sketches/own.py`, if it is there. Frames of the first half only warm up.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.cost import Ticks, cost_at, dealt, ticks, whole
from benchmarks.machine import description
from benchmarks.tracker_scenario import START_US, STEP_US, Scene, Score, frame_of, make_scene, score
from operators import tracker
from operators._typing import FloatArray, IntArray
from operators.parameters import Parameters

SKETCH = Path(__file__).parents[2] / "shared" / "reference" / "sketches" / "own.py"
SEED, TARGETS, SECONDS = 0, 200, 60.0
SIGMA_M, NOISE_M2PS3 = 0.5, 0.1
GROWTH = (50, 200, 800, 5000)  # targets
SMALL = 10

Picture = tuple[IntArray, FloatArray]
NOTHING: Picture = np.empty(0, np.int64), np.empty((0, 2))
Shown = Callable[[list[FloatArray]], Iterator[Picture]]


class Ran(NamedTuple):
    """CPU of an observation in the second half of the frames, and the score there."""

    us_per_observation: float
    frames: int
    score: Score


class Target(NamedTuple):
    """A figure of the issue beside what was measured; `at_least` or else at most."""

    what: str
    measured: float
    bound: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the bound is kept; what was not measured keeps none."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def ours(seen: list[FloatArray]) -> Iterator[Picture]:
    """The station's tracker; whole frames of one unit."""
    state, parameters = tracker.empty(), Parameters()
    frames = [frame_of(places, START_US + k * STEP_US) for k, places in enumerate(seen)]
    yield NOTHING
    for frame in frames:
        tracker.advance(state, frame, parameters)
        rows = tracker.rows(state, frame.event_time_us)
        shown = rows["confirmed"] == 1
        yield rows["track_id"][shown], np.column_stack((rows["x_m"][shown], rows["y_m"][shown]))


def sketch(seen: list[FloatArray]) -> Iterator[Picture]:
    """The numpy sketch."""
    spec = importlib.util.spec_from_file_location("sketch_own", SKETCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    filtered = module.OwnGNN()
    yield NOTHING
    for places in seen:
        yield filtered.step(places)


def stone_soup(seen: list[FloatArray]) -> Iterator[Picture]:
    """Stone Soup: Kalman filters, KD-tree, global nearest neighbour by assignment.

    Associates within 4 sigma and 40 m among 4 neighbours; a track begins with 3 observations and
    ends after 8 frames without one (2 before it has begun).
    """
    from stonesoup.types.detection import Detection

    tracks, model = _stone_soup_tracker()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    times = [began + timedelta(microseconds=k * STEP_US) for k in range(len(seen))]
    detections = [
        (
            at,
            {Detection(one.reshape(2, 1), timestamp=at, measurement_model=model) for one in places},
        )
        for at, places in zip(times, seen, strict=True)
    ]
    yield NOTHING
    for _, shown in tracks(iter(detections)):
        ids = np.array([hash(one.id) for one in shown], np.int64)
        means = [np.asarray(one.state_vector, float)[[0, 2], 0] for one in shown]
        yield ids, np.array(means).reshape(-1, 2)


def _stone_soup_tracker() -> tuple[Callable[[Any], Any], Any]:
    """A tracker for a detector, and its model of measurement."""
    from stonesoup.dataassociator.tree import DetectionKDTreeGNN2D
    from stonesoup.deleter.time import UpdateTimeStepsDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.initiator.simple import MultiMeasurementInitiator
    from stonesoup.measures import Mahalanobis
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.transition.linear import (
        CombinedLinearGaussianTransitionModel,
        ConstantVelocity,
    )
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.tracker.simple import MultiTargetTracker
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    motion = CombinedLinearGaussianTransitionModel([ConstantVelocity(NOISE_M2PS3)] * 2)
    model = LinearGaussian(4, (0, 2), np.eye(2) * SIGMA_M**2)
    predictor, updater = KalmanPredictor(motion), KalmanUpdater(model)
    near = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=4.0)

    def associator() -> Any:
        return DetectionKDTreeGNN2D(
            near, predictor, updater, number_of_neighbours=4, max_distance=40.0
        )

    prior = GaussianState([[0], [0], [0], [0]], np.diag([0, 100, 0, 100]))
    initiator = MultiMeasurementInitiator(
        prior, UpdateTimeStepsDeleter(2), associator(), updater, model, min_points=3
    )

    def tracks(detector: Any) -> Any:
        return MultiTargetTracker(
            initiator=initiator,
            deleter=UpdateTimeStepsDeleter(8),
            detector=detector,
            data_associator=associator(),
            updater=updater,
        )

    return tracks, model


def ran(shown: Shown, scene: Scene, frames: int, first: int | None = None) -> Ran:
    """Run one tracker on the first frames of a scene; `first` is where the counting begins."""
    begin = frames // 2 if first is None else first
    seen, pictures, spent_s = scene.seen[:frames], [], 0.0
    pictures_of = shown(seen)
    next(pictures_of)  # the tracker's own input objects are made before the clock runs
    for k in range(frames):
        before_s = time.process_time()
        pictures.append(next(pictures_of))
        spent_s += (time.process_time() - before_s) * (k >= begin)
    counted = sum(len(places) for places in seen[begin:])
    return Ran(spent_s / counted * 1e6, frames, score(scene.truth, pictures, begin))


def growth() -> dict[int, float]:
    """Microseconds an observation in whole frames, by targets at constant density."""
    return {n: cost_at(n, whole) for n in GROWTH}


def targets(
    runs: dict[str, Ran], long: Ran, grown: dict[int, float], hot: Ticks, small_us: float
) -> list[Target]:
    """The figures of the issue."""
    core = runs["station"].us_per_observation
    steps = list(grown.values())
    made = [
        Target("times Stone Soup", runs["Stone Soup"].us_per_observation / core, 1000.0, True),
        Target("worst step of cost as targets grow", _worst_step(steps), 1.05),
        Target("p99 of a tick at 800 targets, ms", hot.p99_ms, 2.0),
        Target(f"us an observation in frames of {SMALL}", small_us, 5.0),
        Target("GOSPA of 60 s", long.score.gospa, 4.376),
        Target("switches in 60 s", long.score.switches, 0.0),
    ]
    if "sketch" in runs:
        faster = runs["sketch"].us_per_observation / core
        # 600 k observations a second where the sketch makes 190 k
        made.insert(1, Target("times the numpy sketch", faster, 600.0 / 190.0, True))
    return made


def _worst_step(costs: list[float]) -> float:
    return max(after / before for before, after in pairwise(costs))


def show(runs: dict[str, Ran], grown: dict[int, float], judged: list[Target]) -> None:
    """Print the tables."""
    console = Console(width=110)
    peers = Table(title=f"{TARGETS} targets, whole frames, second half of the frames")
    for name in ("tracker", "frames", "us/obs", "obs/s", "ratio", "GOSPA", "missed", "false"):
        peers.add_column(name, justify="right")
    core = runs["station"].us_per_observation
    for name, run in runs.items():
        cost = run.us_per_observation
        numbers = (f"{cost:.2f}", f"{1e6 / cost:,.0f}", f"{cost / core:.1f}")
        found = (f"{run.score.gospa:.3f}", f"{run.score.missed:.2f}", f"{run.score.false:.2f}")
        peers.add_row(name, str(run.frames), *numbers, *found)
    console.print(peers)
    print("growth, us/obs:", ", ".join(f"{n}: {cost:.2f}" for n, cost in grown.items()))
    if "sketch" not in runs:
        print(f"no numpy sketch at {SKETCH}")
    figures = Table(title="figures to reach")
    for name in ("figure", "measured", "to reach", ""):
        figures.add_column(name, justify="right")
    for one in judged:
        sign = ">=" if one.at_least else "<="
        verdict = "reached" if one.reached else "[red]not reached"
        figures.add_row(one.what, f"{one.measured:.3f}", f"{sign} {one.bound:.3f}", verdict)
    console.print(figures)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--frames", type=int, default=40, help="for all; Stone Soup bounds it")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    peers: dict[str, Shown] = {"station": ours, "Stone Soup": stone_soup}
    if SKETCH.exists():
        peers["sketch"] = sketch
    scene = make_scene(TARGETS, SECONDS, SEED)
    runs = {}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("compiling", total=len(peers) + 4)
        tracker.warm_up()
        for name, shown in peers.items():
            progress.update(task, description=name)
            runs[name] = ran(shown, scene, options.frames)
            progress.advance(task)
        progress.update(task, description="60 s")
        long = ran(ours, scene, len(scene.seen), 50)
        progress.update(task, description="growth", advance=1)
        grown = growth()
        progress.update(task, description="ticks", advance=1)
        hot = ticks(800, 200)
        progress.update(task, description="small frames", advance=1)
        small_us = cost_at(TARGETS, lambda truth: dealt(truth, SMALL, 60))
        progress.advance(task)
    judged = targets(runs, long, grown, hot, small_us)
    show(runs, grown, judged)
    if options.out:
        figures = [one._asdict() | {"reached": one.reached} for one in judged]
        each = {
            name: run._asdict() | {"score": run.score._asdict()}
            for name, run in {**runs, "station, 60 s": long}.items()
        }
        made = {"machine": description(), "targets": figures, "runs": each}
        made |= {"growth_us": {str(n): cost for n, cost in grown.items()}, "tick": hot._asdict()}
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(made)))


if __name__ == "__main__":
    main()

"""The common scene: four units and a fleet of probes at a crossing; and what a scenario gives."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from benchmarks.metrics.boxes import Boxes
from benchmarks.stress.faults import Frames, without_ids
from benchmarks.stress.fusing import Fused, fuse, instants, truth_at
from benchmarks.stress.score import Demand, Score, chosen, score
from benchmarks.stress.sensing import START_US, Probes, all_frames, corner_units
from benchmarks.stress.traffic import Traffic, crossing
from operators._typing import FloatArray, IntArray

SEED = 1
SECONDS, FROM_S = 70.0, 30.0  # what is estimated of a source has 30 s to settle


class Case(NamedTuple):
    """One fault, the run with it and the one without, what is demanded and what was said."""

    fault: str
    on: Score | None
    off: Score | None
    demands: tuple[Demand, ...]
    diagnosis: str = ""


Scenario = Callable[[], Iterator[Case]]


@lru_cache(maxsize=1)
def town() -> Traffic:
    """Traffic of the common scene."""
    return crossing(SECONDS, SEED)


@lru_cache(maxsize=1)
def named_frames() -> Frames:
    """Frames of all sources with the ids that they give."""
    return all_frames(corner_units(), town(), SEED, Probes())


@lru_cache(maxsize=1)
def frames() -> Frames:
    """The same without ids of the units."""
    return without_ids(named_frames())


def scored(
    changed: Frames, from_s: float = FROM_S, datums_m: FloatArray | None = None
) -> tuple[Score, Fused]:
    """Fuse frames of the common scene and score them from a second on."""
    times_us = instants(from_s, SECONDS)
    fused = fuse(changed, times_us, datums_m=datums_m)
    return score(truth_at(town(), times_us), fused.tracks, len(times_us)), fused


def scored_from(tracks: Boxes, times_us: IntArray, from_s: float) -> Score:
    """Score what was shown of the common scene from a second on."""
    first = int(np.searchsorted(times_us, START_US + round(from_s * 1e6)))
    late = chosen(tracks, tracks.frame >= first)
    truth = truth_at(town(), times_us[first:])
    return score(truth, replace(late, frame=late.frame - first), len(times_us) - first)


@lru_cache(maxsize=1)
def oracle() -> Score:
    """The common scene without a fault."""
    return scored(frames())[0]


def angle_deg(one: float, other: float) -> float:
    """Absolute difference of two angles, degrees."""
    return float(abs((one - other + 180.0) % 360.0 - 180.0))


def after_start_s(event_s: float) -> float:
    """Seconds after the start of an instant in UTC seconds."""
    return event_s - START_US / 1e6


def rms(values: list[float]) -> float:
    """Root mean square; NaN if one is not known."""
    squares: FloatArray = np.square(values)
    return float(np.sqrt(np.mean(squares)))

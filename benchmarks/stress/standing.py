"""S4, S5, S15: a bus's shadow, a queue at red, manoeuvres."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.manoeuvres import measure
from benchmarks.metrics.boxes import Boxes, closeness, pairs
from benchmarks.metrics.clear import Scene
from benchmarks.stress.base import SEED, Case
from benchmarks.stress.faults import Frames, without_ids
from benchmarks.stress.fusing import fuse, instants, truth_at
from benchmarks.stress.scenes import bus_shadow, queue
from benchmarks.stress.score import Score, at_least, at_most, chosen, honest, score, within
from benchmarks.stress.sensing import Unit, all_frames
from operators._typing import BoolArray, FloatArray, IntArray

SHADOW_S, STANDING_S, MOVING_S = 50.0, 60.0, 20.0
NEAR_SIDE = Unit("near", 0.0, -12.0, 60.0, height_m=2.5, clutter=0.2)
FAR_SIDE = Unit("far", 0.0, 18.0, 60.0, phase_s=0.05, height_m=7.0, clutter=0.2)
COASTING_S = 0.3  # unseen for longer than any frame's distance
SEEN_S = 0.5  # what a unit saw so lately cannot be missing


def s4_shadow() -> Iterator[Case]:
    """A bus hides cars for 3 to 8 s; with a unit that looks from the other side, and without."""
    for fault, units in (("one unit", [NEAR_SIDE]), ("second unit", [NEAR_SIDE, FAR_SIDE])):
        on, off = _shadow(units), _shadow([replace(unit, height_m=None) for unit in units])
        demands = (
            at_most("switches", on.whole.switches, 0.0),
            at_most("missed though seen", on.missed_of_seen, 0.02),
            honest(on.whole),
            honest(on.whole)._replace(what="ANEES coasting", measured=on.coasting_anees),
        )
        if len(units) > 1:  # nobody coasts there
            demands = demands[:3]
        said = f"ids kept by lane: {on.kept}; rows coasting: {on.coasting_rows}"
        yield Case(f"shadow of 3-8 s, {fault}", on.whole, off.whole, demands, said)


class Shadowed(NamedTuple):
    """Scores of all tracks, of the truth that somebody saw lately, and of tracks that coast."""

    whole: Score
    missed_of_seen: float
    coasting_anees: float
    coasting_rows: int
    kept: str


def _here(places_m: FloatArray) -> BoolArray:
    """The road before, in and behind the shadow, where both units look."""
    inside: BoolArray = np.abs(places_m[:, 0]) < 40.0
    return inside


def _shadow(units: list[Unit]) -> Shadowed:
    traffic = bus_shadow(SHADOW_S)
    times_us = instants(3.0, SHADOW_S)
    n = len(times_us)
    named = all_frames(units, traffic, SEED)
    fused = fuse(without_ids(named), times_us)
    truth = truth_at(traffic, times_us)
    coasting = chosen(fused.tracks, fused.unseen_s > COASTING_S)
    lately = chosen(truth, _seen_lately(named, truth, times_us))
    return Shadowed(
        score(truth, fused.tracks, n, _here),
        score(lately, fused.tracks, n, _here).missed,
        score(truth, coasting, n, _here).anees,
        len(within(coasting, _here)),
        _kept(within(truth, _here), within(fused.tracks, _here)),
    )


def _seen_lately(named: Frames, truth: Boxes, times_us: IntArray) -> BoolArray:
    """Whether a unit saw each box of the truth within the last `SEEN_S`."""
    seen_us: dict[int, list[int]] = {}
    for frame in named:
        for name in frame.observations["local_id"].tolist():
            seen_us.setdefault(name - 1, []).append(frame.event_time_us)
    last = np.zeros(len(truth), np.int64)
    for number, at_us in seen_us.items():
        rows = np.flatnonzero(truth.identity == number)
        before = np.searchsorted(at_us, times_us[truth.frame[rows]], "right") - 1
        last[rows] = np.where(before >= 0, np.array(at_us)[before], 0)
    return times_us[truth.frame] - last <= SEEN_S * 1e6


def _kept(truth: Boxes, tracks: Boxes) -> str:
    """Of each lane: cars that had one track only, of those that drove out of the shadow."""
    clear = Scene(truth, tracks, pairs(truth, tracks, closeness).at_least(0.5)).clear()
    lanes: dict[float, list[bool]] = {}
    for number in np.unique(truth.identity).tolist():
        rows = truth.identity == number
        x_m, y_m = truth.centre_m[rows, :2].T
        if x_m.max() > 20.0 and x_m.min() < -20.0:
            of_it = truth.identity[clear.truth_row] == number
            one = len(np.unique(tracks.identity[clear.track_row[of_it]])) == 1
            lanes.setdefault(float(y_m[0]), []).append(one)
    return ", ".join(f"{sum(each)}/{len(each)}" for _, each in sorted(lanes.items()))


def s5_queue() -> Iterator[Case]:
    """A hundred cars 2 m behind each other stand for a minute, then start one by one."""
    off, _ = _queue(0.2)
    for sigma_m in (0.5, 1.0):
        on, still = _queue(sigma_m)
        demands = (
            at_most("switches per 100 vehicles", 100.0 * on.switches / on.objects, 1.0),
            at_most("merged (missed)", still.missed, 0.01),
            at_most("speed while standing m/s", still.velocity_mps, 0.3),
            honest(on),
        )
        yield Case(f"sigma {sigma_m} m", on, off, demands)


def queue_units(sigma_m: float) -> list[Unit]:
    """Two units beside the queue."""
    places = ((-40.0, 22.0), (40.0, 22.0))
    return [
        Unit(f"unit-{k}", *at, 130.0, phase_s=0.05 * k, sigma_m=sigma_m)
        for k, at in enumerate(places)
    ]


def _queue(sigma_m: float) -> tuple[Score, Score]:
    """Score of the whole, and of the last half minute at red."""
    traffic = queue(STANDING_S, MOVING_S)
    units = queue_units(sigma_m)
    times_us = instants(5.0, STANDING_S + MOVING_S)
    fused = fuse(without_ids(all_frames(units, traffic, SEED)), times_us)
    truth = truth_at(traffic, times_us)
    standing = instants(STANDING_S / 2.0, STANDING_S)
    first = int(np.searchsorted(times_us, standing[0]))
    last = first + int((times_us[first:] < standing[-1]).sum())
    return (
        score(truth, fused.tracks, len(times_us)),
        score(_between(truth, first, last), _between(fused.tracks, first, last), last - first),
    )


def _between(boxes: Boxes, first: int, last: int) -> Boxes:
    kept: IntArray = boxes.frame
    some = chosen(boxes, (kept >= first) & (kept < last))
    return replace(some, frame=some.frame - first)


def s15_manoeuvres() -> Iterator[Case]:
    """Several models of motion beside one of constant velocity, which is the oracle here."""
    for name, row in measure(12).items():
        if name != "steady":
            demands = (at_least("RMSE gained on CV", row["gain"], 0.2),)
            said = f"{row['imm_m']:.3f} m, CV {row['cv_m']:.3f} m"
            yield Case(name, None, None, demands, said)

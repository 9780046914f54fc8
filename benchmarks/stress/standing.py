"""S4, S5, S15: a bus's shadow, a queue at red, manoeuvres."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.manoeuvres import measure
from benchmarks.metrics.boxes import Boxes
from benchmarks.stress.base import SEED, Case
from benchmarks.stress.faults import without_ids
from benchmarks.stress.fusing import fuse, instants, truth_at
from benchmarks.stress.scenes import bus_shadow, queue
from benchmarks.stress.score import Score, at_least, at_most, chosen, honest, score
from benchmarks.stress.sensing import Unit, all_frames
from operators._typing import BoolArray, FloatArray, IntArray

SHADOW_S, STANDING_S, MOVING_S = 50.0, 60.0, 20.0
NEAR_SIDE = Unit("near", 0.0, -12.0, 60.0, height_m=2.5, clutter=0.2)
FAR_SIDE = Unit("far", 0.0, 18.0, 60.0, phase_s=0.05, height_m=2.5, clutter=0.2)
COASTING_S = 0.3  # unseen for longer than any frame's distance


def s4_shadow() -> Iterator[Case]:
    """A bus hides cars for 3.3, 5.1 and 7.9 s; with a unit on the other side, and without."""
    for fault, units in (("one unit", [NEAR_SIDE]), ("second unit", [NEAR_SIDE, FAR_SIDE])):
        clear = [replace(unit, height_m=None) for unit in units]
        (on, hidden), (off, _) = _shadow(units), _shadow(clear)
        coasted = np.nan if hidden is None else hidden.anees
        demands = (
            at_most("switches", on.switches, 0.0),
            at_most("missed beyond oracle", on.missed - off.missed, 0.01),
            honest(on),
        )
        if len(units) == 1:  # nobody sees what is hidden: it may be missing, its id may not change
            demands = (demands[0], honest(on)._replace(what="ANEES coasting", measured=coasted))
        yield Case(f"shadow of 3-8 s, {fault}", on, off, demands)


def _here(places_m: FloatArray) -> BoolArray:
    """The road before, in and behind the shadow, where both units look."""
    inside: BoolArray = np.abs(places_m[:, 0]) < 40.0
    return inside


def _shadow(units: list[Unit]) -> tuple[Score, Score | None]:
    """Score of all tracks, and of those that are not seen at the instant."""
    traffic = bus_shadow(SHADOW_S)
    times_us = instants(3.0, SHADOW_S)
    fused = fuse(without_ids(all_frames(units, traffic, SEED)), times_us)
    truth = truth_at(traffic, times_us)
    coasting = chosen(fused.tracks, fused.unseen_s > COASTING_S)
    whole = score(truth, fused.tracks, len(times_us), _here)
    return whole, score(truth, coasting, len(times_us), _here) if len(coasting) else None


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


def _queue(sigma_m: float) -> tuple[Score, Score]:
    """Score of the whole, and of the last half minute at red."""
    traffic = queue(STANDING_S, MOVING_S)
    places = ((-40.0, 22.0), (40.0, 22.0))
    units = [
        Unit(f"unit-{k}", *at, 130.0, phase_s=0.05 * k, sigma_m=sigma_m)
        for k, at in enumerate(places)
    ]
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

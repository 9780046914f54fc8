"""S6, S7, S8, S10, S12: repeats, ids, losses, correlated inputs, false covariances."""

from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np

from benchmarks.stress import faults, ids
from benchmarks.stress.base import (
    FROM_S,
    SECONDS,
    SEED,
    Case,
    frames,
    named_frames,
    oracle,
    scored,
    scored_from,
)
from benchmarks.stress.correlated import CLOUD, republished, smoothed
from benchmarks.stress.fusing import fuse, instants, truth_at
from benchmarks.stress.scenes import queue
from benchmarks.stress.score import Demand, Score, as_good, at_least, at_most, honest, near, score
from benchmarks.stress.sensing import all_frames
from benchmarks.stress.standing import queue_units
from benchmarks.stress.station import STATION_S, scored_in_station, station_oracle
from benchmarks.stress.traffic import Traffic
from operators.frame import ObjectClass

UNITS = ("unit-0", "unit-1", "unit-2", "unit-3")
UNKNOWN = float("nan")
DEAD_FROM_S = 20.0


def _one_track(on: Score, off: Score) -> Demand:
    return at_most("false rows beyond oracle", on.false - off.false, 0.01)


def s6_duplicates() -> Iterator[Case]:
    """The same twice: frames, restamped frames, boxes cut in two, trucks with trailers."""
    on, off = scored_in_station(faults.again(frames(), 3)), station_oracle()
    demands = (_one_track(on.score, off.score), near(on.score, off.score), honest(on.score))
    said = f"{on.fates['DUPLICATE']} of {sum(on.fates.values())} records DUPLICATE"
    yield Case("frames sent three times (front)", on.score, off.score, demands, said)
    for fault, changed in (
        ("sent again 30 ms later, restamped", faults.again(frames(), 2, 30_000)),
        ("30 % of the boxes in two", faults.in_two(frames(), 0.3, 1)),
        ("truck and trailer", faults.in_two(frames(), 1.0, 1, ObjectClass.TRUCK)),
    ):
        alike, _ = scored(changed)
        demands = (_one_track(alike, oracle()), near(alike, oracle()), honest(alike))
        yield Case(fault, alike, oracle(), demands)


@lru_cache(maxsize=1)
def _dense() -> tuple[Traffic, faults.Frames]:
    """A queue seen with 1 m: only there can an id decide between neighbours."""
    traffic = queue(10.0, 20.0)
    return traffic, all_frames(queue_units(1.0), traffic, SEED)


def _scored_dense(changed: faults.Frames) -> Score:
    traffic, _ = _dense()
    times_us = instants(4.0, traffic.seconds)
    return score(truth_at(traffic, times_us), fuse(changed, times_us).tracks, len(times_us))


def s7_ids() -> Iterator[Case]:
    """Local ids that swap, are used again, begin anew, or are too few, in a dense queue."""
    _, named = _dense()
    off = _scored_dense(named)
    for fault, function in (
        ("neighbours swap in 20 % of the frames", lambda f, s: ids.swapping(f, s, 0.2, 1)),
        ("used again after 1 s", lambda f, s: ids.few(f, s, 1.0, 10_000)),
        ("anew every 5 s", lambda f, s: ids.rebooting(f, s, 5.0)),
        ("32 ids for 100", lambda f, s: ids.few(f, s, faults.EVER, 32)),
    ):
        changed = named
        for source in ("unit-0", "unit-1"):
            changed = function(changed, source)
        on = _scored_dense(changed)
        yield Case(fault, on, off, (_no_more_switches(on, off), near(on, off), honest(on)))
    on = _scored_dense(faults.without_ids(named))
    yield Case("none at all", on, off, (_no_more_switches(on, off), near(on, off), honest(on)))


def _no_more_switches(on: Score, off: Score) -> Demand:
    return at_most("switches beyond oracle", on.switches - off.switches, 0.0)


def s8_losses() -> Iterator[Case]:
    """Frames that are lost, by chance or in bursts; a unit that dies."""
    for share in (0.01, 0.1, 0.5):
        on, _ = scored(faults.lose(frames(), share, 1))
        lost = at_most("missed beyond oracle", on.missed - oracle().missed, share / 10.0)
        yield Case(f"{share:.0%} lost", on, oracle(), (lost, honest(on)))
    spans = [(32.0, 34.0), (40.0, 50.0), (57.0, 62.0)]
    on, _ = scored(faults.silent(frames(), UNITS[:2], spans))
    yield Case("bursts of 2-10 s, two units", on, oracle(), (as_good(on, oracle()), honest(on)))
    dead = scored_in_station(faults.silent(frames(), ["unit-1"], [(DEAD_FROM_S, faults.EVER)]))
    off = station_oracle()
    alarm = at_most("alarm after s", dead.missing_s.get("unit-1", UNKNOWN) - DEAD_FROM_S, 3.0)
    demands = (as_good(dead.score, off.score), honest(dead.score), alarm)
    # after the last record all are missing
    early = sorted(name for name, second in dead.missing_s.items() if second < STATION_S)
    said = f"missing_sources: {', '.join(early)}"
    yield Case("one unit dead", dead.score, off.score, demands, said)


def s10_correlated() -> Iterator[Case]:
    """A unit that smooths; a cloud that sends the station's tracks back to it."""
    for fault, flagged in (("smoothed tracks, flagged", True), ("smoothed, not flagged", False)):
        changed = named_frames()
        for source in UNITS:
            changed = smoothed(changed, source, flagged)
        on, _ = scored(faults.without_ids(changed))
        yield Case(fault, on, oracle(), (near(on, oracle()), honest(on)))
    for fault, flagged in (("loop, flagged", True), ("loop, not flagged", False)):
        times_us = instants(0.0, SECONDS)
        fused = fuse(frames(), times_us, partial(republished, flagged=flagged))
        on = scored_from(fused.tracks, times_us, FROM_S)
        found = at_least("loop detected", float(CLOUD in fused.echoes), 1.0)
        demands = (near(on, oracle()), honest(on), found)
        yield Case(fault, on, oracle(), demands, f"echoes: {', '.join(fused.echoes)}")


def s12_covariances() -> Iterator[Case]:
    """Declared accuracies that are false or none."""
    for fault, told in (
        ("sigma x 0.2", lambda v: v * 0.04),
        ("sigma x 5", lambda v: v * 25.0),
        ("zero", np.zeros_like),
        ("NaN", lambda v: np.full_like(v, np.nan)),
    ):
        changed = frames()
        for source in UNITS:
            changed = faults.declared(changed, source, told)
        on, _ = scored(changed)
        yield Case(fault, on, oracle(), (near(on, oracle()), honest(on)))

"""S9: frames that come late, in disorder, or as one upload after an outage."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.stress.base import Case, frames, town
from benchmarks.stress.faults import Frames, seconds_of
from benchmarks.stress.fusing import boxes_of, instants, truth_at
from benchmarks.stress.score import Score, at_most, honest, score
from benchmarks.stress.sensing import DELAY_US
from benchmarks.stress.station import Published, at_ticks, published
from operators.frame import Frame
from operators.parameters import Parameters

UNITS = ("unit-0", "unit-1")
LAST_S, CALM_S = 20.0, 16.0  # from then on nothing is late, so that all pictures can agree
FROM_S = 5.0
FIELDS = ("x_m", "y_m", "vx_mps", "vy_mps", "cov_xx_m2", "cov_yy_m2")


def s9_late() -> Iterator[Case]:
    """Latency of a heavy tail, and a batch after an outage, beside the same frames in order."""
    some = [f for f in frames() if f.source_id in UNITS and seconds_of(f) < LAST_S]
    for fault, changed in (
        ("50-800 ms, 5 % of 1-5 s", _tailed(some)),
        ("outage of 1.5 s", _batch(some)),
    ):
        bound_us = Parameters().acceptance_us
        usable = [f for f in changed if f.receive_time_us - f.event_time_us <= bound_us]
        in_time = [replace(f, receive_time_us=f.event_time_us + DELAY_US) for f in usable]
        on, off = published(changed), published(in_time)
        late = len(changed) - len(usable)
        demands = (
            at_most("rows that differ at the end", _differing(on, off), 0.0),
            at_most("uncounted late records", abs(late - on.fates["LATE"]), 0.0),
            honest(_score(on)),
        )
        said = f"{on.fates['LATE']} of {len(changed)} records LATE"
        yield Case(fault, _score(on), _score(off), demands, said)


def _tailed(some: Frames) -> Frames:
    """Lognormal delays with a median of 200 ms, and one frame in twenty 1 to 5 s late."""
    rng = np.random.default_rng([1, 41])
    made = []
    for frame in some:
        delay_s = float(np.clip(rng.lognormal(np.log(0.2), 0.7), 0.05, 0.8))
        delay_s = rng.uniform(1.0, 5.0) if rng.random() < 0.05 else delay_s
        made.append(_received(frame, delay_s) if seconds_of(frame) < CALM_S - 5.0 else frame)
    return made


def _batch(some: Frames) -> Frames:
    """A unit keeps what it sees for 1.5 s and sends it at once."""
    return [
        _received(f, 10.0 - seconds_of(f))
        if f.source_id == UNITS[0] and 8.5 <= seconds_of(f) < 10.0
        else f
        for f in some
    ]


def _received(frame: Frame, delay_s: float) -> Frame:
    return replace(frame, receive_time_us=frame.event_time_us + round(delay_s * 1e6))


def _differing(one: Published, other: Published) -> int:
    """Rows of the last pictures that are not the same in both, whatever their ids."""
    ticks = instants(CALM_S, LAST_S - 0.5)
    rows, others = at_ticks(one.pictures, ticks)[0], at_ticks(other.pictures, ticks)[0]
    alike = {tuple(row) for row in rows[list(FIELDS)].tolist()}
    known = {tuple(row) for row in others[list(FIELDS)].tolist()}
    return len(alike ^ known)


def _score(out: Published) -> Score:
    times_us = instants(FROM_S, CALM_S)
    boxes = boxes_of(*at_ticks(out.pictures, times_us))
    return score(truth_at(town(), times_us), boxes, len(times_us))

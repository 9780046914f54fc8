"""How well probes know where the ground is: errors that last from report to report.

What satellite positioning gets wrong (atmosphere, multipath) is renewed in a minute or so, while
reports come every second or faster: a hundred of them err as the first does. How much of an error
lasts so is learned from products of successive residuals of a vehicle beside what others see of it:
noise that is drawn anew with each report leaves a product of zero, an error that lasts leaves its
variance. All of it is taken to last until that is known.

The registration's filter takes every report as new, which is the best mean of reports of equal
worth, but not as sure as it says. Its mean of n reports, dt apart, of a first-order Gauss-Markov
error of variance L and time T has nearly the variance ``L / (1 + n tanh(dt / 2T))``: the sum of the
autocovariances is ``L coth(dt / 2T)``. So each vehicle counts one at first, and ``tanh(dt / 2T)``
with each later report.
"""

import math

import numpy as np

from operators._typing import RecordArray
from operators.jit import Record, compiled

RENEWED_S = 60.0  # T of satellite positioning: its surroundings and the sky change
LEAST_STEP_S, LONGEST_STEP_S = 0.15, 10.0  # between residuals that are multiplied
FIRST_COUNT = 10.0  # residuals that the assumption counts
KEPT = 1000.0
# The filter forgets so fast: P / q = sqrt(R / (rate q)) with the least wander, R = 1 m² at 8 Hz.
FORGOTTEN_S = 120.0
BULK = 9.0  # squared sigmas beyond which a residual is a jump and counts as if there
NEVER = -(2**62)

# Fields of `operators.fuse.state.TRACK`: the last report of a probe.
ANCHOR_FIELDS = [
    ("anchor_us", "<i8"),
    ("anchor_x_m", "<f4"),  # its residual
    ("anchor_y_m", "<f4"),
]
# Fields of `operators.fuse.state.SOURCE`.
CARRIED_FIELDS = [
    ("carried_m2", "<f8"),  # variance an axis that a probe's error keeps from report to report
    ("carried_count", "<f8"),
    ("independent", "<f8"),  # errors of its vehicles drawn apart, of the last two minutes
]


@compiled
def forget_anchor(track: Record) -> None:
    """No probe has reported itself as a new track."""
    track.anchor_us = np.int64(NEVER)
    track.anchor_x_m = track.anchor_y_m = np.float32(0.0)


@compiled
def forget_carried(source: Record) -> None:
    """Nothing is known of a new source."""
    source.carried_m2 = source.carried_count = source.independent = 0.0


@compiled
def hear_probe(
    track: Record,
    source: Record,
    at_us: int,
    since_us: int,
    off: tuple[float, float],
    variance: float,
    beside: bool,
) -> None:
    """Let a source of probes learn from a vehicle's report.

    Parameters
    ----------
    since_us
        Since the source's previous frame.
    off
        Place told less that of the track, metres.
    variance
        Of the report as its source declares it, m² an axis.
    beside
        Whether others see the track, too: else it is where the probe says.
    """
    if source.carried_count == 0.0:
        source.carried_count, source.carried_m2 = FIRST_COUNT, variance
    x, y = _clipped(off, variance)
    dt_s = abs(at_us - track.anchor_us) / 1e6
    if beside and LEAST_STEP_S <= dt_s <= LONGEST_STEP_S:
        product = 0.5 * (x * track.anchor_x_m + y * track.anchor_y_m)
        source.carried_count = min(source.carried_count + 1.0, KEPT)
        source.carried_m2 += (product - source.carried_m2) / source.carried_count
    source.independent *= math.exp(-max(since_us, 0) / 1e6 / FORGOTTEN_S)
    if dt_s >= LEAST_STEP_S:  # else the time counts with the next report
        source.independent += math.tanh(0.5 * dt_s / RENEWED_S)
        track.anchor_us = at_us
        track.anchor_x_m, track.anchor_y_m = np.float32(x), np.float32(y)


@compiled
def _clipped(off: tuple[float, float], variance: float) -> tuple[float, float]:
    """A residual, shortened to where an outlier begins."""
    square = off[0] * off[0] + off[1] * off[1]
    factor = math.sqrt(min(BULK * variance / max(square, 1e-9), 1.0))
    return off[0] * factor, off[1] * factor


@compiled
def carried_variance(sources: RecordArray) -> float:
    """Variance an axis that lasting errors of probes leave in where the ground is, m²."""
    certainty = 0.0
    for slot in range(sources.shape[0]):
        one = sources[slot]
        if one.independent > 0.0:
            certainty += one.independent / max(one.carried_m2, 1e-6)
    return 1.0 / certainty if certainty > 0.0 else 0.0

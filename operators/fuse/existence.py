"""How sure it is that there is an object: log-odds, moved by hits and misses.

A hit multiplies the odds by ``Pd N(innovation) / clutter density``, a miss by ``1 - Pd`` (Musicki,
Evans, Integrated probabilistic data association, IEEE TAC 39(6), 1994, without the spread over
hypotheses). Three things that the formula takes for granted are not so on a road:

- Clutter is not all that an observation may be of instead. A track that is not confirmed, whose
  speed nobody knows, may as well have met another object, or another part of one; how dense these
  are there, the nearest observation of the same frame tells.

- Misses are not independent: what a bus hides now it hides in the next frame too. A confirmed
  track's misses therefore count by the time that they cover (one in two seconds), not by the number
  of frames; with the ceiling below, a confirmed track lives through about 8 s of shadow.
- A unit that has not seen the object lately may not be able to. Its misses count a quarter.
"""

import math

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.gaussian import OX, OY
from operators.jit import Record, compiled, inlined

HIGHEST = 7.0
MOST_FROM_A_HIT = 4.0
CONFIRMED_LOG_ODDS = math.log(0.95 / 0.05)
CREDIT_TO_CONFIRM = 3.0
GONE_LOG_ODDS = -4.0  # 0.02
SHADOW_US = 2_000_000
STRANGER = 0.25
DOUBLE_M = 0.5  # two objects of one frame are never this close


@compiled
def density_of_others(j: int, seen: FloatArray, order: IntArray, rank: int) -> float:
    """Density of what else is observed about an observation, by the nearest other one, 1/m2.

    ``1 / (pi r^2)``, the likeliest density of a Poisson field whose nearest point is at r: of none
    within r and one at r the likelihood is ``2 pi r D exp(-D pi r^2)``. 0 if it is alone.

    Parameters
    ----------
    j, rank
        The observation, and its place in `order`.
    seen : ndarray of shape (m, PREPARED)
    order : ndarray of shape (m,)
        Observations in ascending x.
    """
    nearest_m2 = math.inf
    for step in (-1, 1):
        at = rank + step
        while 0 <= at < order.shape[0]:
            dx = seen[order[at], OX] - seen[j, OX]
            if dx * dx >= nearest_m2:
                break
            dy = seen[order[at], OY] - seen[j, OY]
            nearest_m2 = min(nearest_m2, dx * dx + dy * dy)
            at += step
    return 1.0 / (math.pi * max(nearest_m2, DOUBLE_M**2))


@inlined
def hit(track: Record, d2: float, determinant: float, detection: float, clutter: float) -> None:
    """Count an observation with squared distance `d2` under S of the given determinant.

    `clutter` is the density of what the observation may be of instead, 1/m2.
    """
    if track.log_odds >= HIGHEST:  # a hit only adds
        return
    likelihood = -0.5 * d2 - math.log(2.0 * math.pi * math.sqrt(determinant))
    gained = likelihood + math.log(detection / clutter)
    gained = min(max(gained, 0.0), MOST_FROM_A_HIT)
    track.log_odds = np.float32(min(track.log_odds + gained, HIGHEST))


@inlined
def miss(track: Record, detection: float, acquainted: bool, event_us: int) -> None:
    """Count that a source which looks there did not report the object."""
    weight = 1.0 if acquainted else STRANGER
    if track.confirmed:
        covered_us = min(max(event_us - track.evidence_us, 0), SHADOW_US)
        weight *= covered_us / SHADOW_US
    lost = weight * math.log(1.0 - detection)
    track.log_odds = np.float32(max(track.log_odds + lost, -HIGHEST))
    track.evidence_us = max(track.evidence_us, event_us)


@inlined
def probability(log_odds: float) -> float:
    """Probability of the given log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))

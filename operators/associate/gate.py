"""Which observations a track could have caused, and how well each fits.

The cost of a pair is minus twice the logarithm of its likelihood, less constants:
``d² + ln |S|`` with the innovation covariance S. Velocity, where the source gives one, adds its
own term against a uniform spread of clutter velocities, capped, because velocity claims are wrong
more often than positions.
"""

import math

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.gaussian import (
    AFTER,
    CXX,
    LAG,
    NOISE,
    OX,
    PXX,
    RV,
    RXX,
    UNNOTICED_M,
    VX,
    VXX,
    X,
    innovation,
    velocity_distance,
)
from operators.jit import KeyArray, compiled

GATE = 16.0  # chi-square of 2 degrees: a true pair is lost in 3 of 10,000
VELOCITY_GATE = 16.0
FARTHEST_M = 30.0  # no gate reaches farther, however uncertain the track
MOST_PAIRS = 12  # best fits that are kept for one track
# Density of clutter velocities, uniform in a disc of 30 m/s; as 2 ln(2 pi density)
VELOCITY_CLUTTER = 2.0 * math.log(2.0 * math.pi / (math.pi * 30.0**2))
SAME_LOCAL_ID = -4.0  # a sender's own id is evidence, not truth


@compiled
def pair_cost(track: FloatArray, seen: FloatArray, d2: float, determinant: float) -> float:
    """Cost of a pair whose position distance is known."""
    cost = d2 + math.log(determinant)
    if seen[RV] >= 0.0:
        v2, v_determinant = velocity_distance(track, seen)
        cost += min(v2, VELOCITY_GATE) + math.log(v_determinant) + VELOCITY_CLUTTER
    return cost


@compiled
def _keep(
    target: IntArray, cost: FloatArray, nis: FloatArray, size: int, j: int, c: float, d2: float
) -> int:
    """Insert a pair into one track's list, which is sorted by cost; the dearest falls off."""
    if size == MOST_PAIRS and c >= cost[size - 1]:
        return size
    at = min(size, MOST_PAIRS - 1)
    while at > 0 and cost[at - 1] > c:
        target[at], cost[at], nis[at] = target[at - 1], cost[at - 1], nis[at - 1]
        at -= 1
    target[at], cost[at], nis[at] = j, c, d2
    return min(size + 1, MOST_PAIRS)


@compiled
def _half_width(track: FloatArray, widest_m2: float, latest_s: float) -> float:
    """Half width in x of the strip that holds everything a track's gate can reach."""
    dt = abs(track[LAG]) + latest_s
    variance = track[PXX] + dt * (abs(track[CXX]) + dt * track[VXX]) + widest_m2
    variance += track[NOISE] * dt**3 / 3.0
    reach_m = min(max(math.sqrt(GATE * variance), track[UNNOTICED_M]), FARTHEST_M)
    return float(reach_m + dt * abs(track[VX]))


@compiled
def gate(
    tracks: FloatArray, track_keys: KeyArray, seen: FloatArray, seen_keys: KeyArray, order: IntArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Pairs that pass the gate.

    Parameters
    ----------
    tracks : ndarray of shape (n, PREDICTED)
        Predicted tracks.
    track_keys : ndarray of shape (n,)
        Key of the source's local id that each track was last linked to; 0 for none.
    seen : ndarray of shape (m, PREPARED)
        Prepared observations.
    seen_keys : ndarray of shape (m,)
    order : ndarray of shape (m,)
        Observations in ascending x: a strip in x is found by bisection, so the work goes with the
        pairs that are near each other, not with n times m.

    Returns
    -------
    degree : ndarray of shape (n,)
    target, cost, nis : ndarrays of shape (n, MOST_PAIRS)
    """
    n, m = tracks.shape[0], seen.shape[0]
    degree = np.zeros(n, np.int64)
    target = np.empty((n, MOST_PAIRS), np.int64)
    cost, nis = np.empty((n, MOST_PAIRS)), np.empty((n, MOST_PAIRS))
    if m == 0:
        return degree, target, cost, nis
    xs = seen[order, OX]
    widest, latest = seen[:, RXX].max(), np.abs(seen[:, AFTER]).max()
    for i in range(n):
        half = _half_width(tracks[i], widest, latest)
        at = np.searchsorted(xs, tracks[i, X] - half)
        while at < m and xs[at] <= tracks[i, X] + half:
            j = order[at]
            at += 1
            d2, determinant, square_m2 = innovation(tracks[i], seen[j])
            near = d2 < GATE or square_m2 < tracks[i, UNNOTICED_M] ** 2
            if near and square_m2 < FARTHEST_M**2:
                c = pair_cost(tracks[i], seen[j], d2, determinant)
                if seen_keys[j] != 0 and seen_keys[j] == track_keys[i]:
                    c += SAME_LOCAL_ID
                degree[i] = _keep(target[i], cost[i], nis[i], degree[i], j, c, d2)
    return degree, target, cost, nis


@compiled
def forbid_other_probes(
    degree: IntArray,
    target: IntArray,
    cost: FloatArray,
    nis: FloatArray,
    held: KeyArray,
    ids: KeyArray,
) -> None:
    """Drop pairs of a probe with a track that is another probe; the lists are changed in place.

    Parameters
    ----------
    degree, target, cost, nis
        As `gate` gives them.
    held : ndarray of shape (n,)
        Local id of the probe that each track is now; 0 for none.
    ids : ndarray of shape (m,)
        Local id of each observation.
    """
    for i in range(degree.shape[0]):
        if held[i] == 0:
            continue
        kept = 0
        for k in range(degree[i]):
            other = ids[target[i, k]]
            if other == 0 or other == held[i]:
                target[i, kept], cost[i, kept] = target[i, k], cost[i, k]
                nis[i, kept] = nis[i, k]
                kept += 1
        degree[i] = kept

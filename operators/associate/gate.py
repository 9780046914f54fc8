"""Which observations a track could have caused, and how well each fits.

The cost of a pair is minus twice the logarithm of its likelihood, less constants:
``d² + ln |S|`` with the innovation covariance S. Velocity, where the source gives one, adds its
own term against a uniform spread of clutter velocities, capped, because velocity claims are wrong
more often than positions.
"""

import math

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.associate.order import begins, find, strips_in
from operators.gaussian import (
    AFTER,
    CLOCK,
    CXX,
    CYY,
    LAG,
    NOISE,
    OX,
    OY,
    PXX,
    PYY,
    RV,
    RXX,
    RYY,
    UNNOTICED_M,
    VX,
    VXX,
    VY,
    VYY,
    X,
    Y,
    innovation,
    velocity_distance,
)
from operators.jit import KeyArray, compiled, inlined

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


@inlined
def _keep(target: IntArray, cost: FloatArray, size: int, j: int, c: float) -> int:
    """Insert a pair into one track's list, which is sorted by cost; the dearest falls off."""
    if size == MOST_PAIRS and c >= cost[size - 1]:
        return size
    at = min(size, MOST_PAIRS - 1)
    while at > 0 and cost[at - 1] > c:
        target[at], cost[at] = target[at - 1], cost[at - 1]
        at -= 1
    target[at], cost[at] = j, c
    return min(size + 1, MOST_PAIRS)


@inlined
def _half_width(
    place: float, cross: float, speed: float, v: float, track: FloatArray, latest_s: float
) -> float:
    """Half width on one axis of what holds everything that a track's gate can reach.

    `place` is the variance of the track and the widest observation; `cross`, `speed` and `v` are
    its covariance with the velocity (twice), the variance of that, and the velocity.
    """
    dt = abs(track[LAG]) + latest_s
    variance = place + dt * (abs(cross) + dt * speed) + track[NOISE] * dt**3 / 3.0
    reach_m = min(max(math.sqrt(GATE * variance), track[UNNOTICED_M]), FARTHEST_M)
    return float(reach_m + dt * abs(v))


@compiled
def gate(
    tracks: FloatArray, track_keys: KeyArray, seen: FloatArray, seen_keys: KeyArray, order: IntArray
) -> tuple[IntArray, IntArray, FloatArray]:
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
        Observations in ascending x: where a strip begins is found in a step or two, so the work
        goes with the pairs that are near each other, not with n times m.

    Returns
    -------
    degree : ndarray of shape (n,)
    target, cost : ndarrays of shape (n, MOST_PAIRS)
    """
    n, m = tracks.shape[0], seen.shape[0]
    degree = np.zeros(n, np.int64)
    target = np.empty((n, MOST_PAIRS), np.int64)
    cost = np.empty((n, MOST_PAIRS))
    if m == 0:
        return degree, target, cost
    xs, ys = seen[order, OX], seen[order, OY]  # beside each other: most are looked at in passing
    first, per_m = begins(xs), strips_in(xs[0], xs[m - 1], m)
    widest_x, widest_y = seen[:, RXX].max(), seen[:, RYY].max()
    latest, clock = np.abs(seen[:, AFTER]).max(), seen[:, CLOCK].max()
    for i in range(n):
        track = tracks[i]
        place = track[PXX] + widest_x + clock * track[VX] ** 2
        half_x = _half_width(place, track[CXX], track[VXX], track[VX], track, latest)
        place = track[PYY] + widest_y + clock * track[VY] ** 2
        half_y = _half_width(place, track[CYY], track[VYY], track[VY], track, latest)
        at = find(track[X] - half_x, xs, first, xs[0], per_m)
        while at < m and xs[at] <= track[X] + half_x:
            off_m, j = abs(ys[at] - track[Y]), order[at]
            at += 1
            if off_m > half_y:
                continue
            d2, determinant, square_m2 = innovation(track, seen[j])
            near = d2 < GATE or square_m2 < track[UNNOTICED_M] ** 2
            if near and square_m2 < FARTHEST_M**2:
                c = pair_cost(track, seen[j], d2, determinant)
                if seen_keys[j] != 0 and seen_keys[j] == track_keys[i]:
                    c += SAME_LOCAL_ID
                degree[i] = _keep(target[i], cost[i], degree[i], j, c)
    return degree, target, cost


@compiled
def forbid_other_probes(
    degree: IntArray,
    target: IntArray,
    cost: FloatArray,
    held: KeyArray,
    ids: KeyArray,
) -> None:
    """Drop pairs of a probe with a track that is another probe; the lists are changed in place.

    Parameters
    ----------
    degree, target, cost
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
                kept += 1
        degree[i] = kept

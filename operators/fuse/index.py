"""Where tracks are: a grid of buckets that finds the few near a frame among all of a cell.

Squares of 32 m are folded onto a torus of 64 x 64 buckets (2 km wide), so any coordinate has a
bucket and two places 2 km apart share one: that costs time, never correctness, because the gate
looks at true distances. Each bucket is a linked list through `links`.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray
from operators.jit import compiled

SQUARE_M = 32.0
SIDE = 64
BUCKETS = SIDE * SIDE


@compiled
def bucket_of(x_m: float, y_m: float) -> int:
    """Bucket of a place."""
    i, j = int(np.floor(x_m / SQUARE_M)), int(np.floor(y_m / SQUARE_M))
    return (i % SIDE) * SIDE + j % SIDE


@compiled
def file_under(bucket: int, slot: int, heads: IntArray, links: IntArray) -> None:
    """Put track `slot` into a bucket."""
    links[slot] = heads[bucket]
    heads[bucket] = slot


@compiled
def _collect(
    x_m: float,
    y_m: float,
    reach_m: float,
    heads: IntArray,
    links: IntArray,
    visited: BoolArray,
    found: IntArray,
    size: int,
) -> int:
    """Append what lies in buckets that a square of half side `reach_m` touches; the new size."""
    i0 = int(np.floor((x_m - reach_m) / SQUARE_M))
    j0 = int(np.floor((y_m - reach_m) / SQUARE_M))
    ni = min(int(np.floor((x_m + reach_m) / SQUARE_M)) - i0 + 1, SIDE)
    nj = min(int(np.floor((y_m + reach_m) / SQUARE_M)) - j0 + 1, SIDE)
    for i in range(i0, i0 + ni):
        for j in range(j0, j0 + nj):
            bucket = (i % SIDE) * SIDE + j % SIDE
            slot = -1 if visited[bucket] else heads[bucket]
            visited[bucket] = True
            while slot >= 0:
                found[size] = slot
                size += 1
                slot = links[slot]
    return size


@compiled
def gather(
    places: FloatArray,
    reach_m: float,
    circle: FloatArray,
    slack_m: float,
    heads: IntArray,
    links: IntArray,
    n: int,
) -> IntArray:
    """Tracks that a frame may concern, in ascending order.

    Parameters
    ----------
    places : ndarray of shape (m, 2) or wider
        Where something was observed; x and y first.
    reach_m
        How far from there a track may have been filed.
    circle : ndarray of shape (3,)
        Centre and radius of what the source looks at; a radius that is not positive means none.
    slack_m
        How far tracks may have moved since they were filed.
    heads : ndarray of shape (BUCKETS,)
    links : ndarray of shape (capacity,)
    n
        Number of tracks.
    """
    visited = np.zeros(BUCKETS, np.bool_)
    found = np.empty(n, np.int64)
    size = 0
    if circle[2] > 0.0:
        wide_m = circle[2] + slack_m
        if 2.0 * wide_m >= SIDE * SQUARE_M:  # it goes round the torus
            return np.arange(n)
        size = _collect(circle[0], circle[1], wide_m, heads, links, visited, found, size)
    if size == n:  # a unit that sees all of the cell, as most do
        return np.arange(n)
    for k in range(places.shape[0]):
        x_m, y_m = places[k, 0], places[k, 1]
        size = _collect(x_m, y_m, reach_m, heads, links, visited, found, size)
    return np.sort(found[:size])

"""HOTA (Luiten and others, 2021): detection and association at 19 similarity thresholds."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array

from benchmarks.metrics.clear import Scene
from operators._typing import FloatArray, IntArray

ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = np.finfo("float").eps


class Hota(NamedTuple):
    """Each by threshold in `ALPHAS`, shape (19,); the usual single figures are the means."""

    hota: FloatArray
    deta: FloatArray
    assa: FloatArray
    loca: FloatArray


def hota(scene: Scene) -> Hota:
    """HOTA of a scene; its pairs must reach down to similarity 0.

    At each instant the assignment maximises the sum of similarity times how well the two lives
    agree (the Jaccard index of their boxes, pairs weighted by relative similarity), as in the
    authors' own evaluation. Association is averaged over the true positives.
    """
    truth, tracks = scene.truth, scene.tracks
    i, j, similarity = scene.pairs
    objects, others = truth.identity[i], tracks.identity[j]
    relative = similarity / (
        np.bincount(i, similarity)[i] + np.bincount(j, similarity)[j] - similarity
    )
    shape = (max(1, truth.identities), max(1, tracks.identities))
    together = coo_array((relative, (objects, others)), shape).toarray()
    lives = np.bincount(truth.identity, minlength=shape[0])[:, None]
    lives = lives + np.bincount(tracks.identity, minlength=shape[1])[None, :]
    agreement = together / np.maximum(1, lives - together)
    chosen = _assigned(truth.frame[i], i, j, agreement[objects, others] * similarity)
    made = [
        _at(
            alpha,
            len(truth),
            len(tracks),
            lives,
            objects[chosen],
            others[chosen],
            similarity[chosen],
        )
        for alpha in ALPHAS
    ]
    return Hota(*np.array(made).reshape(-1, 4).T)


def _at(
    alpha: float,
    truths: int,
    boxes: int,
    lives: IntArray,
    objects: IntArray,
    tracks: IntArray,
    similarity: FloatArray,
) -> tuple[float, float, float, float]:
    right = similarity >= alpha - _EPS
    n = int(right.sum())
    if not n:
        return 0.0, 0.0, 0.0, 1.0
    counts = coo_array((np.ones(n), (objects[right], tracks[right])), lives.shape).toarray()
    association = float(np.sum(counts * counts / np.maximum(1, lives - counts)) / n)
    detection = n / (truths + boxes - n)
    located = float(similarity[right].mean())
    return float(np.sqrt(detection * association)), detection, association, located


def _assigned(frame: IntArray, i: IntArray, j: IntArray, value: FloatArray) -> IntArray:
    """Pairs chosen one-to-one in each frame with the greatest sum of value."""
    chosen = []
    ends = np.flatnonzero(np.diff(frame)) + 1
    for part in np.split(np.arange(len(frame)), ends):
        rows, row = np.unique(i[part], return_inverse=True)
        columns, column = np.unique(j[part], return_inverse=True)
        worth = np.zeros((len(rows), len(columns)))
        number = np.full(worth.shape, -1)
        worth[row, column], number[row, column] = value[part], part
        chosen.append(number[linear_sum_assignment(worth, maximize=True)])
    picked: IntArray = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    return picked[picked >= 0]

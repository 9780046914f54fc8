"""Random sequences of boxes with everything that metrics count: misses, false boxes, switches."""

import numpy as np

from benchmarks.metrics.boxes import Boxes


def boxes(frame, identity, centre_m, size_m=(4.5, 1.8, 1.5), heading_rad=0.0, score=0.5):
    n = len(frame)
    return Boxes(
        np.asarray(frame, np.int64),
        np.asarray(identity, np.int64),
        np.asarray(centre_m, float).reshape(n, 3),
        np.broadcast_to(np.asarray(size_m, float), (n, 3)),
        np.broadcast_to(np.asarray(heading_rad, float), n),
        np.broadcast_to(np.asarray(score, float), n),
        np.zeros((n, 2)),
        np.tile(np.eye(2), (n, 1, 1)),
    )


def sequence(seed, frames=40, objects=8, side_m=30.0, sigma_m=0.7):
    """Truth and tracks: objects cross each other closely, tracks miss, swap, end and are false."""
    rng = np.random.default_rng(seed)
    path = rng.uniform(0, side_m, (objects, 2)) + np.cumsum(
        rng.normal(0, 1, (frames, objects, 2)), 0
    )
    there = np.arange(frames)[:, None] >= rng.integers(0, frames // 3, objects)
    turn = rng.uniform(-3, 3, objects)
    truth_at = np.argwhere(there)
    truth = boxes(
        truth_at[:, 0], truth_at[:, 1], _raised(path[there]), heading_rad=turn[truth_at[:, 1]]
    ).numbered()
    track_of = np.arange(objects)
    rows = []
    for k in range(frames):
        if rng.random() < 0.2:
            one, other = rng.choice(objects, 2, replace=False)
            track_of[[one, other]] = track_of[[other, one]]
        if rng.random() < 0.2:
            track_of[rng.integers(objects)] = 100 + k
        seen = np.flatnonzero(there[k] & (rng.random(objects) < 0.8))
        rows += [(k, track_of[i], *path[k, i] + rng.normal(0, sigma_m, 2), turn[i]) for i in seen]
        false = rng.integers(1000, 1006, rng.poisson(1.0))
        rows += [(k, i, *rng.uniform(0, side_m, 2), 0.0) for i in np.unique(false)]
    rows = np.array(rows)
    score = rng.random(2000)[rows[:, 1].astype(int)] + rng.normal(0, 0.05, len(rows))
    found = boxes(
        rows[:, 0], rows[:, 1], _raised(rows[:, 2:4]), heading_rad=rows[:, 4], score=score
    )
    return truth, found.numbered()


def _raised(xy):
    return np.column_stack((xy, np.full(len(xy), 0.75)))

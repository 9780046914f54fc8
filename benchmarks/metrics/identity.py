"""IDF1 (Ristani and others, 2016): one track for each object over the whole sequence."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array

from benchmarks.metrics.clear import Scene


def idf1(scene: Scene) -> float:
    """F1 of the boxes that agree under the best one-to-one pairing of objects and tracks."""
    truth, tracks = scene.truth, scene.tracks
    if not len(truth) + len(tracks):
        return 1.0
    where = (truth.identity[scene.pairs.truth], tracks.identity[scene.pairs.track])
    shape = (max(1, truth.identities), max(1, tracks.identities))
    shared = coo_array((np.ones(len(where[0])), where), shape).toarray()
    agree = shared[linear_sum_assignment(shared, maximize=True)].sum()
    return float(2.0 * agree / (len(truth) + len(tracks)))

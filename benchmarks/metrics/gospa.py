"""GOSPA, OSPA and OSPA(2): distances between the set that is and the set that was found."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from operators._typing import FloatArray


class Gospa(NamedTuple):
    """The distance, m; and the p-th powers of which it is the root: `localisation` etc., m^p."""

    distance: float
    localisation: float
    missed: float
    false: float


def gospa(truth_m: FloatArray, found_m: FloatArray, cutoff_m: float = 5.0, p: float = 2.0) -> Gospa:
    """GOSPA with alpha = 2 (Rahmathullah, García-Fernández, Svensson, 2017).

    `truth_m` of shape (n, d), `found_m` of shape (m, d). A pair at the cut-off or beyond counts as
    one missed and one false, cutoff^p / 2 each.
    """
    distance = np.minimum(cdist(truth_m, found_m), cutoff_m) ** p
    i, j = linear_sum_assignment(distance)
    near = distance[i, j] < cutoff_m**p
    localisation = float(distance[i, j][near].sum())
    half = cutoff_m**p / 2.0
    missed = half * (len(truth_m) - int(near.sum()))
    false = half * (len(found_m) - int(near.sum()))
    return Gospa((localisation + missed + false) ** (1.0 / p), localisation, missed, false)


def ospa(truth_m: FloatArray, found_m: FloatArray, cutoff_m: float = 5.0, p: float = 2.0) -> float:
    """OSPA (Schuhmacher, Vo, Vo, 2008) of sets of shape (n, d) and (m, d); 0 if both are empty."""
    return _ospa(cdist(truth_m, found_m), cutoff_m, p)


def ospa2(truth_m: FloatArray, found_m: FloatArray, cutoff_m: float = 5.0, p: float = 2.0) -> float:
    """OSPA(2) (Beard, Vo, Vo, 2020): OSPA of whole paths, which a change of track raises.

    `truth_m` of shape (T, n, d), `found_m` of shape (T, m, d), NaN where absent. The distance of
    two paths is the mean over the instants at which either is there, the cut-off where one is not.
    """
    there, here = ~np.isnan(truth_m[..., 0]), ~np.isnan(found_m[..., 0])
    n, m = there.shape[1], here.shape[1]
    total, instants = np.zeros((n, m)), np.zeros((n, m))
    for k in range(len(truth_m)):
        both = there[k][:, None] & here[k][None]
        either = there[k][:, None] | here[k][None]
        apart = np.nan_to_num(cdist(truth_m[k], found_m[k]), nan=cutoff_m)
        total += np.where(both, np.minimum(apart, cutoff_m), cutoff_m * either)
        instants += either
    lived, lasted = there.any(axis=0), here.any(axis=0)
    base = (total / np.maximum(1, instants))[lived][:, lasted]
    return _ospa(base, cutoff_m, p)


def _ospa(distance: FloatArray, cutoff_m: float, p: float) -> float:
    larger, smaller = max(distance.shape), min(distance.shape)
    if not larger:
        return 0.0
    cost = np.minimum(distance, cutoff_m) ** p
    matched = float(cost[linear_sum_assignment(cost)].sum())
    return float(((matched + cutoff_m**p * (larger - smaller)) / larger) ** (1.0 / p))

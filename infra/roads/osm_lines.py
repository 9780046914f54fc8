"""Lines beside a line: the lanes of a way that is drawn as the middle of its carriageway."""

import numpy as np

from operators._typing import FloatArray
from operators.transform.ellipsoid import metres_per_degree

_SHARPEST = 0.5  # cosine of half the angle at which a corner is still drawn out to its point


def beside(points: FloatArray, right_m: float) -> FloatArray:
    """A line to the right of another, its corners where the sides beside it meet.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Longitude and latitude, degrees, no two neighbours equal.
    right_m
        Distance to the right of its direction, metres.

    Returns
    -------
    ndarray of shape (n, 2)
    """
    scale = np.array(metres_per_degree(float(points[0, 1])))
    way = np.diff(points * scale, axis=0)
    right = np.column_stack([way[:, 1], -way[:, 0]]) / np.hypot(*way.T)[:, None]
    before, after = np.vstack([right[:1], right]), np.vstack([right, right[-1:]])
    middle = before + after
    length = np.hypot(*middle.T)
    turned = length < 1e-6  # straight back: the way is refused as a lane later
    middle[turned], length[turned] = before[turned], 1.0
    middle /= length[:, None]
    cosine = np.maximum((middle * before).sum(axis=1), _SHARPEST)
    moved: FloatArray = points + middle * (right_m / cosine)[:, None] / scale
    return moved

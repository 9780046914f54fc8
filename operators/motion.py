"""How road users move when nobody looks: constant velocity with white-noise acceleration.

The state of a track is ``(x, y, vx, vy)``, metres and metres a second. Over a time dt it moves by

    F = [[I, dt I], [0, I]],  Q = q [[dt³/3 I, dt²/2 I], [dt²/2 I, dt I]]

(Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 6.2.2). The
intensity q is the variance that a velocity gains in one second, so it is read off as physics: how
far (one sigma) does the speed of such a road user wander within a second of ordinary traffic?
"""

import numpy as np

from operators._typing import FloatArray
from operators.frame import ObjectClass
from operators.jit import compiled

# class: (change of velocity within one second, spread of an unknown velocity), m/s, one sigma
_MOTION_MPS: dict[ObjectClass, tuple[float, float]] = {
    ObjectClass.UNKNOWN: (1.0, 10.0),
    ObjectClass.CAR: (1.0, 10.0),
    ObjectClass.VAN: (1.0, 10.0),
    ObjectClass.TRUCK: (0.7, 10.0),
    ObjectClass.BUS: (0.7, 10.0),
    ObjectClass.MOTORCYCLE: (1.5, 10.0),
    ObjectClass.BICYCLE: (0.6, 4.0),
    ObjectClass.PEDESTRIAN: (0.5, 1.5),
    ObjectClass.ANIMAL: (1.0, 4.0),
    ObjectClass.OBSTACLE: (0.05, 0.3),
    ObjectClass.EMERGENCY: (1.5, 12.0),
    ObjectClass.TRAILER: (0.7, 10.0),
    ObjectClass.TRAM: (0.5, 8.0),
}
HALF_LANE_M = 1.75

# Columns of the table that kernels get; one row for each class.
NOISE, SPEED_VARIANCE, COAST_S = 0, 1, 2


def motion_table() -> FloatArray:
    """Motion by class, for the kernels.

    Returns
    -------
    ndarray of shape (13, 3)
        Noise intensity q, m²/s³; variance of an unknown velocity, m²/s² an axis; and how long a
        track may go unseen before its place is anybody's guess: the time after which q alone has
        made the position uncertain by half a lane, ``q t³ / 3 = (1.75 m)²``, 1 to 10 s.
    """
    changes = np.array([_MOTION_MPS[name][0] for name in ObjectClass])
    speeds = np.array([_MOTION_MPS[name][1] for name in ObjectClass])
    noise = changes**2
    coast_s = np.clip(np.cbrt(3.0 * HALF_LANE_M**2 / noise), 1.0, 10.0)
    return np.column_stack((noise, speeds**2, coast_s))


@compiled
def predict(mean: FloatArray, covariance: FloatArray, dt_s: float, noise: float) -> None:
    """Carry a state forward by `dt_s` seconds, in place.

    Parameters
    ----------
    mean : ndarray of shape (4,)
    covariance : ndarray of shape (4, 4)
    dt_s
        May be negative (looking back): the noise grows with its size all the same.
    noise
        Intensity q, m²/s³.
    """
    size = abs(dt_s)
    for i in range(2):
        mean[i] += dt_s * mean[i + 2]
    for i in range(2):
        for j in range(2):
            cross = covariance[i, j + 2] + covariance[i + 2, j]
            covariance[i, j] += dt_s * (cross + dt_s * covariance[i + 2, j + 2])
    for i in range(2):
        for j in range(2):
            covariance[i, j + 2] += dt_s * covariance[i + 2, j + 2]
    for i in range(2):
        covariance[i, i] += noise * size**3 / 3.0
        covariance[i, i + 2] += noise * dt_s * size / 2.0
        covariance[i + 2, i + 2] += noise * size
        for j in range(2):
            covariance[j + 2, i] = covariance[i, j + 2]

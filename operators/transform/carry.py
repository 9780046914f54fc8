"""Carry what observations say beside their place through a change of axes.

With J the Jacobian of the change at the object: velocity J v, heading along J (cos h, sin h),
covariance J P J', speed's sigma by the mean scale sqrt(det J) (the propagation of errors to first
order; the curvature of every transform here is below 1e-5 over the spread of an observation).
Sizes are the object's own and stay.
"""

import math

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.jit import compiled


@compiled
def _carry(observations: RecordArray, jacobian: FloatArray) -> None:
    several = jacobian.shape[0] > 1
    for k in range(observations.shape[0]):
        one = observations[k]
        j = jacobian[k if several else 0]
        a, b, c, d = j[0, 0], j[0, 1], j[1, 0], j[1, 1]
        vx, vy = float(one.vx_mps), float(one.vy_mps)
        one.vx_mps, one.vy_mps = np.float32(a * vx + b * vy), np.float32(c * vx + d * vy)
        cos, sin = math.cos(float(one.heading_rad)), math.sin(float(one.heading_rad))
        one.heading_rad = np.float32(math.atan2(c * cos + d * sin, a * cos + b * sin))
        scale = math.sqrt(a * d - b * c)
        one.speed_sigma_mps = np.float32(float(one.speed_sigma_mps) * scale)
        xx, xy, yy = float(one.cov_xx_m2), float(one.cov_xy_m2), float(one.cov_yy_m2)
        one.cov_xx_m2 = np.float32(a * a * xx + 2.0 * a * b * xy + b * b * yy)
        one.cov_xy_m2 = np.float32(a * c * xx + (a * d + b * c) * xy + b * d * yy)
        one.cov_yy_m2 = np.float32(c * c * xx + 2.0 * c * d * xy + d * d * yy)


def carry(observations: RecordArray, jacobian: FloatArray) -> RecordArray:
    """Observations in new axes.

    Parameters
    ----------
    observations : structured array of shape (n,), dtype `operators.frame.OBSERVATION`
        Stays as it is. `x_m` and `y_m` are not looked at; unknown numbers stay unknown.
    jacobian : ndarray of shape (2, 2) or (n, 2, 2)
        New metres by old metres, of positive determinant.
    """
    made = observations.copy()
    _carry(made, jacobian.reshape(-1, 2, 2))
    return made


def rotation(angle_rad: float) -> FloatArray:
    """Jacobian of a turn by an angle, counter-clockwise; shape (2, 2)."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, -s], [s, c]])

"""Carry what observations say beside their place through a change of axes.

With J the Jacobian of the change at the object: velocity J v, heading along J (cos h, sin h),
covariance J P J', speed's sigma by the mean scale sqrt(det J) (the propagation of errors to first
order; the curvature of every transform here is below 1e-5 over the spread of an observation).
Sizes are the object's own and stay.
"""

import numpy as np

from operators._typing import FloatArray, RecordArray


def carry(observations: RecordArray, jacobian: FloatArray) -> RecordArray:
    """Observations in new axes.

    Parameters
    ----------
    observations : structured array of shape (n,), dtype `operators.frame.OBSERVATION`
        Stays as it is. `x_m` and `y_m` are not looked at; unknown numbers stay unknown.
    jacobian : ndarray of shape (2, 2) or (n, 2, 2)
        New metres by old metres, of positive determinant.
    """
    a, b = jacobian[..., 0, 0], jacobian[..., 0, 1]
    c, d = jacobian[..., 1, 0], jacobian[..., 1, 1]
    made = observations.copy()
    vx, vy = observations["vx_mps"], observations["vy_mps"]
    made["vx_mps"], made["vy_mps"] = a * vx + b * vy, c * vx + d * vy
    heading = observations["heading_rad"].astype(float)
    cos, sin = np.cos(heading), np.sin(heading)
    made["heading_rad"] = np.arctan2(c * cos + d * sin, a * cos + b * sin)
    made["speed_sigma_mps"] = observations["speed_sigma_mps"] * np.sqrt(a * d - b * c)
    xx, xy, yy = (observations[f"cov_{axes}_m2"].astype(float) for axes in ("xx", "xy", "yy"))
    made["cov_xx_m2"] = a * a * xx + 2.0 * a * b * xy + b * b * yy
    made["cov_xy_m2"] = a * c * xx + (a * d + b * c) * xy + b * d * yy
    made["cov_yy_m2"] = c * c * xx + 2.0 * c * d * xy + d * d * yy
    return made


def rotation(angle_rad: float) -> FloatArray:
    """Jacobian of a turn by an angle, counter-clockwise; shape (2, 2)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s], [s, c]])

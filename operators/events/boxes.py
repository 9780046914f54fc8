"""How far apart the bodies of road users are, and when they would meet.

Bodies are rectangles. Two are apart if some axis of one of them separates them (separating axis
theorem, Gottschalk et al., OBBTree, 1996); the largest separation over the four axes is the
distance that is used, negative for the depth of an overlap.
"""

import numpy as np

from operators._typing import FloatArray, RecordArray


def separations_m(
    one: RecordArray,
    other: RecordArray,
    one_rad: FloatArray,
    other_rad: FloatArray,
    after_s: FloatArray,
) -> FloatArray:
    """Separation of pairs of bodies if both go on as they do.

    Parameters
    ----------
    one, other : structured arrays of shape (p,), dtype `operators.events.rows.ROW`
    one_rad, other_rad : ndarray of shape (p,)
        Where their bodies look.
    after_s : ndarray of shape (t,)
        Instants from now.

    Returns
    -------
    ndarray of shape (t, p), metres
    """
    x = other["x_m"] - one["x_m"] + after_s[:, None] * (other["vx_mps"] - one["vx_mps"])
    y = other["y_m"] - one["y_m"] + after_s[:, None] * (other["vy_mps"] - one["vy_mps"])
    apart = np.full(x.shape, -np.inf)
    for axis_rad in (one_rad, one_rad + np.pi / 2, other_rad, other_rad + np.pi / 2):
        along = np.abs(x * np.cos(axis_rad) + y * np.sin(axis_rad))
        reach = _reach_m(one, one_rad - axis_rad) + _reach_m(other, other_rad - axis_rad)
        np.maximum(apart, along - reach, out=apart)
    return apart


def _reach_m(rows: RecordArray, turn_rad: FloatArray) -> FloatArray:
    """Half of what a body covers of an axis that it is turned against."""
    reach: FloatArray = (
        rows["length_m"] * np.abs(np.cos(turn_rad)) + rows["width_m"] * np.abs(np.sin(turn_rad))
    ) / 2
    return reach

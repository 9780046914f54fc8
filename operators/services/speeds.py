"""Speeds that bring vehicles over the stop line while it is green (GLOSA).

A vehicle changes its speed at a rate that nobody minds, then holds it. Of the speeds that are
within the limit and bring it over the line within the green, the one nearest to its own is advised.
Where there is none, none is.
"""

import numpy as np

from operators._typing import FloatArray

# Half of what the ITE's formula for the length of yellow takes as a comfortable stop (10 ft/s2).
CHANGE_MPS2 = 1.5
LEAST_MPS = 5.5  # 20 km/h: who is slower holds up others
MARGIN_S = 1.0  # from the change of a light: a second of what is not known of both
_STEP_MPS = 0.25
_MOST_MPS = 60.0
_SPEEDS = np.arange(LEAST_MPS, _MOST_MPS, _STEP_MPS)


def advised(
    distance_m: FloatArray,
    speed_mps: FloatArray,
    limit_mps: FloatArray,
    opens_s: FloatArray,
    closes_s: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Speeds to advise.

    Parameters
    ----------
    distance_m
        From the vehicle's front to the stop line.
    speed_mps
        Of the vehicle.
    limit_mps
        NaN if unknown.
    opens_s, closes_s
        From when until when it is green; -inf if it is green now. All of shape (n,).

    Returns
    -------
    speed_mps, reach_s : ndarrays of shape (n,)
        The speed, and when the front is at the line then; NaN where no speed does it.
    """
    own, way = speed_mps[:, None], distance_m[:, None]
    change_s = np.abs(_SPEEDS - own) / CHANGE_MPS2
    change_m = (_SPEEDS + own) / 2 * change_s
    reach_s = change_s + (way - change_m) / _SPEEDS
    able = (change_m <= way) & (limit_mps[:, None] >= _SPEEDS)
    able &= (reach_s >= opens_s[:, None] + MARGIN_S) & (reach_s <= closes_s[:, None] - MARGIN_S)
    chosen = np.where(able, change_s, np.inf).argmin(axis=1)
    row = np.arange(len(chosen))
    found = able[row, chosen]
    return np.where(found, _SPEEDS[chosen], np.nan), np.where(found, reach_s[row, chosen], np.nan)

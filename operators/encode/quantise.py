"""Columns of physical values as the whole numbers of the standards.

Divisions by the inverse of a unit where it is whole, as the adapters do, so that a value that is a
multiple of the unit comes back as it was.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.decode.j2735 import HEADING_UNAVAILABLE
from operators.frame import ObjectClass
from operators.fused import speed_mps, speed_sigma_mps


def whole(
    values: FloatArray, per_unit: float, least: int, most: int, unavailable: int
) -> list[int]:
    """Values in units of ``1 / per_unit``, kept within the range; the sentinel where NaN.

    Parameters
    ----------
    values : ndarray of shape (n,)
    per_unit
        How many units are one of the value.
    least, most
        Range of the field without its sentinels.
    unavailable
        Sentinel.
    """
    scaled = np.rint(np.asarray(values, float) * per_unit).clip(least, most)
    known = np.where(np.isfinite(scaled), scaled, unavailable)
    numbers: list[int] = known.astype(np.int64).tolist()
    return numbers


def bound_code(bounds: FloatArray, table: Sequence[float]) -> list[int]:
    """Finest code of an enumeration of bounds that still holds, 0 where none does.

    Parameters
    ----------
    bounds : ndarray of shape (n,)
        What the error stays within at the standard's confidence.
    table
        Values of the codes; that of code 0, which means unavailable, is not looked at.
    """
    limits = np.array(table[1:], float)
    fits = np.asarray(bounds, float)[:, None] <= limits
    finest = np.where(fits, limits, np.inf).argmin(axis=1) + 1
    codes: list[int] = np.where(fits.any(axis=1), finest, 0).tolist()
    return codes


def heading_of_motion(rows: RecordArray) -> FloatArray:
    """Heading that messages tell, clockwise from north in radians, NaN if unknown; shape (n,).

    Messages have speed and heading, and receivers make a velocity of them. So the heading is that
    of the motion where the speed stands out of its own error, and that of the box else.
    """
    east, north = rows["velocity_east_mps"].astype(float), rows["velocity_north_mps"].astype(float)
    course = np.arctan2(east, north) % (2 * np.pi)
    moves = speed_mps(rows) > 2 * speed_sigma_mps(rows)
    box = rows["heading_rad"].astype(float)
    heading: FloatArray = np.where(moves | (np.isnan(box) & (speed_mps(rows) > 0)), course, box)
    return heading


def heading_units(rows: RecordArray) -> list[int]:
    """`heading_of_motion` in 0.0125 deg, the sentinel 28800 where unknown; a full turn is 0."""
    units = np.rint(np.degrees(heading_of_motion(rows)) * 80) % HEADING_UNAVAILABLE
    known = np.where(np.isnan(units), HEADING_UNAVAILABLE, units)
    numbers: list[int] = known.astype(np.int64).tolist()
    return numbers


def heading_sigma_rad(rows: RecordArray) -> FloatArray:
    """Standard deviation of the heading of motion, NaN where the box's is told; shape (n,).

    Small angles: the error of the velocity across the motion over the speed.
    """
    speed, sigma = speed_mps(rows), speed_sigma_mps(rows)
    unknown = np.full(len(rows), np.nan)
    return np.divide(sigma, speed, out=unknown, where=speed > 2 * sigma)


def class_codes(rows: RecordArray, codes: Mapping[ObjectClass, int]) -> IntArray:
    """Code of each object's class, 0 where the standard has none; shape (n,)."""
    table = np.zeros(len(ObjectClass), np.int64)
    for known, code in codes.items():
        table[known] = code
    taken: IntArray = table[rows["object_class"].clip(max=len(ObjectClass) - 1)]
    return taken

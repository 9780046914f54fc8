"""Lengths on the WGS-84 ellipsoid (NGA.STND.0036)."""

from typing import TypeVar

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled

T = TypeVar("T", float, FloatArray)

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257_223_563
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)


@compiled
def metres_per_degree(lat_deg: T) -> tuple[T, T]:
    """Length of a degree of longitude and of latitude, metres.

    From the radii of curvature in the prime vertical and in the meridian (Snyder, Map
    Projections: A Working Manual, 1987, equations 4-20 and 4-18).
    """
    lat_rad = np.radians(lat_deg)
    w2 = 1.0 - ECCENTRICITY2 * np.sin(lat_rad) ** 2
    w = np.sqrt(w2)
    east = np.radians(SEMI_MAJOR_M / w * np.cos(lat_rad))
    north = np.radians(SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / (w2 * w))
    return east, north

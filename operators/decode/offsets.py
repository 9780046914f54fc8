"""Places that a message gives as metres from a point in degrees."""

import math
from collections.abc import Sequence

from pyproj import Geod

_EARTH = Geod(ellps="WGS84")


def places_deg(
    lon_deg: float, lat_deg: float, east_m: Sequence[float], north_m: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes of offsets from one point: the direct geodesic (Karney, 2013).

    Parameters
    ----------
    lon_deg, lat_deg
        The point that the offsets count from.
    east_m, north_m
        Of each place, of equal length.
    """
    bearings_deg = [math.degrees(math.atan2(e, n)) for e, n in zip(east_m, north_m, strict=True)]
    distances_m = [math.hypot(e, n) for e, n in zip(east_m, north_m, strict=True)]
    n = len(distances_m)
    # lists, because the library takes an array of one for a number
    lon, lat, _ = _EARTH.fwd([lon_deg] * n, [lat_deg] * n, bearings_deg, distances_m)
    return lon, lat

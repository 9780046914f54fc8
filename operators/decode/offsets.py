"""Places that a message gives as metres from a point in degrees."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pyproj import Geod

_EARTH = Geod(ellps="WGS84")


class Origin(NamedTuple):
    """The point that offsets count from.

    Parameters
    ----------
    lon_deg, lat_deg
        Degrees.
    altitude_m
        NaN if unknown.
    covariance_m2
        xx, xy and yy of its error, east and north; NaN if unknown.
    """

    lon_deg: float
    lat_deg: float
    altitude_m: float
    covariance_m2: tuple[float, float, float]


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
    n = len(east_m)
    if n == 1:  # a third of the time of a list of one
        bearing_deg = math.degrees(math.atan2(east_m[0], north_m[0]))
        distance_m = math.hypot(east_m[0], north_m[0])
        lon_deg, lat_deg = moved_deg(lon_deg, lat_deg, bearing_deg, distance_m)
        return [lon_deg], [lat_deg]
    bearings_deg = list(map(math.degrees, map(math.atan2, east_m, north_m)))
    distances_m = list(map(math.hypot, east_m, north_m))
    # lists, because the library takes an array of one for a number
    lon, lat, _ = _EARTH.fwd([lon_deg] * n, [lat_deg] * n, bearings_deg, distances_m)
    return lon, lat


def moved_deg(
    lon_deg: float, lat_deg: float, bearing_deg: float, distance_m: float
) -> tuple[float, float]:
    """Longitude and latitude of the place that lies so far in a direction clockwise from north."""
    lon, lat, _ = _EARTH.fwd(lon_deg, lat_deg, bearing_deg, distance_m)
    return lon, lat


def summed_m2(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Covariance of a place whose offset and point err on their own.

    An error of the point that nobody knows adds nothing; one of the offset stays unknown.
    """
    if math.isnan(other[0]):
        return one
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]

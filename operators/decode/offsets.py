"""Places that a message gives as metres from a point in degrees."""

import math
from typing import NamedTuple

import numpy as np
from pyproj import Geod

from operators._typing import FloatArray
from operators.jit import compiled, inlined
from operators.transform.ellipsoid import ECCENTRICITY2, SEMI_MAJOR_M

_STEP_M = 2000.0
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


@compiled
def places_deg(lon_deg: float, lat_deg: float, offsets_m: FloatArray) -> FloatArray:
    """Longitude and latitude of offsets from one point, along geodesics.

    Parameters
    ----------
    lon_deg, lat_deg
        The point that the offsets count from.
    offsets_m : ndarray of shape (n, 2)
        East and north at the point: direction and length of the geodesic.

    Returns
    -------
    ndarray of shape (n, 2)
        By Runge-Kutta of the fourth order along ``dlat = cos a / M, dlon = sin a / (N cos lat),
        da = sin a tan lat / N`` with the radii of curvature of `transform.ellipsoid`: steps of
        2 km are off by nanometres up to 80 degrees of latitude.
    """
    made = np.empty(offsets_m.shape)
    for k in range(len(offsets_m)):
        east, north = offsets_m[k]
        left_m = math.hypot(east, north)
        steps = 1 + int(left_m / _STEP_M)
        h = left_m / steps
        lat, lon, way = math.radians(lat_deg), 0.0, math.atan2(east, north)
        for _ in range(steps):
            a = _slope(lat, way)
            b = _slope(lat + 0.5 * h * a[0], way + 0.5 * h * a[2])
            c = _slope(lat + 0.5 * h * b[0], way + 0.5 * h * b[2])
            d = _slope(lat + h * c[0], way + h * c[2])
            lat += h / 6.0 * (a[0] + 2.0 * b[0] + 2.0 * c[0] + d[0])
            lon += h / 6.0 * (a[1] + 2.0 * b[1] + 2.0 * c[1] + d[1])
            way += h / 6.0 * (a[2] + 2.0 * b[2] + 2.0 * c[2] + d[2])
        made[k, 0], made[k, 1] = lon_deg + math.degrees(lon), math.degrees(lat)
        if abs(made[k, 0]) > 180.0:
            made[k, 0] -= math.copysign(360.0, made[k, 0])
    return made


@inlined
def _slope(lat_rad: float, azimuth_rad: float) -> tuple[float, float, float]:
    """Change of latitude, longitude and azimuth along a geodesic, radians a metre."""
    sin, cos = math.sin(lat_rad), math.cos(lat_rad)
    w2 = 1.0 - ECCENTRICITY2 * sin * sin
    w = math.sqrt(w2)
    turn = math.sin(azimuth_rad) * w / (SEMI_MAJOR_M * cos)
    return math.cos(azimuth_rad) * w2 * w / (SEMI_MAJOR_M * (1.0 - ECCENTRICITY2)), turn, turn * sin


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

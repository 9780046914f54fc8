"""BD-09: the second shift, on top of GCJ-02, of one map provider's degrees.

The public formula: polar coordinates of (longitude, latitude) about (0, 0), both wobbled with a
wavelength of 0.12 degrees, then moved by (0.0065, 0.006) degrees. The inverse that goes with it
takes the wobble at the shifted place and is off by decimetres; here it is the fixed point of
``p = b - shift(p)``, exact to rounding. Outside China the provider itself uses WGS-84, so the
shift fades out with that of GCJ-02 (`operators.transform.gcj02.presence`).
"""

import math

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled
from operators.transform.gcj02 import gcj02_of, presence, wgs84_of_gcj02

_WAVE = math.pi * 3000.0 / 180.0  # radians a degree
_ROUNDS = 40
_SETTLED_DEG = 1e-13


@compiled
def bd09_of_gcj02(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """BD-09 longitude and latitude of one GCJ-02 place, degrees."""
    share = presence(lon_deg, lat_deg)
    if not share > 0.0:
        return lon_deg, lat_deg
    radius = math.hypot(lon_deg, lat_deg) + 0.000_02 * math.sin(lat_deg * _WAVE)
    angle = math.atan2(lat_deg, lon_deg) + 0.000_003 * math.cos(lon_deg * _WAVE)
    east, north = radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006
    return lon_deg + share * (east - lon_deg), lat_deg + share * (north - lat_deg)


@compiled
def gcj02_of_bd09(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """GCJ-02 longitude and latitude of one BD-09 place, degrees."""
    lon, lat = lon_deg, lat_deg
    for _ in range(_ROUNDS):
        shifted_lon, shifted_lat = bd09_of_gcj02(lon, lat)
        off_lon, off_lat = shifted_lon - lon_deg, shifted_lat - lat_deg
        lon, lat = lon - off_lon, lat - off_lat
        if abs(off_lon) <= _SETTLED_DEG and abs(off_lat) <= _SETTLED_DEG:
            break
    return lon, lat


@compiled
def _all_forward(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    made_lon, made_lat = np.empty(lon.shape[0]), np.empty(lon.shape[0])
    for k in range(lon.shape[0]):
        made_lon[k], made_lat[k] = bd09_of_gcj02(*gcj02_of(lon[k], lat[k]))
    return made_lon, made_lat


@compiled
def _all_back(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    made_lon, made_lat = np.empty(lon.shape[0]), np.empty(lon.shape[0])
    for k in range(lon.shape[0]):
        made_lon[k], made_lat[k] = wgs84_of_gcj02(*gcj02_of_bd09(lon[k], lat[k]))
    return made_lon, made_lat


def wgs84_to_bd09(lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """BD-09 longitude and latitude, degrees, arrays of any equal shape; NaN gives NaN."""
    lon, lat = np.asarray(lon_deg, float), np.asarray(lat_deg, float)
    made_lon, made_lat = _all_forward(lon.ravel(), lat.ravel())
    return made_lon.reshape(lon.shape), made_lat.reshape(lat.shape)


def bd09_to_wgs84(lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """WGS-84 longitude and latitude, degrees, arrays of any equal shape; NaN gives NaN."""
    lon, lat = np.asarray(lon_deg, float), np.asarray(lat_deg, float)
    made_lon, made_lat = _all_back(lon.ravel(), lat.ravel())
    return made_lon.reshape(lon.shape), made_lat.reshape(lat.shape)

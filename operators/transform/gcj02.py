"""GCJ-02: the public approximation of the shift that maps of mainland China carry.

The shift has no published standard; this is the formula that circulates in open map libraries
(``transformLat`` and ``transformLon`` on the Krasovsky 1940 ellipsoid). It is here to read what
sources send, and no substitute for the state-recognised technique.

The libraries apply it inside a rectangle and nothing outside, a jump of up to 730 m at its sides
that no inverse can undo. Here the shift fades out over half a degree *outside* the rectangle: the
same numbers inside, none farther away, continuous and invertible everywhere.

The inverse is the fixed point of ``p = g - shift(p)``; the shift changes by 0.9 % of a move inside
the rectangle and by 3.2 % where it fades, so that each round gains one to two digits.
"""

import math

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled

_SEMI_MAJOR_M = 6_378_245.0  # Krasovsky 1940
_ECCENTRICITY2 = 0.006_693_421_622_965_943_23
_WEST_DEG, _EAST_DEG, _SOUTH_DEG, _NORTH_DEG = 72.004, 137.8347, 0.8293, 55.8271
FADE_DEG = 0.5
_ROUNDS = 40
_SETTLED_DEG = 1e-13  # 10 nm; doubles near 120 degrees step by a tenth of it


@compiled
def presence(lon_deg: float, lat_deg: float) -> float:
    """Share of the shift that applies at a place: 1 in the rectangle around China, 0 far from it.

    Outside, the smooth step ``1 - 3 u^2 + 2 u^3`` along each axis, u = distance / `FADE_DEG`.
    """
    share = 1.0
    for beyond_deg in (
        max(_WEST_DEG - lon_deg, lon_deg - _EAST_DEG),
        max(_SOUTH_DEG - lat_deg, lat_deg - _NORTH_DEG),
    ):
        u = min(max(beyond_deg / FADE_DEG, 0.0), 1.0)
        share *= 1.0 - u * u * (3.0 - 2.0 * u)
    return share


@compiled
def _waves(x: float, a: float, b: float) -> float:
    """Slow waves that both shifts have along their own axis, with the amplitudes of the slowest."""
    return (
        20.0 * math.sin(math.pi * x)
        + 40.0 * math.sin(math.pi * x / 3.0)
        + a * math.sin(math.pi * x / 12.0)
        + b * math.sin(math.pi * x / 30.0)
    )


@compiled
def gcj02_of(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """GCJ-02 longitude and latitude of one WGS-84 place, degrees."""
    share = presence(lon_deg, lat_deg)
    if not share > 0.0:
        return lon_deg, lat_deg
    x, y = lon_deg - 105.0, lat_deg - 35.0
    fast = 20.0 * math.sin(6.0 * math.pi * x) + 20.0 * math.sin(2.0 * math.pi * x)
    root = math.sqrt(abs(x))
    east_m = (fast + _waves(x, 150.0, 300.0)) * 2.0 / 3.0
    east_m += 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    north_m = (fast + _waves(y, 160.0, 320.0)) * 2.0 / 3.0
    north_m += -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    lat_rad = math.radians(lat_deg)
    w2 = 1.0 - _ECCENTRICITY2 * math.sin(lat_rad) ** 2
    w = math.sqrt(w2)
    parallel_m = _SEMI_MAJOR_M / w * math.cos(lat_rad)
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY2) / (w2 * w)
    return (
        lon_deg + share * math.degrees(east_m / parallel_m),
        lat_deg + share * math.degrees(north_m / meridian_m),
    )


@compiled
def wgs84_of_gcj02(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """WGS-84 longitude and latitude of one GCJ-02 place, degrees."""
    lon, lat = lon_deg, lat_deg
    for _ in range(_ROUNDS):
        shifted_lon, shifted_lat = gcj02_of(lon, lat)
        off_lon, off_lat = shifted_lon - lon_deg, shifted_lat - lat_deg
        lon, lat = lon - off_lon, lat - off_lat
        if abs(off_lon) <= _SETTLED_DEG and abs(off_lat) <= _SETTLED_DEG:
            break
    return lon, lat


@compiled
def _all_forward(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    made_lon, made_lat = np.empty(lon.shape[0]), np.empty(lon.shape[0])
    for k in range(lon.shape[0]):
        made_lon[k], made_lat[k] = gcj02_of(lon[k], lat[k])
    return made_lon, made_lat


@compiled
def _all_back(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    made_lon, made_lat = np.empty(lon.shape[0]), np.empty(lon.shape[0])
    for k in range(lon.shape[0]):
        made_lon[k], made_lat[k] = wgs84_of_gcj02(lon[k], lat[k])
    return made_lon, made_lat


def wgs84_to_gcj02(lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """GCJ-02 longitude and latitude, degrees, arrays of any equal shape; NaN gives NaN."""
    lon, lat = np.asarray(lon_deg, float), np.asarray(lat_deg, float)
    made_lon, made_lat = _all_forward(lon.ravel(), lat.ravel())
    return made_lon.reshape(lon.shape), made_lat.reshape(lat.shape)


def gcj02_to_wgs84(lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
    """WGS-84 longitude and latitude, degrees, arrays of any equal shape; NaN gives NaN."""
    lon, lat = np.asarray(lon_deg, float), np.asarray(lat_deg, float)
    made_lon, made_lat = _all_back(lon.ravel(), lat.ravel())
    return made_lon.reshape(lon.shape), made_lat.reshape(lat.shape)

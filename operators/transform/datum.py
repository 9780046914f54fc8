"""Degrees of every datum that a source may declare, to WGS-84, with the Jacobian of the way.

**CGCS2000** is taken as WGS-84. Its ellipsoid differs by 0.1 mm in latitude at the most. Both are
realisations of the international terrestrial frame and agree within centimetres at one epoch; but
CGCS2000 stays at 2000.0 while China moves, by some 3 cm a year: a receiver that works in today's
frame finds the same stone 0.8 m farther east-south-east in 2026. The EPSG registry has no
operation between the two; the move is one constant offset for a source, and less than a single
receiver errs; whatever estimates offsets of sources takes it with the rest.

**GCJ-02, BD-09**: `operators.transform.gcj02`, `.bd09`. Their distortion, over mainland China:

| | shift | scale | turn |
|---|---|---|---|
| GCJ-02 | mean 390 m, most 730 m | -0.7 to +0.8 % | 2.6 mrad |
| BD-09 | mean 1120 m, most 1520 m | -2.3 to +2.3 % | 20 mrad |

So at 30 m/s a velocity that was differenced from such degrees is off by 0.2 or 0.9 m/s: vectors
and covariances are carried through the Jacobian (`operators.transform.carry`).
"""

import numpy as np

from operators._typing import FloatArray
from operators.decode.decoded import Datum
from operators.frame import empty_observations
from operators.jit import compiled
from operators.transform.bd09 import bd09_of_gcj02, gcj02_of_bd09
from operators.transform.carry import carry
from operators.transform.ellipsoid import metres_per_degree
from operators.transform.gcj02 import gcj02_of, presence, wgs84_of_gcj02

SHIFTED = ("GCJ-02", "BD-09")  # those that differ from WGS-84 by more than a metre

# Half the base of the differences, some 10 m: rounding makes 1e-10 of it, curvature of the shift
# (wavelengths from 13 km on) less than 1e-6.
_STEP_DEG = 1e-4


@compiled
def _shifted(baidu: bool, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    lon, lat = gcj02_of(lon_deg, lat_deg)
    if baidu:
        lon, lat = bd09_of_gcj02(lon, lat)
    return lon, lat


@compiled
def _jacobian(baidu: bool, lon: float, lat: float, from_lat: float, made: FloatArray) -> None:
    """Fill d(WGS-84 metres) / d(shifted metres) at a WGS-84 place: the inverse of the way there."""
    a, b = _shifted(baidu, lon + _STEP_DEG, lat), _shifted(baidu, lon - _STEP_DEG, lat)
    c, d = _shifted(baidu, lon, lat + _STEP_DEG), _shifted(baidu, lon, lat - _STEP_DEG)
    east, north = metres_per_degree(lat)
    from_east, from_north = metres_per_degree(from_lat)
    base = 2.0 * _STEP_DEG
    xx, xy = (a[0] - b[0]) / base * from_east / east, (c[0] - d[0]) / base * from_east / north
    yx, yy = (a[1] - b[1]) / base * from_north / east, (c[1] - d[1]) / base * from_north / north
    det = xx * yy - xy * yx
    made[0, 0], made[0, 1], made[1, 0], made[1, 1] = yy / det, -xy / det, -yx / det, xx / det


@compiled
def _unshift(
    baidu: bool, lon: FloatArray, lat: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n = lon.shape[0]
    made_lon, made_lat, jacobian = np.empty(n), np.empty(n), np.empty((n, 2, 2))
    for k in range(n):
        a, b = lon[k], lat[k]
        if baidu:
            a, b = gcj02_of_bd09(a, b)
        a, b = wgs84_of_gcj02(a, b)
        made_lon[k], made_lat[k] = a, b
        _jacobian(baidu, a, b, lat[k], jacobian[k])
    return made_lon, made_lat, jacobian


def to_wgs84(
    datum: Datum, lon_deg: FloatArray, lat_deg: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Degrees of a datum as WGS-84.

    Parameters
    ----------
    datum
        What the degrees are in.
    lon_deg, lat_deg : ndarrays of shape (n,)

    Returns
    -------
    lon_deg, lat_deg : ndarrays of shape (n,)
        WGS-84; NaN gives NaN.
    jacobian : ndarray of shape (n, 2, 2) or None
        East and north metres, WGS-84 by declared; None where it is the identity.
    """
    if datum not in SHIFTED:
        return lon_deg, lat_deg, None
    return _unshift(datum == "BD-09", lon_deg, lat_deg)


def warm_up() -> None:
    """Compile the kernels of places, or read them from the cache, so that no frame has to wait."""
    _, _, jacobian = to_wgs84("BD-09", np.full(1, 116.4), np.full(1, 39.9))
    if jacobian is not None:
        carry(empty_observations(1), jacobian)
    metres_per_degree(np.zeros(1))


def shift_applies(lon_deg: float, lat_deg: float) -> bool:
    """Whether GCJ-02 and BD-09 differ from WGS-84 at a place."""
    return presence(lon_deg, lat_deg) > 0.0

"""Metric frames on the Earth by their code in the EPSG registry: grids and geocentric axes.

``EPSG:32650`` is UTM zone 50 N; CGCS2000 in Gauss-Krueger zones is 4491-4501 (6 degrees, zone
number before the easting), 4502-4512 (6 degrees), 4513-4533 (3 degrees, with zone number) and
4534-4554 (3 degrees); ``EPSG:4978`` and ``EPSG:4479`` are geocentric x, y, z (ECEF). `pyproj`
carries them out. x is always the easting and y the northing, whatever the registry's own order (it
calls the northing X in China). Every source declares its own zone: one grid for a country would
err by 1.2 m in each kilometre at Beijing and by 5.9 m at Guangzhou.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from operators._typing import BoolArray, FloatArray
from operators.errors import FrameError
from operators.transform.ellipsoid import metres_per_degree

_WGS84, _WGS84_3D, _CGCS2000, _CGCS2000_3D = 4326, 4979, 4490, 4480
# Null by decision (`operators.transform.datum`); the registry has no operation to judge by.
_TAKEN_AS_WGS84 = "China 2000"
_ACCURACY_M = 1.0  # an operation that may err by more would spoil what it is given
_MARGIN_DEG = 3.0  # a city at a zone's edge goes on in its zone; a wrong zone or order lies farther
_STEP_M = 10.0  # half the base of the differences: rounding makes 1e-10 of it


@dataclass(frozen=True, slots=True)
class Grid:
    """A metric frame.

    Parameters
    ----------
    code
        ``EPSG:`` and the number.
    geocentric
        True for x, y, z from the Earth's centre, False for easting and northing.
    transformer
        To WGS-84 longitude and latitude (and height, if geocentric).
    area_deg
        West, south, east and north of where it is meant to be used.
    """

    code: str
    geocentric: bool
    transformer: Transformer
    area_deg: tuple[float, float, float, float]

    def to_wgs84(self, x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, ...]:
        """Places of a plane grid.

        Parameters
        ----------
        x_m, y_m : ndarrays of shape (n,)
            Easting and northing.

        Returns
        -------
        lon_deg, lat_deg : ndarrays of shape (n,)
            WGS-84; NaN where the grid has no such place.
        jacobian : ndarray of shape (n, 2, 2)
            East and north metres by grid metres, central differences of the transform itself: the
            grid's convergence and scale, and the datum's part.
        """
        steps = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]]) * _STEP_M
        x, y = (x_m + steps[:, :1]).ravel(), (y_m + steps[:, 1:]).ravel()
        made = np.reshape(self.transformer.transform(x, y), (2, 5, -1))
        lon, lat = np.where(np.isfinite(made), made, np.nan)  # it says infinity
        east, north = metres_per_degree(lat[0])
        jacobian = np.empty((len(x_m), 2, 2))
        for column, (ahead, behind) in enumerate(((1, 2), (3, 4))):
            turned = (lon[ahead] - lon[behind] + 180.0) % 360.0 - 180.0  # over the date line
            jacobian[:, 0, column] = turned * east / (2.0 * _STEP_M)
            jacobian[:, 1, column] = (lat[ahead] - lat[behind]) * north / (2.0 * _STEP_M)
        return lon[0], lat[0], jacobian

    def geocentric_to_wgs84(self, xyz_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Longitude, latitude (degrees) and ellipsoidal height (m) of points of shape (n, 3)."""
        # The library takes an array of one for a number: more points keep it from that.
        padded = np.vstack([xyz_m, np.zeros((2, 3))])
        lon, lat, height = self.transformer.transform(*padded.T)
        return lon[:-2], lat[:-2], height[:-2]

    def is_in_area(self, lon_deg: FloatArray, lat_deg: FloatArray) -> BoolArray:
        """Whether places lie in the frame's area of use or within 3 degrees of it."""
        west, south, east, north = self.area_deg
        span = (east - west) % 360.0 or 360.0
        along = (lon_deg - west + _MARGIN_DEG) % 360.0 <= span + 2.0 * _MARGIN_DEG
        across = (lat_deg >= south - _MARGIN_DEG) & (lat_deg <= north + _MARGIN_DEG)
        return np.asarray(along & across)


@lru_cache(maxsize=256)
def grid(code: str) -> Grid:
    """The frame of a code, ``EPSG:`` and a number; equal codes give the same object.

    Raises
    ------
    FrameError
        If there is no such code, it names no metric frame in metres, or no single way to WGS-84
        of a metre or better is known.
    """
    try:
        crs = CRS.from_epsg(int(code.removeprefix("EPSG:")))
    except (ProjError, ValueError):
        msg = f"{code} is not in the registry"
        raise FrameError(msg) from None
    if not (crs.is_projected or crs.is_geocentric):
        msg = f"{code} ({crs.name}) is neither a grid nor geocentric"
        raise FrameError(msg)
    if any(axis.unit_name != "metre" for axis in crs.axis_info):
        msg = f"{code} ({crs.name}) is not in metres"
        raise FrameError(msg)
    area = crs.area_of_use
    bounds = area.bounds if area is not None else (-180.0, -90.0, 180.0, 90.0)
    return Grid(code, crs.is_geocentric, _transformer(code, crs), bounds)


def _transformer(code: str, crs: CRS) -> Transformer:
    null = crs.datum is not None and crs.datum.name == _TAKEN_AS_WGS84
    plane, solid = (_CGCS2000, _CGCS2000_3D) if null else (_WGS84, _WGS84_3D)
    target = CRS.from_epsg(solid if crs.is_geocentric else plane)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of operations that need files: they are not accurate here
        made = Transformer.from_crs(crs, target, always_xy=True)
    if not 0.0 <= made.accuracy <= _ACCURACY_M:
        msg = f"{code} ({crs.name}): no single way to WGS-84 within {_ACCURACY_M:g} m is known"
        raise FrameError(msg)
    return made

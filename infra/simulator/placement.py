"""Where the flat district lies on the Earth: local east-north-up metres to and from WGS-84."""

from dataclasses import dataclass, field

import numpy as np
from pyproj import Transformer
from pyproj.enums import TransformDirection

from operators._typing import FloatArray


@dataclass(frozen=True, slots=True)
class Placement:
    """Tangent plane of the WGS-84 ellipsoid (EPSG method 9837, topocentric).

    Parameters
    ----------
    lat_deg, lon_deg, alt_m
        Origin; the height is above the ellipsoid. The default is near the centre of one H3 cell of
        resolution 7, so that the district and everything its sensors reach lie in one cell.
    """

    lat_deg: float = 31.9253
    lon_deg: float = 118.8120
    alt_m: float = 12.0
    _to_wgs84: Transformer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pipeline = (
            "+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 "
            f"+lon_0={self.lon_deg!r} +lat_0={self.lat_deg!r} +h_0={self.alt_m!r} "
            "+step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
        )
        object.__setattr__(self, "_to_wgs84", Transformer.from_pipeline(pipeline))

    def local_to_wgs84(
        self, x_m: FloatArray, y_m: FloatArray, z_m: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Latitude and longitude (degrees) and height (m) of local points; arrays of one shape."""
        lon, lat, alt = self._transform(TransformDirection.FORWARD, x_m, y_m, z_m)
        return lat, lon, alt

    def wgs84_to_local(
        self, lat_deg: FloatArray, lon_deg: FloatArray, alt_m: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Local east, north, up (m) of WGS-84 points; arrays of one shape."""
        return self._transform(TransformDirection.INVERSE, lon_deg, lat_deg, alt_m)

    def _transform(
        self, direction: TransformDirection, *points: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        shape = points[0].shape
        if points[0].size == 1:  # pyproj takes such an array for a number, which numpy deprecates
            made = self._to_wgs84.transform(*(p.item() for p in points), direction=direction)
        else:
            made = self._to_wgs84.transform(*points, direction=direction)
        first, second, third = (np.asarray(values).reshape(shape) for values in made)
        return first, second, third

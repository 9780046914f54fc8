"""Where a SUMO network lies: its own projection, or an origin that the user gives."""

from collections.abc import Callable, Mapping

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from infra.roads.imported import ImportFileError
from operators._typing import FloatArray
from operators.transform.cells import local_frame

Points = list[tuple[float, float]]
Place = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def place_of(location: Mapping[str, str], origin: tuple[float, float] | None) -> Place:
    """From a network's x and y, metres, to longitude and latitude, WGS-84 degrees.

    Parameters
    ----------
    location
        Attributes of ``<location>``: ``netOffset`` was added to projected coordinates,
        ``projParameter`` is the projection as PROJ writes it (sumo.dlr.de, Networks/SUMO Road
        Networks, "Coordinates and alignment").
    origin
        Latitude and longitude of where x and y are 0 before the offset, x east and y north.

    Raises
    ------
    ImportFileError
        If neither says where.
    """
    offset_x, offset_y = _offset(location.get("netOffset", "0,0"))
    back = _origin(*origin) if origin else _projected(location.get("projParameter", "!"))

    def place(x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        return back(x_m - offset_x, y_m - offset_y)

    return place


def _offset(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        msg = f"netOffset {text!r} is no pair of numbers"
        raise ImportFileError(msg) from None
    return x, y


def _origin(lat_deg: float, lon_deg: float) -> Place:
    return local_frame(lon_deg, lat_deg).to_geographic


def _projected(text: str) -> Place:
    if not text.startswith("+proj="):
        msg = (
            f"the network has no projection (projParameter {text!r}); "
            "say where its point 0,0 lies: --origin LAT,LON"
        )
        raise ImportFileError(msg)
    try:
        crs = CRS.from_proj4(text)
        transformer = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as error:
        msg = f"projParameter {text!r}: {error}"
        raise ImportFileError(msg) from error

    def place(x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        lon, lat = transformer.transform(x_m, y_m)
        return np.asarray(lon), np.asarray(lat)

    return place

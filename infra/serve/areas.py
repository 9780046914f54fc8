"""The part of the road that a request is about: a box or a circle, from its parameters."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from fastapi import Query

from infra.serve.problems import ProblemError
from operators._typing import FloatArray
from operators.current import Box, Closed, Part, in_box, in_circle

MOST_RADIUS_M = 20_000.0
MOST_BOX_DEG = 0.5  # 55 km of latitude
MOST_OBJECTS = 10_000

BoxText = Annotated[
    str | None,
    Query(max_length=120, description="west,south,east,north in degrees of WGS-84"),
]
Lat = Annotated[float | None, Query(ge=-90, le=90, description="of a circle's centre, degrees")]
Lon = Annotated[float | None, Query(ge=-180, le=180, description="of a circle's centre, degrees")]
Radius = Annotated[float, Query(gt=0, le=MOST_RADIUS_M, description="of the circle, metres")]

Choose = Callable[[Closed], list[Part]]


def chosen(box: str | None, lat: float | None, lon: float | None, radius_m: float) -> Choose:
    """What chooses the objects that a request is about.

    Raises
    ------
    ProblemError
        400 for an area that is none, is given twice or is too large.
    """
    if box is not None and lat is None and lon is None:
        wanted = _box(box)
        return lambda closed: _limited(closed.in_box(wanted))
    if box is None and lat is not None and lon is not None:
        return lambda closed: _limited(closed.around(lat, lon, radius_m))
    raise ProblemError(400, "no area", "give either `box`, or `lat` and `lon` with `radius_m`")


def inside(
    box: str | None, lat: float | None, lon: float | None, radius_m: float
) -> Callable[[float, float], bool]:
    """Whether a longitude and latitude are in the area of a request; all are if it names none.

    Raises
    ------
    ProblemError
        As `chosen`.
    """
    if box is None and lat is None and lon is None:
        return lambda lon_deg, lat_deg: True
    if box is not None and lat is None and lon is None:
        wanted = _box(box)
        return lambda lon_deg, lat_deg: bool(len(in_box(*_point(lon_deg, lat_deg), *wanted)))
    if box is None and lat is not None and lon is not None:
        at = (lon, lat, radius_m)
        return lambda lon_deg, lat_deg: bool(len(in_circle(*_point(lon_deg, lat_deg), *at)))
    raise ProblemError(400, "no area", "give either `box`, or `lat` and `lon` with `radius_m`")


def _point(lon_deg: float, lat_deg: float) -> tuple[FloatArray, FloatArray]:
    return np.array([lon_deg]), np.array([lat_deg])


def _box(text: str) -> Box:
    try:
        box = Box(*(float(one) for one in text.split(",")))
    except (ValueError, TypeError):
        detail = "box is west,south,east,north, such as 116.38,39.89,116.42,39.92"
        raise ProblemError(400, "no area", detail) from None
    wide, high = box.east_deg - box.west_deg, box.north_deg - box.south_deg
    if not (0 < wide <= MOST_BOX_DEG and 0 < high <= MOST_BOX_DEG):
        detail = f"each side of a box is more than 0 and at most {MOST_BOX_DEG} degrees"
        raise ProblemError(400, "no area", detail)
    return box


def _limited(parts: list[Part]) -> list[Part]:
    found = sum(len(part.chosen) for part in parts)
    if found > MOST_OBJECTS:
        detail = f"{found} objects are in the area, {MOST_OBJECTS} may be; ask for a smaller one"
        raise ProblemError(413, "too many objects", detail)
    return parts

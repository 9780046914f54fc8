"""GeoJSON geometries (RFC 7946) in messages: longitude first, at least two numbers a position.

A feed that swaps longitude and latitude often stays within the ranges of both, and no format can
tell: what a feed declares of its place does (`operators.transform.areas`).
"""

import math
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from operators.errors import DecodeError
from operators.reasons import Reason

Position = Annotated[list[float], Meta(min_length=2, max_length=4)]
_Line = Annotated[list[Position], Meta(min_length=2)]
_Ring = Annotated[list[Position], Meta(min_length=4)]
_Rings = Annotated[list[_Ring], Meta(min_length=1)]


class Point(msgspec.Struct, tag_field="type"):
    """One place."""

    coordinates: Position


class MultiPoint(msgspec.Struct, tag_field="type"):
    """Several places."""

    coordinates: Annotated[list[Position], Meta(min_length=1)]


class LineString(msgspec.Struct, tag_field="type"):
    """A line."""

    coordinates: _Line


class MultiLineString(msgspec.Struct, tag_field="type"):
    """Several lines."""

    coordinates: Annotated[list[_Line], Meta(min_length=1)]


class Polygon(msgspec.Struct, tag_field="type"):
    """An outer ring and its holes."""

    coordinates: _Rings


class MultiPolygon(msgspec.Struct, tag_field="type"):
    """Several polygons."""

    coordinates: Annotated[list[_Rings], Meta(min_length=1)]


Geometry = Point | MultiPoint | LineString | MultiLineString | Polygon | MultiPolygon


def geometry_text(geometry: Geometry) -> str:
    """A geometry as text, once all its positions are on the Earth.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE.
    """
    for lon, lat in positions(geometry.coordinates):
        if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
            msg = f"position {lon}, {lat}; are longitude and latitude swapped?"
            raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return msgspec.json.encode(geometry).decode()


def positions(coordinates: list[Any]) -> Iterator[tuple[float, float]]:
    """Longitude and latitude of every position, however deep it lies."""
    if isinstance(coordinates[0], list):
        for part in coordinates:
            yield from positions(part)
    else:
        yield coordinates[0], coordinates[1]


def place_text(lon_deg: float, lat_deg: float) -> str:
    """A point as text."""
    return geometry_text(Point([lon_deg, lat_deg]))


def line_text(places: list[list[float]]) -> str:
    """A line as text; a point if it has one place only."""
    return geometry_text(LineString(places) if len(places) > 1 else Point(places[0]))


def polygon_text(rings: list[list[list[float]]]) -> str:
    """Outer rings as a polygon or several, as text."""
    if len(rings) == 1:
        return geometry_text(Polygon(rings))
    return geometry_text(MultiPolygon([[ring] for ring in rings]))


_EARTH_RADIUS_M = 6_371_008.8
_CIRCLE_CORNERS = 64


def ring_around(lon_deg: float, lat_deg: float, radius_m: float) -> list[list[float]]:
    """Ring about a circle on a sphere, counter-clockwise."""
    reach_deg = math.degrees(radius_m / _EARTH_RADIUS_M)
    shrink = max(math.cos(math.radians(lat_deg)), 1e-6)
    turns = [math.tau * k / _CIRCLE_CORNERS for k in range(_CIRCLE_CORNERS)]
    ring = [
        [lon_deg + reach_deg * math.cos(t) / shrink, lat_deg + reach_deg * math.sin(t)]
        for t in turns
    ]
    return [*ring, ring[0]]

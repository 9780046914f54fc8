"""Areas of features as edges: what is inside polygons or within a radius of lines and points.

A GeoJSON geometry (RFC 7946) becomes *parts*, one for each of its polygons, lines and points. A
part has edges in degrees, straight in longitude and latitude as the RFC says; a point is an edge
without length. So that a border with thousands of corners costs no more than a circle, the edges
are kept in stripes of latitude, and a place is compared with those of its stripe alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray
from operators.jit import compiled
from operators.transform.ellipsoid import metres_per_degree

_EDGES_A_STRIPE = 4
_MAX_STRIPES = 256
_MAX_COPIES = 4  # an edge may stand in several stripes; this often in the mean

Box = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One polygon, line or point of an area.

    Parameters
    ----------
    box
        Bounds in degrees, the radius included.
    is_area
        Whether the edges are rings, the inside of which belongs to the part.
    radius_m
        How far beyond its edges the part reaches.
    edges : ndarray of shape (n_edges, 4)
        Longitude and latitude of both ends, degrees, stripe after stripe from the south.
    first : ndarray of shape (n_stripes + 1,)
        Where the edges of each stripe begin.
    """

    box: Box
    is_area: bool
    radius_m: float
    edges: FloatArray
    first: IntArray


@lru_cache(maxsize=16384)
def parts_of(area: str, radius_m: float | None) -> tuple[Part, ...]:
    """Parts of a GeoJSON geometry as text; none of an empty one.

    Lines and points without a radius hold nowhere and have no part.
    """
    if not area:
        return ()
    radius = radius_m or 0.0
    lines = _lines(msgspec.json.decode(area))
    return tuple(_part(chains, is_area, radius) for chains, is_area in lines if is_area or radius)


def _lines(geometry: dict[str, Any]) -> Iterator[tuple[list[list[Any]], bool]]:
    """Chains of positions of each part, and whether they are rings."""
    kind = geometry["type"]
    if kind == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from _lines(one)
        return
    several = geometry["coordinates"] if kind.startswith("Multi") else [geometry["coordinates"]]
    for coordinates in several:
        if kind.endswith("Polygon"):
            yield coordinates, True
        elif kind.endswith("LineString"):
            yield [coordinates], False
        else:
            yield [[coordinates, coordinates]], False


def _part(chains: list[list[Any]], is_area: bool, radius_m: float) -> Part:
    points = [np.array([place[:2] for place in chain], float) for chain in chains]
    edges = np.concatenate([np.hstack([chain[:-1], chain[1:]]) for chain in points])
    everywhere = np.concatenate(points)
    west, south = everywhere.min(axis=0).tolist()
    east, north = everywhere.max(axis=0).tolist()
    # A degree of latitude is shortest at the equator, one of longitude farthest from it.
    reach_lat = radius_m / metres_per_degree(0.0)[1]
    farthest = min(max(abs(south), abs(north)) + reach_lat, 89.0)
    reach_lon = min(radius_m / metres_per_degree(farthest)[0], 180.0)
    box = (west - reach_lon, south - reach_lat, east + reach_lon, north + reach_lat)
    ordered, first = _striped(edges, box, reach_lat)
    return Part(box, is_area, radius_m, ordered, first)


def _striped(edges: FloatArray, box: Box, reach_deg: float) -> tuple[FloatArray, IntArray]:
    """Edges stripe after stripe, one in each stripe that it can matter in; where each begins."""
    if len(edges) < 2 * _EDGES_A_STRIPE:
        return edges, np.array([0, len(edges)])
    low = edges[:, 1::2].min(axis=1) - reach_deg
    high = edges[:, 1::2].max(axis=1) + reach_deg
    count = min(len(edges) // _EDGES_A_STRIPE, _MAX_STRIPES)
    while True:
        height = (box[3] - box[1]) / count or 1.0
        lowest = np.clip((low - box[1]) / height, 0, count - 1).astype(np.int64)
        highest = np.clip((high - box[1]) / height, 0, count - 1).astype(np.int64)
        copies = highest - lowest + 1
        if count == 1 or copies.sum() <= _MAX_COPIES * len(edges):
            break
        count //= 2
    edge = np.repeat(np.arange(len(edges)), copies)
    stripe = lowest[edge] + _within(copies)
    order = np.argsort(stripe, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(stripe, minlength=count))])
    return edges[edge[order]], first


def _within(counts: IntArray) -> IntArray:
    """Numbers from 0 in each of several runs, one behind the other."""
    ends = np.cumsum(counts)
    numbers: IntArray = np.arange(int(counts.sum())) - np.repeat(ends - counts, counts)
    return numbers


@compiled
def odd_crossings(edges: FloatArray, first: int, last: int, lon_deg: float, lat_deg: float) -> bool:
    """Whether an odd number of edges cross the ray from a place to the east.

    A place is inside rings if so (Shimrat, 1962, Algorithm 112).

    Parameters
    ----------
    edges : ndarray of shape (n, 4)
        Longitude and latitude of both ends, degrees; those from `first` to before `last` count.
    lon_deg, lat_deg
        The place.
    """
    odd = False
    for k in range(first, last):
        y0, y1 = edges[k, 1], edges[k, 3]
        if (y0 > lat_deg) != (y1 > lat_deg):
            x0, x1 = edges[k, 0], edges[k, 2]
            if lon_deg < x0 + (x1 - x0) * (lat_deg - y0) / (y1 - y0):
                odd = not odd
    return odd


@compiled
def distance_m(edges: FloatArray, first: int, last: int, lon_deg: float, lat_deg: float) -> float:
    """Distance of a place from the nearest edge, metres; parameters as in `odd_crossings`.

    The nearest point is found in a plane with the scale of the place, its distance with the scale
    of the mean latitude (Gauss): right to 1e-5 within 50 km and to 1 % within 1,000 km.
    """
    nearest = np.inf
    east_m, north_m = metres_per_degree(lat_deg)
    for k in range(first, last):
        x0, y0 = (edges[k, 0] - lon_deg) * east_m, (edges[k, 1] - lat_deg) * north_m
        x1, y1 = (edges[k, 2] - lon_deg) * east_m, (edges[k, 3] - lat_deg) * north_m
        dx, dy = x1 - x0, y1 - y0
        length2 = dx * dx + dy * dy
        along = 0.0
        if length2 > 0.0:
            along = min(max(-(x0 * dx + y0 * dy) / length2, 0.0), 1.0)
        lon = edges[k, 0] + along * (edges[k, 2] - edges[k, 0])
        lat = edges[k, 1] + along * (edges[k, 3] - edges[k, 1])
        scale_x_m, scale_y_m = metres_per_degree((lat + lat_deg) / 2.0)
        far = math.hypot((lon - lon_deg) * scale_x_m, (lat - lat_deg) * scale_y_m)
        nearest = min(nearest, far)
    return nearest


@compiled
def _depths_m(
    edges: FloatArray, is_area: bool, lon_deg: FloatArray, lat_deg: FloatArray
) -> FloatArray:
    found = np.empty(len(lon_deg))
    for k in range(len(found)):
        away_m = distance_m(edges, 0, len(edges), lon_deg[k], lat_deg[k])
        inside = is_area and odd_crossings(edges, 0, len(edges), lon_deg[k], lat_deg[k])
        found[k] = away_m if inside else -away_m
    return found


def depths_m(part: Part, lon_deg: FloatArray, lat_deg: FloatArray) -> FloatArray:
    """How deep places are inside one part of a feature, metres, negative outside; shape (n,)."""
    edges = np.unique(part.edges, axis=0)  # they stand in several stripes
    return part.radius_m + _depths_m(edges, part.is_area, lon_deg, lat_deg)

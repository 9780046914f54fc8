"""H3 cells with a local frame each: x east, y north of the cell's centre, metres.

The local frame is the azimuthal equidistant projection about the centre (Snyder, Map Projections:
A Working Manual, 1987, ch. 25) on the WGS-84 ellipsoid: within 3 km of the centre its distances
are true to 1e-7, and its axes turn from east and north at the object by less than 0.5 mrad below
70 degrees of latitude. So vectors and covariances are taken over unrotated.

A cell's frame knows its projection within 5 km by polynomials (`operators.transform.patch`): the
library takes half a microsecond a place and more.
"""

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import ceil

import h3
import numpy as np
from pyproj import Proj

from operators._typing import FloatArray
from operators.jit import compiled, inlined
from operators.transform.ellipsoid import metres_per_degree
from operators.transform.patch import Patch, fitted

LOCAL = "local"  # the pseudo-cell of recordings without a place on the Earth
_PATCH_M = 5000.0  # a cell of resolution 7 with its neighbours
_EXACT_M = 5e-8  # a double of a longitude is good to 3e-9, and a projection rounds some times


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """Local east-north frame about a point.

    Parameters
    ----------
    lon_deg, lat_deg
        Its origin, WGS-84 degrees.
    projection
        The projection that carries it out.
    there, back
        The same, and its inverse, near the origin; None if it is not worth it to fit them.
    """

    lon_deg: float
    lat_deg: float
    projection: Proj
    there: Patch | None = None
    back: Patch | None = None

    def to_local(self, lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        """East and north of the origin, metres, arrays of shape (n,)."""
        near = self.there.at(lon_deg, lat_deg) if self.there else None
        return near or _project(self.projection, lon_deg, lat_deg, inverse=False)

    def to_geographic(self, x_m: FloatArray, y_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude, WGS-84 degrees, arrays of shape (n,)."""
        near = self.back.at(x_m, y_m) if self.back else None
        return near or _project(self.projection, x_m, y_m, inverse=True)


def _project(
    projection: Proj, first: FloatArray, second: FloatArray, *, inverse: bool
) -> tuple[FloatArray, FloatArray]:
    if first.size == 1:
        # The library takes an array of one for a number, in a way that numpy gives up.
        a, b = projection(first.item(), second.item(), inverse=inverse)
        return np.full(first.shape, a), np.full(first.shape, b)
    a, b = projection(first, second, inverse=inverse)
    return a, b


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its local frame and its border.

    Parameters
    ----------
    key
        H3 index as hexadecimal text.
    frame
        Local frame about its centre.
    edges : ndarray of shape (n_edges, 3)
        Unit inward normals and offsets of its border: ``edges @ (x, y, 1)`` is the distance
        inside each edge, metres.
    """

    key: str
    frame: LocalFrame
    edges: FloatArray

    def inside_m(self, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """Distance inside the border, metres, negative outside; shape of `x_m`."""
        return _inside_m(self.edges, np.asarray(x_m, np.float64), np.asarray(y_m, np.float64))


@compiled
def _inside_m(edges: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    nearest = np.empty(len(x))
    for k in range(len(x)):
        nearest[k] = inside_one_m(edges, x[k], y[k])
    return nearest


@inlined
def inside_one_m(edges: FloatArray, x_m: float, y_m: float) -> float:
    """Distance of one place inside a border, metres, as `Cell.inside_m`."""
    nearest = np.inf
    for edge in range(len(edges)):
        nearest = min(nearest, x_m * edges[edge, 0] + y_m * edges[edge, 1] + edges[edge, 2])
    return nearest


@lru_cache(maxsize=4096)
def local_frame(lon_deg: float, lat_deg: float) -> LocalFrame:
    """Local frame about a point; equal arguments give the same object."""
    projection = Proj(proj="aeqd", ellps="WGS84", lon_0=lon_deg, lat_0=lat_deg)
    return LocalFrame(lon_deg, lat_deg, projection)


def _patched(frame: LocalFrame) -> LocalFrame:
    """The frame with patches, where there are any: not at the poles nor where longitudes jump."""
    degree_m = np.array(metres_per_degree(frame.lat_deg))
    middle, reach_m = np.array([frame.lon_deg, frame.lat_deg]), np.full(2, _PATCH_M)
    reach_deg = reach_m / degree_m
    if abs(frame.lon_deg) + 2.0 * reach_deg[0] > 180.0:
        return frame
    there, back = (partial(_project, frame.projection, inverse=way) for way in (False, True))
    return replace(
        frame,
        there=fitted(there, np.array([middle, reach_deg]), np.full(2, _EXACT_M)),
        back=fitted(back, np.array([np.zeros(2), reach_m]), _EXACT_M / degree_m),
    )


@lru_cache(maxsize=65536)
def cell(key: str) -> Cell:
    """The cell of an H3 index in hexadecimal text."""
    lat, lon = h3.cell_to_latlng(key)
    frame = _patched(local_frame(lon, lat))
    border = np.array(h3.cell_to_boundary(key))
    corners = np.column_stack(frame.to_local(border[:, 1], border[:, 0]))
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1)[:, None]
    offset = -np.sum(normal * corners, axis=1)
    # The centre is the origin: an inward normal has a positive offset.
    turn = np.sign(offset)
    return Cell(key, frame, np.column_stack([normal * turn[:, None], offset * turn]))


def owner(lat_deg: float, lon_deg: float, resolution: int) -> str:
    """Key of the one cell that owns a point, WGS-84 degrees."""
    return str(h3.latlng_to_cell(lat_deg, lon_deg, resolution))


@lru_cache(maxsize=65536)
def neighbours(key: str) -> tuple[str, ...]:
    """Keys of a cell and of those around it, sorted."""
    return tuple(sorted(h3.grid_disk(key, 1)))


@lru_cache(maxsize=16384)
def cells_touching(
    lat_deg: float, lon_deg: float, radius_m: float, resolution: int
) -> tuple[str, ...]:
    """Keys of all cells that a circle touches, sorted.

    A pentagon has shorter edges than its neighbours; the test by distance is exact for each
    candidate, and the ring of candidates is one wider than hexagons would need.
    """
    edge_m = h3.average_hexagon_edge_length(resolution, unit="m")
    rings = ceil(radius_m / (1.5 * edge_m)) + 1
    touched = []
    for key in h3.grid_disk(h3.latlng_to_cell(lat_deg, lon_deg, resolution), rings):
        candidate = cell(key)
        x, y = candidate.frame.to_local(np.array([lon_deg]), np.array([lat_deg]))
        if candidate.inside_m(x, y)[0] >= -radius_m:
            touched.append(key)
    return tuple(sorted(touched))

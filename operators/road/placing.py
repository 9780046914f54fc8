"""Where a piece of a road network lies: in WGS-84, and what of it each cell has to know."""

from collections.abc import Callable

import msgspec
import numpy as np

from operators._typing import FloatArray
from operators.decode.decoded import Datum
from operators.errors import DecodeError
from operators.parameters import Parameters
from operators.reasons import Reason
from operators.road.network import Lane, RoadPart, degrees_of
from operators.sources import SourceEntry
from operators.transform.cells import cell, cells_touching, local_frame
from operators.transform.datum import SHIFTED, to_wgs84

MOST_M = 10_000.0  # radius of the widest piece: some two hundred cells of resolution 7
REACH_M = (
    100.0  # a cell knows the roads this far beyond its halo: a lane that it ends in has a start
)
_STEP_M = 100.0  # points of a lane farther apart get others between them


def declared_part(part: RoadPart, entry: SourceEntry | None) -> RoadPart:
    """The piece in WGS-84; its degrees are in the datum that the source's entry declares."""
    if entry is None or entry.datum not in SHIFTED:
        return part
    return _relaned(part, lambda lane: _moved(lane, entry.datum))


def _moved(lane: Lane, datum: Datum) -> Lane:
    lon, lat, _ = to_wgs84(datum, *degrees_of(lane).T.copy())
    return msgspec.structs.replace(lane, points=tuple(zip(lon.tolist(), lat.tolist(), strict=True)))


def _relaned(part: RoadPart, change: Callable[[Lane], Lane]) -> RoadPart:
    segments = tuple(
        msgspec.structs.replace(segment, lanes=tuple(map(change, segment.lanes)))
        for segment in part.segments
    )
    return msgspec.structs.replace(part, segments=segments)


def cell_roads(part: RoadPart, parameters: Parameters) -> dict[str, RoadPart]:
    """What each cell has to know of a piece, by the cell's key.

    Raises
    ------
    DecodeError
        TOO_MANY_OBJECTS for a piece in more cells than anything local is.
    """
    lines = [np.vstack([_dense(lane) for lane in s.lanes]) for s in part.segments]
    if not lines:
        return {}
    everything = np.vstack(lines)
    (west, south), (east, north) = everything.min(axis=0), everything.max(axis=0)
    middle = local_frame(round((west + east) / 2, 4), round((south + north) / 2, 4))
    radius_m = float(np.hypot(*middle.to_local(*everything.T.copy())).max())
    if radius_m > MOST_M:
        detail = f"{part.part} is {2 * radius_m / 1000:.0f} km wide, limit {2 * MOST_M / 1000:.0f}"
        raise DecodeError(Reason.TOO_MANY_OBJECTS, detail)
    reach_m = parameters.halo_m + REACH_M
    found = {}
    for key in cells_touching(
        middle.lat_deg, middle.lon_deg, radius_m + reach_m, parameters.h3_resolution
    ):
        near = tuple(
            segment
            for segment, line in zip(part.segments, lines, strict=True)
            if _touches(key, line, reach_m)
        )
        if near:
            found[key] = msgspec.structs.replace(part, segments=near)
    return found


def _touches(key: str, line: FloatArray, reach_m: float) -> bool:
    home = cell(key)
    x, y = home.frame.to_local(*line.T.copy())
    return bool(home.inside_m(x, y).max() > -reach_m)


def _dense(lane: Lane) -> FloatArray:
    """Points of a lane with none far from the next, shape (n, 2)."""
    points = degrees_of(lane)
    frame = local_frame(float(points[0, 0]), float(points[0, 1]))
    steps = np.hypot(*np.diff(np.array(frame.to_local(*points.T.copy()))))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.union1d(along, np.arange(0.0, along[-1], _STEP_M))
    return np.column_stack([np.interp(at, along, points[:, k]) for k in (0, 1)])

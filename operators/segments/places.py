"""The lanes of a cell as the scene step needs them: directions, and who sums up what."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.jit import KeyArray
from operators.road.lanes import CellLanes, cell_lanes
from operators.road.network import RoadPart
from operators.segments.scene import ROW
from operators.segments.sort import home_of, signalled

_LONGEST_M = 1e6  # more than any lane: the pieces of all lanes lie on one axis, this far apart


@dataclass(frozen=True, slots=True)
class CellPlaces:
    """Lanes of a cell and to whom their objects are told.

    Parameters
    ----------
    lanes
        Of the cell, sorted by id.
    first_lane : ndarray of shape (s, 2)
        Segment ids, sorted, each with the number of one of its lanes.
    axis : ndarray of shape (p,)
        Start of each piece of a lane on the common axis, rising.
    homes
        Keys of cells, each with the ids of the segments that it keeps.
    approaches
        Names of intersections, each with the ids of the segments that they let go.
    """

    lanes: CellLanes
    segment_ids: KeyArray
    first_lane: IntArray
    axis: FloatArray
    homes: dict[str, KeyArray]
    approaches: dict[str, KeyArray]


@lru_cache(maxsize=256)
def cell_places(key: str, packed: bytes, resolution: int) -> CellPlaces:
    """Lanes of a cell of its packed pieces of networks, as `operators.road.lanes` takes them."""
    lanes = cell_lanes(key, packed)
    ids, first = np.unique(lanes.lanes["segment_id"], return_index=True)
    homes: dict[str, list[int]] = {}
    approaches: dict[str, list[int]] = {}
    for part in msgspec.msgpack.decode(packed, type=list[RoadPart]):
        for segment in part.segments:
            homes.setdefault(home_of(segment, resolution), []).append(segment.segment_id)
            for name in signalled(segment):
                approaches.setdefault(name, []).append(segment.segment_id)
    axis = lanes.pieces["lane"] * _LONGEST_M + lanes.pieces["along_m"]
    return CellPlaces(lanes, ids, first, axis, _sorted(homes), _sorted(approaches))


def _sorted(held: dict[str, list[int]]) -> dict[str, KeyArray]:
    return {key: np.unique(np.array(held[key], np.uint64)) for key in sorted(held)}


def rows_of(seen: RecordArray, places: CellPlaces) -> RecordArray:
    """Objects on the lanes of a cell, with their speed along the lane.

    Parameters
    ----------
    seen : structured array of shape (n,), dtype `operators.segments.scene.SEEN`
    places
        Of the cell.

    Returns
    -------
    structured array of shape (m,), dtype `ROW`
        Without those whose segment is not known here.
    """
    known = np.isin(seen["segment_id"], places.segment_ids)
    chosen = seen[known]
    rows = np.zeros(len(chosen), ROW)
    for name in set(ROW.names or ()) - {"speed_mps"}:
        rows[name] = chosen[name]
    if not len(rows):
        return rows
    lane_ids = places.lanes.lanes["lane_id"]
    at = np.searchsorted(lane_ids, rows["lane_id"]).clip(max=len(lane_ids) - 1)
    segment = np.searchsorted(places.segment_ids, rows["segment_id"])
    lane = np.where(lane_ids[at] == rows["lane_id"], at, places.first_lane[segment])
    on_axis = lane * _LONGEST_M + rows["along_m"].clip(0.0).astype(float)
    pieces = places.lanes.pieces
    # The piece of the lane that the place is on: the last one that starts before it, or the first.
    piece = (np.searchsorted(places.axis, on_axis, side="right") - 1).clip(0)
    ux, uy = pieces["ux"][piece], pieces["uy"][piece]
    rows["speed_mps"] = chosen["velocity_east_mps"] * ux + chosen["velocity_north_mps"] * uy
    return rows

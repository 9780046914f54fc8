"""The lanes of one cell as arrays, in the cell's own frame, with a grid to find them by place."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.jit import KeyArray
from operators.road.intake import INTERSECTION
from operators.road.network import RoadPart, Segment, Turn, degrees_of
from operators.road.overlap import covered_pieces
from operators.transform.cells import cell

GRID_M = 12.5
REACH_M = 3.0  # beyond a lane's edge: what may be of an object on it that errs
# One piece of a lane's middle.
PIECE = np.dtype(
    [
        ("x_m", "<f8"),
        ("y_m", "<f8"),
        ("ux", "<f8"),  # unit vector along it
        ("uy", "<f8"),
        ("length_m", "<f8"),
        ("along_m", "<f8"),  # of its start, along the lane
        ("lane", "<i8"),
    ]
)
# One lane. Who may be on it: 0 walkers, 1 all others.
LANE = np.dtype(
    [
        ("lane_id", "<u8"),
        ("segment_id", "<u8"),
        ("half_m", "<f8"),
        ("length_m", "<f8"),
        ("both_ways", "?"),
        ("walkers", "?"),
    ]
)


@dataclass(frozen=True, slots=True)
class CellLanes:
    """Lanes of a cell.

    Parameters
    ----------
    lanes : structured array of shape (n,), dtype `LANE`
    cycles : ndarray of shape (n,)
        Whether a lane is one for cyclists; not in `LANE`, which lies packed in states.
    pieces : structured array of shape (p,), dtype `PIECE`
    origin : ndarray of shape (2,)
        South-west corner of the grid, metres.
    shape : ndarray of shape (2,)
        Squares to the east and north.
    starts, members : ndarrays
        Pieces near square s are ``members[starts[s]:starts[s + 1]]``, those of a lane together;
        without those that an intersection's own map draws too (`operators.road.overlap`).
    onward_starts, onward : ndarrays
        Lanes that follow lane k are ``onward[onward_starts[k]:onward_starts[k + 1]]``.
    turns
        Of each lane.
    """

    lanes: RecordArray
    cycles: BoolArray
    pieces: RecordArray
    origin: FloatArray
    shape: IntArray
    starts: IntArray
    members: IntArray
    onward_starts: IntArray
    onward: IntArray
    turns: tuple[tuple[Turn, ...], ...]


@lru_cache(maxsize=256)
def cell_lanes(key: str, packed: bytes) -> CellLanes:
    """Lanes of a cell of its packed pieces of networks, as `pack_parts` gives them."""
    return _built(key, chosen_lanes(packed), _mapped(packed))


def chosen_lanes(packed: bytes) -> list[tuple[Segment, int]]:
    """Segment and number in it of each lane of packed pieces, in the order of lane ids.

    Of a lane that is in two pieces the one of the first name counts.
    """
    parts = msgspec.msgpack.decode(packed, type=list[RoadPart])
    found: dict[int, tuple[Segment, int]] = {}
    for part in parts:
        for segment in part.segments:
            for number, lane in enumerate(segment.lanes):
                found.setdefault(lane.lane_id, (segment, number))
    return [found[lane_id] for lane_id in sorted(found)]


def _mapped(packed: bytes) -> set[int]:
    """Ids of the lanes that intersections' own maps draw."""
    parts = msgspec.msgpack.decode(packed, type=list[RoadPart])
    maps = [part for part in parts if part.part.startswith(INTERSECTION)]
    return {lane.lane_id for part in maps for segment in part.segments for lane in segment.lanes}


def pack_parts(parts: Sequence[RoadPart]) -> bytes:
    """Pieces of networks in the order of their names."""
    return msgspec.msgpack.encode(sorted(parts, key=lambda part: part.part))


def _built(key: str, chosen: Sequence[tuple[Segment, int]], mapped: set[int]) -> CellLanes:
    lanes = np.zeros(len(chosen), LANE)
    pieces = []
    for k, (segment, number) in enumerate(chosen):
        lane = segment.lanes[number]
        x, y = cell(key).frame.to_local(*degrees_of(lane).T.copy())
        drawn = _pieces(x, y, k)
        pieces.append(drawn)
        walkers = lane.kind == "pedestrian"
        length_m = float(drawn["length_m"].sum())
        ids = (lane.lane_id, segment.segment_id)
        lanes[k] = (*ids, lane.width_m / 2, length_m, lane.both_ways, walkers)
    all_pieces = np.concatenate(pieces) if pieces else np.zeros(0, PIECE)
    of_map = np.array([number in mapped for number in lanes["lane_id"].tolist()], np.bool_)
    all_pieces, covered = covered_pieces(lanes, all_pieces, of_map)
    origin, shape, starts, members = _grid(lanes, all_pieces, ~covered)
    of_name = {segment.lanes[number].name: k for k, (segment, number) in enumerate(chosen)}
    turns = tuple(segment.lanes[number].turns for segment, number in chosen)
    onward = [sorted({of_name[t.lane] for t in ways if t.lane in of_name}) for ways in turns]
    kinds = [segment.lanes[number].kind for segment, number in chosen]
    cycles = np.array([kind == "bicycle" for kind in kinds], np.bool_)
    onward_starts = np.cumsum([0, *map(len, onward)], dtype=np.int64)
    flat = np.array([k for ways in onward for k in ways], np.int64)
    grid = (origin, shape, starts, members)
    return CellLanes(lanes, cycles, all_pieces, *grid, onward_starts, flat, turns)


def _pieces(x: FloatArray, y: FloatArray, lane: int) -> RecordArray:
    made = np.zeros(len(x) - 1, PIECE)
    dx, dy = np.diff(x), np.diff(y)
    length = np.hypot(dx, dy)
    made["x_m"], made["y_m"], made["length_m"] = x[:-1], y[:-1], length
    made["ux"], made["uy"] = dx / length, dy / length
    made["along_m"] = np.cumsum(length) - length
    made["lane"] = lane
    return made


def _grid(
    lanes: RecordArray,
    pieces: RecordArray,
    shown: BoolArray,
) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """Origin, shape, starts and members of the grid of those pieces that are shown."""
    if not len(pieces):
        return np.zeros(2), np.zeros(2, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int64)
    ends_x = pieces["x_m"] + pieces["ux"] * pieces["length_m"]
    ends_y = pieces["y_m"] + pieces["uy"] * pieces["length_m"]
    reach = lanes["half_m"][pieces["lane"]] + REACH_M
    low = np.column_stack(
        [np.minimum(pieces["x_m"], ends_x) - reach, np.minimum(pieces["y_m"], ends_y) - reach]
    )
    high = np.column_stack(
        [np.maximum(pieces["x_m"], ends_x) + reach, np.maximum(pieces["y_m"], ends_y) + reach]
    )
    origin = low.min(axis=0)
    shape = ((high.max(axis=0) - origin) // GRID_M + 1).astype(np.int64)
    first = ((low - origin) // GRID_M).astype(np.int64)
    last = ((high - origin) // GRID_M).astype(np.int64)
    squares: dict[int, list[int]] = defaultdict(list)
    for k in shown.nonzero()[0].tolist():
        for i in range(first[k, 0], last[k, 0] + 1):
            for j in range(first[k, 1], last[k, 1] + 1):
                if _near(pieces[k], origin + (np.array([i, j]) + 0.5) * GRID_M, float(reach[k])):
                    squares[i * int(shape[1]) + j].append(k)
    counts = np.zeros(int(shape.prod()) + 1, np.int64)
    for square, held in squares.items():
        counts[square + 1] = len(held)
    members = np.array([k for square in sorted(squares) for k in squares[square]], np.int64)
    return origin, shape, np.cumsum(counts), members


def _near(piece: np.void, middle: FloatArray, reach_m: float) -> bool:
    """Whether a piece comes near a square: the circle around it is what is asked."""
    x, y = middle[0] - piece["x_m"], middle[1] - piece["y_m"]
    t = min(max(x * piece["ux"] + y * piece["uy"], 0.0), piece["length_m"])
    away = np.hypot(x - t * piece["ux"], y - t * piece["uy"])
    return bool(away <= reach_m + GRID_M * 0.70711)


def ids_of(lanes: CellLanes, chosen: IntArray, name: str) -> KeyArray:
    """Ids ``lane_id`` or ``segment_id`` of lanes by number, 0 for number -1."""
    if not len(lanes.lanes):
        return np.zeros(len(chosen), np.uint64)
    found: KeyArray = np.where(chosen >= 0, lanes.lanes[name][chosen], np.uint64(0))
    return found

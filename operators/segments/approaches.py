"""The lanes that the signal groups of an intersection let go, as arrays."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.jit import KeyArray
from operators.road.network import Lane, RoadPart, length_m

USUAL_MPS = 13.9  # where nobody knows the limit: 50 km/h


@dataclass(frozen=True, slots=True)
class Approaches:
    """Lanes that lead to the stop lines of an intersection.

    Parameters
    ----------
    lane_ids : ndarray of shape (n,)
        Sorted.
    segment_ids : ndarray of shape (n,)
        Of each lane.
    length_m, limit_mps : ndarray of shape (n,)
        Distance along the lane of its stop line, and how fast one goes there.
    groups : ndarray of shape (g,)
        Numbers of the signal groups, rising.
    leads : ndarray of shape (g, n)
        Whether a group lets traffic of a lane go; several may.
    alone : dict
        Segments whose lanes all lead to the same groups, each with one of its lanes.
    """

    lane_ids: KeyArray
    segment_ids: KeyArray
    length_m: FloatArray
    limit_mps: FloatArray
    groups: IntArray
    leads: BoolArray
    alone: dict[int, int]


@lru_cache(maxsize=256)
def approaches_of(intersection: str, packed: bytes) -> Approaches:
    """Lanes of packed pieces of networks that signals of an intersection let go."""
    found: dict[int, tuple[int, float, float, frozenset[int]]] = {}
    ways: dict[int, list[tuple[int, frozenset[int]]]] = {}
    for part in msgspec.msgpack.decode(packed, type=list[RoadPart]):
        for segment in part.segments:
            for lane in segment.lanes:
                groups = _groups(lane, intersection)
                ways.setdefault(segment.segment_id, []).append((lane.lane_id, groups))
                limit = segment.limit_mps or USUAL_MPS
                named = (segment.segment_id, length_m(lane), limit, groups)
                if groups:
                    found.setdefault(lane.lane_id, named)
    ids = sorted(found)
    rows = [found[lane_id] for lane_id in ids]
    numbers = sorted({group for row in rows for group in row[3]})
    leads = np.array([[group in row[3] for row in rows] for group in numbers], np.bool_)
    return Approaches(
        np.array(ids, np.uint64),
        np.array([row[0] for row in rows], np.uint64),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        np.array(numbers, np.int64),
        leads.reshape(len(numbers), len(ids)),
        {
            segment: ids.index(lanes[0][0])
            for segment, lanes in ways.items()
            if lanes[0][1] and len({ways_on for _, ways_on in lanes}) == 1
        },
    )


def _groups(lane: Lane, intersection: str) -> frozenset[int]:
    """Groups of an intersection that let traffic of a lane go."""
    here = (turn.group for turn in lane.turns if turn.intersection == intersection)
    return frozenset(group for group in here if group)


def lane_numbers(
    rows: RecordArray, approaches: Approaches, tracks: KeyArray, lanes: IntArray
) -> IntArray:
    """Number of the lane of each row, -1 where it is not known or leads nowhere here.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.segments.scene.ROW`
    approaches
        Of the intersection.
    tracks, lanes : ndarray of shape (m,)
        Lanes that tracks were on, by number; tracks sorted.
    """
    number = _among(approaches.lane_ids, rows["lane_id"])
    unknown = (number < 0) & (rows["lane_id"] == 0)
    before = _among(tracks, rows["track_id"])
    remembered = np.where(before >= 0, lanes[before] if len(lanes) else -1, -1)
    same = approaches.segment_ids[remembered] == rows["segment_id"] if len(rows) else unknown
    number = np.where(unknown & (remembered >= 0) & same, remembered, number)
    alone = np.array([approaches.alone.get(s, -1) for s in rows["segment_id"].tolist()], np.int64)
    return np.where((number < 0) & unknown, alone, number)


def _among(ids: KeyArray, wanted: KeyArray) -> IntArray:
    """Where each of `wanted` is in sorted `ids`, -1 where it is not."""
    if not len(ids):
        return np.full(len(wanted), -1)
    at = np.searchsorted(ids, wanted).clip(max=len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)

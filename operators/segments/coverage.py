"""Which share of a segment somebody looks at: circles of live sources against its lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import FloatArray, IntArray
from operators.jit import KeyArray
from operators.road.network import RoadPart, Segment, degrees_of, length_m
from operators.segments.scene import Circle, Scene
from operators.transform.ellipsoid import metres_per_degree

_STEP_M = 5.0


@dataclass(frozen=True, slots=True)
class HeldSegments:
    """The segments that one key keeps.

    Parameters
    ----------
    ids : ndarray of shape (s,)
        Sorted.
    length_m : ndarray of shape (s,)
        Mean length of the lanes.
    points : ndarray of shape (p, 2)
        Longitude and latitude of points at equal distances along the first lane of each.
    of : ndarray of shape (p,)
        Number of the segment of each point.
    """

    ids: KeyArray
    length_m: FloatArray
    points: FloatArray
    of: IntArray


@lru_cache(maxsize=256)
def held_segments(packed: bytes) -> HeldSegments:
    """Segments of packed pieces of networks; of one that is in two, that of the first name."""
    found: dict[int, Segment] = {}
    for part in msgspec.msgpack.decode(packed, type=list[RoadPart]):
        for segment in part.segments:
            found.setdefault(segment.segment_id, segment)
    ids = np.array(sorted(found), np.uint64)
    chosen = [found[number] for number in ids.tolist()]
    lengths = np.array([np.mean([length_m(lane) for lane in one.lanes]) for one in chosen])
    points = [_points(one) for one in chosen]
    of = np.repeat(np.arange(len(chosen)), [len(one) for one in points])
    whole = np.concatenate(points) if points else np.zeros((0, 2))
    return HeldSegments(ids, lengths, whole, of)


def _points(segment: Segment) -> FloatArray:
    """Middles of equal pieces of the first lane, shape (n, 2)."""
    line = degrees_of(segment.lanes[0])
    steps = np.hypot(*(np.diff(line, axis=0) * metres_per_degree(float(line[0, 1]))).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    n = max(1, round(along[-1] / _STEP_M))
    at = (np.arange(n) + 0.5) / n * along[-1]
    return np.column_stack([np.interp(at, along, line[:, k]) for k in (0, 1)])


@lru_cache(maxsize=1024)
def looked_at(packed: bytes, circles: tuple[Circle, ...]) -> FloatArray:
    """Share of each segment in any of the circles, shape (s,).

    Parameters
    ----------
    packed
        Pieces of networks, as for `held_segments`.
    circles
        Where sources look.
    """
    held = held_segments(packed)
    inside = np.zeros(len(held.points), np.bool_)
    for circle in circles:
        middle = (held.points[:, 1] + circle.lat_deg) / 2
        east_m, north_m = metres_per_degree(middle)
        x = (held.points[:, 0] - circle.lon_deg) * east_m
        y = (held.points[:, 1] - circle.lat_deg) * north_m
        inside |= np.hypot(x, y) <= circle.radius_m
    n = len(held.ids)
    share: FloatArray = np.bincount(held.of, inside, n) / np.bincount(held.of, minlength=n)
    return share


def seen_share(packed: bytes, scenes: Sequence[Scene], ticks: int) -> FloatArray:
    """Share of each segment and of the ticks of a period that was looked at, shape (s,).

    Parameters
    ----------
    packed
        Pieces of networks.
    scenes
        Of the period, in the order of their ticks.
    ticks
        Of the period, also those without a scene.
    """
    circles: dict[int, set[Circle]] = {}
    for scene in scenes:
        circles.setdefault(scene.tick_us, set()).update(scene.circles)
    total = np.zeros(len(held_segments(packed).ids))
    for found in circles.values():
        total += looked_at(packed, tuple(sorted(found)))
    return total / ticks

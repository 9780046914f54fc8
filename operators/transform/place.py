"""Place a decoded frame: to WGS-84, then into each cell that it concerns."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

import h3
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.decode.decoded import DecodedFrame, Space
from operators.errors import DecodeError
from operators.frame import Frame, FrameFlag, copied
from operators.jit import compiled
from operators.parameters import Parameters
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.cells import (
    LOCAL,
    Cell,
    cell,
    cells_touching,
    neighbours,
    owner,
)
from operators.transform.declared import declared_to_wgs84

# Nearer to the border than this, ownership is asked of H3 itself: the plane edges of
# `transform.cells` follow its geodesic ones within millimetres.
_BORDER_M = 1.0
# No source looks at more; a frame with positions all over the world must not hold up the others.
MAX_CELLS = 300
LARGEST_LOCAL_M = 1e6  # nothing without a place on the Earth is wider


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the front knows about the record around a frame."""

    source_id: str
    kind: int
    event_time_us: int
    receive_time_us: int
    topic: str
    partition: int
    offset: int
    payload_hash: int
    flags: int
    owner: str = ""
    nominal_rate_hz: float = math.nan


def place(
    decoded: DecodedFrame, stamp: Stamp, entry: SourceEntry | None, parameters: Parameters
) -> list[tuple[str, Frame]]:
    """The frame as each cell sees it, with the cell's key.

    Every observation is owned by exactly one of the cells; a cell gets also what lies in its halo,
    and gets the frame even when it is empty there, if the source looks at it.

    Raises
    ------
    DecodeError
        ``UNKNOWN_FRAME`` if positions are in a frame that is not declared; ``OUT_OF_RANGE`` for a
        position that is none; ``TOO_MANY_OBJECTS`` for positions in more cells than any source
        looks at.
    """
    placeless = decoded.space is Space.LOCAL and decoded.pose is None
    if placeless and (entry is None or entry.frame == "local"):
        if entry is None:
            raise DecodeError(Reason.UNKNOWN_FRAME, "local positions need a source entry")
        return [(LOCAL, _in_local(decoded, stamp))]
    lon, lat, observations = declared_to_wgs84(decoded, entry)
    if not _is_on_earth(lon, lat):
        raise DecodeError(Reason.OUT_OF_RANGE, "position beyond 90 or 180 degrees")
    keys = _covered(entry, parameters)
    if not keys and not len(lat):
        return []  # it saw nothing, and nobody knows where
    home = _home(keys, lat, lon, parameters)
    x, y = home.frame.to_local(lon, lat)
    inside = home.inside_m(x, y)
    if len(keys) <= 1 and (inside > parameters.halo_m).all():
        return [(home.key, _frame(home, x, y, observations, stamp, entry))]
    return _in_several(home, inside, lon, lat, observations, stamp, entry, set(keys), parameters)


def _in_local(decoded: DecodedFrame, stamp: Stamp) -> Frame:
    if not np.all(np.abs(decoded.position) <= LARGEST_LOCAL_M):
        detail = f"local position beyond {LARGEST_LOCAL_M:g} m"
        raise DecodeError(Reason.OUT_OF_RANGE, detail)
    observations = decoded.observations.copy()
    observations["x_m"], observations["y_m"] = decoded.position.T
    moving = replace(stamp, flags=stamp.flags | FrameFlag.MAY_MOVE)
    return _stamped(moving, observations, 0.0, 0.0, float("nan"))


@compiled
def _is_on_earth(lon: FloatArray, lat: FloatArray) -> bool:
    there = 0
    for k in range(len(lon)):
        there += abs(lon[k]) <= 180.0 and abs(lat[k]) <= 90.0
    return there == len(lon)


def _covered(entry: SourceEntry | None, parameters: Parameters) -> tuple[str, ...]:
    if entry is None or entry.coverage_radius_m is None:
        return ()
    if entry.lat_deg is None or entry.lon_deg is None:
        return ()
    reach = entry.coverage_radius_m + parameters.halo_m
    return cells_touching(entry.lat_deg, entry.lon_deg, reach, parameters.h3_resolution)


def _home(keys: tuple[str, ...], lat: FloatArray, lon: FloatArray, parameters: Parameters) -> Cell:
    if len(keys) == 1:
        return cell(keys[0])
    if len(lat) == 0:
        return cell(keys[0])
    resolution = parameters.h3_resolution
    owners = Counter(owner(la, lo, resolution) for la, lo in zip(lat, lon, strict=True))
    return cell(min(owners, key=lambda key: (-owners[key], key)))


def _in_several(
    home: Cell,
    inside: FloatArray,
    lon: FloatArray,
    lat: FloatArray,
    observations: RecordArray,
    stamp: Stamp,
    entry: SourceEntry | None,
    covered: set[str],
    parameters: Parameters,
) -> list[tuple[str, Frame]]:
    resolution = parameters.h3_resolution
    owners = np.array(
        [
            home.key if depth > _BORDER_M else owner(la, lo, resolution)
            for depth, la, lo in zip(inside, lat, lon, strict=True)
        ],
        dtype="U15",
    )
    names, group = np.unique(owners, return_inverse=True)
    if len(names) > MAX_CELLS:
        detail = f"positions in {len(names)} cells, limit {MAX_CELLS}"
        raise DecodeError(Reason.TOO_MANY_OBJECTS, detail)
    place_of = {name: k for k, name in enumerate(names.tolist())}
    placed = []
    for key in sorted(covered.union(*map(neighbours, place_of))):
        beside = [place_of[k] for k in neighbours(key) if k in place_of]
        near = np.flatnonzero(np.isin(group, beside))
        candidate = cell(key)
        x, y = candidate.frame.to_local(lon[near], lat[near])
        mine = owners[near] == key
        seen = mine | (candidate.inside_m(x, y) > -parameters.halo_m)
        if not seen.any() and key not in covered:
            continue
        kept = observations[near[seen]]
        kept["owned"] = mine[seen]
        placed.append((key, _frame(candidate, x[seen], y[seen], kept, stamp, entry)))
    return placed


def _frame(
    home: Cell,
    x: FloatArray,
    y: FloatArray,
    observations: RecordArray,
    stamp: Stamp,
    entry: SourceEntry | None,
) -> Frame:
    placed = copied(observations)
    placed["x_m"], placed["y_m"] = x, y
    radius = entry.coverage_radius_m if entry is not None else None
    if entry is None or radius is None or entry.lat_deg is None or entry.lon_deg is None:
        return _stamped(stamp, placed, 0.0, 0.0, float("nan"))
    cx, cy = _site(home.key, entry.lon_deg, entry.lat_deg)
    return _stamped(stamp, placed, cx, cy, radius)


@lru_cache(maxsize=16384)
def _site(key: str, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Where a sensor stands in the frame of a cell, metres."""
    x, y = cell(key).frame.to_local(np.array([lon_deg]), np.array([lat_deg]))
    return float(x[0]), float(y[0])


def _stamped(stamp: Stamp, observations: RecordArray, cx: float, cy: float, radius: float) -> Frame:
    return Frame(
        stamp.source_id,
        stamp.kind,
        stamp.flags,
        stamp.event_time_us,
        stamp.receive_time_us,
        stamp.topic,
        stamp.partition,
        stamp.offset,
        stamp.payload_hash,
        cx,
        cy,
        radius,
        observations,
        stamp.owner,
        stamp.nominal_rate_hz,
    )


def cell_integer(key: str) -> int:
    """Index of a cell as tables hold it; 0 for the pseudo-cell of local recordings."""
    return 0 if key == LOCAL else int(h3.str_to_int(key))

"""What is on the road now: the newest picture of each cell, and when a tick is complete.

For readers that take pictures as they come, uncommitted, with repeats (after a failure the same
picture comes again with equal content): of each cell the largest tick counts, all else is no news.

A tick is closed when every cell with objects has published it. A cell that has none holds nobody
up, for it may have gone quiet; nor does one that is `PATIENCE_US` behind: its objects are told with
the tick that they are of.
"""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fused import Snapshot
from operators.jit import compiled
from operators.transform.ellipsoid import metres_per_degree

PATIENCE_US = 300_000
FORGET_US = 2_000_000  # a cell that says nothing for so long shows nothing

_M_PER_DEGREE = 110_574.0  # least length of a degree of latitude on the WGS-84 ellipsoid
_M_PER_DEGREE_LON = 111_319.0  # of a degree of longitude, at the equator


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The newest picture of one cell, with the box that holds its objects.

    Parameters
    ----------
    tick_us, cell, sources, live, missing
        As in the snapshot.
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    lon_deg, lat_deg : ndarray of shape (n,)
        Their places, packed: what every question looks at.
    box
        West, south, east and north, degrees; an empty box if there are no objects.
    """

    tick_us: int
    cell: str
    sources: list[str]
    live: list[str]
    missing: list[str]
    rows: RecordArray
    lon_deg: FloatArray
    lat_deg: FloatArray
    box: tuple[float, float, float, float]


class Part(NamedTuple):
    """Objects of one cell that a question is about."""

    held: Held
    chosen: IntArray


class Box(NamedTuple):
    """An area between two longitudes and two latitudes, degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """All cells at a tick that is closed; nothing in it changes any more.

    Parameters
    ----------
    tick_us
        The tick.
    cells
        Newest picture of each cell.
    boxes : ndarray of shape (n_cells, 4)
        Their boxes.
    """

    tick_us: int
    cells: tuple[Held, ...]
    boxes: FloatArray

    def in_box(self, box: Box) -> list[Part]:
        """Objects in a box, cell by cell."""
        found = []
        for held in self._touching(box):
            found += _part(held, in_box(held.lon_deg, held.lat_deg, *box))
        return found

    def around(self, lat_deg: float, lon_deg: float, radius_m: float) -> list[Part]:
        """Objects in a circle, cell by cell."""
        found = []
        for held in self._touching(_about(lat_deg, lon_deg, radius_m)):
            near = in_circle(held.lon_deg, held.lat_deg, lon_deg, lat_deg, radius_m)
            found += _part(held, near)
        return found

    def tracks(self, track_ids: Collection[int]) -> dict[int, Part]:
        """Those of some objects that are on the road, each as a part of its own."""
        wanted = np.array(sorted(track_ids), np.uint64)
        found = {}
        for held in self.cells:
            (at,) = np.isin(held.rows["track_id"], wanted).nonzero()
            for i, track_id in zip(at, held.rows["track_id"][at].tolist(), strict=True):
                found[track_id] = Part(held, np.array([i]))
        return found

    def _touching(self, box: Box) -> list[Held]:
        west, south, east, north = self.boxes.T
        touching = (
            (west <= box.east_deg)
            & (east >= box.west_deg)
            & (south <= box.north_deg)
            & (north >= box.south_deg)
        )
        return [self.cells[i] for i in touching.nonzero()[0]]


@compiled
def in_box(
    lon_deg: FloatArray,
    lat_deg: FloatArray,
    west_deg: float,
    south_deg: float,
    east_deg: float,
    north_deg: float,
) -> IntArray:
    """Which points, given by arrays of shape (n,), lie in a box; their numbers, rising."""
    found, count = np.empty(len(lon_deg), np.int64), 0
    for i in range(len(lon_deg)):
        if west_deg <= lon_deg[i] <= east_deg and south_deg <= lat_deg[i] <= north_deg:
            found[count] = i
            count += 1
    return found[:count]


@compiled
def in_circle(
    lon_deg: FloatArray, lat_deg: FloatArray, at_lon_deg: float, at_lat_deg: float, radius_m: float
) -> IntArray:
    """Which points, given by arrays of shape (n,), lie in a circle; their numbers, rising.

    Distances by the middle-latitude formula, as `operators.fused.offsets_m`.
    """
    found, count = np.empty(len(lon_deg), np.int64), 0
    west, south, east, north = _about(at_lat_deg, at_lon_deg, radius_m)
    for i in range(len(lon_deg)):
        if not (west <= lon_deg[i] <= east and south <= lat_deg[i] <= north):
            continue  # most are, and sines cost more than comparisons
        east_m, north_m = metres_per_degree((lat_deg[i] + at_lat_deg) / 2)
        x, y = (lon_deg[i] - at_lon_deg) * east_m, (lat_deg[i] - at_lat_deg) * north_m
        if x * x + y * y <= radius_m * radius_m:
            found[count] = i
            count += 1
    return found[:count]


def _part(held: Held, index: IntArray) -> list[Part]:
    return [Part(held, index)] if len(index) else []


@compiled
def _about(lat_deg: float, lon_deg: float, radius_m: float) -> Box:
    """A box that holds a circle."""
    high = radius_m / _M_PER_DEGREE
    narrowest = math.cos(math.radians(min(abs(lat_deg) + high, 89.9)))
    wide = radius_m / (_M_PER_DEGREE_LON * narrowest) * 1.01  # the ellipsoid's parallels
    return Box(lon_deg - wide, lat_deg - high, lon_deg + wide, lat_deg + high)


class Current:
    """Newest picture of each cell."""

    def __init__(self) -> None:
        self._cells: dict[str, Held] = {}
        self._holding: Counter[int] = Counter()  # cells with objects, by their tick
        self._newest_us = 0
        self._closed_us = 0
        self.repeats = 0

    def take(self, given: Snapshot) -> bool:
        """Take a picture; False if the cell's tick is known already."""
        before = self._cells.get(given.cell)
        if before is not None:
            if given.tick_us <= before.tick_us:
                self.repeats += 1
                return False
            self._release(before)
        rows = given.rows
        told = (given.sources, given.live, given.missing)
        lon, lat = rows["lon_deg"].copy(), rows["lat_deg"].copy()
        held = Held(given.tick_us, given.cell, *told, rows, lon, lat, _box(lon, lat))
        self._cells[given.cell] = held
        if len(rows):
            self._holding[given.tick_us] += 1
        self._newest_us = max(self._newest_us, given.tick_us)
        return True

    def close(self) -> Closed | None:
        """The newest tick that is complete, None if there is none since the last call."""
        late_us = self._newest_us - PATIENCE_US
        in_time = [tick for tick in self._holding if tick >= late_us]
        tick_us = min(in_time, default=self._newest_us)
        if tick_us <= self._closed_us:
            return None
        self._closed_us = tick_us
        self._forget()
        cells = tuple(self._cells.values())
        return Closed(tick_us, cells, np.array([held.box for held in cells]))

    def _forget(self) -> None:
        gone = [h for h in self._cells.values() if self._newest_us - h.tick_us > FORGET_US]
        for held in gone:
            self._release(held)
            del self._cells[held.cell]

    def _release(self, held: Held) -> None:
        if len(held.rows):
            self._holding[held.tick_us] -= 1
            if not self._holding[held.tick_us]:
                del self._holding[held.tick_us]


_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)


def _box(lon: FloatArray, lat: FloatArray) -> tuple[float, float, float, float]:
    if not len(lon):
        return _NOWHERE
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

"""All features that are shared, found by place and tick.

Each part of each version that can be seen is a *row* with a box and the ticks at which it is
visible. Rows stand in tiles of a pyramid: a row goes to the level whose tiles are as large as its
box, so to four tiles at the most, and a place is looked up in one tile of each level that is in
use. So neither the number of features nor the size of one shows in the cost of a tick.
The index is a cache of what is shared, renewed change by change: nothing in it outlives that.
"""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.enrich.shapes import Box, Part, crosses, distances_m, parts_of, within
from operators.enrich.versions import Span, Version, spans, unpack
from operators.shared import Shared

# Kinds that stand in the dataset but apply to nobody: where a vehicle is.
SILENT = frozenset({"vehicle"})
_Identity = tuple[int, int, str, int, int]
_DEEPEST = 17  # tiles of 0.0027 degrees, some 300 m
_ROW = np.dtype(
    [
        ("start_us", "<i8"),
        ("end_us", "<i8"),
        ("west_deg", "<f8"),
        ("south_deg", "<f8"),
        ("east_deg", "<f8"),
        ("north_deg", "<f8"),
        ("radius_m", "<f8"),
        ("is_area", "?"),
        ("stripe", "<i8"),  # first of its stripes
        ("stripes", "<i8"),
    ]
)


class Hits(NamedTuple):
    """Which rows hold at which places, as pairs.

    Parameters
    ----------
    place : ndarray of shape (n,)
        Index of the place.
    row : ndarray of shape (n,)
        Row of the index.
    """

    place: IntArray
    row: IntArray


class FeatureIndex:
    """Index of the features that one stage shares."""

    def __init__(self) -> None:
        self._followed: Shared | None = None
        self._forget_all()

    def _forget_all(self) -> None:
        self._changes = 0
        self._rows = np.zeros(64, _ROW)
        self._free: list[int] = []
        self._used = 0
        self._of: dict[str, dict[_Identity, list[int]]] = {}
        self._tiles: dict[int, set[int]] = {}
        self._levels: Counter[int] = Counter()
        self._parts: dict[int, tuple[Part, Version]] = {}
        self._edges = _Pool(np.zeros((256, 4)))
        self._stripes = _Pool(np.zeros((64, 2), np.int64))

    def follow(self, shared: Shared) -> None:
        """Take over what changed since the last call, or everything of what is shared anew."""
        same = shared is self._followed
        changed = shared.changed_since(self._changes) if same else None
        if changed is None:
            self._forget_all()
            changed, self._followed = list(shared), shared
        for name in dict.fromkeys(changed):
            self._renew(name, shared.get(name))
        self._changes = shared.changes
        self._tidy()

    def version(self, row: int) -> Version:
        """The version of a feature that a row is of."""
        return self._parts[row][1]

    def extent_deg2(self, row: int) -> float:
        """Size of a row's box: of two reports the one for the smaller area knows better."""
        west, south, east, north = self._parts[row][0].box
        return (east - west) * (north - south)

    def at(self, lon_deg: FloatArray, lat_deg: FloatArray, tick_us: int) -> Hits:
        """Rows that hold at places at a tick.

        Parameters
        ----------
        lon_deg, lat_deg : ndarray of shape (n,)
            WGS-84 degrees.
        tick_us
            UTC microseconds.
        """
        place, row = self._near(lon_deg, lat_deg)
        if not len(row):
            return Hits(place, row)
        rows = self._rows[row]
        lon, lat = _beside(rows, lon_deg[place]), lat_deg[place]
        kept = (rows["start_us"] <= tick_us) & (tick_us < rows["end_us"]) & _in_box(rows, lon, lat)
        place, row, lon, lat = place[kept], row[kept], lon[kept], lat[kept]
        exact = self._inside(self._rows[row], lon, lat)
        return Hits(place[exact], row[exact])

    def _near(self, lon_deg: FloatArray, lat_deg: FloatArray) -> tuple[IntArray, IntArray]:
        """Pairs of places and the rows in their tiles."""
        if not self._levels:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing
        levels = np.array(sorted(self._levels), np.int64)
        codes = _codes(levels[:, None], lon_deg[None, :], lat_deg[None, :]).ravel()
        places = np.tile(np.arange(len(lon_deg)), len(levels))
        different, which = np.unique(codes, return_inverse=True)
        tiles = [list(self._tiles.get(code, ())) for code in different.tolist()]
        sizes = np.array([len(tile) for tile in tiles], np.int64)
        rows = np.array([row for tile in tiles for row in tile], np.int64)
        counts = sizes[which]
        first = (np.cumsum(sizes) - sizes)[which]
        return np.repeat(places, counts), rows[np.repeat(first, counts) + within(counts)]

    def _inside(self, rows: RecordArray, lon: FloatArray, lat: FloatArray) -> BoolArray:
        """Which pairs of a row and a place hold exactly; arrays of shape (n,)."""
        height = (rows["north_deg"] - rows["south_deg"]) / rows["stripes"]
        up = (lat - rows["south_deg"]) / np.where(height > 0.0, height, 1.0)
        stripe = rows["stripe"] + np.clip(up.astype(np.int64), 0, rows["stripes"] - 1)
        first, counts = self._stripes.array[stripe].T
        pair = np.repeat(np.arange(len(rows)), counts)
        edges = self._edges.array[first[pair] + within(counts)]
        lon, lat = lon[pair], lat[pair]
        crossings = np.bincount(pair[crosses(edges, lon, lat)], minlength=len(rows))
        inside: BoolArray = rows["is_area"] & (crossings % 2 == 1)
        reach = rows["radius_m"][pair]
        wide = reach > 0.0
        near = distances_m(edges[wide], lon[wide], lat[wide]) <= reach[wide]
        inside[pair[wide][near]] = True
        return inside

    def _renew(self, name: str, packed: bytes | None) -> None:
        """Make the rows of a feature those of its spans; what is the same stays."""
        held = self._of.pop(name, {})
        wanted = {_identity(span): span for span in spans(unpack(packed))} if packed else {}
        for gone in held.keys() - wanted.keys():
            self._remove(held.pop(gone))
        for identity, span in wanted.items():
            if identity not in held:
                version = span.version
                silent = version["kind"] in SILENT
                parts = () if silent else parts_of(version["area"], version["radius_m"])
                held[identity] = [self._add(span, part) for part in parts]
        if held:
            self._of[name] = held

    def _add(self, span: Span, part: Part) -> int:
        row = self._free.pop() if self._free else self._used
        self._used = max(self._used, row + 1)
        if row == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._parts[row] = part, span.version
        stripe = self._store(part)
        self._rows[row] = (
            span.start_us, span.end_us, *part.box, part.radius_m, part.is_area,
            stripe, len(part.first) - 1,
        )  # fmt: skip
        self._levels[_level(part.box)] += 1
        for code in _tiles_of(part.box):
            self._tiles.setdefault(code, set()).add(row)
        return row

    def _store(self, part: Part) -> int:
        """Keep a part's edges; the first of its stripes."""
        start = self._edges.append(part.edges)
        bounds = np.column_stack([start + part.first[:-1], np.diff(part.first)])
        return self._stripes.append(bounds)

    def _remove(self, rows: list[int]) -> None:
        for row in rows:
            part, _ = self._parts.pop(row)
            self._edges.waste += len(part.edges)
            level = _level(part.box)
            self._levels[level] -= 1
            if not self._levels[level]:
                del self._levels[level]
            for code in _tiles_of(part.box):
                tile = self._tiles[code]
                tile.discard(row)
                if not tile:
                    del self._tiles[code]
            self._free.append(row)

    def _tidy(self) -> None:
        """Store all edges anew once most of those stored are of rows that are gone."""
        if self._edges.waste <= max(self._edges.used // 2, 4096):
            return
        self._edges = _Pool(np.zeros((256, 4)))
        self._stripes = _Pool(np.zeros((64, 2), np.int64))
        for row, (part, _) in self._parts.items():
            self._rows["stripe"][row] = self._store(part)


class _Pool:
    """An array that grows at its end, and how much of it is waste."""

    def __init__(self, array: RecordArray) -> None:
        self.array, self.used, self.waste = array, 0, 0

    def append(self, more: RecordArray) -> int:
        start, end = self.used, self.used + len(more)
        if end > len(self.array):
            grown = np.zeros((2 * end, *self.array.shape[1:]), self.array.dtype)
            grown[:start] = self.array[:start]
            self.array = grown
        self.array[start:end] = more
        self.used = end
        return start


def _beside(rows: RecordArray, lon_deg: FloatArray) -> FloatArray:
    """Longitudes on the same side of the antimeridian as the rows."""
    middle = (rows["west_deg"] + rows["east_deg"]) / 2.0
    turned: FloatArray = middle + (lon_deg - middle + 180.0) % 360.0 - 180.0
    return turned


def _in_box(rows: RecordArray, lon_deg: FloatArray, lat_deg: FloatArray) -> BoolArray:
    inside: BoolArray = (
        (rows["west_deg"] <= lon_deg)
        & (lon_deg <= rows["east_deg"])
        & (rows["south_deg"] <= lat_deg)
        & (lat_deg <= rows["north_deg"])
    )
    return inside


def _level(box: Box) -> int:
    """The deepest level whose tiles are not smaller than a box."""
    size = max(box[2] - box[0], box[3] - box[1], 1e-9)
    return min(max(math.floor(math.log2(360.0 / size)), 0), _DEEPEST)


def _codes(level: IntArray, lon_deg: FloatArray, lat_deg: FloatArray) -> IntArray:
    """Numbers of the tiles of places at levels, arrays that broadcast."""
    count = 1 << level
    across = np.floor((lon_deg + 180.0) / 360.0 * count).astype(np.int64) % count
    up = np.floor((lat_deg + 90.0) / 360.0 * count).astype(np.int64)
    codes: IntArray = (level << 40) | (across << 20) | (up & 0xFFFFF)
    return codes


def _tiles_of(box: Box) -> list[int]:
    """Numbers of the tiles that a box touches, as `_codes` gives them for its places."""
    level = _level(box)
    count = 1 << level
    west, east = (math.floor((lon + 180.0) / 360.0 * count) for lon in (box[0], box[2]))
    south, north = (math.floor((lat + 90.0) / 360.0 * count) for lat in (box[1], box[3]))
    across = {x % count for x in range(west, east + 1)}
    return [
        (level << 40) | (x << 20) | (y & 0xFFFFF) for x in across for y in range(south, north + 1)
    ]


def _identity(span: Span) -> _Identity:
    """What tells one span of a feature from all others."""
    version = span.version
    place = version["topic"], version["partition"], version["offset"]
    return span.start_us, span.end_us, *place

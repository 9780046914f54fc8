"""All features that are shared, found by place and tick.

Each part of each version that can be seen is a *row* with a box and the ticks at which it is
visible. Rows stand in tiles (`tiles`), so neither the number of features nor the size of one shows
in the cost of a tick. The index is a cache of what is shared, renewed change by change: nothing in
it outlives that.
"""

from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.enrich.shapes import Part, distance_m, odd_crossings, parts_of
from operators.enrich.tiles import NONE, Table, Tiles, code_of, slot_of
from operators.enrich.told import TOLD, told
from operators.enrich.versions import Span, spans, unpack
from operators.jit import Record, compiled
from operators.shared import Shared

# Kinds that stand in the dataset but apply to nobody: where a vehicle is.
SILENT = frozenset({"vehicle"})
_Identity = tuple[int, int, str, int, int]
_FEWEST = 64
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
        self._rows = np.zeros(_FEWEST, _ROW)
        self._told = np.zeros(_FEWEST, TOLD)
        self._free: list[int] = list(range(_FEWEST))
        self._of: dict[str, dict[_Identity, list[int]]] = {}
        self._tiles = Tiles()
        self._parts: dict[int, tuple[str, Part]] = {}
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

    def names(self, rows: IntArray) -> list[str]:
        """Ids of the features that rows are of."""
        return [self._parts[row][0] for row in rows.tolist()]

    def told(self, rows: IntArray) -> RecordArray:
        """What rows tell, records of `TOLD`."""
        return self._told[rows]

    def at(self, lon_deg: FloatArray, lat_deg: FloatArray, tick_us: int) -> Hits:
        """Rows that hold at places at a tick, in no order that means anything.

        Parameters
        ----------
        lon_deg, lat_deg : ndarray of shape (n,)
            WGS-84 degrees.
        tick_us
            UTC microseconds.
        """
        if not self._parts:
            nothing = np.zeros(0, np.int64)
            return Hits(nothing, nothing)
        stripes, edges = self._stripes.array, self._edges.array
        table = self._tiles.table()
        return Hits(*_found(table, self._rows, stripes, edges, lon_deg, lat_deg, tick_us))

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
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._parts[row] = span.version["feature_id"], part
        self._told[row] = told(span.version, part.box)
        stripe = self._store(part)
        self._rows[row] = (
            span.start_us, span.end_us, *part.box, part.radius_m, part.is_area,
            stripe, len(part.first) - 1,
        )  # fmt: skip
        self._tiles.add(row, part.box)
        return row

    def _grow(self) -> None:
        count = len(self._rows)
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._told = np.concatenate([self._told, np.zeros_like(self._told)])
        self._free.extend(range(count, 2 * count))

    def _store(self, part: Part) -> int:
        """Keep a part's edges; the first of its stripes."""
        start = self._edges.append(part.edges)
        bounds = np.column_stack([start + part.first[:-1], np.diff(part.first)])
        return self._stripes.append(bounds)

    def _remove(self, rows: list[int]) -> None:
        for row in rows:
            _, part = self._parts.pop(row)
            self._edges.waste += len(part.edges)
            self._tiles.remove(row, part.box)
            self._free.append(row)

    def _tidy(self) -> None:
        """Store all edges anew once most of those stored are of rows that are gone."""
        if self._edges.waste <= max(self._edges.used // 2, 4096):
            return
        self._edges = _Pool(np.zeros((256, 4)))
        self._stripes = _Pool(np.zeros((64, 2), np.int64))
        for row, (_, part) in self._parts.items():
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


def warm_up() -> None:
    """Compile the kernels, or read them from the cache on disk, so that no tick has to wait."""
    index, span = FeatureIndex(), Span(0, 1, {"feature_id": "", "kind": "", "receive_time_us": 0})
    (part,) = parts_of('{"type":"Point","coordinates":[0,0]}', 1.0)
    index._remove([index._add(span, part)])
    index._add(span, part)
    index.at(np.zeros(1), np.zeros(1), 0)


@compiled
def _found(
    table: Table,
    rows: RecordArray,
    stripes: IntArray,
    edges: FloatArray,
    lon_deg: FloatArray,
    lat_deg: FloatArray,
    tick_us: int,
) -> tuple[IntArray, IntArray]:
    """Pairs of a place and a row that holds there at the tick."""
    place, row = np.empty(256, np.int64), np.empty(256, np.int64)
    count = 0
    for k in range(len(lon_deg)):
        for level in table.levels:
            slot = slot_of(table.codes, code_of(level, lon_deg[k], lat_deg[k]))
            node = table.heads[slot]
            while node != NONE:
                one = table.nodes[node, 0]
                if _holds(rows[one], stripes, edges, lon_deg[k], lat_deg[k], tick_us):
                    if count == len(place):
                        place = np.concatenate((place, np.empty_like(place)))
                        row = np.concatenate((row, np.empty_like(row)))
                    place[count], row[count] = k, one
                    count += 1
                node = table.nodes[node, 1]
    return place[:count], row[:count]


@compiled
def _holds(
    row: Record,
    stripes: IntArray,
    edges: FloatArray,
    lon_deg: float,
    lat_deg: float,
    tick_us: int,
) -> bool:
    """Whether a row holds at a place at a tick."""
    if not row.start_us <= tick_us < row.end_us:
        return False
    # On the same side of the antimeridian as the row.
    middle = (row.west_deg + row.east_deg) / 2.0
    lon = middle + (lon_deg - middle + 180.0) % 360.0 - 180.0
    if not (row.west_deg <= lon <= row.east_deg and row.south_deg <= lat_deg <= row.north_deg):
        return False
    height = (row.north_deg - row.south_deg) / row.stripes
    up = int((lat_deg - row.south_deg) / height) if height > 0.0 else 0
    first, count = stripes[row.stripe + min(up, row.stripes - 1)]
    if row.is_area and odd_crossings(edges, first, first + count, lon, lat_deg):
        return True
    if row.radius_m == 0.0:
        return False
    return bool(distance_m(edges, first, first + count, lon, lat_deg) <= row.radius_m)


def _identity(span: Span) -> _Identity:
    """What tells one span of a feature from all others."""
    version = span.version
    place = version["topic"], version["partition"], version["offset"]
    return span.start_us, span.end_us, *place

"""Which rows lie near a place: a pyramid of tiles, in arrays that kernels read.

A row goes to the level whose tiles are as large as its box, so to four tiles at the most, and a
place is looked up in one tile of each level that is in use. Tiles are found by a hash table of
their numbers (linear probing); the rows of a tile are a list of nodes. A tile without rows stays in
the table until that is made anew.
"""

import math
from collections import Counter
from typing import NamedTuple

import numpy as np

from operators._typing import IntArray
from operators.enrich.shapes import Box
from operators.jit import compiled

NONE = -1
_DEEPEST = 19  # tiles of 0.0007 degrees, some 75 m
_FEWEST = 256
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth, volume 3, 6.4)


class Table(NamedTuple):
    """What a kernel needs to know of the tiles.

    Parameters
    ----------
    levels : ndarray of shape (n_levels,)
        Levels in use, ascending.
    codes : ndarray of shape (n_slots,)
        Number of the tile in each slot, `NONE` in one that is free.
    heads : ndarray of shape (n_slots,)
        First node of each tile, `NONE` of one without rows.
    nodes : ndarray of shape (n_nodes, 2)
        Row, and next node of the same tile.
    """

    levels: IntArray
    codes: IntArray
    heads: IntArray
    nodes: IntArray


@compiled
def code_of(level: int, lon_deg: float, lat_deg: float) -> int:
    """Number of the tile of a place at a level."""
    across, up = _across(level, lon_deg), _up(level, lat_deg)
    return _code(level, across, up)


@compiled
def _across(level: int, lon_deg: float) -> int:
    return math.floor((lon_deg + 180.0) / 360.0 * (1 << level))


@compiled
def _up(level: int, lat_deg: float) -> int:
    return math.floor((lat_deg + 90.0) / 360.0 * (1 << level))


@compiled
def _code(level: int, across: int, up: int) -> int:
    return (level << 40) | ((across % (1 << level)) << 20) | (up & 0xFFFFF)


@compiled
def slot_of(codes: IntArray, code: int) -> int:
    """Slot of a tile in the table, or the free one that it would go to."""
    last = len(codes) - 1
    slot = int(np.int64((np.uint64(code) * _MIX) >> np.uint64(32))) & last
    while codes[slot] != code and codes[slot] != NONE:
        slot = (slot + 1) & last
    return slot


@compiled
def _link(codes: IntArray, heads: IntArray, nodes: IntArray, code: int, node: int) -> bool:
    """Put a node that has its row before the others of a tile; whether the tile is new."""
    slot = slot_of(codes, code)
    is_new = bool(codes[slot] == NONE)
    codes[slot] = code
    nodes[node, 1] = heads[slot]
    heads[slot] = node
    return is_new


@compiled
def _unlink(codes: IntArray, heads: IntArray, nodes: IntArray, code: int, row: int) -> int:
    """Take a row out of a tile that has it; the node that it stood in."""
    slot = slot_of(codes, code)
    before, node = NONE, int(heads[slot])
    while nodes[node, 0] != row:
        before, node = node, int(nodes[node, 1])
    if before == NONE:
        heads[slot] = nodes[node, 1]
    else:
        nodes[before, 1] = nodes[node, 1]
    return node


@compiled
def _move(codes: IntArray, heads: IntArray, to_codes: IntArray, to_heads: IntArray) -> int:
    """Bring all tiles with rows to another table; how many these are."""
    count = 0
    for k in range(len(codes)):
        if heads[k] != NONE:
            slot = slot_of(to_codes, codes[k])
            to_codes[slot], to_heads[slot] = codes[k], heads[k]
            count += 1
    return count


class Tiles:
    """The pyramid, with rows that come and go."""

    def __init__(self) -> None:
        self._codes = np.full(_FEWEST, NONE)
        self._heads = np.full(_FEWEST, NONE)
        self._nodes = np.zeros((_FEWEST, 2), np.int64)
        self._free = list(range(_FEWEST))
        self._used = 0  # slots
        self._rows_of: Counter[int] = Counter()  # by level
        self._levels = np.zeros(0, np.int64)

    def __len__(self) -> int:
        """How often a row stands in a tile."""
        return len(self._nodes) - len(self._free)

    def table(self) -> Table:
        """All of it, to look at until the next change."""
        return Table(self._levels, self._codes, self._heads, self._nodes)

    def add(self, row: int, box: Box) -> None:
        """Put a row into the tiles of its box."""
        level = _level(box)
        self._count(level, 1)
        for code in _codes_of(level, box):
            if not self._free:
                self._grow()
            node = self._free.pop()
            self._nodes[node, 0] = row
            self._used += _link(self._codes, self._heads, self._nodes, code, node)
            if 2 * self._used > len(self._codes):
                self._renew()

    def remove(self, row: int, box: Box) -> None:
        """Take a row out of the tiles of its box."""
        level = _level(box)
        self._count(level, -1)
        for code in _codes_of(level, box):
            self._free.append(_unlink(self._codes, self._heads, self._nodes, code, row))

    def _count(self, level: int, change: int) -> None:
        before = self._rows_of[level]
        self._rows_of[level] = before + change
        if 0 in (before, before + change):
            in_use = [one for one, count in self._rows_of.items() if count]
            self._levels = np.array(sorted(in_use), np.int64)

    def _grow(self) -> None:
        count = len(self._nodes)
        self._nodes = np.concatenate([self._nodes, np.zeros_like(self._nodes)])
        self._free.extend(range(count, 2 * count))

    def _renew(self) -> None:
        """Make the table anew, without the tiles that have no rows, a quarter full at the most."""
        live = int(np.count_nonzero(self._heads != NONE))
        size = max(_FEWEST, 1 << (4 * live - 1).bit_length())
        codes, heads = np.full(size, NONE), np.full(size, NONE)
        self._used = _move(self._codes, self._heads, codes, heads)
        self._codes, self._heads = codes, heads


def _level(box: Box) -> int:
    """The deepest level whose tiles are not smaller than a box."""
    size = max(box[2] - box[0], box[3] - box[1], 1e-9)
    return min(max(math.floor(math.log2(360.0 / size)), 0), _DEEPEST)


def _codes_of(level: int, box: Box) -> list[int]:
    """Numbers of the tiles that a box touches."""
    west, east = _across(level, box[0]), _across(level, box[2])
    south, north = _up(level, box[1]), _up(level, box[3])
    east = min(east, west + (1 << level) - 1)  # round the earth once at the most
    return [
        _code(level, across, up)
        for across in range(west, east + 1)
        for up in range(south, north + 1)
    ]

"""All objects of a tick in one table: what questions about single vehicles are answered from."""

from collections.abc import Sequence

import numpy as np

from operators._typing import BoolArray, IntArray
from operators.current import Closed, Part, in_circle
from operators.fused import FUSED


class Whole:
    """Objects of all cells, one after the other.

    Parameters
    ----------
    closed
        The tick.

    Attributes
    ----------
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    """

    def __init__(self, closed: Closed) -> None:
        cells = closed.cells
        counts = [len(held.rows) for held in cells]
        starts: list[int] = np.cumsum([0, *counts]).tolist()
        self._starts = {held.cell: starts[k] for k, held in enumerate(cells)}
        self._cell = np.repeat(np.arange(len(cells)), counts)
        self._tables = [held.sources for held in cells]
        self.rows = np.empty(sum(counts), FUSED)
        for held in cells:  # joining structured arrays costs ten times that
            start = self._starts[held.cell]
            self.rows[start : start + len(held.rows)] = held.rows
        self._lon, self._lat = self.rows["lon_deg"].copy(), self.rows["lat_deg"].copy()
        self._sources = self.rows["sources"].copy()
        self._bits: dict[str, BoolArray] = {}

    def number(self, part: Part) -> int:
        """Number of the object that a part holds."""
        return self._starts[part.held.cell] + int(part.chosen[0])

    def near(self, number: int, radius_m: float) -> IntArray:
        """Numbers of the objects in a circle around one of them, itself too; rising."""
        return in_circle(self._lon, self._lat, self._lon[number], self._lat[number], radius_m)

    def contributed(self, source_id: str) -> BoolArray:
        """Objects to which a source contributed, shape (n,)."""
        found = self._bits.get(source_id)
        if found is None:
            wanted = np.array([_bit(table, source_id) for table in self._tables], np.uint64)
            found = self._bits[source_id] = (self._sources & wanted[self._cell]) != 0
        return found


def _bit(table: Sequence[str], source_id: str) -> int:
    return 1 << table.index(source_id) if source_id in table else 0

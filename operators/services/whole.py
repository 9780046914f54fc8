"""All objects of a tick in one table: what questions about single vehicles are answered from."""

from collections.abc import Sequence

import numpy as np

from operators.current import Closed, Part
from operators.fused import FUSED
from operators.jit import KeyArray


class Whole:
    """Objects of all cells, one after the other.

    Parameters
    ----------
    closed
        The tick.

    Attributes
    ----------
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    cell : ndarray of shape (n,)
        Number of the cell of each.
    """

    def __init__(self, closed: Closed) -> None:
        cells = closed.cells
        counts = [len(held.rows) for held in cells]
        starts: list[int] = np.cumsum([0, *counts]).tolist()
        self._starts = {held.cell: starts[k] for k, held in enumerate(cells)}
        self.cell = np.repeat(np.arange(len(cells)), counts)
        self._bits: dict[str, list[tuple[int, int]]] = {}
        for k, held in enumerate(cells):
            for bit, source_id in enumerate(held.sources):
                self._bits.setdefault(source_id, []).append((k, 1 << bit))
        self.rows = np.empty(sum(counts), FUSED)
        for held in cells:  # joining structured arrays costs ten times that
            start = self._starts[held.cell]
            self.rows[start : start + len(held.rows)] = held.rows

    def number(self, part: Part) -> int:
        """Number of the object that a part holds."""
        return self._starts[part.held.cell] + int(part.chosen[0])

    def bits(self, source_ids: Sequence[str]) -> KeyArray:
        """Bits that stand for sources in the rows of each cell, shape (number of ids, cells)."""
        found = np.zeros((len(source_ids), len(self._starts)), np.uint64)
        for k, source_id in enumerate(source_ids):
            for cell, bit in self._bits.get(source_id, ()):
                found[k, cell] = bit
        return found

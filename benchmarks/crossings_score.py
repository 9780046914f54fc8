"""What became of road users that cross borders: their rows, against where they were.

At each tick, the rows within `GATE_M` of the road users of a group belong to them by the best
assignment, in which the id of the tick before counts as `SAME_M` closer.

- *kept*: all rows of a road user have one id, aliases not resolved;
- *double*: a second row within the gate of a road user that has one, told apart by whether the
  two come from one cell (the tracker made two of one) or from two (nobody withheld one);
- *missing*: no row, though a cell has a confirmed track within the gate, in its area or halo.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from benchmarks.crossings_traffic import Town, place_at
from operators._typing import FloatArray, IntArray
from operators.envelope import Kind, unseal
from operators.halo import OUTER_M, depths
from operators.report import report_decoder
from operators.routes import OBJECTS
from operators.step import Output
from operators.track import TRACK_ROW
from operators.transform.cells import LOCAL, cell

GATE_M = 2.5
SAME_M = 0.5


class Rows(NamedTuple):
    """What lies in one town at one tick: places in the town's frame, ids, cells."""

    places: FloatArray
    ids: IntArray
    cells: list[str]


@dataclass
class Fate:
    """What became of one road user."""

    ids: Counter[int] = field(default_factory=Counter)
    double: int = 0
    double_in_cell: int = 0
    missing: int = 0
    last_id: int = 0

    @property
    def kept(self) -> bool:
        """Whether it was shown, under one id."""
        return len(self.ids) == 1


def tracked(town: Town, reports: Sequence[Output], halo_m: float) -> dict[int, Rows]:
    """Confirmed tracks of all cells by tick, those beyond their halo left out."""
    found = defaultdict(list)
    for output in reports:
        if unseal(output.value)[1] is not Kind.PICTURE:
            continue
        report = report_decoder.decode(unseal(output.value)[2])
        rows = np.frombuffer(report.rows, TRACK_ROW)
        rows = rows[(rows["confirmed"] == 1) & (depths(output.key, rows) > -halo_m - OUTER_M)]
        x, y = rows["x_m"], rows["y_m"]
        if output.key != LOCAL:
            x, y = town.frame.to_local(*cell(output.key).frame.to_geographic(x, y))
        found[report.tick_us].append((output.key, x, y, rows["track_id"]))
    return {tick: _rows(parts) for tick, parts in found.items()}


def shown(town: Town, published: Sequence[Output]) -> dict[int, Rows]:
    """Published rows by tick."""
    found = defaultdict(list)
    for output in published:
        if output.route != OBJECTS:
            continue
        value = msgspec.msgpack.decode(output.value)
        if output.key == LOCAL:
            x, y = (np.frombuffer(value[name], "<f8") for name in ("x_m", "y_m"))
        else:
            lon, lat = (np.frombuffer(value[n], "<i4") / 1e7 for n in ("lon_e7", "lat_e7"))
            x, y = town.frame.to_local(lon, lat)
        ids = np.frombuffer(value["track_id"], "<u8")
        found[value["tick_us"]].append((output.key, x, y, ids))
    return {tick: _rows(parts) for tick, parts in found.items()}


def _rows(parts: Sequence[tuple[str, FloatArray, FloatArray, IntArray]]) -> Rows:
    x, y, ids = (np.concatenate([part[k] for part in parts]) for k in (1, 2, 3))
    return Rows(np.column_stack((x, y)), ids, [part[0] for part in parts for _ in part[1]])


def judge(
    town: Town, rows: Mapping[int, Rows], lives: Mapping[int, Rows], start_us: int
) -> list[Fate]:
    """Fates of the crossings of a town.

    Parameters
    ----------
    rows, lives
        As `shown` and `tracked` gave them.
    start_us
        When the crossings' time begins.
    """
    fates = [Fate() for _ in town.crossings]
    groups = defaultdict(list)
    for k, crossing in enumerate(town.crossings):
        groups[crossing.spot].append(k)
    for tick in sorted(rows):
        made, alive = rows[tick], lives[tick]
        trees = [cKDTree(one.places) if len(one.places) else None for one in (made, alive)]
        for group in groups.values():
            places = {k: place_at(town.crossings[k], (tick - start_us) / 1e6) for k in group}
            there = {k: place for k, place in places.items() if place is not None}
            if there:
                _judge_group(there, made, trees[0], trees[1], fates)
    return fates


def _judge_group(
    there: Mapping[int, FloatArray],
    made: Rows,
    published: cKDTree | None,
    living: cKDTree | None,
    fates: Sequence[Fate],
) -> None:
    who, places = list(there), np.array(list(there.values()))
    mine = _near(published, places)
    apart = cdist(places, made.places[mine])
    last = np.array([fates[k].last_id for k in who])
    cost = np.where(apart < GATE_M, apart, 1e3) - SAME_M * (last[:, None] == made.ids[mine])
    pairs = zip(*linear_sum_assignment(cost), strict=True)
    row_of = {int(i): int(j) for i, j in pairs if apart[i, j] < GATE_M}
    for i, j in row_of.items():
        fates[who[i]].last_id = int(made.ids[mine[j]])
        fates[who[i]].ids[fates[who[i]].last_id] += 1
    for j in set(range(len(mine))) - set(row_of.values()):
        i = int(np.argmin(apart[:, j]))
        if i in row_of:
            in_cell = made.cells[mine[j]] == made.cells[mine[row_of[i]]]
            fates[who[i]].double += not in_cell
            fates[who[i]].double_in_cell += in_cell
    for i in set(range(len(who))) - row_of.keys():
        near = _near(living, places[i : i + 1])
        if len(near) and living is not None:
            fates[who[i]].missing += bool((cdist(living.data[near], places).argmin(1) == i).any())


def _near(tree: cKDTree | None, places: FloatArray) -> IntArray:
    found = tree.query_ball_point(places, GATE_M) if tree is not None else []
    return np.array(sorted({j for some in found for j in some}), int)

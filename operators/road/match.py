"""Which lane an object is on, from where it is, how it moves, and where it was.

**Now.** An object errs across a lane by the sigma of its covariance across it. With no other
knowledge the chance that its centre is within the lane is that of a normal distribution between
the edges. Against the lane's direction it is off by a factor. A cyclist is taken to be likelier on
a lane of its own than beside it, a motor vehicle less: by judgement, nobody has counted them.

**Before.** A lane has log odds against the object being on none: a forward filter over lanes
(Rabiner 1989, with the best predecessor instead of the sum). They come from the lane itself, from
the lane that it follows, from a lane beside it at a cost, from any other at a higher one. Errors of
a track last for many ticks, so the chances of ticks must not be multiplied: each counts by the
share of 0.3 s that has passed. The best odds are bounded, so that who leaves the road is seen to.

**Along.** Where a lane ends and the next one begins is asked of the present alone: the odds are
weighed by the chance that the object is neither before a lane's start nor beyond its end. So who
goes on to the lane that follows is known there at once.

**Abstaining.** A lane is told if its share of what speaks for all, and for none, is 0.8 or more, a
segment by the sum over its lanes. Where lanes overlap, or sigma is as wide as a lane, nothing is
told.
"""

from math import erf, exp, log, sqrt

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.jit import Record, compiled
from operators.road.lanes import GRID_M, REACH_M, CellLanes
from operators.road.recall import KEPT, MEMORY, NOTHING, recall

_MOST = 12  # candidates
_FLOOR = 1e-3
_SURE = 0.8
_FORGET_S = 0.3
_BESIDE, _ELSEWHERE = -3.0, -5.0  # log of the chance of a change of lane in a tick
_ENTRY = -1.0  # and of coming onto a lane from none
_NONE = log(0.2)  # log of how well "on no lane" explains any place near lanes
_MOST_ODDS = 4.0
_LEAST_SIGMA_M = 0.1
_CERTAIN = 3.0  # beyond it erf is 1 to 2e-5
_MOVING_MPS = 2.0
_USUAL = log(10.0)  # log odds of a cyclist and its own lane
_UNUSUAL = log(0.5)  # of a motor vehicle on it; if less, who parks on one would be on no road
_BICYCLE, _WALKER = 6, 7  # ObjectClass
_ANYWHERE = (0, 8, 9)  # unknown, animal, obstacle

# What is told of an object: numbers of lanes, -1 if not known.
MATCH = np.dtype([("lane", "<i8"), ("segment", "<i8"), ("along_m", "<f4"), ("across_m", "<f4")])


@compiled
def _between(offset: float, half: float, sigma: float) -> float:
    """Chance that a normal variable about `offset` lies within `half` of 0."""
    scale = sigma * 1.4142135623730951
    left, right = (half - offset) / scale, (half + offset) / scale
    nearer = min(left, right)
    if abs(nearer) > _CERTAIN:  # most lanes are: the error function is what a row costs
        return 1.0 if nearer > 0.0 else 0.0
    return 0.5 * (erf(left) + erf(right))


@compiled
def _along_way(row: Record, piece: Record, both: bool) -> float:
    """Factor for how an object moves against a piece."""
    speed = sqrt(row.vx_mps * row.vx_mps + row.vy_mps * row.vy_mps)
    if not speed > _MOVING_MPS:
        return 1.0
    cosine = (row.vx_mps * piece.ux + row.vy_mps * piece.uy) / speed
    if both:
        cosine = abs(cosine)
    if cosine >= 0.8:
        return 1.0
    return float(max(_FLOOR, (cosine - 0.4) / 0.4))


@compiled
def _slot(n: int, number: IntArray, where: FloatArray, lane: int) -> int:
    """Where a lane goes among `n` candidates: its own place, a new one, or that of the farthest."""
    farthest = 0
    for k in range(n):
        if number[k] == lane:
            return k
        if where[k, 0] > where[farthest, 0]:
            farthest = k
    return n if n < _MOST else farthest


@compiled
def _candidates(
    row: Record,
    lanes: RecordArray,
    pieces: RecordArray,
    members: IntArray,
    number: IntArray,
    where: FloatArray,
) -> int:
    """Fill lane, distance, along and across of the nearest piece of each lane in reach."""
    n = 0
    for member in members:
        piece = pieces[member]
        lane = lanes[piece.lane]
        if lane.walkers != (row.object_class == _WALKER):
            continue
        x, y = row.x_m - piece.x_m, row.y_m - piece.y_m
        along = x * piece.ux + y * piece.uy
        across = y * piece.ux - x * piece.uy
        beyond = max(0.0, -along, along - piece.length_m)
        away = beyond * beyond + across * across
        if away > (lane.half_m + REACH_M) ** 2:
            continue
        away = sqrt(away)
        slot = _slot(n, number, where, piece.lane)
        if slot < n and where[slot, 0] <= away:
            continue
        n = max(n, slot + 1)
        number[slot] = piece.lane
        where[slot, 0], where[slot, 1], where[slot, 2] = away, along + piece.along_m, across
        where[slot, 3] = member
    return n


@compiled
def _chance(row: Record, lane: Record, piece: Record, across: float) -> float:
    """Of an object being within the edges of a lane and going its way."""
    ux, uy = piece.ux, piece.uy
    variance = uy * uy * row.cov_xx_m2 - 2.0 * ux * uy * row.cov_xy_m2 + ux * ux * row.cov_yy_m2
    wide = sqrt(max(variance, _LEAST_SIGMA_M**2))
    inside = _between(across, lane.half_m, wide) * _along_way(row, piece, lane.both_ways)
    return float(max(_FLOOR, inside))


@compiled
def _usual(object_class: int, cycles: bool) -> float:
    """Log odds for or against a lane by who goes there."""
    if not cycles or object_class in _ANYWHERE:
        return 0.0
    return _USUAL if object_class == _BICYCLE else _UNUSUAL


@compiled
def _reached(row: Record, lane: Record, piece: Record, along: float) -> float:
    """Chance that an object is between the start and the end of a lane."""
    ux, uy = piece.ux, piece.uy
    variance = ux * ux * row.cov_xx_m2 + 2.0 * ux * uy * row.cov_xy_m2 + uy * uy * row.cov_yy_m2
    half = 0.5 * lane.length_m
    return _between(along - half, half, sqrt(max(variance, _LEAST_SIGMA_M**2)))


@compiled
def _before(
    k: int,
    lanes: RecordArray,
    onward_starts: IntArray,
    onward: IntArray,
    number: IntArray,
    odds: FloatArray,
) -> float:
    """Log odds that a candidate starts from; `number` and `odds` are what is remembered."""
    found = _ENTRY
    for j in range(KEPT):
        was = number[j]
        if was == NOTHING:
            continue
        cost = 0.0 if was == k else _ELSEWHERE
        if was >= 0 and was != k:
            if lanes[was].segment_id == lanes[k].segment_id:
                cost = _BESIDE
            for other in onward[onward_starts[was] : onward_starts[was + 1]]:
                if other == k:
                    cost = 0.0
        found = max(found, odds[j] + cost)
    return float(found)


@compiled
def match_rows(
    rows: RecordArray,
    known: RecordArray,
    known_numbers: IntArray,
    weight: float,
    lanes: RecordArray,
    cycles: BoolArray,
    pieces: RecordArray,
    origin: FloatArray,
    shape: IntArray,
    starts: IntArray,
    members: IntArray,
    onward_starts: IntArray,
    onward: IntArray,
    memory: RecordArray,
    told: RecordArray,
) -> None:
    """Fill `memory` and `told` for each row.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
    known : structured array of shape (n,), dtype `MEMORY`
        What is remembered of each; lane 0 for none.
    known_numbers : ndarray of shape (n, `KEPT`)
        Numbers of those lanes, as `operators.road.recall` gives them.
    weight
        What this tick counts; 1 for a track of which nothing is remembered.
    lanes, cycles, pieces, origin, shape, starts, members, onward_starts, onward
        Of `operators.road.lanes.CellLanes`.
    memory, told
        Of dtypes `MEMORY` and `MATCH`.
    """
    number, where = np.empty(_MOST, np.int64), np.empty((_MOST, 4))
    odds, share = np.empty(_MOST), np.empty(_MOST)
    for r in range(rows.shape[0]):
        row = rows[r]
        told[r].lane = told[r].segment = -1
        told[r].along_m = told[r].across_m = np.nan
        i = int(np.floor((row.x_m - origin[0]) / GRID_M))
        j = int(np.floor((row.y_m - origin[1]) / GRID_M))
        if i < 0 or j < 0 or i >= shape[0] or j >= shape[1]:
            continue
        square = i * shape[1] + j
        near = members[starts[square] : starts[square + 1]]
        n = _candidates(row, lanes, pieces, near, number, where)
        fresh = known[r].lane_id[0] == 0
        for k in range(n):
            piece, lane = pieces[int(where[k, 3])], lanes[number[k]]
            now = log(_chance(row, lane, piece, where[k, 2])) - _NONE
            now += _usual(row.object_class, cycles[number[k]])
            odds[k] = now
            if not fresh:
                before = _before(
                    number[k], lanes, onward_starts, onward, known_numbers[r], known[r].score
                )
                odds[k] = before + weight * now
            share[k] = _reached(row, lane, piece, where[k, 1])
        _bound(n, odds, share)
        _tell(n, number, share, where, lanes, told[r])
        _remember(n, number, odds, share, lanes, memory[r])


@compiled
def _bound(n: int, odds: FloatArray, share: FloatArray) -> None:
    """Bound the best odds, and weigh the chance of having reached each lane by its odds."""
    best = -1e9
    for k in range(n):
        best = max(best, odds[k])
    for k in range(n):
        odds[k] -= max(0.0, best - _MOST_ODDS)
        share[k] *= exp(odds[k])


@compiled
def _remember(
    n: int,
    number: IntArray,
    odds: FloatArray,
    share: FloatArray,
    lanes: RecordArray,
    memory: Record,
) -> None:
    """Keep the odds of the candidates that speak most, the best first; uses `share` up."""
    for slot in range(min(n, KEPT)):
        best = 0
        for k in range(n):
            if share[k] > share[best]:
                best = k
        memory.lane_id[slot] = lanes[number[best]].lane_id
        memory.score[slot] = odds[best]
        share[best] = -1.0


@compiled
def _tell(
    n: int,
    number: IntArray,
    share: FloatArray,
    where: FloatArray,
    lanes: RecordArray,
    told: Record,
) -> None:
    total, best = 1.0, -1  # 1 for no lane
    for k in range(n):
        total += share[k]
        if best < 0 or share[k] > share[best]:
            best = k
    if best < 0:
        return
    if share[best] >= _SURE * total:
        told.lane = number[best]
    segment, beside = lanes[number[best]].segment_id, 0.0
    for k in range(n):
        if lanes[number[k]].segment_id == segment:
            beside += share[k]
    if beside >= _SURE * total:
        told.segment = number[best]
        told.along_m, told.across_m = where[best, 1], where[best, 2]


def match(
    rows: RecordArray, remembered: RecordArray, lanes: CellLanes, since_s: float
) -> tuple[RecordArray, RecordArray]:
    """Lanes of the objects of a cell, and what to remember.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        Positions in the frame of the cell.
    remembered : structured array, dtype `MEMORY`
        Of the tick before, sorted by track.
    lanes
        Of the cell.
    since_s
        Time since the tick before, seconds.

    Returns
    -------
    told : structured array of shape (n,), dtype `MATCH`
        ``segment`` is the number of one of its lanes.
    memory : structured array of shape (n,), dtype `MEMORY`
        Sorted by track.
    """
    memory, told = np.zeros(len(rows), MEMORY), np.zeros(len(rows), MATCH)
    memory["track_id"] = rows["track_id"]
    known, numbers = np.zeros(len(rows), MEMORY), np.empty((len(rows), KEPT), np.int64)
    rising = recall(rows, remembered, lanes.lanes, known, numbers)
    match_rows(
        rows, known, numbers, 1.0 - exp(-since_s / _FORGET_S),
        lanes.lanes, lanes.cycles, lanes.pieces, lanes.origin, lanes.shape, lanes.starts,
        lanes.members, lanes.onward_starts, lanes.onward, memory, told,
    )  # fmt: skip
    return told, memory if rising else memory[np.argsort(memory["track_id"], kind="stable")]

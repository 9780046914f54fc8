"""Which lane an object is on, from where it is, how it moves, and where it was.

**Now.** An object errs across a lane by the sigma of its covariance across it. With no other
knowledge the chance that its centre is within the lane is that of a normal distribution between
the edges; so is the chance that it is neither before the start nor beyond the end. Against the
lane's direction it is off by a factor.

**Before.** Errors of a track last for many ticks, so the chances of ticks must not be multiplied.
Their logarithms are averaged with a forgetting of 0.3 s instead. A lane takes over the average of
the lane that it follows, if the object was there, of a lane beside it at a cost, of any other at a
higher one: who goes on to the lane that follows is known there at once, a change of lane is told
after a second.

**Abstaining.** A lane is told if its share of what speaks for all is 0.8 or more, a segment by the
sum over its lanes. Where lanes overlap, or sigma is as wide as a lane, nothing is told.
"""

from math import erf, exp, log, sqrt

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.jit import Record, compiled
from operators.road.lanes import GRID_M, CellLanes

KEPT = 4  # lanes remembered of a track
_MOST = 12  # candidates
_FLOOR = 1e-3
_SURE = 0.8
_FORGET_S = 0.3
_BESIDE, _ELSEWHERE = -1.0, -3.0  # log of what a change of lane costs
_LEAST_SIGMA_M = 0.1
_MOVING_MPS = 2.0
_WALKER = 7  # ObjectClass.PEDESTRIAN

# What is remembered of a track: lanes by id, 0 for none, with the averages.
MEMORY = np.dtype([("track_id", "<u8"), ("lane_id", "<u8", KEPT), ("score", "<f4", KEPT)])
# What is told of an object: numbers of lanes, -1 if not known.
MATCH = np.dtype([("lane", "<i8"), ("segment", "<i8"), ("along_m", "<f4"), ("across_m", "<f4")])


@compiled
def _between(offset: float, half: float, sigma: float) -> float:
    """Chance that a normal variable about `offset` lies within `half` of 0."""
    scale = sigma * 1.4142135623730951
    return 0.5 * (erf((half - offset) / scale) + erf((half + offset) / scale))


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
        away = sqrt(beyond * beyond + across * across)
        slot = n
        for k in range(n):
            if number[k] == piece.lane:
                slot = k
        if slot == n:
            if n == _MOST:
                continue
            n += 1
        elif where[slot, 0] <= away:
            continue
        number[slot] = piece.lane
        where[slot, 0], where[slot, 1], where[slot, 2] = away, along + piece.along_m, across
        where[slot, 3] = member
    return n


@compiled
def _chance(row: Record, lane: Record, piece: Record, along: float, across: float) -> float:
    xx, xy, yy = row.cov_xx_m2, row.cov_xy_m2, row.cov_yy_m2
    ux, uy = piece.ux, piece.uy
    wide = sqrt(max(uy * uy * xx - 2.0 * ux * uy * xy + ux * ux * yy, _LEAST_SIGMA_M**2))
    deep = sqrt(max(ux * ux * xx + 2.0 * ux * uy * xy + uy * uy * yy, _LEAST_SIGMA_M**2))
    half = 0.5 * lane.length_m
    inside = _between(across, lane.half_m, wide) * _between(along - half, half, deep)
    return float(max(_FLOOR, inside * _along_way(row, piece, lane.both_ways)))


@compiled
def _before(
    k: int,
    lanes: RecordArray,
    onward_starts: IntArray,
    onward: IntArray,
    number: IntArray,
    score: FloatArray,
    now: float,
) -> float:
    """Average that a candidate starts from; `number` and `score` are what is remembered."""
    found, any_known = -1e9, False
    for j in range(KEPT):
        was = number[j]
        if was == -2:
            continue
        any_known = True
        cost = 0.0 if was == k else _ELSEWHERE
        if was >= 0 and was != k:
            if lanes[was].segment_id == lanes[k].segment_id:
                cost = _BESIDE
            for other in onward[onward_starts[was] : onward_starts[was + 1]]:
                if other == k:
                    cost = 0.0
        found = max(found, score[j] + cost)
    return float(found) if any_known else now


@compiled
def match_rows(
    rows: RecordArray,
    known: RecordArray,
    known_numbers: IntArray,
    forget: float,
    lanes: RecordArray,
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
        Numbers of those lanes; -1 for one that is not here, -2 for none.
    forget
        Share of the average that stays.
    lanes, pieces, origin, shape, starts, members, onward_starts, onward
        Of `operators.road.lanes.CellLanes`.
    memory, told
        Of dtypes `MEMORY` and `MATCH`.
    """
    number, where = np.empty(_MOST, np.int64), np.empty((_MOST, 4))
    score = np.empty(_MOST)
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
        for k in range(n):
            piece = pieces[int(where[k, 3])]
            now = log(_chance(row, lanes[number[k]], piece, where[k, 1], where[k, 2]))
            before = _before(
                number[k], lanes, onward_starts, onward, known_numbers[r], known[r].score, now
            )
            score[k] = forget * before + (1.0 - forget) * now
        _remember(n, number, score, lanes, memory[r])
        _tell(n, number, score, where, lanes, told[r])


@compiled
def _remember(
    n: int, number: IntArray, score: FloatArray, lanes: RecordArray, memory: Record
) -> None:
    """Keep the best candidates, the best first."""
    order = np.argsort(-score[:n])
    for k in range(min(n, KEPT)):
        best = order[k]
        memory.lane_id[k] = lanes[number[best]].lane_id
        memory.score[k] = score[best]


@compiled
def _tell(
    n: int,
    number: IntArray,
    score: FloatArray,
    where: FloatArray,
    lanes: RecordArray,
    told: Record,
) -> None:
    total, best = 0.0, -1
    for k in range(n):
        total += exp(score[k])
        if best < 0 or score[k] > score[best]:
            best = k
    if best < 0:
        return
    total = max(total, 1.0)
    if exp(score[best]) >= _SURE * total:
        told.lane = number[best]
    segment, beside = lanes[number[best]].segment_id, 0.0
    for k in range(n):
        if lanes[number[k]].segment_id == segment:
            beside += exp(score[k])
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
    known = _known(rows["track_id"], remembered)
    match_rows(
        rows, known, _numbers(known["lane_id"], lanes), exp(-since_s / _FORGET_S),
        lanes.lanes, lanes.pieces, lanes.origin, lanes.shape, lanes.starts, lanes.members,
        lanes.onward_starts, lanes.onward, memory, told,
    )  # fmt: skip
    return told, memory[np.argsort(memory["track_id"], kind="stable")]


def _known(tracks: IntArray, remembered: RecordArray) -> RecordArray:
    known = np.zeros(len(tracks), MEMORY)
    if len(remembered):
        at = np.searchsorted(remembered["track_id"], tracks).clip(max=len(remembered) - 1)
        hit = remembered["track_id"][at] == tracks
        known[hit] = remembered[at[hit]]
    return known


def _numbers(ids: IntArray, lanes: CellLanes) -> IntArray:
    """Numbers of lanes by id: -1 for one that is not here, -2 for id 0."""
    numbers = np.where(ids == 0, -2, -1)
    if len(lanes.lanes):
        at = np.searchsorted(lanes.lanes["lane_id"], ids).clip(max=len(lanes.lanes) - 1)
        numbers = np.where(lanes.lanes["lane_id"][at] == ids, at, numbers)
    return numbers.astype(np.int64)

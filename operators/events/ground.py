"""What the ground under each object is: lanes with it, against it, its crossings, its controls.

The lane that a picture tells abstains where an object goes against all lanes, which is what has to
be found here; so the chance of each sort of lane is taken from position and direction alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, erf, sin, sqrt

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.events.memory import found_in
from operators.jit import Record, compiled
from operators.road.lanes import GRID_M, CellLanes, cell_lanes, chosen_lanes

WITH, AGAINST = 0.3, -0.7  # cosines of the angle to a lane; between lies what crosses it
_LEAST_SIGMA_M = 0.1
_INSIDE_M = 60.0  # the longest way across a junction
_FAR_M = 1e6

# What is known of one lane beyond `operators.road.lanes.LANE`.
FACT = np.dtype(
    [
        ("motor", "?"),  # of motor vehicles
        ("bicycle", "?"),
        ("controlled", "?"),  # ends at a signal or a stop line
        ("meets", "?"),  # ends where others begin or end
        ("inside", "?"),  # within a junction
        ("control_m", "<f8"),  # from its end to the next control
        ("limit_mps", "<f8"),  # NaN if unknown
        ("end_x_m", "<f8"),
        ("end_y_m", "<f8"),
        ("end_ux", "<f8"),
        ("end_uy", "<f8"),
    ]
)
# What is known of the ground of one object. Chances are those of the lane that fits best.
GROUND = np.dtype(
    [
        ("lane", "<i8"),  # that fits best, in its direction if there is one; -1 for none
        ("along_m", "<f8"),
        ("with_it", "<f8"),  # chance that it is on a lane of motor vehicles that goes its way
        ("against", "<f8"),  # of one that goes the other way
        ("on_road", "<f8"),  # of one of any direction
        ("on_walk", "<f8"),  # of one of walkers, such as a crossing
        ("on_bicycle", "<f8"),
        ("beside_m", "<f8"),  # to the edge of the nearest lane that goes its way; large if none
    ]
)


@dataclass(frozen=True, slots=True)
class Roads:
    """Lanes of a cell with what is known of each: `FACT`, shape (n,)."""

    lanes: CellLanes
    facts: RecordArray


@lru_cache(maxsize=256)
def roads_of(key: str, packed: bytes) -> Roads:
    """Roads of a cell of its packed pieces of networks (`operators.road.lanes.pack_parts`)."""
    lanes, chosen = cell_lanes(key, packed), chosen_lanes(packed)
    facts = np.zeros(len(chosen), FACT)
    for k, (segment, number) in enumerate(chosen):
        lane = segment.lanes[number]
        facts[k]["motor"] = lane.kind in ("vehicle", "other")
        facts[k]["bicycle"] = lane.kind == "bicycle"
        signals = any(turn.group for turn in lane.turns)
        facts[k]["controlled"] = facts[k]["motor"] and (signals or segment.stop_line)
        facts[k]["limit_mps"] = np.nan if segment.limit_mps is None else segment.limit_mps
    _ends(lanes, facts)
    _junctions(lanes, facts)
    facts["control_m"] = _to_control(lanes, facts)
    return Roads(lanes, facts)


def _ends(lanes: CellLanes, facts: RecordArray) -> None:
    """Places and directions of the ends of lanes."""
    last = lanes.pieces[np.flatnonzero(np.diff(lanes.pieces["lane"], append=-1))]
    for axis, unit in (("x", "ux"), ("y", "uy")):
        facts[f"end_{axis}_m"] = last[f"{axis}_m"] + last[unit] * last["length_m"]
        facts[f"end_{unit}"] = last[unit]


def _junctions(lanes: CellLanes, facts: RecordArray) -> None:
    counts = np.diff(lanes.onward_starts)
    into = np.bincount(lanes.onward, minlength=len(facts))
    source = np.repeat(np.arange(len(facts)), counts)
    shared = np.bincount(source, weights=into[lanes.onward] > 1, minlength=len(facts)) > 0
    facts["meets"] = (counts > 1) | shared | facts["controlled"]
    after = np.zeros(len(facts), np.bool_)
    after[lanes.onward[facts["meets"][source]]] = True
    facts["inside"] = after & (lanes.lanes["length_m"] < _INSIDE_M) & facts["motor"]


def _to_control(lanes: CellLanes, facts: RecordArray) -> FloatArray:
    """Way from the end of each lane to the next control, by relaxation along the lanes."""
    counts = np.diff(lanes.onward_starts)
    source = np.repeat(np.arange(len(facts)), counts)
    away = np.where(facts["controlled"], 0.0, _FAR_M)
    for _ in range(8):  # lanes: control farther on does not explain a queue
        through = lanes.lanes["length_m"][lanes.onward] + away[lanes.onward]
        best = np.full(len(facts), _FAR_M)
        np.minimum.at(best, source, through)
        away = np.minimum(away, best)
    return away


def ground_of(rows: RecordArray, course_rad: FloatArray, roads: Roads | None) -> RecordArray:
    """Ground of each object.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.events.rows.ROW`
    course_rad : ndarray of shape (n,)
        Where each goes, or went last; NaN if unknown, which goes with no lane and against none.
    roads
        Of the cell; None if nothing is known of them.

    Returns
    -------
    structured array of shape (n,), dtype `GROUND`
    """
    ground = np.zeros(len(rows), GROUND)
    ground["lane"], ground["beside_m"] = -1, _FAR_M
    if roads is None or not len(roads.facts) or not len(rows):
        return ground
    lanes = roads.lanes
    _fill(
        rows, course_rad, lanes.lanes, roads.facts, lanes.pieces, lanes.origin, lanes.shape,
        lanes.starts, lanes.members, ground,
    )  # fmt: skip
    at, told = found_in(lanes.lanes["lane_id"], rows["lane_id"])
    known = told & ~np.isnan(rows["along_m"])
    ground["lane"][known], ground["along_m"][known] = at[known], rows["along_m"][known]
    return ground


@compiled
def _fill(
    rows: RecordArray,
    course_rad: FloatArray,
    lanes: RecordArray,
    facts: RecordArray,
    pieces: RecordArray,
    origin: FloatArray,
    shape: IntArray,
    starts: IntArray,
    members: IntArray,
    ground: RecordArray,
) -> None:
    for r in range(len(rows)):
        row = rows[r]
        # GRID_M is compiled in: a cached kernel has to be made anew when it changes.
        i = int(np.floor((row.x_m - origin[0]) / GRID_M))
        j = int(np.floor((row.y_m - origin[1]) / GRID_M))
        if i < 0 or j < 0 or i >= shape[0] or j >= shape[1]:
            continue
        square, best = i * shape[1] + j, 0.0
        m, end = starts[square], starts[square + 1]
        while m < end:
            nearest, m = _nearest(row, pieces, members, m, end)
            piece = pieces[nearest]
            lane, fact = lanes[piece.lane], facts[piece.lane]
            best = _meet(row, course_rad[r], lane, fact, piece, ground[r], best)


@compiled
def _nearest(
    row: Record, pieces: RecordArray, members: IntArray, first: int, end: int
) -> tuple[int, int]:
    """The nearest piece of the lane whose pieces begin at member `first`, and where they end."""
    lane, best, least = pieces[members[first]].lane, members[first], np.inf
    m = first
    while m < end and pieces[members[m]].lane == lane:
        piece = pieces[members[m]]
        x, y = row.x_m - piece.x_m, row.y_m - piece.y_m
        along, across = x * piece.ux + y * piece.uy, y * piece.ux - x * piece.uy
        beyond = max(0.0, -along, along - piece.length_m)
        away = sqrt(beyond * beyond + across * across)
        if away < least:
            best, least = members[m], away
        m += 1
    return best, m


@compiled
def _within(offset: float, half: float, sigma: float) -> float:
    """Chance that a normal variable about `offset` lies within `half` of 0."""
    scale = sigma * 1.4142135623730951
    return 0.5 * (erf((half - offset) / scale) + erf((half + offset) / scale))


@compiled
def _meet(
    row: Record,
    course: float,
    lane: Record,
    fact: Record,
    piece: Record,
    ground: Record,
    best: float,
) -> float:
    """Take one lane, by its nearest piece, into the ground of an object; what the best is worth."""
    x, y = row.x_m - piece.x_m, row.y_m - piece.y_m
    along, across = x * piece.ux + y * piece.uy, y * piece.ux - x * piece.uy
    xx, xy, yy = row.cov_xx_m2, row.cov_xy_m2, row.cov_yy_m2
    ux, uy = piece.ux, piece.uy
    wide = sqrt(max(uy * uy * xx - 2.0 * ux * uy * xy + ux * ux * yy, _LEAST_SIGMA_M**2))
    deep = sqrt(max(ux * ux * xx + 2.0 * ux * uy * xy + uy * uy * yy, _LEAST_SIGMA_M**2))
    half = 0.5 * lane.length_m
    at = piece.along_m + along
    chance = _within(across, lane.half_m, wide) * _within(at - half, half, deep)
    if not fact.motor:
        if lane.walkers:
            ground.on_walk = max(ground.on_walk, chance)
        elif fact.bicycle:
            ground.on_bicycle = max(ground.on_bicycle, chance)
        return best
    ground.on_road = max(ground.on_road, chance)
    cosine = cos(course) * ux + sin(course) * uy
    goes_with = cosine > WITH or (lane.both_ways and cosine < -WITH)
    if goes_with:
        ground.with_it = max(ground.with_it, chance)
        beyond = max(0.0, -along, along - piece.length_m)
        edge = sqrt(max(abs(across) - lane.half_m, 0.0) ** 2 + beyond * beyond)
        ground.beside_m = min(ground.beside_m, edge)
    elif cosine < AGAINST:
        ground.against = max(ground.against, chance)
    worth = chance * (1.0 if goes_with else 0.3)
    if worth > best:
        ground.lane, ground.along_m = piece.lane, at
        return float(worth)
    return best


def to_control_m(ground: RecordArray, roads: Roads | None) -> FloatArray:
    """Way of each object to the next signal or stop line, 0 within a junction; shape (n,)."""
    if roads is None:
        return np.full(len(ground), _FAR_M)
    return _from_end_m(ground, roads, roads.facts["control_m"])


def waits_at_m(ground: RecordArray, roads: Roads | None) -> FloatArray:
    """Way of each object to the end of its lane if others meet there, 0 within a junction."""
    if roads is None:
        return np.full(len(ground), _FAR_M)
    return _from_end_m(ground, roads, np.where(roads.facts["meets"], 0.0, _FAR_M))


def _from_end_m(ground: RecordArray, roads: Roads, beyond_m: FloatArray) -> FloatArray:
    """Way of each object to what is so far beyond the end of each lane, 0 within a junction."""
    lane = ground["lane"]
    to_end = (roads.lanes.lanes["length_m"][lane] - ground["along_m"]).clip(min=0.0)
    away = np.where(roads.facts["inside"][lane], 0.0, to_end + beyond_m[lane])
    return np.where(lane >= 0, away, _FAR_M)


def limit_mps(ground: RecordArray, roads: Roads | None) -> FloatArray:
    """Speed limit of each object's lane, NaN if unknown; shape (n,)."""
    if roads is None:
        return np.full(len(ground), np.nan)
    return np.where(ground["lane"] >= 0, roads.facts["limit_mps"][ground["lane"]], np.nan)


def is_controlled(lane: IntArray, roads: Roads) -> BoolArray:
    """Which lanes, by number and -1 for none, end at a control."""
    controlled: BoolArray = (lane >= 0) & roads.facts["controlled"][lane]
    return controlled

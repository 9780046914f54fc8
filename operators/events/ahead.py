"""Where road users get to if they go on as they do: straight on, or along their lanes.

Somebody whose lane bends, or who moves over into the pocket for a turn, points at oncoming traffic
for a moment without being on a way to meet it. Who may still turn off before he gets to somebody
has as many ways as his lane has turns, each as likely as the others.
"""

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.events.boxes import separations_m
from operators.events.ground import Roads
from operators.events.rows import is_vehicle
from operators.events.scene import Scene
from operators.jit import Record

_STANDS_MPS = 1.0
_MOST_WAYS = 4  # through a junction; of more no one can be excluded, so straight on counts
_MOST_LANES = 4  # one behind the other: nobody gets farther in the time that is looked at


def lane_ways(scene: Scene, row: int, after_s: FloatArray) -> tuple[list[FloatArray], float]:
    """Ways that somebody may go, and the chance that one of them is his.

    Parameters
    ----------
    scene
        The tick.
    row
        Of whom.
    after_s : ndarray of shape (t,)
        Instants from now.

    Returns
    -------
    ways : list of ndarrays of shape (t, 3)
        x, y and direction at the instants, metres and radians. Of who stands or walks the straight
        one; else one for each turn that may be taken from his lane, at the offset that he has.
    chance : float
        That he is on a lane that goes his way; 1 for who stands or walks.
    """
    who, ground = scene.rows[row], scene.ground[row]
    vehicle = is_vehicle(scene.rows[row : row + 1])[0]
    if not vehicle or who["speed_mps"] < _STANDS_MPS:
        return [_straight(who, float(body_rad(scene)[row]), after_s, on_wheels=vehicle)], 1.0
    if scene.roads is None or ground["lane"] < 0:
        return [], 0.0
    gone_m = who["speed_mps"] * after_s
    lines = _lines(scene.roads, int(ground["lane"]), float(ground["along_m"] + gone_m[-1]))
    if len(lines) > _MOST_WAYS:
        return [], 0.0
    place = (float(who["x_m"]), float(who["y_m"]), float(ground["along_m"]))
    return [_along(line, place, gone_m) for line in lines], float(ground["with_it"])


def _straight(who: Record, looks_rad: float, after_s: FloatArray, *, on_wheels: bool) -> FloatArray:
    """x, y and direction of somebody who keeps his velocity.

    What stands on wheels goes along its body or not at all: across it the velocity is error, which
    would carry it half a metre into the next lane.
    """
    vx, vy = who["vx_mps"], who["vy_mps"]
    if on_wheels:
        ux, uy = np.cos(looks_rad), np.sin(looks_rad)
        along_mps = vx * ux + vy * uy
        vx, vy = along_mps * ux, along_mps * uy
    looks = np.full(len(after_s), looks_rad)
    return np.column_stack([who["x_m"] + vx * after_s, who["y_m"] + vy * after_s, looks])


def body_rad(scene: Scene) -> FloatArray:
    """Where bodies look, shape (n,): as their boxes are told, else as they went last.

    Who stopped half way into a turn went another way last than his body lies.
    """
    told = scene.rows["heading_rad"]
    looks: FloatArray = np.where(np.isnan(told), scene.memory["course_rad"], told)
    return looks


def _lines(roads: Roads, lane: int, until_m: float) -> list[FloatArray]:
    """Corners, shape (k, 2), of lanes and what follows them for so far from the lane's start."""
    lanes = roads.lanes
    found: list[FloatArray] = []
    waiting = [([lane], float(lanes.lanes["length_m"][lane]))]
    while waiting and len(found) <= _MOST_WAYS:
        chain, length_m = waiting.pop()
        onward = lanes.onward[lanes.onward_starts[chain[-1]] : lanes.onward_starts[chain[-1] + 1]]
        if length_m >= until_m or len(chain) == _MOST_LANES or not len(onward):
            found.append(np.concatenate([_corners(roads, one) for one in chain]))
            continue
        for following in onward.tolist():
            longer_m = length_m + float(lanes.lanes["length_m"][following])
            waiting.append(([*chain, following], longer_m))
    return found


def _corners(roads: Roads, lane: int) -> FloatArray:
    pieces = roads.lanes.pieces
    first, end = np.searchsorted(pieces["lane"], [lane, lane + 1])
    own = pieces[first:end]
    fact = roads.facts[lane]
    x, y = np.append(own["x_m"], fact["end_x_m"]), np.append(own["y_m"], fact["end_y_m"])
    return np.column_stack([x, y])


def _along(line: FloatArray, place: tuple[float, float, float], gone_m: FloatArray) -> FloatArray:
    """x, y and direction after so many metres along a line, at the offset of a place from it."""
    line = line[np.append(True, (np.diff(line, axis=0) != 0.0).any(axis=1))]  # lanes join in one
    way = np.diff(line, axis=0)
    corners, length_m = line[:-1], np.hypot(*way.T)
    unit, marks = way / length_m[:, None], np.cumsum(length_m)
    x, y, along_m = place
    at = np.append(along_m, along_m + gone_m)
    leg = np.searchsorted(marks, at, side="right").clip(max=len(marks) - 1)
    # beyond the last corner the line goes on straight
    on = corners[leg] + unit[leg] * (at - marks[leg] + length_m[leg])[:, None]
    left = np.column_stack([-unit[leg][:, 1], unit[leg][:, 0]])
    offset_m = (np.array([x, y]) - on[0]) @ left[0]
    places = on[1:] + offset_m * left[1:]
    return np.column_stack([places, np.arctan2(unit[leg][1:, 1], unit[leg][1:, 0])])


def deepest_m(scene: Scene, pair: IntArray, after_s: FloatArray) -> tuple[FloatArray, float]:
    """How near two come that go along their lanes, and the chance that they do.

    Returns
    -------
    least : ndarray of shape (w,), metres
        The least separation for each of the ways of the one with each of the other's: nobody knows
        which of them they take. Empty if no way of one of them is known.
    chance : float
        That both go along their lanes.
    """
    one, other = pair.tolist()
    ways, sure = lane_ways(scene, one, after_s)
    others, other_sure = lane_ways(scene, other, after_s)
    rows = scene.rows
    least = [_least_m(rows[[one]], a, rows[[other]], b) for a in ways for b in others]
    return np.array(least), sure * other_sure


def _least_m(one: RecordArray, way: FloatArray, other: RecordArray, its: FloatArray) -> float:
    """The least separation of two bodies along ways of shape (t, 3)."""
    first, second = np.repeat(one, len(way)), np.repeat(other, len(its))
    for rows, places in ((first, way), (second, its)):
        rows["x_m"], rows["y_m"] = places[:, 0], places[:, 1]
    return float(separations_m(first, second, way[:, 2], its[:, 2], np.zeros(1)).min())

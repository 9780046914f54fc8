"""What is around a vehicle: where, how it meets the vehicle's way, and what the vehicle can see.

Everything is relative to the vehicle: ahead and right of its heading, closing speed, the time to
the closest approach if both go on as they do. On the vehicle's way is what the strip that it will
cover meets: straight ahead, as wide as both and a margin that grows with the distance, since its
turns are not known.
"""

import math
from enum import IntEnum

import numpy as np

from operators._typing import BoolArray, FloatArray, RecordArray
from operators.encode.quantise import heading_of_motion
from operators.frame import ObjectClass
from operators.fused import offsets_m, speed_mps
from operators.jit import compiled


class Sight(IntEnum):
    """Whether a vehicle can know of an object without the station."""

    REPORTED = 0  # the vehicle's own source contributed to it
    OPEN = 1  # near enough, with nothing between
    HIDDEN = 2  # behind another road user that is as high
    FAR = 3  # beyond the reach of its sight


# One object as a vehicle meets it; NaN where it does not apply.
NEAR = np.dtype(
    [
        ("index", "<i8"),  # into the rows that were given
        ("distance_m", "<f8"),
        ("ahead_m", "<f8"),
        ("right_m", "<f8"),
        ("closing_mps", "<f8"),  # positive: the distance falls
        ("approach_s", "<f8"),  # until the closest approach; NaN if it is over
        ("approach_m", "<f8"),  # distance then
        ("reach_s", "<f8"),  # until the vehicle is where the object is; NaN if not on its way
        ("on_way", "?"),
        ("sight", "u1"),
    ]
)

_USUAL_WIDTH_M = 1.8
_USUAL_LENGTH_M = 4.5
_MARGIN_M = 0.5
_SPREAD = 0.02  # half a lane at 90 m
_LEAST_HIDING_M = 1.0  # what is narrower hides nothing


def surroundings(
    vehicle: RecordArray, rows: RecordArray, reported: BoolArray, radius_m: float, sight_m: float
) -> RecordArray:
    """Objects within a radius or on the way of a vehicle, nearest first.

    Parameters
    ----------
    vehicle : structured array of shape (1,), dtype `operators.fused.FUSED`
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
        Objects to choose from; the vehicle itself may be among them.
    reported : ndarray of shape (n,)
        Which of them the vehicle's own source contributed to.
    radius_m
        What is nearer is told, on its way or not; on its way ten seconds count too.
    sight_m
        How far its driver or its sensors see.

    Returns
    -------
    structured array of shape (m,), dtype `NEAR`
    """
    x, y = offsets_m(rows, float(vehicle["lat_deg"][0]), float(vehicle["lon_deg"][0]))
    heading = float(heading_of_motion(vehicle)[0])
    made = np.zeros(len(rows), NEAR)
    made["index"] = np.arange(len(rows))
    made["distance_m"] = np.hypot(x, y)
    _approach(made, x, y, vehicle, rows)
    _way(made, x, y, heading, vehicle, rows)
    other = rows["track_id"] != vehicle["track_id"][0]
    made["sight"] = np.where(made["distance_m"] > sight_m, Sight.FAR, Sight.OPEN)
    made["sight"][_hidden(x, y, rows, other) & (made["sight"] == Sight.OPEN)] = Sight.HIDDEN
    made["sight"][reported] = Sight.REPORTED
    told = other & ((made["distance_m"] <= radius_m) | made["on_way"])
    order = np.lexsort((rows["track_id"][told], made["distance_m"][told]))
    nearest_first: RecordArray = made[told][order]
    return nearest_first


def _approach(
    made: RecordArray, x: FloatArray, y: FloatArray, vehicle: RecordArray, rows: RecordArray
) -> None:
    """Closest approach at constant velocities: where the relative position is across the motion."""
    vx = rows["velocity_east_mps"].astype(float) - vehicle["velocity_east_mps"][0]
    vy = rows["velocity_north_mps"].astype(float) - vehicle["velocity_north_mps"][0]
    along, square = x * vx + y * vy, vx * vx + vy * vy
    nothing = np.full(len(rows), np.nan)
    apart = made["distance_m"] > 0
    made["closing_mps"] = np.divide(-along, made["distance_m"], out=np.zeros_like(x), where=apart)
    made["approach_s"] = np.divide(-along, square, out=nothing, where=(square > 0.01) & (along < 0))
    after = made["approach_s"]
    made["approach_m"] = np.hypot(x + vx * after, y + vy * after)


WAY_S = 10.0


def _way(
    made: RecordArray,
    x: FloatArray,
    y: FloatArray,
    heading_rad: float,
    vehicle: RecordArray,
    rows: RecordArray,
) -> None:
    """Place in the vehicle's axes; without a heading nothing is ahead of it."""
    sin, cos = math.sin(heading_rad), math.cos(heading_rad)
    ahead, right = x * sin + y * cos, x * cos - y * sin
    made["ahead_m"], made["right_m"] = ahead, right
    speed = float(speed_mps(vehicle)[0])
    widths = _known(rows["width_m"], _USUAL_WIDTH_M)
    own_m = float(_known(vehicle["width_m"], _USUAL_WIDTH_M)[0])
    half_m = (widths + own_m) / 2 + _MARGIN_M + _SPREAD * ahead
    made["on_way"] = (ahead > 0) & (np.abs(right) <= half_m) & (ahead <= speed * WAY_S)
    gap_m = (
        ahead
        - (
            _known(rows["length_m"], _USUAL_LENGTH_M)
            + _known(vehicle["length_m"], _USUAL_LENGTH_M)[0]
        )
        / 2
    )
    pace = rows["velocity_east_mps"] * sin + rows["velocity_north_mps"] * cos
    closing = speed - pace
    meets = made["on_way"] & (closing > 0.1)
    reach = np.divide(gap_m.clip(min=0), closing, out=np.full(len(rows), np.nan), where=meets)
    made["reach_s"] = reach


def _known(values: FloatArray, usual: float) -> FloatArray:
    known: FloatArray = np.where(np.isnan(values), usual, values).astype(float)
    return known


def _hidden(x: FloatArray, y: FloatArray, rows: RecordArray, other: BoolArray) -> BoolArray:
    hiding = other & (_known(rows["width_m"], _USUAL_WIDTH_M) >= _LEAST_HIDING_M)
    hiding &= ~np.isin(rows["object_class"], (ObjectClass.PEDESTRIAN, ObjectClass.BICYCLE))
    return hidden(
        np.ascontiguousarray(x),
        np.ascontiguousarray(y),
        _known(rows["heading_rad"], 0.0),
        _known(rows["length_m"], _USUAL_LENGTH_M) / 2,
        _known(rows["width_m"], _USUAL_WIDTH_M) / 2,
        _known(rows["height_m"], 1.5),
        hiding,
    )


@compiled
def hidden(
    x: FloatArray,
    y: FloatArray,
    heading_rad: FloatArray,
    half_length_m: FloatArray,
    half_width_m: FloatArray,
    height_m: FloatArray,
    hiding: BoolArray,
) -> BoolArray:
    """Which objects another one hides from the origin; all arrays of shape (n,).

    The line of sight to the centre of an object is cut with the box of each other object that is
    at least as high, slab by slab (Kay and Kajiya, Ray Tracing Complex Scenes, 1986).
    """
    n = len(x)
    found = np.zeros(n, np.bool_)
    for i in range(n):
        for j in range(n):
            if j == i or not hiding[j] or height_m[j] < height_m[i]:
                continue
            if x[j] * x[j] + y[j] * y[j] > x[i] * x[i] + y[i] * y[i]:
                continue
            sin, cos = math.sin(heading_rad[j]), math.cos(heading_rad[j])
            # the origin and the way to the object in the axes of the box
            oa, ob = -(x[j] * sin + y[j] * cos), -(x[j] * cos - y[j] * sin)
            da, db = x[i] * sin + y[i] * cos, x[i] * cos - y[i] * sin
            first, last = _slab(oa, da, half_length_m[j], 0.0, 1.0)
            first, last = _slab(ob, db, half_width_m[j], first, last)
            if first < last:
                found[i] = True
                break
    return found


@compiled
def _slab(start: float, step: float, half: float, first: float, last: float) -> tuple[float, float]:
    """Part of ``first`` to ``last`` in which ``start + t * step`` is within a slab."""
    if abs(step) < 1e-12:
        return (first, last) if abs(start) <= half else (1.0, 0.0)
    near, far = (-half - start) / step, (half - start) / step
    return max(first, min(near, far)), min(last, max(near, far))

"""What is around a vehicle: where, how it meets the vehicle's way, and what the vehicle can see.

Everything is relative to the vehicle: ahead and right of its heading, closing speed, the time to
the closest approach if both go on as they do. On the vehicle's way is what the strip that it will
cover meets: straight ahead, as wide as both and a margin that grows with the distance, since its
turns are not known.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.current import in_circle
from operators.frame import ObjectClass
from operators.jit import KeyArray, Record, compiled
from operators.transform.ellipsoid import metres_per_degree


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

WAY_S = 10.0
REACH_M = 600.0  # ten seconds at 60 m/s, and any radius
_USUAL_WIDTH_M = 1.8
_USUAL_LENGTH_M = 4.5
_USUAL_HEIGHT_M = 1.5
_MARGIN_M = 0.5
_SPREAD = 0.02  # half a lane at 90 m
_LEAST_HIDING_M = 1.0  # what is narrower hides nothing
_REPORTED, _OPEN, _HIDDEN, _FAR = (int(one) for one in Sight)
_PEDESTRIAN, _BICYCLE = int(ObjectClass.PEDESTRIAN), int(ObjectClass.BICYCLE)


class Fleet(NamedTuple):
    """Vehicles that ask what is around them.

    Parameters
    ----------
    numbers : ndarray of shape (v,)
        Which of the objects they are.
    known : ndarray of shape (v, c), uint64
        Bits in the ``sources`` of the objects of each cell that stand for a vehicle's own source.
    radius_m : ndarray of shape (v,)
        What is nearer is told, on their way or not; on their way ten seconds count too.
    sight_m : ndarray of shape (v,)
        How far their drivers or sensors see.
    """

    numbers: IntArray
    known: KeyArray
    radius_m: FloatArray
    sight_m: FloatArray


def surroundings(fleet: Fleet, rows: RecordArray, cell: IntArray) -> tuple[RecordArray, IntArray]:
    """Objects within a radius or on the way of each vehicle, nearest first.

    Parameters
    ----------
    fleet
        The vehicles.
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
        All objects, the vehicles among them.
    cell : ndarray of shape (n,)
        Of which cell each object is, a column of ``fleet.known``.

    Returns
    -------
    found : structured array of shape (m,), dtype `NEAR`
    starts : ndarray of shape (v + 1,)
        Vehicle k is told ``found[starts[k]:starts[k + 1]]``.
    """
    lon, lat = rows["lon_deg"].copy(), rows["lat_deg"].copy()
    found, starts = _meet_each(*fleet, rows, lon, lat, cell)
    whose = np.repeat(np.arange(len(fleet.numbers)), np.diff(starts))
    order = np.lexsort((rows["track_id"][found["index"]], found["distance_m"], whose))
    return found[order], starts


@compiled
def _meet_each(
    numbers: IntArray,
    known: KeyArray,
    radius_m: FloatArray,
    sight_m: FloatArray,
    rows: RecordArray,
    lon_deg: FloatArray,
    lat_deg: FloatArray,
    cell: IntArray,
) -> tuple[RecordArray, IntArray]:
    """`surroundings`, in the order of the objects."""
    starts = np.zeros(len(numbers) + 1, np.int64)
    met, told = np.zeros(len(rows), NEAR), np.zeros(len(rows), np.bool_)
    found = np.zeros(len(rows) + 16 * len(numbers), NEAR)
    for k in range(len(numbers)):
        own, count = rows[numbers[k]], starts[k]
        speed = math.hypot(own.velocity_east_mps, own.velocity_north_mps)
        reach_m = max(radius_m[k], min(REACH_M, speed * WAY_S))
        among = in_circle(lon_deg, lat_deg, own.lon_deg, own.lat_deg, reach_m)
        _meet(own, rows, among, known[k], cell, radius_m[k], sight_m[k], met, told)
        while count + len(among) > len(found):
            found = np.concatenate((found, np.zeros(len(found), NEAR)))
        for i in range(len(among)):
            if told[i]:
                found[count] = met[i]
                count += 1
        starts[k + 1] = count
    return found[: starts[-1]], starts


@compiled
def heading_of(row: Record) -> float:
    """Heading that one object is told with, as `operators.encode.quantise.heading_of_motion`."""
    east, north = row.velocity_east_mps, row.velocity_north_mps
    speed = math.hypot(east, north)
    moves = speed > 2 * math.sqrt(row.velocity_variance_m2ps2)
    if moves or (math.isnan(row.heading_rad) and speed > 0):
        return math.atan2(east, north) % (2 * math.pi)
    return float(row.heading_rad)


@compiled
def _known(value: float, usual: float) -> float:
    return usual if math.isnan(value) else float(value)


@compiled
def _meet(
    own: Record,
    rows: RecordArray,
    among: IntArray,
    known: KeyArray,
    cell: IntArray,
    radius_m: float,
    sight_m: float,
    made: RecordArray,
    told: BoolArray,
) -> None:
    """Fill the first of `made` and `told` for every object of `among`."""
    n = len(among)
    x, y = np.empty(n), np.empty(n)
    for i in range(n):
        row = rows[among[i]]
        east_m, north_m = metres_per_degree((row.lat_deg + own.lat_deg) / 2)
        x[i] = (row.lon_deg - own.lon_deg) * east_m
        y[i] = (row.lat_deg - own.lat_deg) * north_m
    heading = heading_of(own)
    sin, cos = math.sin(heading), math.cos(heading)
    for i in range(n):
        one, row = made[i], rows[among[i]]
        one.index, one.distance_m = among[i], math.hypot(x[i], y[i])
        _approach(one, x[i], y[i], own, row)
        one.ahead_m, one.right_m = x[i] * sin + y[i] * cos, x[i] * cos - y[i] * sin
        _way(one, sin, cos, own, row)
        told[i] = row.track_id != own.track_id and (one.distance_m <= radius_m or one.on_way)
    for i in range(n):
        if not told[i]:
            continue
        if rows[among[i]].sources & known[cell[among[i]]]:
            made[i].sight = _REPORTED
        elif made[i].distance_m > sight_m:
            made[i].sight = _FAR
        else:
            made[i].sight = _HIDDEN if _is_hidden(i, x, y, own, rows, among) else _OPEN


@compiled
def _approach(one: Record, x: float, y: float, own: Record, row: Record) -> None:
    """Closest approach at constant velocities: where the relative position is across the motion."""
    vx = row.velocity_east_mps - own.velocity_east_mps
    vy = row.velocity_north_mps - own.velocity_north_mps
    along, square = x * vx + y * vy, vx * vx + vy * vy
    one.closing_mps = -along / one.distance_m if one.distance_m > 0 else 0.0
    one.approach_s = one.approach_m = math.nan
    if square > 0.01 and along < 0:
        after = -along / square
        one.approach_s, one.approach_m = after, math.hypot(x + vx * after, y + vy * after)


@compiled
def _way(one: Record, sin: float, cos: float, own: Record, row: Record) -> None:
    """Whether an object is on the vehicle's way, and when the vehicle is there."""
    speed = math.hypot(own.velocity_east_mps, own.velocity_north_mps)
    wide_m = (_known(row.width_m, _USUAL_WIDTH_M) + _known(own.width_m, _USUAL_WIDTH_M)) / 2
    half_m = wide_m + _MARGIN_M + _SPREAD * one.ahead_m
    one.on_way = 0 < one.ahead_m <= speed * WAY_S and abs(one.right_m) <= half_m
    closing = speed - (row.velocity_east_mps * sin + row.velocity_north_mps * cos)
    one.reach_s = math.nan
    if one.on_way and closing > 0.1:
        both_m = _known(row.length_m, _USUAL_LENGTH_M) + _known(own.length_m, _USUAL_LENGTH_M)
        one.reach_s = max(one.ahead_m - both_m / 2, 0.0) / closing


@compiled
def _is_hidden(
    i: int, x: FloatArray, y: FloatArray, own: Record, rows: RecordArray, among: IntArray
) -> bool:
    """Whether another object that is at least as high stands between the vehicle and this one."""
    high_m = _known(rows[among[i]].height_m, _USUAL_HEIGHT_M)
    far2 = x[i] * x[i] + y[i] * y[i]
    for j in range(len(among)):
        row = rows[among[j]]
        if j == i or row.track_id == own.track_id or x[j] * x[j] + y[j] * y[j] > far2:
            continue
        if row.object_class == _PEDESTRIAN or row.object_class == _BICYCLE:
            continue
        wide_m = _known(row.width_m, _USUAL_WIDTH_M)
        if wide_m < _LEAST_HIDING_M or _known(row.height_m, _USUAL_HEIGHT_M) < high_m:
            continue
        turn = _known(row.heading_rad, 0.0)
        long_m = _known(row.length_m, _USUAL_LENGTH_M)
        if crosses(x[i], y[i], x[j], y[j], turn, long_m / 2, wide_m / 2):
            return True
    return False


@compiled
def crosses(
    x: float,
    y: float,
    box_x: float,
    box_y: float,
    heading_rad: float,
    half_length_m: float,
    half_width_m: float,
) -> bool:
    """Whether the line from the origin to a point meets a box.

    Slab by slab, in the axes of the box (Kay and Kajiya, Ray Tracing Complex Scenes, 1986).
    """
    sin, cos = math.sin(heading_rad), math.cos(heading_rad)
    along, across = -(box_x * sin + box_y * cos), -(box_x * cos - box_y * sin)
    first, last = _slab(along, x * sin + y * cos, half_length_m, 0.0, 1.0)
    first, last = _slab(across, x * cos - y * sin, half_width_m, first, last)
    return first < last


@compiled
def _slab(start: float, step: float, half: float, first: float, last: float) -> tuple[float, float]:
    """Part of ``first`` to ``last`` in which ``start + t * step`` is within a slab."""
    if abs(step) < 1e-12:
        return (first, last) if abs(start) <= half else (1.0, 0.0)
    near, far = (-half - start) / step, (half - start) / step
    return max(first, min(near, far)), min(last, max(near, far))

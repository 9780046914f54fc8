"""What a sensor low on a vehicle can see of each box: angles, hidden parts, houses between."""

from dataclasses import dataclass

import numpy as np

from infra.simulator.network import District
from operators._typing import BoolArray, FloatArray

_SAMPLES = 9  # directions across a box in which it is looked at
KERB_M = 15.0  # from the middle of a street to its houses: lanes, parked cars, pavement


@dataclass(frozen=True, slots=True)
class Sight:
    """Seen from one place, n boxes; shapes (n,).

    Parameters
    ----------
    range_m, bearing_rad
        To the middle of the box, counter-clockwise from east.
    width_rad
        Horizontal angle that the box takes.
    visible
        Share of its face that nothing hides.
    """

    range_m: FloatArray
    bearing_rad: FloatArray
    width_rad: FloatArray
    visible: FloatArray


def houses(district: District) -> FloatArray:
    """Rectangles between the streets, shape (n, 4): least x, least y, greatest x, greatest y.

    Streets too near to each other have none between them.
    """
    streets = (np.arange(district.crossings) * district.block_m + district.approach_m) - (
        district.side_m / 2.0
    )
    ends = np.concatenate(([-district.side_m], streets, [district.side_m]))
    sides = np.column_stack((ends[:-1] + KERB_M, ends[1:] - KERB_M))
    sides = sides[sides[:, 0] < sides[:, 1]]
    return np.array([(x[0], y[0], x[1], y[1]) for x in sides for y in sides])


def box_corners(
    x_m: FloatArray, y_m: FloatArray, heading_rad: FloatArray, size_m: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Corners of n boxes of length and width `size_m`, shape (n, 4, 2)."""
    along = np.array([0.5, -0.5, -0.5, 0.5]) * size_m[0][:, None]
    across = np.array([0.5, 0.5, -0.5, -0.5]) * size_m[1][:, None]
    cos, sin = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
    corners = np.stack((along * cos - across * sin, along * sin + across * cos), axis=-1)
    placed: FloatArray = corners + np.stack((x_m, y_m), axis=-1)[:, None]
    return placed


def look(
    at_m: tuple[float, float],
    height_m: float,
    corners_m: FloatArray,
    tops_m: FloatArray,
    walls_m: FloatArray,
) -> Sight:
    """Look from a point at boxes with `corners_m` of shape (n, 4, 2) and heights of shape (n,).

    A nearer box hides, in each direction that it takes, what lies below the ray over its top
    (similar triangles); a house hides all behind it.
    """
    away = corners_m - np.array(at_m)
    middle = away.mean(axis=1)
    bearing = np.arctan2(middle[:, 1], middle[:, 0])
    off = np.arctan2(away[..., 1], away[..., 0]) - bearing[:, None]
    off = np.arctan2(np.sin(off), np.cos(off))
    low, high = off.min(axis=1), off.max(axis=1)
    nearest = np.maximum(np.hypot(away[..., 0], away[..., 1]).min(axis=1), 0.5)
    shares = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    rays = bearing[:, None] + low[:, None] + (high - low)[:, None] * shares
    turn = rays[:, :, None] - bearing
    turn = np.arctan2(np.sin(turn), np.cos(turn))
    crossed = (turn > low) & (turn < high) & (nearest[None, None] < nearest[:, None, None] - 0.5)
    over = height_m + (tops_m - height_m)[None] * (nearest[:, None] / nearest[None])
    hidden = np.where(crossed, np.clip(over / tops_m[:, None], 0.0, 1.0)[:, None], 0.0)
    hidden = hidden.max(axis=2, initial=0.0)
    distance = np.hypot(middle[:, 0], middle[:, 1])
    clear = ~_walled(np.array(at_m), rays, np.maximum(distance - 1.0, 0.0), walls_m)
    return Sight(distance, bearing, high - low, ((1.0 - hidden) * clear).mean(axis=1))


def lately(seen: BoolArray, reach: int) -> BoolArray:
    """Whether seen at that step or up to `reach` steps before or after, shape (T, N)."""
    count = np.cumsum(np.concatenate((np.zeros((1, seen.shape[1])), seen)), axis=0)
    steps = np.arange(len(seen))
    last, first = np.minimum(steps + reach + 1, len(seen)), np.maximum(steps - reach, 0)
    some: BoolArray = count[last] > count[first]
    return some


def _walled(
    at_m: FloatArray, rays_rad: FloatArray, reach_m: FloatArray, walls_m: FloatArray
) -> BoolArray:
    """Whether a ray of that length meets a rectangle (slab method), shape of `rays_rad`."""
    entry, leave = np.zeros(rays_rad.shape), np.broadcast_to(reach_m[:, None], rays_rad.shape)
    entry, leave = entry[..., None], leave[..., None]
    for axis, direction in enumerate((np.cos(rays_rad), np.sin(rays_rad))):
        slope = np.where(np.abs(direction) < 1e-9, 1e-9, direction)[..., None]
        first = (walls_m[:, axis] - at_m[axis]) / slope
        second = (walls_m[:, axis + 2] - at_m[axis]) / slope
        entry = np.maximum(entry, np.minimum(first, second))
        leave = np.minimum(leave, np.maximum(first, second))
    met: BoolArray = (entry < leave).any(axis=-1)
    return met

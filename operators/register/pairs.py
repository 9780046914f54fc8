"""Two raw observations of one object, by two sources: what their difference tells of their errors.

With both corrected by what is known already and carried to one time,

    e = z_r - z_s - v (t_r - t_s) = H_r (b_r - b_r^) - H_s (b_s - b_s^) + noise,

H = [-v, I, J l, l], l being the lever from the site. Differences of raw observations do not contain
the fused track, so that an error common to the fused picture cannot confirm itself; compared with
the track itself the estimates drift away without bound.
"""

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.jit import compiled
from operators.register.correct import true_place
from operators.register.state import ERRORS, PSI, STRETCH, TAU, TX, TY, Registry

GATE = 13.8  # chi-square of 2 degrees, 99.9 %
ROBUST = 9.0  # a pair this far out (squared) counts half
MOST_SQUARE = 30.0
# Speed may have changed this much a second while one observation is carried to the other's time.
PUSH_MPS2 = 1.5
SCALE_GAIN = 0.01
LEAST_SCALE, MOST_SCALE = 1.0, 25.0
# Columns of one side of a pair.
X, Y, T_S, SIDE_VARIANCE, LEVER_X, LEVER_Y, UNIT_NUMBER = range(7)
SIDE = 7


@compiled
def fill_side(
    side: FloatArray, registry: Registry, unit: int, x_m: float, y_m: float, t_s: float, var: float
) -> None:
    """One observation as a side of a pair, corrected by what is known of its unit.

    Parameters
    ----------
    side : ndarray of shape (SIDE,)
        Filled.
    unit
        Negative for an anchor.
    t_s
        By the source's clock, seconds after any fixed instant.
    var
        Variance of the place, m² an axis.
    """
    side[X], side[Y], side[T_S], side[SIDE_VARIANCE] = x_m, y_m, t_s, var
    side[UNIT_NUMBER] = unit
    side[LEVER_X] = side[LEVER_Y] = 0.0
    if unit >= 0:
        side[X], side[Y] = true_place(registry, unit, x_m, y_m)
        side[T_S] = t_s - registry.bias[unit, TAU]
        side[SIDE_VARIANCE] = var * registry.units[unit].scale
        side[LEVER_X] = side[X] - registry.units[unit].site_x_m
        side[LEVER_Y] = side[Y] - registry.units[unit].site_y_m


@compiled
def aim(side: FloatArray, registry: Registry, place: tuple[float, float]) -> None:
    """Measure the lever of a side to where the track is thought to be.

    A lever to the observation itself has its noise, as the pair's difference has: their product
    is positive in each pair, and the stretch that all units share would grow with nothing.
    """
    unit = int(side[UNIT_NUMBER])
    if unit >= 0:
        side[LEVER_X] = place[0] - registry.units[unit].site_x_m
        side[LEVER_Y] = place[1] - registry.units[unit].site_y_m


@compiled
def _fill_rows(H: FloatArray, at: int, sign: float, side: FloatArray, vx: float, vy: float) -> None:
    """``sign`` times H of one side, in the columns from `at` on."""
    H[0, at + TAU], H[1, at + TAU] = -sign * vx, -sign * vy
    H[0, at + TX], H[1, at + TX] = sign, 0.0
    H[0, at + TY], H[1, at + TY] = 0.0, sign
    H[0, at + PSI], H[1, at + PSI] = -sign * side[LEVER_Y], sign * side[LEVER_X]
    H[0, at + STRETCH], H[1, at + STRETCH] = sign * side[LEVER_X], sign * side[LEVER_Y]


@compiled
def _spread(
    H: FloatArray, places: IntArray, n: int, covariance: FloatArray
) -> tuple[float, float, float]:
    """``H P H'`` as xx, xy, yy."""
    xx = xy = yy = 0.0
    for i in range(n):
        for j in range(n):
            value = covariance[places[i], places[j]]
            xx += H[0, i] * value * H[0, j]
            xy += H[0, i] * value * H[1, j]
            yy += H[1, i] * value * H[1, j]
    return xx, xy, yy


@compiled
def _add(
    registry: Registry, H: FloatArray, places: IntArray, n: int, w: float, ex: float, ey: float
) -> None:
    for i in range(n):
        at = places[i]
        registry.pull[at] += w * (H[0, i] * ex + H[1, i] * ey)
        for j in range(n):
            registry.information[at, places[j]] += w * (H[0, i] * H[0, j] + H[1, i] * H[1, j])


@compiled
def take_pair(
    registry: Registry,
    first: FloatArray,
    second: FloatArray,
    vx: float,
    vy: float,
    velocity_variance: float,
    weight: float,
) -> float:
    """Count one pair for the next solution; its squared distance, infinite if it was refused.

    Parameters
    ----------
    first, second : ndarrays of shape (SIDE,)
        At least one of a unit.
    vx, vy, velocity_variance
        Of the object.
    weight
        Share of an independent pair that this one is, 0..1.
    """
    H, places = np.zeros((2, 2 * ERRORS)), np.zeros(2 * ERRORS, np.int64)
    n = 0
    for k in range(2):
        side = first if k == 0 else second
        unit = int(side[UNIT_NUMBER])
        if unit >= 0:
            _fill_rows(H, n, 1.0 - 2.0 * k, side, vx, vy)
            for c in range(ERRORS):
                places[n + c] = unit * ERRORS + c
            n += ERRORS
    dt = first[T_S] - second[T_S]
    ex, ey = first[X] - second[X] - dt * vx, first[Y] - second[Y] - dt * vy
    noise = first[SIDE_VARIANCE] + second[SIDE_VARIANCE]
    noise += dt * dt * (velocity_variance + (0.5 * PUSH_MPS2 * dt) ** 2)
    xx, xy, yy = _spread(H, places, n, registry.covariance)
    xx, yy = xx + noise, yy + noise
    d2 = (yy * ex * ex - 2.0 * xy * ex * ey + xx * ey * ey) / (xx * yy - xy * xy)
    _tell_scale(registry, first, second, d2, weight)
    if not d2 < GATE:
        return np.inf
    # what satellite positioning gets wrong in a street is metres, for seconds: an anchor far off
    # counts little even while the units' own errors could explain it
    off = d2
    _add(registry, H, places, n, weight * ROBUST / (ROBUST + off) / noise, ex, ey)
    for k in range(2):
        unit = int(first[UNIT_NUMBER] if k == 0 else second[UNIT_NUMBER])
        if unit >= 0:
            registry.units[unit].pairs += weight
    return float(d2)


@compiled
def _tell_scale(
    registry: Registry, first: FloatArray, second: FloatArray, d2: float, weight: float
) -> None:
    """Let the residual scale of both units follow what the pair shows; anchors have none."""
    seen = min(d2, MOST_SQUARE) / 2.0
    for k in range(2):
        unit = int(first[UNIT_NUMBER] if k == 0 else second[UNIT_NUMBER])
        if unit >= 0:
            scale = registry.units[unit].scale
            scale *= 1.0 + SCALE_GAIN * weight * (seen - 1.0)
            registry.units[unit].scale = min(max(scale, LEAST_SCALE), MOST_SCALE)

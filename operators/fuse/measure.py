"""Kalman updates of the models of a track with a measurement of two axes.

The measurement matrix is ``H = [a I, b I, 0]``: a = 1, b = dt measures the place dt seconds off the
state's time; a = 0, b = 1 the velocity. With ``B = P H'``, ``S = H B + R`` and ``K = B / S`` the
covariance is lessened by ``K B'`` (Bar-Shalom, Li, Kirubarajan, Estimation with Applications to
Tracking and Navigation, 2001, 5.2.3), each pair of mirror entries from one product.
"""

import math

from operators._typing import Vector
from operators.fuse.imm import LEAST_WEIGHT, Models
from operators.jit import inlined
from operators.motion import STILL_SPEED_VARIANCE

# What one model made of a measurement: squared distance, determinant of S, and the share of the
# measurement in what is known now in its own space, ``trace(H K) / 2``, 0..1.
Fit = tuple[float, float, float]


@inlined
def _gain(hx: float, hy: float, S: Vector, over: float) -> tuple[float, float]:
    """A row of K from a row of B."""
    return (hx * S[2] - hy * S[1]) * over, (hy * S[0] - hx * S[1]) * over


@inlined
def _distance(dx: float, dy: float, S: Vector, over: float) -> float:
    return (S[2] * dx * dx - 2.0 * S[1] * dx * dy + S[0] * dy * dy) * over


@inlined
def take_still(mean: Vector, P: Vector, z: Vector, R: Vector) -> tuple[Vector, Vector, Fit]:
    """Place measured, whenever: it does not move."""
    dx, dy = z[0] - mean[0], z[1] - mean[1]
    S = P[0] + R[0], P[1] + R[1], P[2] + R[2]
    determinant = S[0] * S[2] - S[1] * S[1]
    over = 1.0 / determinant
    kx, lx = _gain(P[0], P[1], S, over)
    ky, ly = _gain(P[1], P[2], S, over)
    after = (
        P[0] - (kx * P[0] + lx * P[1]),
        P[1] - (kx * P[1] + lx * P[2]),
        P[2] - (ky * P[1] + ly * P[2]),
    )
    moved = mean[0] + kx * dx + lx * dy, mean[1] + ky * dx + ly * dy
    return moved, after, (_distance(dx, dy, S, over), determinant, 0.5 * (kx + ly))


@inlined
def _take_motion(
    mean: Vector, P: Vector, z: Vector, R: Vector, a: float, b: float
) -> tuple[Vector, Vector, Fit, Vector, Vector, Vector, Vector]:
    """Update of place and velocity, and what the rest of a state needs: B's columns, S, z - H x."""
    x, y, u, v = mean
    xx, xy, xu, xv, yy, yu, yv, uu, uv, vv = P
    dx, dy = z[0] - a * x - b * u, z[1] - a * y - b * v
    hx, hy, hu, hv = a * xx + b * xu, a * xy + b * yu, a * xu + b * uu, a * xv + b * uv
    gx, gy, gu, gv = a * xy + b * xv, a * yy + b * yv, a * yu + b * uv, a * yv + b * vv
    S = a * hx + b * hu + R[0], a * gx + b * gu + R[1], a * gy + b * gv + R[2]
    determinant = S[0] * S[2] - S[1] * S[1]
    over = 1.0 / determinant
    kx, lx = _gain(hx, gx, S, over)
    ky, ly = _gain(hy, gy, S, over)
    ku, lu = _gain(hu, gu, S, over)
    kv, lv = _gain(hv, gv, S, over)
    after = (
        xx - (kx * hx + lx * gx),
        xy - (kx * hy + lx * gy),
        xu - (kx * hu + lx * gu),
        xv - (kx * hv + lx * gv),
        yy - (ky * hy + ly * gy),
        yu - (ky * hu + ly * gu),
        yv - (ky * hv + ly * gv),
        uu - (ku * hu + lu * gu),
        uv - (ku * hv + lu * gv),
        vv - (kv * hv + lv * gv),
    )
    moved = (
        x + kx * dx + lx * dy,
        y + ky * dx + ly * dy,
        u + ku * dx + lu * dy,
        v + kv * dx + lv * dy,
    )
    fit = _distance(dx, dy, S, over), determinant, 0.5 * (a * (kx + ly) + b * (ku + lv))
    return moved, after, fit, (hx, hy, hu, hv), (gx, gy, gu, gv), S, (dx, dy)


@inlined
def take_steady(
    mean: Vector, P: Vector, z: Vector, R: Vector, a: float, b: float
) -> tuple[Vector, Vector, Fit]:
    """Update of a steady state; a and b as in the measurement matrix."""
    moved, after, fit, _, _, _, _ = _take_motion(mean, P, z, R, a, b)
    return moved, after, fit


@inlined
def take_turn(
    mean: Vector, P: Vector, z: Vector, R: Vector, a: float, b: float
) -> tuple[Vector, Vector, Fit]:
    """Update of a turning state; a and b as in the measurement matrix."""
    x, y, u, v, w = mean
    xx, xy, xu, xv, xw, yy, yu, yv, yw, uu, uv, uw, vv, vw, ww = P
    motion = xx, xy, xu, xv, yy, yu, yv, uu, uv, vv
    m, p, fit, h, g, S, off = _take_motion((x, y, u, v), motion, z, R, a, b)
    hw, gw = a * xw + b * uw, a * yw + b * vw
    kw, lw = _gain(hw, gw, S, 1.0 / fit[1])
    xw, yw = xw - (kw * h[0] + lw * g[0]), yw - (kw * h[1] + lw * g[1])
    uw, vw = uw - (kw * h[2] + lw * g[2]), vw - (kw * h[3] + lw * g[3])
    ww -= kw * hw + lw * gw
    after = p[0], p[1], p[2], p[3], xw, p[4], p[5], p[6], yw, p[7], p[8], uw, p[9], vw, ww
    return (m[0], m[1], m[2], m[3], w + kw * off[0] + lw * off[1]), after, fit


@inlined
def reweighed(weights: Vector, distances: Vector, determinants: Vector) -> Vector:
    """Bayes' rule for the models: likelihoods ``exp(-d2 / 2) / sqrt(|S|)``."""
    least = min(distances[0], distances[1], distances[2])
    a = weights[0] * math.exp(0.5 * (least - distances[0])) / math.sqrt(determinants[0])
    b = weights[1] * math.exp(0.5 * (least - distances[1])) / math.sqrt(determinants[1])
    c = weights[2] * math.exp(0.5 * (least - distances[2])) / math.sqrt(determinants[2])
    over = 1.0 / (a + b + c)
    a, b, c = (
        max(a * over, LEAST_WEIGHT),
        max(b * over, LEAST_WEIGHT),
        max(c * over, LEAST_WEIGHT),
    )
    over = 1.0 / (a + b + c)
    return a * over, b * over, c * over


@inlined
def take_place(models: Models, z: Vector, R: Vector, dt_s: float) -> tuple[Models, float]:
    """Take a place measured dt after the state's time into all models.

    Returns
    -------
    Models
    float
        The measurement's share of what is now known of the place, 0..1.
    """
    weights, still, P, steady, Q, turn, T = models
    still, P, a = take_still(still, P, z, R)
    steady, Q, b = take_steady(steady, Q, z, R, 1.0, dt_s)
    turn, T, c = take_turn(turn, T, z, R, 1.0, dt_s)
    share = weights[0] * a[2] + weights[1] * b[2] + weights[2] * c[2]
    weights = reweighed(weights, (a[0], b[0], c[0]), (a[1], b[1], c[1]))
    return (weights, still, P, steady, Q, turn, T), min(max(share, 0.0), 1.0)


@inlined
def take_velocity(models: Models, z: Vector, variance: float) -> Models:
    """Take a measured velocity of the given variance an axis into all models.

    What stands still learns nothing from it, but how likely it is that it does.
    """
    weights, still, P, steady, Q, turn, T = models
    R = variance, 0.0, variance
    if_still = STILL_SPEED_VARIANCE + variance
    steady, Q, b = take_steady(steady, Q, z, R, 0.0, 1.0)
    turn, T, c = take_turn(turn, T, z, R, 0.0, 1.0)
    distance = (z[0] * z[0] + z[1] * z[1]) / if_still
    weights = reweighed(weights, (distance, b[0], c[0]), (if_still * if_still, b[1], c[1]))
    return weights, still, P, steady, Q, turn, T

"""Interacting multiple models: three hypotheses of motion that share a track.

The filter of Blom and Bar-Shalom (The interacting multiple model algorithm for systems with
Markovian switching coefficients, IEEE TAC 33(8), 1988): mix, predict each model, update each, weigh
them by how well they foresaw the observation, and report their moments.

A track keeps its models in one row of `LENGTH` numbers: their weights, then the mean and the upper
triangle of the covariance of each. The still model knows the place only, the steady one no turn
rate: what they do not know has a prior value, so that mixing hands it to the others.
"""

import math

import numpy as np

from operators._typing import FloatArray, Vector
from operators.jit import compiled, inlined
from operators.motion import (
    CREEP_M2PS,
    FIRST_TURN_VARIANCE,
    MODELS,
    STEADY,
    STEADY_NOISE,
    STILL,
    STILL_SPEED_VARIANCE,
    STOPPING_MPS,
    TURN,
    TURN_LASTS_S,
    steady_ahead,
    transition,
    turn_ahead,
)

SECOND_US = 1e6
LEAST_WEIGHT = 1e-6
# Intervals that are kept while a frame is taken, each where its number of grains puts it.
KEPT, GRAIN_US = 16, 20_000
LENGTH = 42
TURN_RATE = 26  # where a row has it

# Weights of the models, and the mean and the covariance of each.
Models = tuple[Vector, Vector, Vector, Vector, Vector, Vector, Vector]


@inlined
def load_models(row: FloatArray) -> Models:
    """Models of a row of shape (42,)."""
    r = row
    return (
        (r[0], r[1], r[2]),
        (r[3], r[4]),
        (r[5], r[6], r[7]),
        (r[8], r[9], r[10], r[11]),
        (r[12], r[13], r[14], r[15], r[16], r[17], r[18], r[19], r[20], r[21]),
        (r[22], r[23], r[24], r[25], r[26]),
        (
            r[27],
            r[28],
            r[29],
            r[30],
            r[31],
            r[32],
            r[33],
            r[34],
            r[35],
            r[36],
            r[37],
            r[38],
            r[39],
            r[40],
            r[41],
        ),
    )


@inlined
def store_models(row: FloatArray, models: Models) -> None:
    """Write models into a row of shape (42,)."""
    r = row
    weights, still, P, steady, Q, turn, R = models
    r[0], r[1], r[2] = weights
    r[3], r[4] = still
    r[5], r[6], r[7] = P
    r[8], r[9], r[10], r[11] = steady
    r[12], r[13], r[14], r[15], r[16], r[17], r[18], r[19], r[20], r[21] = Q
    r[22], r[23], r[24], r[25], r[26] = turn
    r[27], r[28], r[29], r[30], r[31], r[32], r[33], r[34] = R[:8]
    r[35], r[36], r[37], r[38], r[39], r[40], r[41] = R[8:]


@inlined
def _mean(s: Vector, of: Vector) -> float:
    return s[0] * of[0] + s[1] * of[1] + s[2] * of[2]


@inlined
def _off(of: Vector, mean: float) -> Vector:
    return of[0] - mean, of[1] - mean, of[2] - mean


@inlined
def _spread(s: Vector, of: Vector, a: Vector, b: Vector) -> float:
    """An entry of a mixture's covariance: shares, entries of the models, offsets of their means."""
    return (
        s[0] * (of[0] + a[0] * b[0]) + s[1] * (of[1] + a[1] * b[1]) + s[2] * (of[2] + a[2] * b[2])
    )


@inlined
def _mixed_place(s: Vector, models: Models) -> tuple[Vector, Vector]:
    """Mixture by the shares `s` in what the still model knows."""
    _, a, P, b, Q, c, R = models
    x, y = (a[0], b[0], c[0]), (a[1], b[1], c[1])
    mean = _mean(s, x), _mean(s, y)
    dx, dy = _off(x, mean[0]), _off(y, mean[1])
    return mean, (
        _spread(s, (P[0], Q[0], R[0]), dx, dx),
        _spread(s, (P[1], Q[1], R[1]), dx, dy),
        _spread(s, (P[2], Q[4], R[5]), dy, dy),
    )


@inlined
def mixed_motion(s: Vector, models: Models) -> tuple[Vector, Vector]:
    """Mixture by the shares `s` in place and velocity, which the steady model knows."""
    _, a, P, b, Q, c, R = models
    v0 = STILL_SPEED_VARIANCE
    x, y = (a[0], b[0], c[0]), (a[1], b[1], c[1])
    u, v = (0.0, b[2], c[2]), (0.0, b[3], c[3])
    mean = _mean(s, x), _mean(s, y), _mean(s, u), _mean(s, v)
    dx, dy, du, dv = _off(x, mean[0]), _off(y, mean[1]), _off(u, mean[2]), _off(v, mean[3])
    return mean, (
        _spread(s, (P[0], Q[0], R[0]), dx, dx),
        _spread(s, (P[1], Q[1], R[1]), dx, dy),
        _spread(s, (0.0, Q[2], R[2]), dx, du),
        _spread(s, (0.0, Q[3], R[3]), dx, dv),
        _spread(s, (P[2], Q[4], R[5]), dy, dy),
        _spread(s, (0.0, Q[5], R[6]), dy, du),
        _spread(s, (0.0, Q[6], R[7]), dy, dv),
        _spread(s, (v0, Q[7], R[9]), du, du),
        _spread(s, (0.0, Q[8], R[10]), du, dv),
        _spread(s, (v0, Q[9], R[12]), dv, dv),
    )


@inlined
def _mixed_turn(s: Vector, models: Models) -> tuple[Vector, Vector]:
    """Mixture by the shares `s` in everything: place, velocity, turn rate."""
    _, a, _, b, _, c, R = models
    m, p = mixed_motion(s, models)
    w = s[2] * c[4]
    dw = (-w, -w, c[4] - w)
    dx, dy = _off((a[0], b[0], c[0]), m[0]), _off((a[1], b[1], c[1]), m[1])
    du, dv = _off((0.0, b[2], c[2]), m[2]), _off((0.0, b[3], c[3]), m[3])
    xw, yw = _spread(s, (0.0, 0.0, R[4]), dx, dw), _spread(s, (0.0, 0.0, R[8]), dy, dw)
    uw, vw = _spread(s, (0.0, 0.0, R[11]), du, dw), _spread(s, (0.0, 0.0, R[13]), dv, dw)
    ww = _spread(s, (FIRST_TURN_VARIANCE, FIRST_TURN_VARIANCE, R[14]), dw, dw)
    spread = p[0], p[1], p[2], p[3], xw, p[4], p[5], p[6], yw, p[7], p[8], uw, p[9], vw, ww
    return (m[0], m[1], m[2], m[3], w), spread


@inlined
def _shares(weights: Vector, change: FloatArray, m: int, from_still: float) -> tuple[Vector, float]:
    """Shares of the models in what model `m` begins with, and its weight."""
    a, b, c = from_still * weights[0], change[1, m] * weights[1], change[2, m] * weights[2]
    total = a + b + c
    over = 1.0 / max(total, 1e-300)
    return (a * over, b * over, c * over), max(total, LEAST_WEIGHT)


@inlined
def mix(models: Models, change: FloatArray, stays: float) -> Models:
    """Interaction step: what each model begins with.

    Parameters
    ----------
    models
    change : ndarray of shape (3, 3)
        Of who has just stopped.
    stays
        Probability that what stands goes on standing.
    """
    weights = models[0]
    leaves = (1.0 - stays) / (change[STILL, STEADY] + change[STILL, TURN])
    of_still, still = _shares(weights, change, STILL, stays)
    of_steady, steady = _shares(weights, change, STEADY, leaves * change[STILL, STEADY])
    of_turn, turn = _shares(weights, change, TURN, leaves * change[STILL, TURN])
    place, P = _mixed_place(of_still, models)
    motion, Q = mixed_motion(of_steady, models)
    everything, R = _mixed_turn(of_turn, models)
    return (still, steady, turn), place, P, motion, Q, everything, R


@inlined
def predict(models: Models, dt_s: float, fades: float, kind: FloatArray) -> Models:
    """Each model dt > 0 later; `fades` as for `operators.motion.turn_ahead`."""
    weights, still, P, steady, Q, turn, R = models
    creep = CREEP_M2PS * dt_s
    steady, Q = steady_ahead(steady, Q, dt_s, kind[STEADY_NOISE])
    turn, R = turn_ahead(turn, R, dt_s, fades, kind)
    return weights, still, (P[0] + creep, P[1], P[2] + creep), steady, Q, turn, R


@inlined
def no_changes() -> tuple[FloatArray, FloatArray]:
    """What `change_over` keeps: nothing yet.

    Returns
    -------
    fades : ndarray of shape (KEPT, 2)
        An interval, s, and the part of a turn rate that is left after it.
    change : ndarray of shape (KEPT, 2, 3, 3)
        Probabilities of changes over it.
    """
    return np.full((KEPT, 2), -1.0), np.empty((KEPT, 2, MODELS, MODELS))


@compiled
def change_over(lag_us: int, rates: FloatArray, fades: FloatArray, change: FloatArray) -> int:
    """Where `fades` and `change` hold what an interval changes; it is written there if need be.

    Tracks that a frame concerns were last seen a few different times ago, in any order.
    """
    dt_s, at = lag_us / SECOND_US, (lag_us // GRAIN_US) % KEPT
    if dt_s != fades[at, 0]:
        transition(dt_s, rates, change[at])
        fades[at, 0], fades[at, 1] = dt_s, math.exp(-dt_s / TURN_LASTS_S)
    return at


@inlined
def is_fast(vx: float, vy: float) -> int:
    """1 if a track is too fast to stand still at once, else 0."""
    return int(vx * vx + vy * vy > STOPPING_MPS**2)

"""Interacting multiple models: three hypotheses of motion that share a track.

The filter of Blom and Bar-Shalom (The interacting multiple model algorithm for systems with
Markovian switching coefficients, IEEE TAC 33(8), 1988): mix, predict each model, update each, weigh
them by how well they foresaw the observation, and report their moments.

In scratch arrays a track's models are ``weights`` of shape (3,), ``means`` (3, 5) and
``covariances`` (3, 5, 5); the still model knows the place only, the steady one no turn rate: what
they do not know keeps a prior value, so that mixing hands it to the others.
"""

import math

from operators._typing import FloatArray
from operators.jit import Record, compiled
from operators.motion import (
    CREEP_M2PS,
    DIM,
    FIRST_TURN_VARIANCE,
    MODELS,
    STEADY,
    STEADY_NOISE,
    STILL,
    STILL_SPEED_VARIANCE,
    STOPPING_MPS,
    TURN,
    predict_steady,
    predict_turn,
    transition,
)

LEAST_WEIGHT = 1e-6
KNOWN = (2, 4, 5)  # components that each model knows
LOG_TWO_PI = math.log(2.0 * math.pi)


@compiled
def load_models(
    track: Record, weights: FloatArray, means: FloatArray, covariances: FloatArray
) -> None:
    """Unfold a track's models into scratch arrays."""
    k = 0
    for m in range(MODELS):
        weights[m] = track.model_weights[m]
        for i in range(DIM):
            means[m, i] = track.model_means[m * DIM + i]
            for j in range(i, DIM):
                covariances[m, i, j] = track.model_covariances[k]
                covariances[m, j, i] = track.model_covariances[k]
                k += 1


@compiled
def store_models(
    track: Record,
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> None:
    """Fold scratch arrays into the track, and its moments, left in shapes (4,) and (4, 4)."""
    k = 0
    for m in range(MODELS):
        track.model_weights[m] = weights[m]
        for i in range(DIM):
            track.model_means[m * DIM + i] = means[m, i]
            for j in range(i, DIM):
                track.model_covariances[k] = covariances[m, i, j]
                k += 1
    moments(weights, means, covariances, mean, covariance)
    k = 0
    for i in range(4):
        track.mean[i] = mean[i]
        for j in range(i, 4):
            track.covariance[k] = covariance[i, j]
            k += 1


@compiled
def moments(
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> None:
    """Mean and covariance of the mixture in place and velocity, into shapes (4,) and (4, 4)."""
    for i in range(4):
        mean[i] = weights[0] * means[0, i] + weights[1] * means[1, i] + weights[2] * means[2, i]
    covariance[:, :] = 0.0
    for m in range(MODELS):
        _add_spread(weights[m], means[m], covariances[m], mean, covariance, 4)
    for i in range(4):
        for j in range(i):
            covariance[i, j] = covariance[j, i]


@compiled
def _mix_into(
    m: int,
    before: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> None:
    """Mixture of all models as model `m` begins with it; `before` are their shares in it."""
    size = KNOWN[m]
    for i in range(size):
        mean[i] = before[0] * means[0, i] + before[1] * means[1, i] + before[2] * means[2, i]
        for j in range(i, size):
            covariance[i, j] = 0.0
    for k in range(MODELS):
        if before[k] >= LEAST_WEIGHT:
            _add_spread(before[k], means[k], covariances[k], mean, covariance, size)
    for i in range(size):
        for j in range(i):
            covariance[i, j] = covariance[j, i]
    for i in range(size, DIM):
        _forget(mean, covariance, i, FIRST_TURN_VARIANCE if i == 4 else STILL_SPEED_VARIANCE)


@compiled
def _add_spread(
    weight: float,
    model_mean: FloatArray,
    model_covariance: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
    size: int,
) -> None:
    """Add one model's part to the upper triangle of a mixture's covariance about `mean`."""
    for i in range(size):
        di = model_mean[i] - mean[i]
        for j in range(i, size):
            covariance[i, j] += weight * (model_covariance[i, j] + di * (model_mean[j] - mean[j]))


@compiled
def _forget(mean: FloatArray, covariance: FloatArray, i: int, variance: float) -> None:
    """Let a component be zero, of the given variance, whatever is known."""
    mean[i] = 0.0
    for j in range(DIM):
        covariance[i, j] = 0.0
        covariance[j, i] = 0.0
    covariance[i, i] = variance


@compiled
def mix(
    change: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    mixed_weights: FloatArray,
    mixed_means: FloatArray,
    mixed_covariances: FloatArray,
    before: FloatArray,
) -> None:
    """Interaction step: what each model begins with, given `change` of shape (3, 3).

    `before` is scratch of shape (3,).
    """
    for m in range(MODELS):
        total = 0.0
        for k in range(MODELS):
            before[k] = change[k, m] * weights[k]
            total += before[k]
        mixed_weights[m] = max(total, LEAST_WEIGHT)
        for k in range(MODELS):
            before[k] /= max(total, 1e-300)
        _mix_into(m, before, means, covariances, mixed_means[m], mixed_covariances[m])


@compiled
def predict_models(
    dt_s: float,
    kind: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    scratch: FloatArray,
) -> None:
    """Carry each model forward by dt > 0, in place; `scratch` has shape (2, 5, 5)."""
    covariances[STILL, 0, 0] += CREEP_M2PS * dt_s
    covariances[STILL, 1, 1] += CREEP_M2PS * dt_s
    predict_steady(means[STEADY], covariances[STEADY], dt_s, kind[STEADY_NOISE])
    predict_turn(means[TURN], covariances[TURN], dt_s, kind, scratch[0], scratch[1])


@compiled
def update_model(
    mean: FloatArray,
    covariance: FloatArray,
    z: FloatArray,
    position_part: float,
    velocity_part: float,
    noise: FloatArray,
    size: int,
    work: FloatArray,
) -> tuple[float, float]:
    """Kalman update of one model with a measurement of two axes, in place.

    The measurement matrix is ``H = [a I, b I, 0]``: a = 1, b = dt measures the position dt seconds
    off the state's time; a = 0, b = 1 measures the velocity. The covariance is lessened by
    ``K (P H')'``, each pair of mirror entries from one product.

    Parameters
    ----------
    mean : ndarray of shape (5,)
    covariance : ndarray of shape (5, 5)
    z : ndarray of shape (2,)
    position_part, velocity_part
        a and b of the measurement matrix.
    noise : ndarray of shape (3,)
        R as ``xx, xy, yy``.
    size
        How many components the model knows; the rest has nothing to do with them.
    work : ndarray of shape (4, 5)
        Scratch: an array of its own would take longer than the update.

    Returns
    -------
    float
        Logarithm of the likelihood of `z`.
    float
        ``trace(H K) / 2``: the measurement's share of what is now known in its own space, 0..1.
    """
    a, b = position_part, velocity_part
    dx = z[0] - a * mean[0] - b * mean[2]
    dy = z[1] - a * mean[1] - b * mean[3]
    for i in range(size):  # rows 0 and 1: P H'
        work[0, i] = a * covariance[i, 0] + b * covariance[i, 2]
        work[1, i] = a * covariance[i, 1] + b * covariance[i, 3]
    xx, xy, yy = a * work[0, 0] + noise[0], a * work[1, 0] + noise[1], a * work[1, 1] + noise[2]
    if b != 0.0:
        xx, xy, yy = xx + b * work[0, 2], xy + b * work[1, 2], yy + b * work[1, 3]
    determinant = xx * yy - xy * xy
    over = 1.0 / determinant
    for i in range(size):  # rows 2 and 3: the gain
        work[2, i] = (work[0, i] * yy - work[1, i] * xy) * over
        work[3, i] = (work[1, i] * xx - work[0, i] * xy) * over
        mean[i] += work[2, i] * dx + work[3, i] * dy
    for i in range(size):
        for j in range(i, size):
            covariance[i, j] -= work[2, i] * work[0, j] + work[3, i] * work[1, j]
            covariance[j, i] = covariance[i, j]
    d2 = (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) * over
    fit = -0.5 * d2 - LOG_TWO_PI - 0.5 * math.log(determinant)
    share = 0.5 * a * (work[2, 0] + work[3, 1])
    if b != 0.0:
        share += 0.5 * b * (work[2, 2] + work[3, 3])
    return fit, share


@compiled
def reweigh(weights: FloatArray, fits: FloatArray) -> None:
    """Bayes' rule for the models: `fits` are logarithms of likelihoods, shape (3,)."""
    best = max(fits[0], fits[1], fits[2])
    total = 0.0
    for m in range(MODELS):
        weights[m] = max(weights[m] * math.exp(fits[m] - best), LEAST_WEIGHT)
        total += weights[m]
    for m in range(MODELS):
        weights[m] /= total


@compiled
def change_over(dt_s: float, rates: FloatArray, change: FloatArray, known_s: float) -> float:
    """Fill `change` for dt unless it holds that of `known_s` already; what it now holds."""
    if dt_s != known_s:
        transition(dt_s, rates, change)
    return dt_s


@compiled
def is_fast(track: Record) -> int:
    """1 if the track is too fast to stand still at once, else 0."""
    return int(track.mean[2] ** 2 + track.mean[3] ** 2 > STOPPING_MPS**2)

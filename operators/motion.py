"""How road users move when nobody looks: standing, going steadily, manoeuvring.

The state of a track is ``(x, y, vx, vy, w)``: metres, metres a second, and the turn rate w in
radians a second, counter-clockwise. Three models carry it over a time dt:

- *still*: the place does not change, the velocity is zero;
- *steady*: constant velocity with white-noise acceleration,
  ``F = [[I, dt I], [0, I]], Q = q [[dt³/3 I, dt²/2 I], [dt²/2 I, dt I]]`` (Bar-Shalom, Li,
  Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, 6.2.2);
- *turn*: a coordinated turn with a turn rate that wanders (the same, 11.7.1), and acceleration
  noise that is larger along the motion than across it: brakes and throttle are stronger than tyres
  at the rate at which drivers use them.

Every intensity q is read off as physics: it is the variance that a velocity (or turn rate) gains in
one second, so the table says how far, one sigma, each wanders within a second.
"""

import math

import numpy as np

from operators._typing import FloatArray
from operators.frame import ObjectClass
from operators.jit import compiled

STILL, STEADY, TURN = range(3)
MODELS = 3
DIM = 5
PACKED = 15  # upper triangle of 5 x 5 by rows

# class: what changes within a second, one sigma: speed when going steadily; speed and direction of
# the velocity when manoeuvring, m/s; turn rate, rad/s; and the spread of an unknown velocity, m/s
_WITHIN_A_SECOND: dict[ObjectClass, tuple[float, float, float, float, float]] = {
    ObjectClass.UNKNOWN: (0.3, 3.0, 1.0, 0.4, 10.0),
    ObjectClass.CAR: (0.3, 3.0, 1.0, 0.4, 10.0),
    ObjectClass.VAN: (0.3, 3.0, 1.0, 0.4, 10.0),
    ObjectClass.TRUCK: (0.3, 2.0, 0.7, 0.25, 10.0),
    ObjectClass.BUS: (0.3, 2.0, 0.7, 0.25, 10.0),
    ObjectClass.MOTORCYCLE: (0.4, 4.0, 1.5, 0.5, 10.0),
    ObjectClass.BICYCLE: (0.3, 1.2, 0.6, 0.6, 4.0),
    ObjectClass.PEDESTRIAN: (0.2, 0.8, 0.5, 1.0, 1.5),
    ObjectClass.ANIMAL: (0.5, 2.0, 1.5, 1.5, 4.0),
    ObjectClass.OBSTACLE: (0.05, 0.1, 0.1, 0.1, 0.3),
    ObjectClass.EMERGENCY: (0.4, 4.0, 1.5, 0.5, 12.0),
    ObjectClass.TRAILER: (0.3, 2.0, 0.7, 0.25, 10.0),
    ObjectClass.TRAM: (0.3, 1.3, 0.2, 0.15, 8.0),
}
HALF_LANE_M = 1.75
# Of unwatched road users: how far the speed of a typical one wanders within a second, as a share
# of what a manoeuvring one does; it decides how long a track is worth showing unseen.
TYPICAL_SHARE = 1.0 / 3.0

CREEP_M2PS = 0.02**2  # a standing box wanders 2 cm within a second
STILL_SPEED_VARIANCE = 0.05**2
TURN_LASTS_S = 3.0  # a turn rate fades with this time constant
LARGEST_TURN_RPS = 1.5
LARGEST_TURN_VARIANCE = 0.5**2
FIRST_TURN_VARIANCE = 0.2**2
SLOW_MPS = 1.0  # below, a velocity has no direction worth the name

# Rates of change between models, 1/s: from row to column. A standing road user stands for some ten
# seconds; a going one manoeuvres about once in a minute, for about three seconds. Nobody stops from
# full speed at once: what goes faster than STOPPING_MPS never becomes still.
_RATES = np.array([[0.0, 0.1, 0.02], [0.03, 0.0, 1 / 60], [0.05, 1 / 3, 0.0]])
STOPPING_MPS = 3.0

# Columns of the table that kernels get; one row for each class.
STEADY_NOISE, ALONG, ACROSS, SPIN, SPEED_VARIANCE, NOISE, COAST_S = range(7)


def motion_table() -> FloatArray:
    """Motion by class, for the kernels.

    Returns
    -------
    ndarray of shape (13, 7)
        Noise intensities of the steady model, m²/s³, of the turning one along and across its
        velocity, m²/s³, and of its turn rate, rad²/s³; variance of an unknown velocity, m²/s² an
        axis; noise of a typical road user, m²/s³; and how long a track may go unseen before its
        place is anybody's guess: the time after which that noise alone has made the position
        uncertain by half a lane, ``q t³ / 3 = (1.75 m)²``, 1 to 10 s.
    """
    rows = np.array([_WITHIN_A_SECOND[name] for name in ObjectClass]) ** 2
    noise = rows[:, 1] * TYPICAL_SHARE**2
    coast_s = np.clip(np.cbrt(3.0 * HALF_LANE_M**2 / noise), 1.0, 10.0)
    return np.column_stack((rows, noise, coast_s))


def rate_table() -> FloatArray:
    """Rates of change between models, 1/s, shape (2, 3, 3), the diagonals zero: slow, fast."""
    fast = _RATES.copy()
    fast[:, STILL] = 0.0
    return np.stack((_RATES, fast))


@compiled
def transition(dt_s: float, rates: FloatArray, made: FloatArray) -> None:
    """Probabilities of model j after dt given model i before, slow and fast, shape (2, 3, 3)."""
    for speed in range(2):
        for i in range(MODELS):
            total = rates[speed, i, 0] + rates[speed, i, 1] + rates[speed, i, 2]
            stays = math.exp(-total * dt_s)
            for j in range(MODELS):
                leaves = (1.0 - stays) * rates[speed, i, j] / total
                made[speed, i, j] = stays if i == j else leaves


@compiled
def predict_steady(mean: FloatArray, covariance: FloatArray, dt_s: float, noise: float) -> None:
    """Carry a steady state forward, in place.

    Parameters
    ----------
    mean : ndarray of shape (4,) or longer
    covariance : ndarray of shape (4, 4) or larger
    dt_s
        May be negative (looking back): the noise grows with its size all the same.
    noise
        Intensity q, m²/s³.
    """
    size = abs(dt_s)
    for i in range(2):
        mean[i] += dt_s * mean[i + 2]
    for i in range(2):
        for j in range(2):
            cross = covariance[i, j + 2] + covariance[i + 2, j]
            covariance[i, j] += dt_s * (cross + dt_s * covariance[i + 2, j + 2])
    for i in range(2):
        for j in range(2):
            covariance[i, j + 2] += dt_s * covariance[i + 2, j + 2]
    for i in range(2):
        covariance[i, i] += noise * size**3 / 3.0
        covariance[i, i + 2] += noise * dt_s * size / 2.0
        covariance[i + 2, i + 2] += noise * size
        for j in range(2):
            covariance[j + 2, i] = covariance[i, j + 2]


@compiled
def turn_jacobian(mean: FloatArray, dt_s: float, F: FloatArray) -> None:
    """Carry the mean of a turning state by dt, and fill F, shape (5, 5), with the Jacobian."""
    w, vx, vy = mean[4], mean[2], mean[3]
    a = w * dt_s
    s, c = math.sin(a), math.cos(a)
    if abs(a) > 1e-4:
        p, q = s / w, (1.0 - c) / w
        dp, dq = (a * c - s) / (w * w), (a * s - 1.0 + c) / (w * w)
    else:  # the first terms of the series
        p, q = dt_s, 0.5 * a * dt_s
        dp, dq = -a * dt_s * dt_s / 3.0, 0.5 * dt_s * dt_s
    fades = math.exp(-dt_s / TURN_LASTS_S)
    F[:, :] = 0.0
    F[0, 0] = F[1, 1] = 1.0
    F[0, 2], F[0, 3], F[0, 4] = p, -q, dp * vx - dq * vy
    F[1, 2], F[1, 3], F[1, 4] = q, p, dq * vx + dp * vy
    F[2, 2], F[2, 3], F[2, 4] = c, -s, -dt_s * (s * vx + c * vy)
    F[3, 2], F[3, 3], F[3, 4] = s, c, dt_s * (c * vx - s * vy)
    F[4, 4] = fades
    mean[0] += p * vx - q * vy
    mean[1] += q * vx + p * vy
    mean[2], mean[3] = c * vx - s * vy, s * vx + c * vy
    mean[4] = w * fades


@compiled
def _carry_rows(F: FloatArray, covariance: FloatArray, half: FloatArray) -> None:
    """``F P`` into `half`, by the entries of F that are not zero or one."""
    for j in range(DIM):
        c, d, e = covariance[2, j], covariance[3, j], covariance[4, j]
        half[0, j] = covariance[0, j] + F[0, 2] * c + F[0, 3] * d + F[0, 4] * e
        half[1, j] = covariance[1, j] + F[1, 2] * c + F[1, 3] * d + F[1, 4] * e
        half[2, j] = F[2, 2] * c + F[2, 3] * d + F[2, 4] * e
        half[3, j] = F[3, 2] * c + F[3, 3] * d + F[3, 4] * e
        half[4, j] = F[4, 4] * e


@compiled
def predict_turn(
    mean: FloatArray,
    covariance: FloatArray,
    dt_s: float,
    kind: FloatArray,
    F: FloatArray,
    half: FloatArray,
) -> None:
    """Carry a turning state forward by dt > 0, in place: ``F P F' + Q``.

    Parameters
    ----------
    mean : ndarray of shape (5,)
    covariance : ndarray of shape (5, 5)
    dt_s
        Seconds.
    kind : ndarray of shape (7,)
        Row of `motion_table`.
    F, half : ndarrays of shape (5, 5)
        Scratch.
    """
    turn_jacobian(mean, dt_s, F)
    _carry_rows(F, covariance, half)
    for i in range(DIM):  # half F', of which only one triangle is needed
        a, b, c, d, e = half[i, 0], half[i, 1], half[i, 2], half[i, 3], half[i, 4]
        covariance[i, 0] = a + F[0, 2] * c + F[0, 3] * d + F[0, 4] * e
        covariance[i, 1] = b + F[1, 2] * c + F[1, 3] * d + F[1, 4] * e
        covariance[i, 2] = F[2, 2] * c + F[2, 3] * d + F[2, 4] * e
        covariance[i, 3] = F[3, 2] * c + F[3, 3] * d + F[3, 4] * e
        covariance[i, 4] = F[4, 4] * e
    for i in range(DIM):
        for j in range(i):
            covariance[i, j] = covariance[j, i]
    _add_turn_noise(mean, covariance, dt_s, kind)
    mean[4] = min(max(mean[4], -LARGEST_TURN_RPS), LARGEST_TURN_RPS)


@compiled
def _add_pair(
    covariance: FloatArray, row: int, column: int, factor: float, xx: float, xy: float, yy: float
) -> None:
    """Add a symmetric 2 x 2 block at (row, column), and at its mirror place."""
    covariance[row, column] += factor * xx
    covariance[row, column + 1] += factor * xy
    covariance[row + 1, column] += factor * xy
    covariance[row + 1, column + 1] += factor * yy
    if row != column:
        for i in range(2):
            for j in range(2):
                covariance[column + j, row + i] = covariance[row + i, column + j]


@compiled
def _add_turn_noise(
    mean: FloatArray, covariance: FloatArray, dt_s: float, kind: FloatArray
) -> None:
    """Add Q: along and across the velocity; in all directions alike for what hardly moves."""
    square = mean[2] ** 2 + mean[3] ** 2
    slow = SLOW_MPS**2
    excess = (kind[ALONG] - kind[ACROSS]) / (square + slow)
    rest = kind[ACROSS] + 0.5 * excess * slow
    xx, yy = rest + excess * mean[2] ** 2, rest + excess * mean[3] ** 2
    xy = excess * mean[2] * mean[3]
    _add_pair(covariance, 0, 0, dt_s**3 / 3.0, xx, xy, yy)
    _add_pair(covariance, 0, 2, dt_s**2 / 2.0, xx, xy, yy)
    _add_pair(covariance, 2, 2, dt_s, xx, xy, yy)
    spin = covariance[4, 4] + kind[SPIN] * dt_s
    if spin > LARGEST_TURN_VARIANCE:  # shrink the row with it: the matrix stays positive definite
        shrink = math.sqrt(LARGEST_TURN_VARIANCE / spin)
        for i in range(4):
            covariance[i, 4] *= shrink
            covariance[4, i] = covariance[i, 4]
        spin = LARGEST_TURN_VARIANCE
    covariance[4, 4] = spin

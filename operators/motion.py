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

from operators._typing import FloatArray, Vector
from operators.frame import ObjectClass
from operators.jit import compiled, inlined

STILL, STEADY, TURN = range(3)
MODELS = 3

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
# The filter needs about five frames to believe in a brake; the gate must not lose the track until
# then. Who brakes with 8 m/s² is 1 m off after half a second, and observations err besides.
UNNOTICED_S = 0.5
UNNOTICED_SIGMAS = 4.0
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

# Rates of change between models, 1/s: from row to column. A road user that has just stopped starts
# within some ten seconds (see `stays_still`), and who starts gains speed, which is a manoeuvre; a
# going one manoeuvres about once in a minute, for about three seconds. Nobody stops from full speed
# at once: what goes faster than STOPPING_MPS never becomes still.
_RATES = np.array([[0.0, 0.02, 0.1], [0.03, 0.0, 1 / 60], [0.05, 1 / 3, 0.0]])
STOPPING_MPS = 3.0
# Who has stood for longer is no better known, but would be seen later to start.
MOST_STOOD_S = 60.0

# Columns of the table that kernels get; one row for each class.
STEADY_NOISE, ALONG, ACROSS, SPIN, SPEED_VARIANCE, NOISE, COAST_S, UNNOTICED = range(8)


def motion_table() -> FloatArray:
    """Motion by class, for the kernels.

    Returns
    -------
    ndarray of shape (13, 8)
        Noise intensities of the steady model, m²/s³, of the turning one along and across its
        velocity, m²/s³, and of its turn rate, rad²/s³; variance of an unknown velocity, m²/s² an
        axis; noise of a typical road user, m²/s³; how long a track may go unseen before its
        place is anybody's guess: the time after which that noise alone has made the position
        uncertain by half a lane, ``q t³ / 3 = (1.75 m)²``, 1 to 10 s; and how far a manoeuvre may
        carry a track before the models weigh it, metres: 4 sigma of half a second.
    """
    rows = np.array([_WITHIN_A_SECOND[name] for name in ObjectClass]) ** 2
    noise = rows[:, 1] * TYPICAL_SHARE**2
    coast_s = np.clip(np.cbrt(3.0 * HALF_LANE_M**2 / noise), 1.0, 10.0)
    unnoticed_m = UNNOTICED_SIGMAS * np.sqrt(rows[:, 1] * UNNOTICED_S**3 / 3.0)
    return np.column_stack((rows, noise, coast_s, unnoticed_m))


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


@inlined
def stays_still(stood_s: float, dt_s: float, rates: FloatArray) -> float:
    """Probability that who has stood for a while stands dt longer.

    How long road users stand has no scale: seconds at a junction, a minute at red, a night at the
    kerb. So the rate r at which one starts is not known, and having stood tells of it: with a prior
    ``T exp(-r T)``, T the reciprocal of the rate of who has just stopped, one stands for t or more
    with probability ``T / (T + t)`` (Lomax, Business failures, JASA 49, 1954), and from then on
    dt longer with ``(T + t) / (T + t + dt)``.
    """
    known_s = min(stood_s, MOST_STOOD_S) + 1.0 / (rates[0, STILL, STEADY] + rates[0, STILL, TURN])
    return float(known_s / (known_s + dt_s))


# In kernels a state is a tuple of floats and a covariance the tuple of its upper triangle by rows:
# what stays in registers costs a tenth of what goes through small arrays.


@inlined
def steady_ahead(mean: Vector, spread: Vector, dt_s: float, noise: float) -> tuple[Vector, Vector]:
    """A steady state dt later.

    Parameters
    ----------
    mean
        ``(x, y, vx, vy)``.
    spread
        Its covariance, 10 numbers.
    dt_s
        May be negative (looking back): the noise grows with its size all the same.
    noise
        Intensity q, m²/s³.
    """
    x, y, u, v = mean
    xx, xy, xu, xv, yy, yu, yv, uu, uv, vv = spread
    size = abs(dt_s)
    far, half, near = noise * size**3 / 3.0, noise * dt_s * size / 2.0, noise * size
    return (x + dt_s * u, y + dt_s * v, u, v), (
        xx + dt_s * (2.0 * xu + dt_s * uu) + far,
        xy + dt_s * (xv + yu + dt_s * uv),
        xu + dt_s * uu + half,
        xv + dt_s * uv,
        yy + dt_s * (2.0 * yv + dt_s * vv) + far,
        yu + dt_s * uv,
        yv + dt_s * vv + half,
        uu + near,
        uv,
        vv + near,
    )


@inlined
def turn_terms(w: float, dt_s: float) -> tuple[float, float, float, float, float, float]:
    """``sin(w dt), cos(w dt), sin/w, (1 - cos)/w`` and the derivatives of the last two by w."""
    a = w * dt_s
    s, c = math.sin(a), math.cos(a)
    if abs(a) > 1e-4:
        return s, c, s / w, (1.0 - c) / w, (a * c - s) / (w * w), (a * s - 1.0 + c) / (w * w)
    # the first terms of the series
    return s, c, dt_s, 0.5 * a * dt_s, -a * dt_s * dt_s / 3.0, 0.5 * dt_s * dt_s


@inlined
def turn_ahead(
    mean: Vector, spread: Vector, dt_s: float, fades: float, kind: FloatArray
) -> tuple[Vector, Vector]:
    """A turning state dt > 0 later: ``F P F' + Q``, F the Jacobian of the turn.

    Parameters
    ----------
    mean
        ``(x, y, vx, vy, w)``.
    spread
        Its covariance, 15 numbers.
    dt_s
        Seconds.
    fades
        ``exp(-dt / TURN_LASTS_S)``.
    kind : ndarray of shape (8,)
        Row of `motion_table`.
    """
    x, y, u, v, w = mean
    xx, xy, xu, xv, xw, yy, yu, yv, yw, uu, uv, uw, vv, vw, ww = spread
    s, c, p, q, dp, dq = turn_terms(w, dt_s)
    # rows of F: (1 0 p -q a), (0 1 q p b), (0 0 c -s g), (0 0 s c h), (0 0 0 0 fades)
    a, b = dp * u - dq * v, dq * u + dp * v
    g, h = -dt_s * (s * u + c * v), dt_s * (c * u - s * v)
    # F P, as far as it is needed
    x_u, x_v = xu + p * uu - q * uv + a * uw, xv + p * uv - q * vv + a * vw
    x_w, y_w = xw + p * uw - q * vw + a * ww, yw + q * uw + p * vw + b * ww
    x_x, x_y = xx + p * xu - q * xv + a * xw, xy + p * yu - q * yv + a * yw
    y_y, y_u = yy + q * yu + p * yv + b * yw, yu + q * uu + p * uv + b * uw
    y_v = yv + q * uv + p * vv + b * vw
    u_u, u_v, u_w = c * uu - s * uv + g * uw, c * uv - s * vv + g * vw, c * uw - s * vw + g * ww
    v_u, v_v, v_w = s * uu + c * uv + h * uw, s * uv + c * vv + h * vw, s * uw + c * vw + h * ww
    along, cross, beside = _turn_noise(u, v, c, s, kind)
    far, half = dt_s**3 / 3.0, dt_s**2 / 2.0
    turn = fades * fades * ww + kind[SPIN] * dt_s
    # shrink the row with its end: the matrix stays positive definite
    shrink = 1.0
    if turn > LARGEST_TURN_VARIANCE:
        shrink = math.sqrt(LARGEST_TURN_VARIANCE / turn)
        turn = LARGEST_TURN_VARIANCE
    fades_so = fades * shrink
    after = (
        x_x + p * x_u - q * x_v + a * x_w + far * along,
        x_y + q * x_u + p * x_v + b * x_w + far * cross,
        c * x_u - s * x_v + g * x_w + half * along,
        s * x_u + c * x_v + h * x_w + half * cross,
        fades_so * x_w,
        y_y + q * y_u + p * y_v + b * y_w + far * beside,
        c * y_u - s * y_v + g * y_w + half * cross,
        s * y_u + c * y_v + h * y_w + half * beside,
        fades_so * y_w,
        c * u_u - s * u_v + g * u_w + dt_s * along,
        s * u_u + c * u_v + h * u_w + dt_s * cross,
        fades_so * u_w,
        s * v_u + c * v_v + h * v_w + dt_s * beside,
        fades_so * v_w,
        turn,
    )
    slower = min(max(w * fades, -LARGEST_TURN_RPS), LARGEST_TURN_RPS)
    moved = (x + p * u - q * v, y + q * u + p * v, c * u - s * v, s * u + c * v, slower)
    return moved, after


@inlined
def _turn_noise(
    u: float, v: float, c: float, s: float, kind: FloatArray
) -> tuple[float, float, float]:
    """Intensity of the acceleration after the turn, ``xx, xy, yy``.

    Along and across the velocity; in all directions alike for what hardly moves.
    """
    vx, vy = c * u - s * v, s * u + c * v
    slow = SLOW_MPS**2
    excess = (kind[ALONG] - kind[ACROSS]) / (vx * vx + vy * vy + slow)
    rest = kind[ACROSS] + 0.5 * excess * slow
    return rest + excess * vx * vx, excess * vx * vy, rest + excess * vy * vy

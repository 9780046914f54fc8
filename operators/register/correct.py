"""A unit's observations as they would be with a true clock and pose, and how sure that is.

The estimate's remaining uncertainty goes into the noise (S. F. Schmidt's "consider" idea), but
without its correlation over time: it counts as if drawn anew in each frame. It is taken relative
to the best known unit of the cell: what all units share no observation can show, and it would
only blunt the filter.
"""

import math

from operators._typing import FloatArray
from operators.gaussian import AFTER, CLOCK, OVX, OVY, OX, OY, RV, RXX, RXY, RYY
from operators.jit import compiled
from operators.register.state import PSI, STRETCH, TAU, TX, TY, Registry


@compiled
def true_place(registry: Registry, unit: int, x_m: float, y_m: float) -> tuple[float, float]:
    """Where a unit without errors would have put it: c + R(-psi) (z - c - t) / (1 + sigma)."""
    site_x, site_y = registry.units[unit].site_x_m, registry.units[unit].site_y_m
    cos, sin = math.cos(registry.bias[unit, PSI]), math.sin(registry.bias[unit, PSI])
    grown = 1.0 + registry.bias[unit, STRETCH]
    dx = (x_m - site_x - registry.bias[unit, TX]) / grown
    dy = (y_m - site_y - registry.bias[unit, TY]) / grown
    return site_x + cos * dx + sin * dy, site_y - sin * dx + cos * dy


@compiled
def _spread(P: FloatArray, x: float, y: float) -> tuple[float, float, float]:
    """``H P H'`` as xx, xy, yy of all errors but the clock's at a lever (x, y)."""
    hx = (1.0, 0.0, -y, x)
    hy = (0.0, 1.0, x, y)
    xx = xy = yy = 0.0
    for i in range(4):
        for j in range(4):
            value = P[TX + i, TX + j]
            xx += hx[i] * value * hx[j]
            xy += hx[i] * value * hy[j]
            yy += hy[i] * value * hy[j]
    return xx, xy, yy


@compiled
def correct(seen: FloatArray, registry: Registry, unit: int) -> None:
    """Take a unit's known errors out of its prepared observations, in place.

    Parameters
    ----------
    seen : ndarray of shape (m, PREPARED)
        Place, time and velocity are corrected; ``H P H'`` of translation, yaw and stretch is
        added to the covariance; CLOCK becomes the variance of the clock, seconds squared.
    unit
        Negative: nothing is done.
    """
    # nothing known: not even the last bit of a place may change
    if unit < 0 or not (registry.bias[unit].any() or registry.relative[unit].any()):
        return
    site_x, site_y = registry.units[unit].site_x_m, registry.units[unit].site_y_m
    cos, sin = math.cos(registry.bias[unit, PSI]), math.sin(registry.bias[unit, PSI])
    P = registry.relative[unit]
    for j in range(seen.shape[0]):
        row = seen[j]
        row[OX], row[OY] = true_place(registry, unit, row[OX], row[OY])
        row[AFTER] -= registry.bias[unit, TAU]
        row[CLOCK] = P[TAU, TAU]
        xx, xy, yy = _spread(P, row[OX] - site_x, row[OY] - site_y)
        row[RXX] += xx
        row[RXY] += xy
        row[RYY] += yy
        if row[RV] >= 0.0:
            vx, vy = row[OVX], row[OVY]
            row[OVX], row[OVY] = cos * vx + sin * vy, cos * vy - sin * vx

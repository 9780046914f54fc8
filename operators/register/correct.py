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
from operators.register.state import PSI, TAU, TX, TY, Registry


@compiled
def true_place(registry: Registry, unit: int, x_m: float, y_m: float) -> tuple[float, float]:
    """Where a unit would have put an object if it stood as declared: c + R(-psi) (z - c - t)."""
    site_x, site_y = registry.units[unit].site_x_m, registry.units[unit].site_y_m
    cos, sin = math.cos(registry.bias[unit, PSI]), math.sin(registry.bias[unit, PSI])
    dx, dy = x_m - site_x - registry.bias[unit, TX], y_m - site_y - registry.bias[unit, TY]
    return site_x + cos * dx + sin * dy, site_y - sin * dx + cos * dy


@compiled
def correct(seen: FloatArray, registry: Registry, unit: int) -> None:
    """Take a unit's known errors out of its prepared observations, in place.

    Parameters
    ----------
    seen : ndarray of shape (m, PREPARED)
        Place, time and velocity are corrected; ``H P H'`` of translation and yaw is added to the
        covariance; CLOCK becomes the variance of the clock, seconds squared.
    unit
        Negative: nothing is done.
    """
    if unit < 0:
        return
    site_x, site_y = registry.units[unit].site_x_m, registry.units[unit].site_y_m
    cos, sin = math.cos(registry.bias[unit, PSI]), math.sin(registry.bias[unit, PSI])
    P = registry.relative[unit]
    for j in range(seen.shape[0]):
        row = seen[j]
        row[OX], row[OY] = true_place(registry, unit, row[OX], row[OY])
        row[AFTER] -= registry.bias[unit, TAU]
        row[CLOCK] = P[TAU, TAU]
        ax, ay = site_y - row[OY], row[OX] - site_x  # J (p - c)
        row[RXX] += P[TX, TX] + ax * (2.0 * P[TX, PSI] + ax * P[PSI, PSI])
        row[RXY] += P[TX, TY] + ay * P[TX, PSI] + ax * P[TY, PSI] + ax * ay * P[PSI, PSI]
        row[RYY] += P[TY, TY] + ay * (2.0 * P[TY, PSI] + ay * P[PSI, PSI])
        if row[RV] >= 0.0:
            vx, vy = row[OVX], row[OVY]
            row[OVX], row[OVY] = cos * vx + sin * vy, cos * vy - sin * vx

"""Who is registered: units of a cell, their sites, and the role of each source slot."""

from operators._typing import FloatArray
from operators.gaussian import OX, OY
from operators.jit import compiled
from operators.register.state import (
    ANCHOR,
    ERRORS,
    LEAST_WANDER,
    MOST_UNITS,
    N_UNITS,
    NEVER,
    NO_ROLE,
    WIDEST,
    Registry,
)

SILENT_US = 60_000_000  # a unit unheard for so long may give its place to another
FIRST_WANDER = 10.0  # times the least, until its own data tell


@compiled
def enrol(
    registry: Registry,
    slot: int,
    key: int,
    role: int,
    event_us: int,
    circle: FloatArray,
    seen: FloatArray,
) -> int:
    """Role of the source of a frame: its unit, ANCHOR or NO_ROLE.

    Parameters
    ----------
    slot, key
        Of the source.
    role
        0 if the source is to be registered, ANCHOR if its errors are zero, else NO_ROLE.
    circle : ndarray of shape (3,)
        What the source looks at; its middle is the site. Without a radius the site is the middle
        of what the unit sees in its first frame: any fixed point will do, a near one keeps yaw
        and translation apart.
    seen : ndarray of shape (m, PREPARED)
    """
    if role == 0:
        role = _unit_of(registry, key, event_us, circle, seen)
    registry.roles[slot] = role
    return role


@compiled
def _unit_of(
    registry: Registry, key: int, event_us: int, circle: FloatArray, seen: FloatArray
) -> int:
    n = registry.counts[N_UNITS]
    for unit in range(n):
        if registry.units[unit].key == key:
            registry.units[unit].heard_us = max(registry.units[unit].heard_us, event_us)
            return unit
    if circle[2] <= 0.0 and seen.shape[0] == 0:
        return NO_ROLE
    unit = n
    if n < MOST_UNITS:
        registry.counts[N_UNITS] = n + 1
    else:
        unit = _silent(registry, event_us)
        if unit < 0:
            return NO_ROLE
    _begin(registry, unit, key, event_us)
    if circle[2] > 0.0:
        registry.units[unit].site_x_m, registry.units[unit].site_y_m = circle[0], circle[1]
    else:
        registry.units[unit].site_x_m = seen[:, OX].mean()
        registry.units[unit].site_y_m = seen[:, OY].mean()
    return unit


@compiled
def _silent(registry: Registry, event_us: int) -> int:
    """Unit that was silent longest and long enough; its slots lose their role. -1 for none."""
    longest = 0
    for unit in range(MOST_UNITS):
        if registry.units[unit].heard_us < registry.units[longest].heard_us:
            longest = unit
    if event_us - registry.units[longest].heard_us < SILENT_US:
        return -1
    for slot in range(registry.roles.shape[0]):
        if registry.roles[slot] == longest:
            registry.roles[slot] = NO_ROLE
    return longest


@compiled
def _begin(registry: Registry, unit: int, key: int, event_us: int) -> None:
    one = registry.units[unit]
    one.key = key
    one.heard_us = one.since_us = event_us
    one.step_us = NEVER
    one.scale, one.pairs = 1.0, 0.0
    one.candidates = one.steps = one.confirmed = one.padding = 0
    for k in range(ERRORS):
        one.wander[k] = FIRST_WANDER * LEAST_WANDER[k]
        registry.bias[unit, k] = 0.0
        registry.relative[unit, k, :] = 0.0
        at = unit * ERRORS + k
        detach(registry, at)
        registry.covariance[at, at] = WIDEST[k] ** 2


@compiled
def detach(registry: Registry, at: int) -> None:
    """Forget everything that was known about one error, and the pairs not solved yet with it."""
    registry.covariance[at, :] = 0.0
    registry.covariance[:, at] = 0.0
    registry.information[at, :] = 0.0
    registry.information[:, at] = 0.0
    registry.pull[at] = 0.0


@compiled
def is_reference(registry: Registry, role: int) -> bool:
    """Whether a source is one that a search may compare with."""
    return bool(role == ANCHOR or (role >= 0 and registry.units[role].confirmed == 1))

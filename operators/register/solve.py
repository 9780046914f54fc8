"""Four times a second of event time: let the errors wander, take the pairs in; look for steps."""

import math

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled
from operators.register.algebra import inverse
from operators.register.common import MET_PAIRS, best_known, limit
from operators.register.search import agreement, observed, search
from operators.register.state import (
    ANCHOR,
    ERRORS,
    LEAST_WANDER,
    MOST_WANDER,
    N_UNITS,
    PSI,
    SOLVED,
    STRETCH,
    TX,
    TY,
    WIDEST,
    Registry,
)
from operators.register.units import detach

# A vehicle's pose wanders by 0.1 m in a quarter of a second; the search has time.
PERIOD_US, SEARCH_PERIODS = 250_000, 4
LONGEST_S = 60.0
# How fast the wander of an error follows what its corrections show: e-fold in 20 solutions, 5 s.
WANDER_GAIN = 0.05
MOST_SURPRISE = 16.0
# Beside an error that all units share, and that no pair shows, the part that pairs show is small.
INFORMATIVE = 1e-7
KEPT_US, FIRST_KEPT_US = 4_000_000, 20_000_000  # candidates of a unit confirmed, or not yet
KEPT = 64
LEAST_OBSERVED = 10
LEAST_OBJECTS = 3
FIRST_US, ALONE_US = 3_000_000, 15_000_000  # then a unit that nothing confirms is a reference
AGREES = 0.5  # share of observations that agree with a unit that is where it is thought
JUMPS = 0.15  # share of them that a jump must win


@compiled
def solve(registry: Registry, event_us: int) -> None:
    """Bring the estimates up to date, if `event_us` opens a new period.

    A Kalman filter with a random walk of each error and one update in each period,

        P- = P + Q dt,  P+ = (P-^-1 + sum w H'H)^-1,  b+ = b + P+ sum w H'e.
    """
    period, before = event_us // PERIOD_US, registry.counts[SOLVED]
    if period <= before:
        return
    elapsed_s = min((period - before) * PERIOD_US / 1e6, LONGEST_S)
    registry.counts[SOLVED] = period
    n = int(registry.counts[N_UNITS])
    if n == 0:
        return
    _update(registry, n, _wander(registry, n, elapsed_s))
    if not (registry.roles == ANCHOR).any():
        _centre(registry, n)
    if period // SEARCH_PERIODS > before // SEARCH_PERIODS:
        _look_for_steps(registry, n, event_us)
    _relate(registry, n)


@compiled
def _wander(registry: Registry, n: int, elapsed_s: float) -> FloatArray:
    """P- in place; its diagonal.

    No error gets less certain than the widest prior: its row and column are scaled to that, which
    keeps the matrix positive definite.
    """
    P = registry.covariance
    size = n * ERRORS
    before = np.empty(size)
    for at in range(size):
        unit, k = at // ERRORS, at % ERRORS
        P[at, at] += registry.units[unit].wander[k] * elapsed_s
        shrink = WIDEST[k] / math.sqrt(P[at, at])
        if shrink < 1.0:
            P[at, :size] *= shrink
            P[:size, at] *= shrink
        before[at] = P[at, at]
    return before


@compiled
def _update(registry: Registry, n: int, before: FloatArray) -> None:
    size = n * ERRORS
    information = registry.information[:size, :size]
    if not information.any():
        return
    P = inverse(inverse(registry.covariance[:size, :size].copy()) + information)
    registry.covariance[:size, :size] = P
    step = P @ registry.pull[:size].copy()
    registry.information[:size, :size] = 0.0
    registry.pull[:size] = 0.0
    for at in range(size):
        unit, k = at // ERRORS, at % ERRORS
        registry.bias[unit, k] += step[at]
        explained = before[at] - P[at, at]
        if explained > INFORMATIVE * before[at]:
            wander = registry.units[unit].wander
            surprise = min(step[at] ** 2 / explained, MOST_SURPRISE)
            wander[k] *= math.exp(WANDER_GAIN * (surprise - 1.0))
            wander[k] = min(max(wander[k], LEAST_WANDER[k]), MOST_WANDER[k])


@compiled
def _centre(registry: Registry, n: int) -> None:
    """Without an anchor let the translations of the units that met have the mean zero.

    What they share no pair shows: left to itself it would follow the tracks, which follow it.
    """
    for k in range(TX, TY + 1):
        total, number = 0.0, 0
        for unit in range(n):
            if registry.units[unit].pairs >= MET_PAIRS:
                total += registry.bias[unit, k]
                number += 1
        for unit in range(n):
            if registry.units[unit].pairs >= MET_PAIRS:
                registry.bias[unit, k] -= total / number


@compiled
def _look_for_steps(registry: Registry, n: int, event_us: int) -> None:
    """Confirm units whose candidates agree; let the one that disagrees most jump."""
    chosen, most = -1, JUMPS
    found, b = np.zeros(ERRORS), np.zeros(ERRORS)
    for unit in range(n):
        _thin(registry, unit, event_us)
        rows = registry.candidates[unit, : registry.units[unit].candidates].astype(np.float64)
        number = observed(rows)
        if number < LEAST_OBSERVED:
            continue
        now = agreement(rows, registry.bias[unit])
        if now >= AGREES * number:
            registry.units[unit].confirmed = 1
            continue
        b, agreeing, clear = search(rows, LEAST_OBJECTS)
        if clear and (agreeing - now) / number > most:
            chosen, most = unit, (agreeing - now) / number
            found = b
    if chosen >= 0:
        _jump(registry, chosen, n, found, event_us)
    _name_reference(registry, n, event_us)


@compiled
def _name_reference(registry: Registry, n: int, event_us: int) -> None:
    """Where units have nothing to be compared with, let the best paired be what others are.

    At first that is all of them; later one that stands apart from all confirmed ones.
    """
    chosen, patience_us = -1, FIRST_US
    for unit in range(n):
        if registry.units[unit].confirmed == 1:
            patience_us = ALONE_US
    for unit in range(n):
        one = registry.units[unit]
        alone = patience_us == FIRST_US or one.candidates == 0
        waited = one.confirmed == 0 and alone and event_us - one.since_us > patience_us
        if waited and (chosen < 0 or one.pairs > registry.units[chosen].pairs):
            chosen = unit
    if chosen >= 0:
        registry.units[chosen].confirmed = 1


@compiled
def _thin(registry: Registry, unit: int, event_us: int) -> None:
    """Drop candidates that are old, or older than the newest `KEPT`."""
    kept, n = 0, int(registry.units[unit].candidates)
    longest_us = KEPT_US if registry.units[unit].confirmed == 1 else FIRST_KEPT_US
    for k in range(n):
        fresh = event_us - registry.candidates_us[unit, k] < longest_us
        if fresh and k >= n - KEPT:
            registry.candidates[unit, kept] = registry.candidates[unit, k]
            registry.candidates_us[unit, kept] = registry.candidates_us[unit, k]
            kept += 1
    registry.units[unit].candidates = kept


@compiled
def _jump(registry: Registry, unit: int, n: int, found: FloatArray, event_us: int) -> None:
    """Give a unit errors that the search found; candidates made with the old ones are void.

    They are as uncertain as those of a new unit. The search is exact only relative to references
    that may be off themselves: told as knowledge, it would hold the whole net where it is.
    """
    one = registry.units[unit]
    for k in range(ERRORS):
        at = unit * ERRORS + k
        detach(registry, at)
        registry.covariance[at, at] = WIDEST[k] ** 2
        registry.bias[unit, k] = found[k]
    one.scale = 1.0
    was_reference = one.confirmed == 1
    if was_reference:
        one.steps = min(one.steps + 1, 65535)
        one.step_us = event_us
    one.confirmed = 1
    for other in range(n):
        if other == unit or was_reference:
            registry.units[other].candidates = 0


@compiled
def _relate(registry: Registry, n: int) -> None:
    """Covariances relative to the best known unit, no larger than what is usual."""
    best = best_known(registry)
    for unit in range(n):
        registry.relative[unit] = 0.0
        if best >= 0 and unit != best and registry.units[unit].pairs >= MET_PAIRS:
            _relate_one(registry, unit, best)


@compiled
def _relate_one(registry: Registry, unit: int, best: int) -> None:
    """Covariance of a unit's errors less those that the best one's make at the unit's site.

    A turn that both share moves both sites, each about the other: no pair shows it, and it is
    no error of one beside the other. So with d from the best one's site to the unit's, the best
    one counts as ``(tau, t + psi J d + sigma d, psi, sigma)``.
    """
    P, i, j = registry.covariance, unit * ERRORS, best * ERRORS
    there = np.eye(ERRORS)
    dx = registry.units[unit].site_x_m - registry.units[best].site_x_m
    dy = registry.units[unit].site_y_m - registry.units[best].site_y_m
    there[TX, PSI], there[TX, STRETCH] = -dy, dx
    there[TY, PSI], there[TY, STRETCH] = dx, dy
    crossed = P[i : i + ERRORS, j : j + ERRORS].copy() @ there.T
    own, other = P[i : i + ERRORS, i : i + ERRORS], P[j : j + ERRORS, j : j + ERRORS].copy()
    made = registry.relative[unit]
    made[:] = own + there @ other @ there.T - crossed - crossed.T
    limit(made)

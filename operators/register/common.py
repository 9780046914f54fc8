"""What the units of a cell have in common: which is known best, and who of them sees a track."""

import math

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled
from operators.register.state import (
    ERRORS,
    N_UNITS,
    USUAL,
    WIDEST,
    Registry,
)

MET_PAIRS = 2.0  # so much weight of pairs makes a unit one of the net


@compiled
def best_known(registry: Registry) -> int:
    """The unit of the net whose errors are known best; -1 for none."""
    best, least = -1, np.inf
    for unit in range(registry.counts[N_UNITS]):
        total = 0.0
        for k in range(ERRORS):
            at = unit * ERRORS + k
            total += registry.covariance[at, at] / WIDEST[k] ** 2
        if registry.units[unit].pairs >= MET_PAIRS and total < least:
            best, least = unit, total
    return best


@compiled
def limit(P: FloatArray) -> None:
    """Let no error be wider than what is usual of a unit in service, in place."""
    for k in range(ERRORS):
        shrink = USUAL[k] / math.sqrt(max(P[k, k], 1e-300))
        if shrink < 1.0:
            P[k, :] *= shrink
            P[:, k] *= shrink


@compiled
def is_of_units(registry: Registry, mask: np.uint64) -> bool:
    """Whether a registered unit is among the sources of a mask."""
    slot = 0
    while mask != np.uint64(0):
        if mask & np.uint64(1) and registry.roles[slot] >= 0:
            return True
        mask >>= np.uint64(1)
        slot += 1
    return False

"""Worlds in which one unit has a fault, each run once."""

from functools import cache

from tests.operators.account.world import (
    EAST,
    FIRST_MINUTE_US,
    HONEST,
    Echo,
    a_world,
    told,
    with_fault,
)

FAULTS = {
    "honest": {},
    "over-confident": {"declared": 0.2},
    "dead": {"dead_from_us": FIRST_MINUTE_US - 5_000_000},
    "duplicating": {"copies": 2},
    "split": {"ids": ("east-1", "east-2")},
}


@cache
def outputs_with(fault):
    """What the pipeline makes of the world in which one unit has a fault."""
    if fault == "echo":
        return told(a_world((*HONEST, Echo.unit)), Echo())
    return told(a_world(with_fault(EAST, **FAULTS[fault]) if FAULTS[fault] else HONEST))

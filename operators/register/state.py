"""What a cell knows of its units' clocks and poses, and its packed bytes.

A *registered* unit r stamps its frames with a clock that is `tau` ahead, stands `tx, ty` off its
declared site, is turned by `psi` about it and measures all distances too long by a share `sigma`.
What it says of an object at p(t) is

    z = c + (1 + sigma) R(psi) (p(t) - c) + (tx, ty) + noise,  stamped t + tau.

Deviations of b = (tau, tx, ty, psi, sigma) show linearly as ``H b``,
H = [-v, I, J (p - c), p - c], with J a quarter turn. The state is
one joint Gaussian over all units of the cell: pairs of units tie their errors together, and only
*anchors* (probes, surveyed units), whose b is zero, tie the whole to the ground.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from operators._typing import FloatArray, IntArray, RecordArray
from operators.errors import LayoutError

MOST_UNITS = 16
ERRORS = 5
TAU, TX, TY, PSI, STRETCH = range(ERRORS)
SLOTS = 64
MOST_CANDIDATES = 128
# Columns of a candidate: offset, velocity, lever from the site, variance, mark of the own track.
DX, DY, WVX, WVY, LX, LY, VARIANCE, MARK = range(8)
CANDIDATE = 8
REMEDIES = 7  # for mix-ups; see `operators.register.gross`
DATUMS = 2

# Role of a source slot: the number of its unit, or one of these.
ANCHOR, NO_ROLE = -1, -2

# One registered unit.
UNIT = np.dtype(
    [
        ("key", "<u8"),  # of its source
        ("heard_us", "<i8"),
        ("since_us", "<i8"),  # when it was registered
        ("step_us", "<i8"),  # of the last jump of its errors
        ("site_x_m", "<f8"),
        ("site_y_m", "<f8"),
        ("scale", "<f8"),  # of its residuals: squared, over what was declared
        ("pairs", "<f8"),  # weight of its pairs so far
        ("wander", "<f8", (ERRORS,)),  # variance that its errors gain in a second
        ("candidates", "<i4"),  # how many are kept
        ("steps", "<u2"),  # jumps so far
        ("confirmed", "u1"),  # the search has agreed with its errors
        ("padding", "u1"),
    ]
)

N_UNITS, SOLVED = range(2)
NEVER = -(2**62)

# How far off a unit may be before anything was measured, one sigma: what the search and the gates
# must allow for (a unit set up in haste, a clock without NTP) ...
WIDEST = np.array([0.3, 1.0, 1.0, math.radians(1.5), 0.004])
# ... and what may be assumed of one in service (survey, mounting, NTP over a city network).
USUAL = np.array([0.03, 0.3, 0.3, math.radians(0.5), 0.002])
# A mast stays where it is but for sway and temperature, and a clock drifts by up to 50 ppm between
# corrections: the least that errors wander in a second. At most they do as a vehicle's pose does.
LEAST_WANDER = np.array([2e-4, 3e-3, 3e-3, math.radians(0.005), 3e-5]) ** 2
MOST_WANDER = np.array([5e-3, 0.2, 0.2, math.radians(0.3), 1e-3]) ** 2


class Registry(NamedTuple):
    """Arrays of one cell's registration.

    Parameters
    ----------
    counts : ndarray of shape (2,)
        Units in use; period of event time that was last solved.
    units : structured array of shape (MOST_UNITS,), dtype `UNIT`
    roles : ndarray of shape (SLOTS,)
        Of each source slot: its unit, ANCHOR or NO_ROLE.
    bias : ndarray of shape (MOST_UNITS, ERRORS)
        Estimates; seconds, metres, metres, radians, none.
    covariance : ndarray of shape (80, 80)
        Of all estimates, unit by unit.
    information : ndarray of shape (80, 80)
        Of the pairs since the last solution, ``sum w H' H``.
    pull : ndarray of shape (80,)
        Of the same, ``sum w H' e``.
    relative : ndarray of shape (MOST_UNITS, ERRORS, ERRORS)
        Covariance of each unit's errors relative to the best known unit.
    candidates : ndarray of shape (MOST_UNITS, MOST_CANDIDATES, CANDIDATE), float32
        What the search looks at.
    candidates_us : ndarray of shape (MOST_UNITS, MOST_CANDIDATES)
    evidence : ndarray of shape (SLOTS, REMEDIES + 1)
        Of each source slot, for what it may have mixed up; last, what was weighed in all.
    mixups, weighed_s : ndarrays of shape (SLOTS,)
        What it did mix up (0: nothing), and the second of event time of the last look.
    offsets : ndarray of shape (DATUMS, 2)
        What GCJ-02 and BD-09 add to a place in this cell, metres; 0 if unknown.
    """

    counts: IntArray
    units: RecordArray
    roles: IntArray
    bias: FloatArray
    covariance: FloatArray
    information: FloatArray
    pull: FloatArray
    relative: FloatArray
    candidates: FloatArray
    candidates_us: IntArray
    evidence: FloatArray
    mixups: IntArray
    weighed_s: IntArray
    offsets: FloatArray


def no_registry() -> Registry:
    """Registry of a cell that has seen nothing."""
    size = MOST_UNITS * ERRORS
    return Registry(
        np.array([0, NEVER], np.int64),
        np.zeros(MOST_UNITS, UNIT),
        np.full(SLOTS, NO_ROLE, np.int64),
        np.zeros((MOST_UNITS, ERRORS)),
        np.diag(np.tile(WIDEST**2, MOST_UNITS)),
        np.zeros((size, size)),
        np.zeros(size),
        np.zeros((MOST_UNITS, ERRORS, ERRORS)),
        np.zeros((MOST_UNITS, MOST_CANDIDATES, CANDIDATE), np.float32),
        np.zeros((MOST_UNITS, MOST_CANDIDATES), np.int64),
        np.zeros((SLOTS, REMEDIES + 1)),
        np.zeros(SLOTS, np.int64),
        np.full(SLOTS, NEVER, np.int64),
        np.zeros((DATUMS, 2)),
    )


def _used(registry: Registry) -> list[NDArray[Any]]:
    """Views of what is in use, in the order in which it is packed."""
    n = int(registry.counts[N_UNITS])
    size = n * ERRORS
    slots = int(np.count_nonzero(registry.weighed_s != NEVER))  # they are given out in order
    views: list[NDArray[Any]] = [
        registry.units[:n],
        registry.bias[:n],
        registry.covariance[:size, :size],
        registry.information[:size, :size],
        registry.pull[:size],
        registry.relative[:n],
        registry.evidence[:slots],
        registry.mixups[:slots],
    ]
    for unit in range(n):
        kept = int(registry.units["candidates"][unit])
        views += [registry.candidates[unit, :kept], registry.candidates_us[unit, :kept]]
    return views


def pack_registry(registry: Registry) -> bytes:
    """Bytes of what is in use; little-endian."""
    parts = [part.tobytes() for part in (registry.counts, registry.weighed_s, registry.offsets)]
    parts.append(registry.roles.astype("<i1").tobytes())
    return b"".join(parts + [view.tobytes() for view in _used(registry)])


def unpack_registry(data: bytes) -> Registry:
    """Registry from `pack_registry`'s bytes.

    Raises
    ------
    LayoutError
        If the bytes are cut short, too long, or count more units than there can be.
    """
    registry = no_registry()
    fixed = (registry.counts, registry.weighed_s, registry.offsets)
    at = sum(part.nbytes for part in fixed) + SLOTS
    if len(data) < at:
        msg = f"registry of {len(data)} bytes is cut short"
        raise LayoutError(msg)
    _fill(fixed, data, 0)
    registry.roles[:] = np.frombuffer(data, "<i1", SLOTS, at - SLOTS)
    n = int(registry.counts[N_UNITS])
    if not 0 <= n <= MOST_UNITS:
        msg = f"registry counts {n} units, there are at most {MOST_UNITS}"
        raise LayoutError(msg)
    units = data[at : at + n * UNIT.itemsize]
    registry.units[:n] = np.frombuffer(units, UNIT, len(units) // UNIT.itemsize) if n else 0
    kept = registry.units["candidates"]
    views = _used(registry)
    if (kept < 0).any() or (kept > MOST_CANDIDATES).any() or _size(views) != len(data) - at:
        msg = f"registry has {len(data)} bytes, its counts say {at + _size(views)}"
        raise LayoutError(msg)
    _fill(views, data, at)
    return registry


def _fill(views: Iterable[NDArray[Any]], data: bytes, at: int) -> None:
    for view in views:
        view[...] = np.frombuffer(data, view.dtype, view.size, at).reshape(view.shape)
        at += view.nbytes


def _size(views: list[NDArray[Any]]) -> int:
    return sum(view.nbytes for view in views)

"""What each source adds to each track, in shares that nobody can raise by claims or by copies.

At each tick a track is shared among the sources that saw it in the second before, by information:
``1 / variance`` with the variance that the source's own data show, whatever it declares. Errors of
a detector last about as long as its view of a thing does, so what it tells within a second counts
once, however often it is sent. Sources of one owner count once too, as the best of them: two ids
of one unit, or a second unit beside the first, are no second opinion of somebody else.
"""

from collections.abc import Sequence

import numpy as np

from operators._typing import BoolArray, FloatArray
from operators.jit import KeyArray

UNPROVEN = 1e-9  # part of its information that a source has credit for until it is known


def seen_by(masks: KeyArray, n_slots: int) -> BoolArray:
    """Which slots saw which track.

    Parameters
    ----------
    masks : ndarray of shape (n,), uint64
        Bit s is set if slot s saw the track.

    Returns
    -------
    ndarray of shape (n, n_slots)
    """
    bits = (masks[:, None] >> np.arange(n_slots, dtype=np.uint64)) & np.uint64(1)
    return bits.astype(np.bool_)


def shares_of(
    seen: BoolArray, information: FloatArray, owners: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    """Share of each source in each track, and its part of what only its owner sees.

    Parameters
    ----------
    seen : ndarray of shape (n, s)
    information : ndarray of shape (s,)
        Of one observation of each source, positive; any unit.
    owners
        Of each source. A source without one must have a name here that no other has.

    Returns
    -------
    shares : ndarray of shape (n, s)
        Each row sums to 1, or to 0 if nobody saw the track.
    exclusive : ndarray of shape (n, s)
        The shares of the tracks that one owner alone saw, else 0.
    """
    names = sorted(set(owners))
    belongs = np.array([[owner == name for name in names] for owner in owners], float)
    belongs = belongs.reshape(len(owners), len(names))
    weights = seen * information
    sums = weights @ belongs
    best = np.stack(
        [(weights * of_owner).max(axis=1, initial=0.0) for of_owner in belongs.T], axis=1
    ) if names else np.zeros((len(seen), 0))  # fmt: skip
    total = best.sum(axis=1, keepdims=True)
    credit = np.divide(best, total, out=np.zeros_like(best), where=total > 0.0)
    per_weight = np.divide(credit, sums, out=np.zeros_like(best), where=sums > 0.0)
    shares: FloatArray = weights * (per_weight @ belongs.T)
    alone = np.count_nonzero(sums > 0.0, axis=1) == 1
    return shares, shares * alone[:, None]

"""What each source adds to each track, in shares that nobody can raise by claims or by copies.

At each tick a track is shared among the sources that saw it in the second before, by information:
``1 / variance`` with the variance that the source's own data show, whatever it declares. Errors of
a detector last about as long as its view of a thing does, so what it tells within a second counts
once, however often it is sent. Sources of one owner count once too, as the best of them: two ids
of one unit, or a second unit beside the first, are no second opinion of somebody else.
"""

from collections.abc import Sequence

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray
from operators.jit import KeyArray, compiled

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
    names = {name: k for k, name in enumerate(sorted(set(owners)))}
    owner = np.array([names[name] for name in owners], np.int64)
    return _shared_out(seen, information, owner, len(names))


@compiled
def _shared_out(
    seen: BoolArray, information: FloatArray, owner: IntArray, n_owners: int
) -> tuple[FloatArray, FloatArray]:
    shares, exclusive = np.zeros(seen.shape), np.zeros(seen.shape)
    best, sums = np.zeros(n_owners), np.zeros(n_owners)
    for row in range(len(seen)):
        best[:] = 0.0
        sums[:] = 0.0
        for k in range(len(owner)):
            if seen[row, k]:
                best[owner[k]] = max(best[owner[k]], information[k])
                sums[owner[k]] += information[k]
        total, owners = best.sum(), np.count_nonzero(best)
        for k in range(len(owner)):
            if seen[row, k]:
                mine = owner[k]
                shares[row, k] = information[k] / sums[mine] * best[mine] / total
                exclusive[row, k] = shares[row, k] if owners == 1 else 0.0
    return shares, exclusive


@compiled
def sums_of(
    seen: BoolArray, shares: FloatArray, exclusive: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, int]:
    """Sums over all tracks, arrays of shape (n, s): of each slot, and the tracks nobody saw.

    Returns
    -------
    seen, shares, exclusive : ndarrays of shape (s,)
    unseen
        Number of tracks that nobody saw.
    """
    n_slots = seen.shape[1]
    numbers = np.zeros(n_slots, np.int64)
    share, alone, unseen = np.zeros(n_slots), np.zeros(n_slots), 0
    for row in range(len(seen)):
        nobody = True
        for k in range(n_slots):
            if seen[row, k]:
                nobody = False
                numbers[k] += 1
            share[k] += shares[row, k]
            alone[k] += exclusive[row, k]
        unseen += nobody
    return numbers, share, alone, unseen

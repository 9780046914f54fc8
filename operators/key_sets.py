"""Sets of 64-bit keys as sorted arrays, packed little-endian where they are kept."""

from collections.abc import Sequence

import numpy as np

from operators._typing import BoolArray
from operators.jit import KeyArray


def unpacked(packed: bytes) -> KeyArray:
    """The keys of a set, ascending."""
    return np.frombuffer(packed, "<u8")


def among(keys: KeyArray, known: KeyArray) -> BoolArray:
    """Which of `keys` are in the set `known`, ascending; shape of `keys`."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    found: BoolArray = known.take(known.searchsorted(keys), mode="clip") == keys
    return found


def united(packed: bytes, more: Sequence[int] | KeyArray) -> bytes:
    """A set with more keys."""
    if not len(more):
        return packed
    known, added = unpacked(packed), np.array(more, "<u8")
    fresh = added[~among(added, known)]
    return np.union1d(known, fresh).tobytes() if len(fresh) else packed


def without(packed: bytes, less: Sequence[int]) -> bytes:
    """A set without some keys."""
    if not (packed and less):
        return packed
    known = unpacked(packed)
    return known[~among(known, np.sort(np.array(less, "<u8")))].tobytes()

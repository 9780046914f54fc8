"""Numbers in ascending order, and where in them a number would stand, in steps that do not grow.

The range is cut into as many strips of equal width as there are numbers. Most strips hold one or
two, so both to sort and to find take a step or two, where a comparison sort and bisection take ten.
"""

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.jit import compiled, inlined

FULLEST = 32  # so many in one strip are left to a comparison sort
NARROWEST = 1e-3  # width of all strips together


@inlined
def strips_in(lowest: float, highest: float, n: int) -> float:
    """How many strips there are in one unit of length."""
    return n / max(highest - lowest, NARROWEST)


@inlined
def strip_of(x: float, lowest: float, per_unit: float, n: int) -> int:
    """Strip of a number; those beyond an end are in the last one there. It never falls as x grows.

    Two numbers in different strips are in the strips' order.
    """
    at = (x - lowest) * per_unit
    if not at > 0.0:
        return 0
    return int(at) if at < n else n - 1


@compiled
def begins(xs: FloatArray) -> IntArray:
    """How many of the numbers xs, shape (n,), are in the strips before each; shape (n + 1,)."""
    n = xs.shape[0]
    first = np.zeros(n + 1, np.int64)
    if n == 0:
        return first
    lowest = xs.min()
    per_unit = strips_in(lowest, xs.max(), n)
    for j in range(n):
        first[strip_of(xs[j], lowest, per_unit, n) + 1] += 1
    for k in range(n):
        first[k + 1] += first[k]
    return first


@compiled
def ascending(xs: FloatArray) -> IntArray:
    """Places of finite numbers in ascending order; of equal ones the first comes first.

    Parameters
    ----------
    xs : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
    """
    n = xs.shape[0]
    first = begins(xs)
    for k in range(n):
        if first[k + 1] - first[k] > FULLEST:
            return np.argsort(xs, kind="mergesort")
    order = np.empty(n, np.int64)
    if n == 0:
        return order
    lowest = xs.min()
    per_unit = strips_in(lowest, xs.max(), n)
    filled = first[:n].copy()
    for j in range(n):
        strip = strip_of(xs[j], lowest, per_unit, n)
        at = filled[strip]
        filled[strip] += 1
        while at > first[strip] and xs[order[at - 1]] > xs[j]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = j
    return order


@inlined
def find(x: float, xs: FloatArray, first: IntArray, lowest: float, per_unit: float) -> int:
    """How many of the ascending numbers xs are less than x; `first` from `begins`."""
    n = xs.shape[0]
    strip = strip_of(x, lowest, per_unit, n)
    low, high = first[strip], first[strip + 1]
    while low < high:
        middle = (low + high) // 2
        if xs[middle] < x:
            low = middle + 1
        else:
            high = middle
    return int(low)

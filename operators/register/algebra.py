"""Inverse of small symmetric matrices.

Written out instead of calling LAPACK, whose sums depend on the processor that it runs on: a cell
that moves to another machine has to go on with the same bits.
"""

import math

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled


@compiled
def inverse(matrix: FloatArray) -> FloatArray:
    """Inverse of a symmetric positive definite matrix by Cholesky's factor, exactly symmetric.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Only its lower triangle is read. A pivot that rounding made zero or negative is taken as
        the least positive share of its diagonal, so that the result stays finite.
    """
    n = matrix.shape[0]
    low = np.zeros((n, n))
    for j in range(n):
        rest = matrix[j, j]
        for k in range(j):
            rest -= low[j, k] * low[j, k]
        low[j, j] = math.sqrt(max(rest, 1e-13 * abs(matrix[j, j]), 1e-300))
        for i in range(j + 1, n):
            value = matrix[i, j]
            for k in range(j):
                value -= low[i, k] * low[j, k]
            low[i, j] = value / low[j, j]
    return _from_factor(_inverse_factor(low))


@compiled
def _inverse_factor(low: FloatArray) -> FloatArray:
    n = low.shape[0]
    made = np.zeros((n, n))
    for j in range(n):
        made[j, j] = 1.0 / low[j, j]
        for i in range(j + 1, n):
            value = 0.0
            for k in range(j, i):
                value -= low[i, k] * made[k, j]
            made[i, j] = value / low[i, i]
    return made


@compiled
def _from_factor(root: FloatArray) -> FloatArray:
    """``root' root`` of a lower triangle."""
    n = root.shape[0]
    made = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            value = 0.0
            for k in range(i, n):
                value += root[k, i] * root[k, j]
            made[i, j] = value
            made[j, i] = value
    return made

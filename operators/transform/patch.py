"""A smooth map of a small square as a polynomial: as exact as its library, 20 times as fast.

Within some kilometres a map projection is so smooth that Chebyshev polynomials of total degree 5
are off by nanometres, which is what a double can tell of a longitude. The coefficients come from
the discrete orthogonality at the Chebyshev nodes (Mason, Handscomb, Chebyshev Polynomials, 2003,
section 6.3.2); a map that they miss by more has none.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled

DEGREE = 5
_NODES = 8
_TURN = np.pi * (np.arange(_NODES) + 0.5) / _NODES
_BASIS = np.cos(np.arange(DEGREE + 1)[:, None] * _TURN)  # T_i at each node, (degree + 1, nodes)
_WEIGHT = np.where(np.arange(DEGREE + 1) == 0, 1.0, 2.0) / _NODES
_KEPT = np.add.outer(np.arange(DEGREE + 1), np.arange(DEGREE + 1)) <= DEGREE

Map = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


class Patch(NamedTuple):
    """A map of the plane to the plane within a square.

    Parameters
    ----------
    window : ndarray of shape (2, 2)
        Middle of the square, and half of its sides.
    coefficients : ndarray of shape (2, DEGREE + 1, DEGREE + 1)
        Of T_i(first) T_j(second), for both values.
    """

    window: FloatArray
    coefficients: FloatArray

    def at(self, first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Both values at places, arrays of shape (n,); None unless all are within the square."""
        made = np.empty((2, len(first)))
        # Copies: read-only and strided arrays would be other types, each compiled by itself.
        whole = _evaluate(self.window, self.coefficients, np.array(first), np.array(second), made)
        return (made[0], made[1]) if whole else None


def fitted(given: Map, window: FloatArray, tolerance: FloatArray) -> Patch | None:
    """The patch of a map; None if it is off by more than `tolerance`, one for each value."""
    nodes = window[0] + window[1] * np.cos(_TURN)[:, None]
    first, second = (grid.ravel() for grid in np.meshgrid(*nodes.T, indexing="ij"))
    values = np.array(given(first, second)).reshape(2, _NODES, _NODES)
    weighted = _BASIS * _WEIGHT[:, None]
    coefficients = np.einsum("ik,jl,vkl->vij", weighted, weighted, values) * _KEPT
    found = np.einsum("ik,jl,vij->vkl", _BASIS, _BASIS, coefficients)
    missed = np.abs(found - values).max(axis=(1, 2))
    return Patch(window, coefficients) if np.all(missed < tolerance) else None


@compiled
def _evaluate(
    window: FloatArray,
    coefficients: FloatArray,
    first: FloatArray,
    second: FloatArray,
    made: FloatArray,
) -> bool:
    """Fill `made`, shape (2, n); False at the first place beyond the square."""
    t, s = np.ones(DEGREE + 1), np.ones(DEGREE + 1)
    for k in range(len(first)):
        u = (first[k] - window[0, 0]) / window[1, 0]
        v = (second[k] - window[0, 1]) / window[1, 1]
        if not (abs(u) <= 1.0 and abs(v) <= 1.0):
            return False
        t[1], s[1] = u, v
        for i in range(2, DEGREE + 1):
            t[i] = 2.0 * u * t[i - 1] - t[i - 2]
            s[i] = 2.0 * v * s[i - 1] - s[i - 2]
        a = b = 0.0
        for i in range(DEGREE + 1):
            for j in range(DEGREE + 1 - i):
                term = t[i] * s[j]
                a += coefficients[0, i, j] * term
                b += coefficients[1, i, j] * term
        made[0, k], made[1, k] = a, b
    return True

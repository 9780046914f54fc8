"""Search for errors that are too large for pairs: a clock off by a second, a mast turned by 3 deg.

Such a unit's objects do not fall into the gates of the others' tracks, so it makes tracks of its
own beside them and no pair says so. The search looks at *candidates*: any observation of a
reference near enough. Most are of other objects. For each clock offset of a grid, the other errors
are fitted with a kernel that narrows from three times to once the accuracy (graduated
non-convexity), and the offset under which most candidates agree is taken. Other objects agree
with nothing for long, except in a platoon: so the best must be clearly better than the next.
"""

import numpy as np

from operators._typing import FloatArray
from operators.jit import compiled
from operators.register.algebra import inverse
from operators.register.state import (
    DX,
    DY,
    ERRORS,
    LX,
    LY,
    MARK,
    PSI,
    STRETCH,
    TAU,
    TX,
    TY,
    VARIANCE,
    WIDEST,
    WVX,
    WVY,
)

FARTHEST_S, STEP_S = 1.5, 0.1
KERNEL = 3.0  # sigmas at which a candidate stops counting
WIDENING = (3.0, 3.0, 2.0, 1.0, 1.0)
LEAST_AGREEING = 10.0
OTHER_S = 0.25  # offsets further apart than this are other answers
CLEARLY = 1.25


@compiled
def _residual(row: FloatArray, b: FloatArray) -> tuple[float, float]:
    rx = row[DX] + row[WVX] * b[TAU] - b[TX] + row[LY] * b[PSI] - row[LX] * b[STRETCH]
    ry = row[DY] + row[WVY] * b[TAU] - b[TY] - row[LX] * b[PSI] - row[LY] * b[STRETCH]
    return rx, ry


@compiled
def agreement(rows: FloatArray, b: FloatArray) -> float:
    """How many candidates agree with errors `b`, each counting 0..1 by ``(1 - r²/s²)²``.

    Parameters
    ----------
    rows : ndarray of shape (n, CANDIDATE)
    b : ndarray of shape (ERRORS,)
    """
    total = 0.0
    for i in range(rows.shape[0]):
        rx, ry = _residual(rows[i], b)
        off = (rx * rx + ry * ry) / (KERNEL**2 * rows[i, VARIANCE])
        if off < 1.0:
            total += (1.0 - off) ** 2
    return total


@compiled
def _agree(rows: FloatArray, b: FloatArray) -> int:
    """How many different tracks have a candidate that clearly agrees with errors `b`."""
    marks = np.empty(rows.shape[0])
    n = 0
    for i in range(rows.shape[0]):
        if agreement(rows[i : i + 1], b) > 0.5 and not (marks[:n] == rows[i, MARK]).any():
            marks[n] = rows[i, MARK]
            n += 1
    return n


@compiled
def observed(rows: FloatArray) -> int:
    """Number of observations behind the candidates; those of one follow each other."""
    n = 0
    for i in range(rows.shape[0]):
        new = i == 0 or rows[i, LX] != rows[i - 1, LX] or rows[i, LY] != rows[i - 1, LY]
        n += 1 if new else 0
    return n


@compiled
def _normal(
    rows: FloatArray, b: FloatArray, widening: float, first: int
) -> tuple[FloatArray, FloatArray]:
    """Normal equations of a step from `b`, errors before `first` held, with a weak prior."""
    L, g = np.zeros((ERRORS, ERRORS)), np.zeros(ERRORS)
    H = np.zeros((2, ERRORS))
    for i in range(rows.shape[0]):
        row = rows[i]
        rx, ry = _residual(row, b)
        off = (rx * rx + ry * ry) / (widening**2 * KERNEL**2 * row[VARIANCE])
        if off >= 1.0:
            continue
        w = (1.0 - off) ** 2 / row[VARIANCE]
        H[0, TAU], H[1, TAU] = -row[WVX], -row[WVY]
        H[0, TX], H[1, TY] = 1.0, 1.0
        H[0, PSI], H[1, PSI] = -row[LY], row[LX]
        H[0, STRETCH], H[1, STRETCH] = row[LX], row[LY]
        for a in range(first, ERRORS):
            g[a] += w * (H[0, a] * rx + H[1, a] * ry)
            for c in range(first, ERRORS):
                L[a, c] += w * (H[0, a] * H[0, c] + H[1, a] * H[1, c])
    for a in range(ERRORS):
        prior = 1.0 / WIDEST[a] ** 2
        L[a, a] += prior
        if a >= first:
            g[a] -= prior * b[a]
    return L, g


@compiled
def _fit(rows: FloatArray, tau: float) -> FloatArray:
    """Errors near a clock offset under which most candidates agree."""
    b = np.zeros(ERRORS)
    b[TAU] = tau
    for k in range(len(WIDENING)):
        first = TX if k < len(WIDENING) - 2 else TAU
        L, g = _normal(rows, b, WIDENING[k], first)
        b += inverse(L) @ g
    return b


@compiled
def search(rows: FloatArray, least_objects: int) -> tuple[FloatArray, float, bool]:
    """Errors under which most candidates agree.

    Parameters
    ----------
    rows : ndarray of shape (n, CANDIDATE)
    least_objects
        Different tracks that must agree: one or two may be taken for others all along.

    Returns
    -------
    b : ndarray of shape (ERRORS,)
    agreeing : float
        `agreement` under them.
    clear : bool
        Whether they are enough, and clearly more than with any other clock offset.
    """
    n = round(FARTHEST_S / STEP_S)
    best, most = np.zeros(ERRORS), -1.0
    found, counts = np.empty(2 * n + 1), np.empty(2 * n + 1)
    for k in range(-n, n + 1):
        b = _fit(rows, k * STEP_S)
        found[k + n], counts[k + n] = b[TAU], agreement(rows, b)
        if counts[k + n] > most:
            best, most = b, counts[k + n]
    clear = most >= LEAST_AGREEING and _agree(rows, best) >= least_objects
    for k in range(TX, ERRORS):  # farther off, a queue agrees with itself one car on
        clear = clear and abs(best[k]) <= 3.0 * WIDEST[k]
    for k in range(2 * n + 1):
        if abs(found[k] - best[TAU]) > OTHER_S and counts[k] * CLEARLY > most:
            clear = False
    return best, most, clear

"""Errors that last: Gaussian sequences with a correlation time."""

import numpy as np
from scipy.special import ndtr

from operators._typing import BoolArray, FloatArray


def wander(
    rng: np.random.Generator, steps: int, shape: tuple[int, ...], lasting_steps: float
) -> FloatArray:
    """First-order Gauss-Markov sequences of unit variance, shape (steps, *shape).

    The correlation falls to 1/e in `lasting_steps` (Bar-Shalom, Li, Kirubarajan, 2001, 8.2.2).
    """
    stays = float(np.exp(-1.0 / lasting_steps))
    values = rng.standard_normal((steps, *shape))
    fresh = np.sqrt(1.0 - stays * stays)
    for k in range(1, steps):
        values[k] = stays * values[k - 1] + fresh * values[k]
    return values


def mixed(
    rng: np.random.Generator, steps: int, shape: tuple[int, ...], lasting_steps: float, share: float
) -> FloatArray:
    """Unit variance of which `share` lasts and the rest is new at each step."""
    lasting = wander(rng, steps, shape, lasting_steps)
    made: FloatArray = np.sqrt(share) * lasting + np.sqrt(1.0 - share) * rng.standard_normal(
        lasting.shape
    )
    return made


def lasting_draws(
    probability: FloatArray, rng: np.random.Generator, lasting_steps: float
) -> BoolArray:
    """Draws of the given probabilities, shape (T, N), alike in steps that follow each other."""
    level = ndtr(mixed(rng, len(probability), probability.shape[1:], lasting_steps, 0.6))
    drawn: BoolArray = level < probability
    return drawn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.fuse.kalman import inflation
from operators.gaussian import repaired


@given(*[st.floats(width=32) for _ in range(3)])
def test_any_declared_covariance_becomes_positive_definite(xx, xy, yy):
    made = repaired(xx, xy, yy, 0.5)
    assert np.isfinite(made).all()
    assert np.linalg.eigvalsh([[made[0], made[1]], [made[1], made[2]]]).min() > 0.0


def test_a_sound_declared_covariance_is_kept():
    assert repaired(0.5, -0.1, 0.25, 9.0) == (0.5, -0.1, 0.25)


@pytest.mark.parametrize(
    ("filtered", "fused", "since_us", "factor"),
    [
        (False, False, 100_000, 1.0),
        (True, False, 100_000, 10.0),
        (True, False, 5_000_000, 1.0),
        (True, True, 100_000, 20.0),
        (False, True, -1, 2.0),
        (True, False, 0, 20.0),
    ],
)
def test_inflation_leaves_one_observation_in_a_memory(filtered, fused, since_us, factor):
    assert inflation(filtered, fused, since_us) == factor

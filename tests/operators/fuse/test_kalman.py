import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.fuse.kalman import inflation
from operators.gaussian import repaired, update_pair
from operators.motion import predict


def a_state(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4))
    return rng.normal(size=4) * 10, root @ root.T + 0.01 * np.eye(4)


def textbook_prediction(mean, covariance, dt, noise):
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt
    t = abs(dt)
    block = np.array([[t**3 / 3, dt * t / 2], [dt * t / 2, t]])
    return F @ mean, F @ covariance @ F.T + noise * np.kron(block, np.eye(2))


def textbook_update(mean, covariance, z, H, R):
    S = H @ covariance @ H.T + R
    K = covariance @ H.T @ np.linalg.inv(S)
    return mean + K @ (z - H @ mean), (np.eye(4) - K @ H) @ covariance, np.trace(H @ K) / 2


seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.floats(-3, 10), st.floats(0, 5))
@settings(deadline=None)
def test_prediction_is_the_textbook_one(seed, dt, noise):
    mean, covariance = a_state(seed)
    expected = textbook_prediction(mean, covariance, dt, noise)
    predict(mean, covariance, dt, noise)
    np.testing.assert_allclose(mean, expected[0], atol=1e-9)
    np.testing.assert_allclose(covariance, expected[1], atol=1e-7)


@given(seeds, st.sampled_from([(1.0, 0.0), (1.0, 0.3), (1.0, -0.2), (0.0, 1.0)]))
@settings(deadline=None)
def test_update_is_the_textbook_one(seed, parts):
    mean, covariance = a_state(seed)
    H = np.hstack((parts[0] * np.eye(2), parts[1] * np.eye(2)))
    z, R = np.array([1.0, -2.0]), np.array([[0.5, 0.1], [0.1, 0.3]])
    expected = textbook_update(mean, covariance, z, H, R)
    share = update_pair(mean, covariance, z, *parts, np.array([0.5, 0.1, 0.3]))
    np.testing.assert_allclose(mean, expected[0], atol=1e-8)
    np.testing.assert_allclose(covariance, expected[1], atol=1e-8)
    assert share == pytest.approx(expected[2])


def test_covariance_stays_positive_definite_under_extreme_updates():
    mean, covariance = np.zeros(4), np.diag([1e4, 1e4, 100.0, 100.0])
    for k in range(2000):
        predict(mean, covariance, 0.001 if k % 2 else 5.0, 1e-3)
        update_pair(mean, covariance, np.zeros(2), 1.0, 0.0, np.array([0.0025, 0.0, 1e4]))
        assert np.linalg.eigvalsh(covariance).min() > 0.0


@given(*[st.floats(width=32) for _ in range(3)])
@settings(deadline=None)
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

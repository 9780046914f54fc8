import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.frame import ObjectClass
from operators.fuse.imm import mix, moments, predict_models, reweigh, update_model
from operators.motion import (
    MODELS,
    STEADY,
    STILL,
    TURN,
    motion_table,
    rate_table,
    transition,
)

seeds = st.integers(0, 2**32 - 1)
CAR = motion_table()[ObjectClass.CAR]
WORK = np.empty((4, 5))


def a_state(seed, dim=5):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dim, dim))
    return rng.normal(size=dim) * 10, root @ root.T + 0.01 * np.eye(dim)


def some_models(seed):
    states = [a_state(seed + k) for k in range(MODELS)]
    weights = np.random.default_rng(seed).dirichlet(np.ones(MODELS))
    return weights, np.array([s[0] for s in states]), np.array([s[1] for s in states])


@given(seeds, st.sampled_from([(1.0, 0.0), (1.0, 0.3), (1.0, -0.2), (0.0, 1.0)]))
@settings(deadline=None)
def test_update_is_the_textbook_one(seed, parts):
    mean, covariance = a_state(seed)
    H = np.hstack((parts[0] * np.eye(2), parts[1] * np.eye(2), np.zeros((2, 1))))
    z, R = np.array([1.0, -2.0]), np.array([[0.5, 0.1], [0.1, 0.3]])
    S = H @ covariance @ H.T + R
    K = covariance @ H.T @ np.linalg.inv(S)
    off = z - H @ mean
    wanted = mean + K @ off, (np.eye(5) - K @ H) @ covariance, np.trace(H @ K) / 2
    likelihood = -0.5 * off @ np.linalg.solve(S, off) - 0.5 * np.log(np.linalg.det(2 * np.pi * S))
    fit, share = update_model(mean, covariance, z, *parts, np.array([0.5, 0.1, 0.3]), 5, WORK)
    np.testing.assert_allclose(mean, wanted[0], atol=1e-7)
    np.testing.assert_allclose(covariance, wanted[1], atol=1e-7)
    assert share == pytest.approx(wanted[2])
    assert fit == pytest.approx(likelihood)


def test_covariance_stays_positive_definite_under_extreme_updates():
    weights, means = np.array([0.2, 0.4, 0.4]), np.zeros((MODELS, 5))
    covariances = np.tile(np.diag([1e4, 1e4, 100.0, 100.0, 0.04]), (MODELS, 1, 1))
    for k in range(2000):
        dt_s = 0.001 if k % 2 else 5.0
        predict_models(dt_s, CAR, means, covariances, np.empty((2, 5, 5)))
        for m in range(MODELS):
            noise = np.array([0.0025, 0.0, 1e4])
            update_model(means[m], covariances[m], np.zeros(2), 1.0, 0.0, noise, 5, WORK)
        assert np.linalg.eigvalsh(covariances).min() > 0.0
    assert weights.sum() == pytest.approx(1.0)


@given(seeds)
@settings(deadline=None)
def test_moments_are_those_of_a_sample(seed):
    weights, means, covariances = some_models(seed)
    rng = np.random.default_rng(seed)
    drawn = np.vstack(
        [
            rng.multivariate_normal(means[m], covariances[m], round(weights[m] * 40_000))
            for m in range(MODELS)
        ]
    )[:, :4]
    mean, covariance = np.empty(4), np.empty((4, 4))
    moments(weights, means, covariances, mean, covariance)
    scale = np.sqrt(np.diag(covariance))
    assert (np.abs(drawn.mean(0) - mean) < 0.05 * scale).all()
    assert (np.abs(np.cov(drawn.T) - covariance) < 0.1 * np.outer(scale, scale)).all()


@given(seeds)
@settings(deadline=None)
def test_mixing_keeps_the_place_of_the_mixture(seed):
    weights, means, covariances = some_models(seed)
    change = np.empty((2, MODELS, MODELS))
    transition(0.5, rate_table(), change)
    after = np.empty(MODELS), np.empty((MODELS, 5)), np.empty((MODELS, 5, 5))
    mix(change[0], weights, means, covariances, *after, np.empty(MODELS))
    assert after[0].sum() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(after[0] @ after[1][:, :2], weights @ means[:, :2], atol=1e-4)
    assert (after[1][STILL, 2:] == 0.0).all()
    assert after[1][STEADY, 4] == 0.0
    assert (np.linalg.eigvalsh(after[2]) > 0.0).all()


def test_a_row_of_change_is_a_distribution():
    change = np.empty((2, MODELS, MODELS))
    transition(0.1, rate_table(), change)
    np.testing.assert_allclose(change.sum(2), 1.0)
    assert (change[1, 1:, STILL] == 0.0).all()
    assert (change[0, 1:, STILL] > 0.0).all()


@given(seeds, st.floats(0.01, 2.0))
@settings(deadline=None)
def test_steady_prediction_is_the_textbook_one(seed, dt):
    _, means, covariances = some_models(seed)
    mean, covariance = means[STEADY, :4].copy(), covariances[STEADY, :4, :4].copy()
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt
    block = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    predict_models(dt, CAR, means, covariances, np.empty((2, 5, 5)))
    np.testing.assert_allclose(means[STEADY, :4], F @ mean, atol=1e-9)
    wanted = F @ covariance @ F.T + CAR[0] * np.kron(block, np.eye(2))
    np.testing.assert_allclose(covariances[STEADY, :4, :4], wanted, atol=1e-7)


@pytest.mark.parametrize("turn_rps", [0.0, 1e-7, 0.4, -1.2])
def test_a_turn_goes_round_its_centre(turn_rps):
    means = np.zeros((MODELS, 5))
    covariances = np.tile(1e-6 * np.eye(5), (MODELS, 1, 1))
    means[TURN] = 0.0, 0.0, 5.0, 0.0, turn_rps
    dt = 0.1
    predict_models(dt, CAR, means, covariances, np.empty((2, 5, 5)))
    angle = turn_rps * dt
    radius = 5.0 / turn_rps if turn_rps else 0.0
    x = radius * np.sin(angle) if abs(turn_rps) > 1e-6 else 5.0 * dt
    y = radius * (1.0 - np.cos(angle)) if abs(turn_rps) > 1e-6 else 0.0
    np.testing.assert_allclose(means[TURN, :2], (x, y), atol=1e-6)
    np.testing.assert_allclose(means[TURN, 2:4], 5.0 * np.array([np.cos(angle), np.sin(angle)]))


@given(seeds)
@settings(deadline=None)
def test_jacobian_of_a_turn_is_that_of_differences(seed):
    rng = np.random.default_rng(seed)
    mean = np.array([*rng.normal(size=2), *rng.normal(size=2) * 8, rng.uniform(-1, 1)])

    def moved(at):
        means, covariances = np.zeros((MODELS, 5)), np.tile(np.eye(5), (MODELS, 1, 1))
        means[TURN] = at
        predict_models(0.3, CAR, means, covariances, np.empty((2, 5, 5)))
        return means[TURN]

    step = 1e-6
    F = np.array([(moved(mean + d) - moved(mean - d)) / (2 * step) for d in step * np.eye(5)]).T
    covariances = np.tile(1e-9 * np.eye(5), (MODELS, 1, 1))
    still = np.zeros_like(CAR)
    means = np.tile(mean, (MODELS, 1))
    predict_models(0.3, still, means, covariances, np.empty((2, 5, 5)))
    np.testing.assert_allclose(covariances[TURN], 1e-9 * F @ F.T, atol=1e-13)


def test_models_are_weighed_by_how_well_they_foresaw():
    weights = np.array([0.2, 0.5, 0.3])
    reweigh(weights, np.array([-1000.0, -1.0, -2.0]))
    assert weights[1] / weights[2] == pytest.approx(0.5 / 0.3 * np.e, rel=1e-4)
    assert 0.0 < weights[0] < 1e-5

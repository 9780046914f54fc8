import numpy as np

from operators.gaussian import OX, OY, PREPARED
from operators.register.common import MET_PAIRS
from operators.register.solve import PERIOD_US, _relate, solve
from operators.register.state import (
    ERRORS,
    LEAST_WANDER,
    PSI,
    TX,
    TY,
    USUAL,
    WIDEST,
    no_registry,
)
from operators.register.units import enrol

SECOND_US = 1_000_000


def a_registry(n=2):
    registry = no_registry()
    seen = np.zeros((1, PREPARED))
    seen[0, [OX, OY]] = 1.0
    for unit in range(n):
        enrol(registry, unit, np.uint64(unit + 1), 0, 0, np.zeros(3), seen)
    registry.counts[1] = 0
    return registry


def with_batch(rng, n=2):
    registry = a_registry(n)
    H = rng.normal(size=(200, 5 * n)) / np.tile(WIDEST, n)
    e = rng.normal(size=200)
    registry.information[: 5 * n, : 5 * n] = H.T @ H
    registry.pull[: 5 * n] = H.T @ e
    return registry, H, e


def test_a_solution_is_the_least_squares_solution():
    registry, H, e = with_batch(np.random.default_rng(0))
    wander = registry.units["wander"][:2].ravel()
    prior = np.minimum(np.tile(WIDEST**2, 2) + wander, np.tile(WIDEST**2, 2))
    solve(registry, SECOND_US)
    L = np.diag(1.0 / prior) + H.T @ H
    np.testing.assert_allclose(registry.bias[:2].ravel(), np.linalg.solve(L, H.T @ e), rtol=1e-6)
    np.testing.assert_allclose(registry.covariance[:10, :10], np.linalg.inv(L), rtol=1e-6)
    assert not registry.information.any()
    assert not registry.pull.any()


def test_there_is_one_solution_in_a_period_of_event_time():
    registry, _, _ = with_batch(np.random.default_rng(0))
    registry.counts[1] = 4
    solve(registry, 4 * PERIOD_US - 1)
    solve(registry, 5 * PERIOD_US - 1)
    assert registry.information.any()
    solve(registry, 5 * PERIOD_US)
    assert not registry.information.any()


def test_what_is_not_seen_gets_uncertain_up_to_the_prior():
    registry, _, _ = with_batch(np.random.default_rng(0))
    solve(registry, SECOND_US)
    sharp = np.diag(registry.covariance).copy()
    solve(registry, 11 * SECOND_US)
    wander = registry.units["wander"][:2].ravel()
    np.testing.assert_allclose(np.diag(registry.covariance)[:10], sharp[:10] + 10 * wander)
    for second in range(100, 400_000, 600):
        solve(registry, second * SECOND_US)
    assert (np.diag(registry.covariance)[:10] <= np.tile(WIDEST**2, 2) * (1 + 1e-9)).all()
    assert np.linalg.eigvalsh(registry.covariance[:10, :10]).min() > 0.0


def test_a_unit_whose_data_contradict_its_rest_is_let_wander():
    resting, wandering = a_registry(1), a_registry(1)
    rng = np.random.default_rng(1)
    for second in range(1, 60):
        for registry, drift in ((resting, 0.0), (wandering, 0.1)):
            registry.information[1, 1] = 100.0  # 0.1 m in a second
            seen = drift * second + rng.normal(0.0, 0.1)
            registry.pull[1] = 100.0 * (seen - registry.bias[0, 1])
            solve(registry, second * SECOND_US)
    assert resting.units["wander"][0][1] < 10.0 * LEAST_WANDER[1]
    assert wandering.units["wander"][0][1] > 30.0 * LEAST_WANDER[1]
    assert abs(wandering.bias[0, 1] - 5.9) < 0.3


def test_the_best_known_unit_is_what_others_are_relative_to():
    registry = a_registry(3)
    registry.units["pairs"][:2] = MET_PAIRS
    P = registry.covariance
    P[:10, :10] = 0.0
    for k in range(5):
        shared = np.array([[1.0, 1.0], [1.0, 1.0]]) * WIDEST[k] ** 2
        P[np.ix_([k, 5 + k], [k, 5 + k])] = shared + np.diag([0.0, USUAL[k] ** 2 / 4.0])
    _relate(registry, 3)
    assert not registry.relative[0].any()
    np.testing.assert_allclose(registry.relative[1], np.diag(USUAL**2 / 4.0), atol=1e-12)
    # nothing is known of a unit that was not paired, and so nothing is taken from it
    assert not registry.relative[2].any()


def test_the_uncertainty_that_blunts_a_filter_is_bounded_by_what_is_usual():
    registry = a_registry(2)
    registry.units["pairs"][:2] = MET_PAIRS
    _relate(registry, 2)
    np.testing.assert_allclose(np.diag(registry.relative[1]), USUAL**2)


def test_a_turn_that_all_units_share_is_no_error_of_one_beside_the_other():
    registry, turn, apart_m = a_registry(2), 0.01, np.array([80.0, 60.0])
    registry.units["pairs"] = 10.0
    registry.units["site_x_m"][:2], registry.units["site_y_m"][:2] = [0.0, 80.0], [0.0, 60.0]
    # both are turned about the first one's site: the second one is moved across the way to it
    moved = np.zeros(2 * ERRORS)
    moved[PSI] = moved[ERRORS + PSI] = 1.0
    moved[ERRORS + TX], moved[ERRORS + TY] = -apart_m[1], apart_m[0]
    registry.covariance[:] = 0.0
    registry.covariance[: 2 * ERRORS, : 2 * ERRORS] = turn**2 * np.outer(moved, moved)
    _relate(registry, 2)
    np.testing.assert_allclose(registry.relative[:2], 0.0, atol=1e-12)

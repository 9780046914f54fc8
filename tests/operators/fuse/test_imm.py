import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.frame import ObjectClass
from operators.fuse.imm import (
    LENGTH,
    TURN_RATE,
    load_models,
    mix,
    mixed_motion,
    predict,
    store_models,
)
from operators.fuse.measure import reweighed, take_place, take_steady, take_still, take_turn
from operators.motion import (
    ACROSS,
    ALONG,
    FIRST_TURN_VARIANCE,
    MODELS,
    MOST_STOOD_S,
    STILL,
    STILL_SPEED_VARIANCE,
    TURN_LASTS_S,
    motion_table,
    rate_table,
    stays_still,
    transition,
)

seeds = st.integers(0, 2**32 - 1)
CAR = motion_table()[ObjectClass.CAR]
DIMS = (2, 4, 5)


def folded(matrix):
    """Upper triangle by rows."""
    return tuple(matrix[np.triu_indices(len(matrix))].tolist())


def unfolded(triangle):
    dim = {3: 2, 10: 4, 15: 5}[len(triangle)]
    matrix = np.zeros((dim, dim))
    matrix[np.triu_indices(dim)] = triangle
    return matrix + np.triu(matrix, 1).T


def a_state(seed, dim=5):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dim, dim))
    return rng.normal(size=dim) * 10, root @ root.T + 0.01 * np.eye(dim)


def some_models(seed):
    weights = np.random.default_rng(seed).dirichlet(np.ones(MODELS))
    models = [tuple(weights.tolist())]
    for k, dim in enumerate(DIMS):
        mean, covariance = a_state(seed + k, dim)
        models += [tuple(mean.tolist()), folded(covariance)]
    return tuple(models)


def in_full(models):
    """Weights, and means and covariances of all models in five dimensions."""
    means, covariances = np.zeros((MODELS, 5)), np.zeros((MODELS, 5, 5))
    rest = np.diag([0.0, 0.0, *[STILL_SPEED_VARIANCE] * 2, FIRST_TURN_VARIANCE])
    for m, dim in enumerate(DIMS):
        means[m, :dim] = models[1 + 2 * m]
        covariances[m] = rest
        covariances[m, :dim, :dim] = unfolded(models[2 + 2 * m])
    return np.array(models[0]), means, covariances


def mixture(weights, means, covariances):
    mean = weights @ means
    off = means - mean
    return mean, np.einsum("m,mij->ij", weights, covariances + off[:, :, None] * off[:, None])


def ahead(models, dt_s, kind=CAR):
    return predict(models, dt_s, float(np.exp(-dt_s / TURN_LASTS_S)), kind)


def turning(mean, covariance):
    place = (0.0, 0.0), (1.0, 0.0, 1.0)
    steady = (0.0,) * 4, folded(np.eye(4))
    return (0.2, 0.4, 0.4), *place, *steady, tuple(mean), folded(covariance)


@given(seeds, st.sampled_from([(1.0, 0.0), (1.0, 0.3), (1.0, -0.2), (0.0, 1.0)]))
@settings(deadline=None)
def test_update_is_the_textbook_one(seed, parts):
    z, R = np.array([1.0, -2.0]), np.array([[0.5, 0.1], [0.1, 0.3]])
    noise = 0.5, 0.1, 0.3
    for dim, take in ((4, take_steady), (5, take_turn)):
        mean, covariance = a_state(seed, dim)
        wanted = textbook(mean, covariance, z, R, parts)
        given_ = tuple(mean.tolist()), folded(covariance), tuple(z.tolist()), noise
        agrees(take(*given_, *parts), wanted)


@given(seeds)
@settings(deadline=None)
def test_update_of_what_stands_is_the_textbook_one(seed):
    mean, covariance = a_state(seed, 2)
    z, R = np.array([1.0, -2.0]), np.array([[0.5, 0.1], [0.1, 0.3]])
    given_ = tuple(mean.tolist()), folded(covariance), tuple(z.tolist()), (0.5, 0.1, 0.3)
    agrees(take_still(*given_), textbook(mean, covariance, z, R, (1.0, 0.0)))


def textbook(mean, covariance, z, R, parts):
    dim = len(mean)
    H = np.hstack((parts[0] * np.eye(2), parts[1] * np.eye(2), np.zeros((2, 1))))[:, :dim]
    S = H @ covariance @ H.T + R
    K = covariance @ H.T @ np.linalg.inv(S)
    off = z - H @ mean
    d2 = off @ np.linalg.solve(S, off)
    fit = d2, np.linalg.det(S), np.trace(H @ K) / 2
    return mean + K @ off, (np.eye(dim) - K @ H) @ covariance, fit


def agrees(made, wanted):
    np.testing.assert_allclose(made[0], wanted[0], atol=1e-7)
    np.testing.assert_allclose(unfolded(made[1]), wanted[1], atol=1e-7)
    np.testing.assert_allclose(made[2], wanted[2])


def test_covariance_stays_positive_definite_under_extreme_updates():
    wide = np.diag([1e4, 1e4, 100.0, 100.0, 0.04])
    models = (
        (0.2, 0.4, 0.4),
        *(part for dim in DIMS for part in ((0.0,) * dim, folded(wide[:dim, :dim]))),
    )
    for k in range(2000):
        models = ahead(models, 0.001 if k % 2 else 5.0)
        models, _ = take_place(models, (0.0, 0.0), (0.0025, 0.0, 1e4), 0.0)
        assert all(np.linalg.eigvalsh(unfolded(P)).min() > 0.0 for P in models[2::2])
        assert sum(models[0]) == pytest.approx(1.0)


@given(seeds)
@settings(deadline=None)
def test_moments_are_those_of_the_mixture(seed):
    models = some_models(seed)
    mean, covariance = mixture(*in_full(models))
    found = mixed_motion(models[0], models)
    np.testing.assert_allclose(found[0], mean[:4], atol=1e-9)
    np.testing.assert_allclose(unfolded(found[1]), covariance[:4, :4], atol=1e-9)


@given(seeds)
@settings(deadline=None)
def test_mixing_is_the_textbook_one(seed):
    models = some_models(seed)
    change = np.empty((2, MODELS, MODELS))
    transition(0.5, rate_table(), change)
    weights, means, covariances = in_full(models)
    stays = 0.99
    change[0, STILL] *= (1.0 - stays) / (1.0 - change[0, STILL, STILL])
    change[0, STILL, STILL] = stays
    mixed = mix(models, change[0], stays)
    np.testing.assert_allclose(mixed[0], weights @ change[0], rtol=1e-9, atol=1e-6)
    for m, dim in enumerate(DIMS):
        before = change[0][:, m] * weights
        mean, covariance = mixture(before / before.sum(), means, covariances)
        np.testing.assert_allclose(mixed[1 + 2 * m], mean[:dim], atol=1e-9)
        np.testing.assert_allclose(unfolded(mixed[2 + 2 * m]), covariance[:dim, :dim], atol=1e-9)


@given(seeds)
@settings(deadline=None)
def test_a_row_holds_all_of_the_models(seed):
    models = some_models(seed)
    row = np.full(LENGTH, np.nan)
    store_models(row, models)
    assert np.isfinite(row).all()
    assert load_models(row) == models
    assert row[TURN_RATE] == models[5][4]


def test_a_row_of_change_is_a_distribution():
    change = np.empty((2, MODELS, MODELS))
    transition(0.1, rate_table(), change)
    np.testing.assert_allclose(change.sum(2), 1.0)
    assert (change[1, 1:, STILL] == 0.0).all()
    assert (change[0, 1:, STILL] > 0.0).all()


def test_who_has_just_stopped_starts_at_the_rate_of_the_table():
    change = np.empty((2, MODELS, MODELS))
    transition(0.01, rate_table(), change)
    assert stays_still(0.0, 0.01, rate_table()) == pytest.approx(change[0, STILL, STILL], abs=1e-6)


@given(st.floats(0.0, MOST_STOOD_S / 2), st.floats(0.01, 5.0), st.floats(0.01, 5.0))
@settings(deadline=None)
def test_to_stand_on_is_likelier_the_longer_one_stood(stood_s, one_s, other_s):
    rates = rate_table()
    at_once = stays_still(stood_s, one_s + other_s, rates)
    by_steps = stays_still(stood_s, one_s, rates) * stays_still(stood_s + one_s, other_s, rates)
    assert at_once == pytest.approx(by_steps)
    assert stays_still(stood_s + 1.0, one_s, rates) > stays_still(stood_s, one_s, rates)
    assert stays_still(1e9, one_s, rates) == stays_still(MOST_STOOD_S, one_s, rates)


@given(seeds, st.floats(0.01, 2.0))
@settings(deadline=None)
def test_steady_prediction_is_the_textbook_one(seed, dt):
    models = some_models(seed)
    mean, covariance = np.array(models[3]), unfolded(models[4])
    F = np.eye(4)
    F[0, 2] = F[1, 3] = dt
    block = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    made = ahead(models, dt)
    np.testing.assert_allclose(made[3], F @ mean, atol=1e-9)
    wanted = F @ covariance @ F.T + CAR[0] * np.kron(block, np.eye(2))
    np.testing.assert_allclose(unfolded(made[4]), wanted, atol=1e-7)


@pytest.mark.parametrize("turn_rps", [0.0, 1e-7, 0.4, -1.2])
def test_a_turn_goes_round_its_centre(turn_rps):
    dt = 0.1
    made = ahead(turning((0.0, 0.0, 5.0, 0.0, turn_rps), 1e-6 * np.eye(5)), dt)
    angle = turn_rps * dt
    radius = 5.0 / turn_rps if turn_rps else 0.0
    x = radius * np.sin(angle) if abs(turn_rps) > 1e-6 else 5.0 * dt
    y = radius * (1.0 - np.cos(angle)) if abs(turn_rps) > 1e-6 else 0.0
    np.testing.assert_allclose(made[5][:2], (x, y), atol=1e-6)
    np.testing.assert_allclose(made[5][2:4], 5.0 * np.array([np.cos(angle), np.sin(angle)]))


@given(seeds, st.floats(0.02, 1.0))
@settings(deadline=None)
def test_a_turning_covariance_follows_the_jacobian(seed, dt):
    rng = np.random.default_rng(seed)
    mean = np.array([*rng.normal(size=2), *rng.normal(size=2) * 8, rng.uniform(-1, 1)])
    covariance = 1e-6 * a_state(seed)[1]
    quiet = np.zeros_like(CAR)

    def moved(at):
        return np.array(ahead(turning(at.tolist(), np.eye(5)), dt, quiet)[5])

    step = 1e-6
    F = np.array([(moved(mean + d) - moved(mean - d)) / (2 * step) for d in step * np.eye(5)]).T
    made = ahead(turning(mean.tolist(), covariance), dt, quiet)
    np.testing.assert_allclose(unfolded(made[6]), F @ covariance @ F.T, atol=1e-9)


def test_what_turns_is_pushed_along_its_way_more_than_across():
    made = ahead(turning((0.0, 0.0, 10.0, 0.0, 0.0), np.zeros((5, 5))), 0.5)
    P = unfolded(made[6])
    assert P[2, 2] == pytest.approx(0.5 * CAR[ALONG], rel=0.02)
    assert P[3, 3] == pytest.approx(0.5 * CAR[ACROSS], rel=0.1)
    assert P[0, 0] == pytest.approx(0.5**3 / 3 * CAR[ALONG], rel=0.02)


def test_models_are_weighed_by_how_well_they_foresaw():
    weights = reweighed((0.2, 0.5, 0.3), (2000.0, 2.0, 4.0), (1.0, 1.0, 4.0))
    assert weights[1] / weights[2] == pytest.approx(0.5 / 0.3 * np.e * 2.0, rel=1e-4)
    assert 0.0 < weights[0] < 1e-5
    assert sum(weights) == pytest.approx(1.0)

import numpy as np
import pytest

from operators.register import pairs
from operators.register.pairs import SIDE, fill_side, take_pair
from operators.register.state import WIDEST, no_registry
from tests.operators.register.scenes import told

SITES = np.array([[0.0, 0.0], [60.0, -20.0]])
V = np.array([7.0, -3.0])


def a_registry(n=2):
    registry = no_registry()
    registry.counts[:] = n, 0
    registry.units["site_x_m"][:2], registry.units["site_y_m"][:2] = SITES.T
    registry.units["scale"] = 1.0
    return registry


def side(registry, unit, place, t_s=0.0, variance=0.1):
    made = np.empty(SIDE)
    fill_side(made, registry, unit, *place, t_s, variance)
    return made


def pair_of(registry, place, errors, noise=0.0, weight=1.0, rng=None, against=1):
    """Let both units tell of an object at `place` at one instant, with their errors."""
    sides = []
    for unit in (0, 1):
        b = np.asarray(errors[unit])
        seen = place if unit == 1 and against < 0 else told(place[None], SITES[unit], b)[0]
        seen = seen if rng is None else seen + rng.normal(0.0, noise, 2)
        sides.append(side(registry, unit if unit == 0 else against, seen, b[0], 0.1))
    return take_pair(registry, *sides, *V, 0.0, weight)


def test_the_pair_says_what_the_errors_do_to_it():
    """``sum w H'e`` is ``sum w H'H b`` for small errors b: H is the derivative of the model."""
    rng = np.random.default_rng(0)
    small = np.array([1e-4, 1e-3, 1e-3, 1e-5, 1e-5])
    errors = rng.normal(size=(2, 5)) * small
    registry = a_registry()
    for place in rng.uniform(-80, 80, (30, 2)):
        pair_of(registry, place, errors)
    wanted = registry.information[:10, :10] @ errors.ravel()
    np.testing.assert_allclose(registry.pull[:10], wanted, rtol=1e-3, atol=1e-3)


def test_what_units_share_pairs_do_not_show():
    """Common translation and common clock are in the null space of the information."""
    registry = a_registry()
    for place in np.random.default_rng(0).uniform(-80, 80, (30, 2)):
        pair_of(registry, place, np.zeros((2, 5)))
    for k in range(3):
        common = np.zeros(10)
        common[[k, 5 + k]] = 1.0
        np.testing.assert_allclose(registry.information[:10, :10] @ common, 0.0, atol=1e-6)


def test_known_errors_leave_nothing_to_say():
    registry = a_registry()
    errors = np.array([[0.2, 2.0, -1.0, 0.03, 0.01], [-0.3, -2.0, 0.5, -0.02, -0.01]])
    registry.bias[:2] = errors
    for place in np.random.default_rng(0).uniform(-80, 80, (10, 2)):
        # by their corrected clocks both saw the object at once, as they really did
        assert pair_of(registry, place, errors) < 1e-12
    np.testing.assert_allclose(registry.pull, 0.0, atol=1e-6)


def test_a_pair_beyond_the_gate_is_refused():
    registry = a_registry()
    registry.covariance[:] = np.diag(np.tile(WIDEST**2 * 1e-6, 16))
    far = np.array([[0.0, 3.0, 0.0, 0.0, 0.0], np.zeros(5)])
    assert pair_of(registry, np.zeros(2), far) == np.inf
    assert not registry.information.any()
    assert registry.units["pairs"][:2].tolist() == [0.0, 0.0]
    assert np.isfinite(pair_of(registry, np.zeros(2), far * 0.1))
    assert registry.information.any()


def test_the_residual_scale_follows_what_pairs_show():
    registry, rng = a_registry(), np.random.default_rng(0)
    registry.covariance[:] = np.diag(np.tile(WIDEST**2 * 1e-6, 16))
    for place in rng.uniform(-80, 80, (3000, 2)):
        # declared 0.1 m² a side, in truth four times as much
        pair_of(registry, place, np.zeros((2, 5)), np.sqrt(0.4), rng=rng)
    assert registry.units["scale"][0] == pytest.approx(4.0, rel=0.4)
    assert registry.units["scale"][0] == registry.units["scale"][1]


def each_other(registry, place, rng, errors):
    pair_of(registry, place, errors, 0.3, 0.4, rng)


def the_fused_track(registry, place, rng, errors):
    """The wrong way: each unit is compared with the mean of what both corrected say."""
    told_by = [told(place[None], SITES[u], errors[u])[0] + rng.normal(0, 0.3, 2) for u in (0, 1)]
    sides = [side(registry, u, told_by[u], errors[u][0], 0.1) for u in (0, 1)]
    fused = 0.5 * (sides[0][:2] + sides[1][:2])
    for unit in (0, 1):
        take_pair(registry, sides[unit], side(registry, -1, fused, 0.0, 0.05), *V, 0.0, 0.4)


@pytest.mark.parametrize(("against", "honest"), [(each_other, True), (the_fused_track, False)])
def test_the_fused_track_claims_to_know_what_it_cannot(against, honest):
    """Of a translation that both share pairs say nothing; the fused track confirms it as right."""
    registry, rng = a_registry(), np.random.default_rng(1)
    errors = np.array([[0.0, 1.5, 0.0, 0.0, 0.0], [0.0, 1.5, 0.0, 0.0, 0.0]])
    for place in rng.uniform(-80, 80, (100, 2)):
        against(registry, place, rng, errors)
    shared = np.zeros(80)
    shared[[1, 6]] = 0.5
    known = shared @ registry.information @ shared
    assert (known < 1e-6) == honest
    # and it confirms the wrong thing: no translation at all, where there are 1.5 m
    assert abs(shared @ registry.pull) <= 0.1 * max(known, 1e-6)


def test_columns_of_a_side_are_distinct():
    names = (pairs.X, pairs.Y, pairs.T_S, pairs.SIDE_VARIANCE, pairs.LEVER_X, pairs.LEVER_Y)
    assert len({*names, pairs.UNIT_NUMBER}) == SIDE

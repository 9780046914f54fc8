import numpy as np

from operators.gaussian import AFTER, CLOCK, OVX, OVY, OX, OY, PREPARED, RV, RXX, RXY, RYY
from operators.register.correct import correct, true_place
from operators.register.state import PSI, STRETCH, TAU, TX, TY, no_registry

SITE = np.array([30.0, -50.0])


def a_registry(b):
    registry = no_registry()
    registry.counts[0] = 1
    registry.units["site_x_m"][0], registry.units["site_y_m"][0] = SITE
    registry.bias[0] = b
    return registry


def told(place, b):
    """Where a unit with errors b puts an object."""
    cos, sin = np.cos(b[PSI]), np.sin(b[PSI])
    turn = np.array([[cos, -sin], [sin, cos]])
    return SITE + (1.0 + b[STRETCH]) * turn @ (place - SITE) + b[[TX, TY]]


def test_places_come_back_exactly_however_large_the_errors():
    b = np.array([0.3, 3.0, -2.0, 0.5, 0.02])
    place = np.array([110.0, 7.0])
    np.testing.assert_allclose(true_place(a_registry(b), 0, *told(place, b)), place, atol=1e-9)


def test_time_and_velocity_are_corrected():
    b = np.array([0.25, 0.0, 0.0, np.pi / 2.0, 0.0])
    seen = np.zeros((1, PREPARED))
    seen[0, [AFTER, OVX, OVY, RV]] = 0.1, 0.0, 8.0, 1.0  # turned left: it really goes along +x
    correct(seen, a_registry(b), 0)
    np.testing.assert_allclose(seen[0, [AFTER, OVX, OVY]], [-0.15, 8.0, 0.0], atol=1e-12)


def test_a_missing_velocity_stays_missing():
    seen = np.zeros((1, PREPARED))
    seen[0, RV] = -1.0
    correct(seen, a_registry(np.array([0.0, 0.0, 0.0, 1.0, 0.0])), 0)
    assert seen[0, [OVX, OVY, RV]].tolist() == [0.0, 0.0, -1.0]


def test_what_is_left_unknown_goes_into_the_covariance():
    registry = a_registry(np.zeros(5))
    root = np.random.default_rng(0).normal(size=(5, 5)) * 0.01
    registry.relative[0] = P = root @ root.T
    seen = np.zeros((1, PREPARED))
    seen[0, [OX, OY, RXX, RXY, RYY]] = 100.0, 20.0, 0.5, 0.1, 0.6
    correct(seen, registry, 0)
    x, y = np.array([100.0, 20.0]) - SITE
    H = np.array([[1.0, 0.0, -y, x], [0.0, 1.0, x, y]])
    wanted = np.array([[0.5, 0.1], [0.1, 0.6]]) + H @ P[1:, 1:] @ H.T
    np.testing.assert_allclose(seen[0, [RXX, RXY, RYY]], wanted[[0, 0, 1], [0, 1, 1]])
    assert seen[0, CLOCK] == P[TAU, TAU]


def test_who_is_not_registered_is_left_alone():
    seen = np.random.default_rng(0).normal(size=(4, PREPARED))
    before = seen.copy()
    correct(seen, a_registry(np.ones(5)), -1)
    assert np.array_equal(seen, before)

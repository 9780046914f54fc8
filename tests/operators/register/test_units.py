import numpy as np

from operators.gaussian import OX, OY, PREPARED
from operators.register.state import ANCHOR, MOST_UNITS, N_UNITS, NO_ROLE, WIDEST, no_registry
from operators.register.units import SILENT_US, enrol, is_reference

NOWHERE = np.zeros(3)
START_US = 1_700_000_000_000_000


def seen_at(*places):
    seen = np.zeros((len(places), PREPARED))
    seen[:, [OX, OY]] = np.reshape(places, (-1, 2))
    return seen


def come(registry, key, at_us=START_US, circle=NOWHERE, seen=None, role=0, slot=None):
    seen = seen_at((3.0, 4.0)) if seen is None else seen
    slot = key % 64 if slot is None else slot
    return enrol(registry, slot, np.uint64(key), role, at_us, circle, seen)


def test_units_get_numbers_in_the_order_in_which_they_come():
    registry = no_registry()
    assert [come(registry, key) for key in (7, 9, 7, 5)] == [0, 1, 0, 2]
    assert registry.roles[[7, 9, 5]].tolist() == [0, 1, 2]


def test_sources_that_are_not_registered_keep_their_role():
    registry = no_registry()
    assert come(registry, 7, role=ANCHOR) == ANCHOR
    assert come(registry, 9, role=NO_ROLE) == NO_ROLE
    assert registry.roles[[7, 9]].tolist() == [ANCHOR, NO_ROLE]
    assert registry.counts[N_UNITS] == 0


def test_a_site_is_the_middle_of_the_view_or_of_what_is_seen_first():
    registry = no_registry()
    come(registry, 1, circle=np.array([10.0, 20.0, 150.0]))
    come(registry, 2, seen=seen_at((0.0, 2.0), (4.0, 4.0)))
    come(registry, 2, seen=seen_at((100.0, 100.0)))
    assert registry.units["site_x_m"][:2].tolist() == [10.0, 2.0]
    assert registry.units["site_y_m"][:2].tolist() == [20.0, 3.0]


def test_without_a_view_an_empty_frame_registers_nobody():
    registry = no_registry()
    assert come(registry, 1, seen=seen_at()) == NO_ROLE
    assert come(registry, 1) == 0


def test_the_bound_of_units_holds_until_one_is_silent():
    registry = no_registry()
    for key in range(1, MOST_UNITS + 1):
        come(registry, key, START_US + key)
    assert come(registry, 40, START_US + SILENT_US) == NO_ROLE
    registry.bias[0] = 1.0
    registry.covariance[:, 0] = registry.covariance[0, :] = 0.5
    assert come(registry, 41, START_US + 1 + SILENT_US) == 0
    assert registry.roles[[1, 2, 41]].tolist() == [NO_ROLE, 1, 0]
    assert (registry.bias[0] == 0.0).all()
    assert np.array_equal(np.diag(registry.covariance)[:5], WIDEST**2)
    assert np.count_nonzero(registry.covariance[:5]) == 5


def test_references_are_anchors_and_confirmed_units():
    registry = no_registry()
    come(registry, 1)
    assert [is_reference(registry, role) for role in (ANCHOR, NO_ROLE, 0)] == [True, False, False]
    registry.units["confirmed"][0] = 1
    assert is_reference(registry, 0)

import numpy as np
import pytest

from operators.register.search import agreement, observed, search
from operators.register.state import CANDIDATE

NO_ERRORS = np.zeros(5)


def candidates(rng, b, n_objects=6, each=8, false=30, sigma=0.4, speed=9.0):
    """What the search sees of objects on a few roads under errors b, and of other objects."""
    rows = []
    for mark in range(n_objects):
        course = rng.choice((0.0, 0.5, 1.0, 1.5)) * np.pi
        v = speed * rng.uniform(0.5, 1.2) * np.array([np.cos(course), np.sin(course)])
        start = rng.uniform(-60, 60, 2)
        for k in range(each):
            lever = start + 0.2 * k * v
            off = -v * b[0] + b[1:3] + b[3] * np.array([-lever[1], lever[0]]) + b[4] * lever
            off = off + rng.normal(0.0, np.sqrt(2.0) * sigma, 2)
            rows.append([*off, *v, *lever, 2.0 * sigma**2, mark])
    for _ in range(false):
        row = rows[int(rng.integers(n_objects * each))]
        rows.append([*rng.uniform(-20, 20, 2), *row[2:]])
    return np.array(rows).reshape(-1, CANDIDATE)


@pytest.mark.parametrize(
    "b",
    [
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (1.0, 0.3, -0.2, 0.01, 0.0),
        (-1.0, 0.0, 0.0, 0.0, 0.0),
        (0.1, 2.5, -1.5, np.radians(3.0), 0.0),
        (-0.3, -1.0, 1.0, np.radians(-2.0), 0.005),
    ],
)
def test_planted_errors_are_found_among_other_objects(b):
    for seed in range(3):
        rows = candidates(np.random.default_rng(seed), np.array(b))
        found, agreeing, clear = search(rows, 3)
        assert clear
        assert agreeing > 0.4 * 48
        left = np.abs(found - b)
        assert (left < (0.15, 0.8, 0.8, 0.02, 0.01)).all()


def test_two_objects_are_not_enough():
    b = np.array([0.4, 0.0, 0.0, 0.0, 0.0])
    for n, wanted in ((2, False), (3, True)):
        rows = candidates(np.random.default_rng(1), b, n_objects=n, each=16, false=0)
        assert search(rows, 3)[2] == wanted


def test_a_platoon_whose_members_fit_as_well_is_not_clear():
    b = np.array([0.0, 0.0, 0.0, 0.0, 0.0])
    rows = candidates(np.random.default_rng(2), b, false=0)
    next_one = rows.copy()
    next_one[:, 0:2] -= 1.0 * rows[:, 2:4]  # as from the vehicle one second ahead
    assert search(rows, 3)[2]
    assert not search(np.vstack((rows, next_one)), 3)[2]


def test_noise_alone_is_not_clear():
    rng = np.random.default_rng(3)
    rows = candidates(rng, NO_ERRORS, false=0)
    rows[:, :2] = rng.uniform(-25, 25, (len(rows), 2))
    assert not search(rows, 3)[2]


def test_agreement_counts_from_nought_to_one_each():
    rows = candidates(np.random.default_rng(4), NO_ERRORS, n_objects=1, each=4, false=0)
    rows[:, :2] = np.array([[0.0, 0.0], [3.0 * np.sqrt(rows[0, 6] / 2), 0.0], [9, 9], [0, 0]])
    assert agreement(rows, NO_ERRORS) == pytest.approx(1.0 + 0.25 + 0.0 + 1.0)


def test_candidates_of_one_observation_count_as_one_observation():
    rows = candidates(np.random.default_rng(5), NO_ERRORS, n_objects=2, each=2, false=0)
    assert observed(np.repeat(rows, 3, 0)) == 4
    assert observed(rows[:0]) == 0

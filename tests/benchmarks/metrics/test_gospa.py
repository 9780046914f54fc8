"""OSPA of whole paths, which no library at hand has, by its definition and properties."""

import numpy as np
import pytest

from benchmarks.metrics.gospa import ospa, ospa2

RNG = np.random.default_rng(5)


def paths(n, steps=20):
    return np.cumsum(RNG.normal(0, 1, (steps, n, 2)), axis=0) + RNG.uniform(0, 20, (n, 2))


def test_for_one_instant_it_is_ospa():
    truth, found = RNG.uniform(0, 12, (1, 5, 2)), RNG.uniform(0, 12, (1, 7, 2))
    assert ospa2(truth, found) == pytest.approx(ospa(truth[0], found[0]))


def test_paths_that_are_always_there_are_compared_by_their_mean_distance():
    truth = paths(1)
    assert ospa2(truth, truth + np.array([0.6, 0.8])) == pytest.approx(1.0)
    late = truth + np.array([0.6, 0.8])
    late[:5] = np.nan
    # a quarter of the time the cut-off, for the rest 1 m
    assert ospa2(truth, late) == pytest.approx(0.25 * 5.0 + 0.75 * 1.0)


def test_a_track_that_changes_object_costs_though_every_instant_is_perfect():
    truth = paths(2) * 0.1 + np.array([[0.0, 0.0], [30.0, 0.0]])
    swapped = truth.copy()
    swapped[10:] = swapped[10:, ::-1]
    assert all(ospa(a, b) == pytest.approx(0.0) for a, b in zip(truth, swapped, strict=True))
    assert ospa2(truth, swapped) == pytest.approx(2.5)
    assert ospa2(truth, truth[:, ::-1]) == pytest.approx(0.0)


def test_paths_that_are_never_there_do_not_count():
    truth = paths(3)
    with_gap = np.concatenate((truth, np.full((20, 2, 2), np.nan)), axis=1)
    assert ospa2(truth, with_gap) == pytest.approx(0.0)
    assert ospa2(truth, np.full((20, 1, 2), np.nan)) == pytest.approx(5.0)
    assert ospa2(np.zeros((3, 0, 2)), np.zeros((3, 0, 2))) == 0.0

"""Errors of matches whose errors are known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.metrics.boxes import closeness, closeness_to_body, pairs
from benchmarks.metrics.clear import Scene
from benchmarks.metrics.error import errors
from tests.benchmarks.metrics.sequences import boxes


def told(truth, tracks):
    scene = Scene(truth, tracks, pairs(truth, tracks, closeness).at_least(0.5))
    return errors(truth, tracks, scene.clear())


def test_errors_are_taken_along_and_across_the_true_heading():
    truth = boxes([0, 1], [0, 0], np.zeros((2, 3)), heading_rad=np.pi / 2)
    tracks = boxes([0, 1], [0, 0], [[0.3, 0.4, 0], [0.3, 0.4, 0]], heading_rad=np.pi / 2 + 0.1)
    found = told(truth, replace(tracks, velocity_mps=np.array([[3.0, 4.0], [3.0, 4.0]])))
    assert found.rmse_m == pytest.approx(0.5)
    assert found.p95_m == pytest.approx(0.5)
    assert (found.along_m, found.across_m) == pytest.approx((0.4, 0.3))
    assert found.along_bias_m == pytest.approx(0.4)
    assert found.heading_deg == pytest.approx(np.degrees(0.1))
    assert found.velocity_mps == pytest.approx(5.0)
    assert found.anees == pytest.approx(0.25 / 2)


@pytest.mark.parametrize(("claimed", "expected"), [(1.0, 1.0), (0.5, 4.0)])
def test_anees_is_1_for_the_honest_and_above_for_the_too_sure(claimed, expected):
    rng, n = np.random.default_rng(1), 4000
    spread = np.array([[0.05, 0.02], [0.02, 0.03]])
    away = rng.multivariate_normal((0, 0), spread, n)
    truth = boxes(np.arange(n), np.zeros(n), np.zeros((n, 3)))
    tracks = boxes(np.arange(n), np.zeros(n), np.column_stack((away, np.zeros(n))))
    tracks = replace(tracks, covariance_m2=np.tile(spread * claimed**2, (n, 1, 1)))
    found = told(truth, tracks)
    assert found.anees == pytest.approx(expected, rel=0.05)
    assert found.median_nees == pytest.approx(expected, rel=0.07)


def test_unknown_numbers_are_left_out_and_no_match_gives_no_number():
    truth = boxes([0, 1], [0, 0], np.zeros((2, 3)))
    tracks = replace(
        boxes([0, 1], [0, 0], np.zeros((2, 3)), heading_rad=[np.nan, 0.2]),
        covariance_m2=np.array([np.eye(2), np.full((2, 2), np.nan)]),
    )
    found = told(truth, tracks)
    assert found.heading_deg == pytest.approx(np.degrees(0.2))
    assert found.anees == 0.0
    far = boxes([0], [0], [[90.0, 0, 0]])
    assert all(np.isnan(value) for value in told(truth, far))


def test_a_point_within_the_body_is_on_it_and_one_beside_it_counts_from_its_side():
    truth = boxes([0, 0, 0], [0, 1, 2], np.zeros((3, 3)), size_m=(10, 2, 2), heading_rad=np.pi / 2)
    points = boxes([0, 0, 0], [0, 1, 2], [[0.5, 4.9, 0], [3.0, 0, 0], [1 + 0.6, 5 + 0.8, 0]])
    row = np.arange(3)
    found = closeness_to_body(truth, row, points, row)
    assert found == pytest.approx([1.0, 0.5, 0.75])

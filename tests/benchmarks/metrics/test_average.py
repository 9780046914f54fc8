"""Averages over recall against sums that can be done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.metrics.average import averages, mean_scores
from benchmarks.metrics.boxes import closeness, pairs
from benchmarks.metrics.clear import Scene
from tests.benchmarks.metrics.sequences import boxes, sequence


def scene_of(truth, tracks):
    scene = Scene(truth, tracks, pairs(truth, tracks, closeness).at_least(0.5))
    return scene, scene.clear()


def columns(objects, frames):
    """Objects that stand 10 m apart, as rows in order of frame."""
    frame = np.repeat(np.arange(frames), len(objects))
    identity = np.tile(objects, frames)
    return frame, identity, np.column_stack((10.0 * identity, 0 * identity, 0 * identity))


def test_perfect_tracks_with_distinct_scores_reach_half_of_recall_by_recall():
    frame, identity, centre = columns(np.arange(40), 5)
    truth = boxes(frame, identity, centre)
    found = averages(*scene_of(truth, boxes(frame, identity, centre, score=1 - identity / 100)))
    # at step k the k best of 40 tracks are there: MOTA k / 40
    assert found.amota == pytest.approx(41 / 80)
    assert found.samota == pytest.approx(1.0)
    assert found.amotp == pytest.approx(1.0)
    assert found.best_mota == pytest.approx(1.0)


def test_false_tracks_below_the_true_ones_cost_nothing_but_in_the_strict_figures():
    frame, identity, centre = columns(np.arange(50), 5)
    real = identity < 40
    truth = boxes(frame[real], identity[real], centre[real])
    tracks = boxes(frame, identity, centre, score=1 - identity / 100)
    scene, clear = scene_of(truth, tracks)
    found = averages(scene, clear)
    assert found.amota == pytest.approx(41 / 80)
    assert found.amota_all_false == pytest.approx(41 / 80 - 10 / 40)
    assert clear.mota == pytest.approx(1 - 10 / 40)
    assert found.best_mota == pytest.approx(1.0)
    assert found.best_score == pytest.approx(1 - 39 / 100)


def test_false_tracks_above_the_true_ones_cost_at_every_recall():
    frame, identity, centre = columns(np.arange(50), 5)
    real = identity < 40
    truth = boxes(frame[real], identity[real], centre[real])
    tracks = boxes(frame, identity, centre, score=identity / 100)
    found = averages(*scene_of(truth, tracks))
    assert found.amota == pytest.approx(41 / 80 - 10 / 40)
    assert found.best_mota == pytest.approx(1 - 10 / 40)


def test_recall_that_is_not_reached_counts_as_0():
    frame, identity, centre = columns(np.arange(40), 5)
    half = identity < 20
    truth = boxes(frame, identity, centre)
    tracks = boxes(frame[half], identity[half], centre[half], score=1 - identity[half] / 100)
    found = averages(*scene_of(truth, tracks))
    assert found.amota == pytest.approx(sum(range(1, 21)) / 40 / 40)
    assert found.amotp == pytest.approx(0.5)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-100, 100))
def test_only_the_order_of_scores_matters(seed, stretch, shift):
    truth, tracks = sequence(seed, frames=12)
    other = boxes(
        tracks.frame, tracks.identity, tracks.centre_m, score=tracks.score * stretch + shift
    )
    one, two = averages(*scene_of(truth, tracks)), averages(*scene_of(truth, other))
    assert one[:5] == pytest.approx(two[:5])
    assert one.best_mota >= scene_of(truth, tracks)[1].mota
    assert one.amota >= one.amota_all_false


def test_score_of_a_track_is_the_mean_over_its_boxes():
    tracks = boxes([0, 0, 1], [0, 1, 0], np.zeros((3, 3)), score=[0.2, 0.9, 0.6])
    np.testing.assert_allclose(mean_scores(tracks), [0.4, 0.9])


def test_no_tracks_give_nothing_and_no_error():
    frame, identity, centre = columns(np.arange(3), 4)
    none = boxes([], [], np.zeros((0, 3)))
    scene, clear = scene_of(boxes(frame, identity, centre), none)
    assert clear.mota == 0.0
    assert averages(scene, clear)[:4] == (0.0, 0.0, 0.0, 0.0)

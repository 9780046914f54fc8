"""Figures of a whole recording."""

import numpy as np
import pytest

from benchmarks.scoring import figures, nothing, together, within
from tests.benchmarks.metrics.sequences import boxes, sequence


def test_what_is_published_at_other_instants_is_left_out():
    one = boxes([0, 0], [7, 9], [[0, 0, 0], [5, 0, 0]])
    shown = [(100, one), (150, one), (200, one)]
    tracks = together(shown, np.array([0, 100, 200]))
    assert tracks.frame.tolist() == [1, 1, 2, 2]
    assert tracks.identity.tolist() == [0, 1, 0, 1]
    assert not len(together(shown, np.array([300])))


def test_what_lies_beyond_the_truth_is_left_out():
    one = boxes([0, 0, 1], [7, 9, 9], [[60, 80, 0], [61, 80, 0], [-5, 0, 0]])
    tracks = within(one, 100.0)
    assert tracks.frame.tolist() == [0, 1]
    assert tracks.centre_m[:, 0].tolist() == [60, -5]
    assert tracks.identity.tolist() == [0, 1]
    assert len(within(one, np.inf)) == 3


def test_the_truth_itself_scores_full_marks():
    truth, _ = sequence(1)
    found = figures(truth, truth, 40, solid=True)
    for name in ("iou.mota", "iou.hota", "iou.idf1", "2m.mota", "2m.hota", "2m.idf1", "iou.motp"):
        assert found[name] == pytest.approx(1.0)
    assert found["2m.switches"] == 0
    assert found["gospa_m"] == found["2m.rmse_m"] == 0.0
    assert found["iou.never_tracked"] == 0.0


def test_no_tracks_at_all_score_nothing():
    truth, _ = sequence(1)
    found = figures(truth, nothing(), 40, solid=True)
    assert found["iou.mota"] == found["iou.hota"] == found["2m.recall"] == 0.0
    assert found["2m.never_tracked"] == 1.0
    counts = np.bincount(truth.frame, minlength=40)
    assert found["gospa_m"] == pytest.approx(np.sqrt(12.5 * counts).mean())


def test_points_are_matched_with_bodies_instead_of_by_overlap():
    truth, tracks = sequence(1)
    found = figures(truth, tracks, 40, solid=False)
    assert not any(name.startswith("iou.") for name in found)
    assert found["body.recall"] > found["2m.recall"]

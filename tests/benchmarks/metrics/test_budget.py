"""Losses of MOTA by where they come from."""

import numpy as np
import pytest

from benchmarks.metrics.average import averages
from benchmarks.metrics.boxes import closeness, pairs
from benchmarks.metrics.budget import budget, score_loss
from benchmarks.metrics.clear import Scene
from tests.benchmarks.metrics.sequences import boxes, sequence


def scene_of(truth, tracks):
    scene = Scene(truth, tracks, pairs(truth, tracks, closeness).at_least(0.5))
    return scene, scene.clear()


@pytest.mark.parametrize("seed", range(5))
def test_the_losses_and_the_switches_are_all_that_mota_lacks(seed):
    truth, tracks = sequence(seed)
    scene, clear = scene_of(truth, tracks)
    found = budget(scene, clear)
    missed = found.missed_always + found.missed_before + found.missed_between + found.missed_after
    assert missed == pytest.approx(clear.misses / len(truth))
    assert found.false_tracks + found.false_boxes == pytest.approx(clear.false / len(truth))
    lost = missed + found.false_tracks + found.false_boxes + clear.switches / len(truth)
    assert clear.mota == pytest.approx(1.0 - lost)


def test_each_loss_lies_where_it_was_made():
    """One object of ten boxes, seen at 2, 3, 5, 6; one never seen; tracks half and all false."""
    frame = np.repeat(np.arange(10), 2)
    identity = np.tile([0, 1], 10)
    truth = boxes(frame, identity, np.column_stack((50.0 * identity, frame, 0 * frame)))
    seen = np.array([2, 3, 5, 6])
    at = [*np.column_stack((0 * seen, seen, 0 * seen)), [20, 0, 0], *[[90, 0, 0]] * 3]
    tracks = boxes([*seen, 7, 7, 8, 9], [4, 4, 4, 4, 4, 5, 5, 5], at)
    found = budget(*scene_of(truth, tracks))
    assert found.missed_always == pytest.approx(10 / 20)
    assert found.missed_before == pytest.approx(2 / 20)
    assert found.missed_between == pytest.approx(1 / 20)
    assert found.missed_after == pytest.approx(3 / 20)
    assert found.false_boxes == pytest.approx(1 / 20)
    assert found.false_tracks == pytest.approx(3 / 20)


def test_ranked_by_their_share_tracks_reach_at_least_what_their_scores_do():
    gained = []
    for seed in range(8):
        scene, clear = scene_of(*sequence(seed))
        gained.append(budget(scene, clear).amota_ranked - averages(scene, clear).amota)
    assert np.mean(gained) > 0.0


def test_tracks_that_are_all_right_are_still_ranked():
    identity = np.repeat(np.arange(40), 5)
    frame = np.tile(np.arange(5), 40)
    order = np.lexsort((identity, frame))
    frame, identity = frame[order], identity[order]
    truth = boxes(frame, identity, np.column_stack((10.0 * identity, 0 * frame, 0 * frame)))
    assert budget(*scene_of(truth, truth)).amota_ranked == pytest.approx(41 / 80)


def test_an_honest_score_loses_least_and_one_on_another_scale_is_no_chance():
    rng = np.random.default_rng(5)
    chance = rng.uniform(0.05, 0.95, 20_000)
    hit = rng.random(len(chance)) < chance
    honest = score_loss(chance, hit)
    entropy = -np.mean(chance * np.log(chance) + (1.0 - chance) * np.log(1.0 - chance))
    assert honest == pytest.approx(entropy, abs=0.01)
    for power in (0.5, 2.0):
        assert score_loss(chance**power, hit) > honest + 0.03
    assert np.isnan(score_loss(chance * 10.0, hit))

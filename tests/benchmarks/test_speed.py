"""The comparison's parts; no speed is asserted."""

import numpy as np
import pytest

from benchmarks.cost import Ticks, dealt, tile, whole
from benchmarks.speed import NOTHING, SKETCH, Ran, ours, ran, sketch, stone_soup, targets
from benchmarks.tracker_scenario import Score, make_scene, score


@pytest.mark.parametrize(
    "shown", [ours, stone_soup, *([sketch] if SKETCH.exists() else [])], ids=lambda f: f.__name__
)
def test_each_tracker_finds_the_targets_of_the_scene(shown):
    scene = make_scene(12, 3.0, clutter=1.0)
    found = ran(shown, scene, 14)
    assert found.frames == 14
    assert found.us_per_observation > 0.0
    assert found.score.missed < 2.0
    assert found.score.rmse_m < 1.0


def test_a_tracker_that_finds_one_target_misses_all_others():
    scene = make_scene(12, 3.0)

    def one_eyed(seen):
        yield NOTHING
        for k in range(len(seen)):
            yield np.array([7]), scene.truth[k][:1]

    found = ran(one_eyed, scene, 4).score
    assert found.missed == 11
    assert found.false == found.switches == 0
    assert found.gospa == pytest.approx(np.sqrt(11 * 12.5))


def _of_two(first_ids, then_ids):
    """Score of two targets that meet at one place half way and part again."""
    across = np.linspace(-20.0, 20.0, 9)
    truth = np.stack((np.column_stack((across, across)), np.column_stack((across, -across))), 1)
    pictures = [(np.array(first_ids if k < 5 else then_ids), truth[k]) for k in range(9)]
    pictures[4] = pictures[4][0], pictures[4][1][::-1] + 0.01
    return score(truth, pictures, 0)


def test_two_that_meet_have_switched_only_if_they_part_with_each_others_ids():
    assert _of_two([1, 2], [1, 2]).switches == 0
    assert _of_two([1, 2], [2, 1]).switches == 2
    assert _of_two([1, 2], [1, 3]).switches == 1


def test_figures_are_reached_or_not():
    good, bad = Score(4.0, 0.3, 0.0, 0.0, 0), Score(5.0, 0.3, 0.0, 0.0, 2)
    peers = {"station": Ran(1.0, 40, good), "Stone Soup": Ran(1500.0, 40, good)}
    grown = {50: 2.0, 200: 1.5, 800: 1.5}
    reached = targets(peers, Ran(1.0, 600, good), grown, Ticks(1.0, 1.5), 3.0)
    assert all(one.reached for one in reached)
    peers["Stone Soup"], peers["sketch"] = Ran(900.0, 40, good), Ran(2.0, 40, good)
    grown[800] = 1.7
    missed = targets(peers, Ran(1.0, 600, bad), grown, Ticks(1.0, 2.5), 6.0)
    assert len(missed) == len(reached) + 1
    assert not any(one.reached for one in missed)


def test_a_city_that_grows_is_as_dense_as_before():
    for n in (50, 800):
        places = tile(n, 3)[1]
        side_m = np.ptp(places, axis=0).max()
        assert side_m == pytest.approx(1000.0 * np.sqrt(n / 200), rel=0.1)
        (first, *_) = whole(tile(n, 3))
        assert len(first.observations) == pytest.approx(n * (0.95 + 10 / 200), rel=0.2)
    small = list(dealt(tile(50, 2), 10, 60))
    assert sum(len(frame.observations) for frame in small) == 100
    assert max(len(frame.observations) for frame in small) == 10
    spans = [np.ptp(frame.observations["x_m"]) for frame in small]
    assert max(spans) < 400.0  # of 500: neighbours, not strips of the whole tile

"""Each kind happens once, and nearly happens: what is told by noise-free tracks."""

from collections import defaultdict

import numpy as np
import pytest

from benchmarks.events import scenes
from benchmarks.events.play import Score, play, score

SCENES = (
    scenes.runs_the_red,
    scenes.crosses_just_before,
    scenes.closes_up_fast,
    scenes.group_stops_suddenly,
    scenes.joins_who_waits,
    scenes.queue_on_two_lanes,
    scenes.starts_before_the_news,
    scenes.stops_over_the_line,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_what_happens_is_told_and_nothing_else(scene):
    script, scores = scene(np.random.default_rng(5)), defaultdict(Score)
    score(scene.__name__, script, play(script, None), scores)
    assert sum(one.right for one in scores.values()) == len(script.expected)
    assert [one.where for one in scores.values() if one.where] == []

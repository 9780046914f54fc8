import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.fuse.existence import (
    DOUBLE_M,
    HIGHEST,
    SHADOW_US,
    density_of_others,
    hit,
    miss,
    probability,
)
from operators.fuse.state import TRACK
from operators.gaussian import OX, OY, PREPARED


def a_track(log_odds, confirmed):
    track = np.zeros(1, TRACK)
    track["log_odds"], track["confirmed"] = log_odds, confirmed
    return track


def test_a_hit_multiplies_the_odds_by_the_likelihood_ratio():
    track = a_track(0.0, 0)
    hit(track[0], 2.0, 4.0, 0.9, 0.02)
    ratio = 0.9 * math.exp(-1.0) / (2 * math.pi * 2.0) / 0.02
    assert probability(float(track["log_odds"][0])) == pytest.approx(ratio / (1 + ratio), rel=1e-5)


def test_odds_have_a_ceiling():
    track = a_track(0.0, 0)
    for _ in range(9):
        hit(track[0], 0.0, 0.01, 0.9, 1e-8)
    assert track["log_odds"][0] == HIGHEST


def test_a_miss_of_a_tentative_track_counts_in_full():
    track = a_track(0.0, 0)
    miss(track[0], 0.9, True, 100_000)
    assert probability(float(track["log_odds"][0])) == pytest.approx(0.1 / 1.1, rel=1e-5)


def test_a_stranger_counts_a_quarter():
    known, stranger = a_track(0.0, 0), a_track(0.0, 0)
    miss(known[0], 0.9, True, 100_000)
    miss(stranger[0], 0.9, False, 100_000)
    assert known["log_odds"][0] == pytest.approx(4 * stranger["log_odds"][0])


@pytest.mark.parametrize("frames", [10, 50])
def test_misses_of_a_confirmed_track_count_by_time_not_by_frames(frames):
    track = a_track(5.0, 1)
    for k in range(frames):
        miss(track[0], 0.9, True, (k + 1) * SHADOW_US // frames)
    assert track["log_odds"][0] == pytest.approx(5.0 + math.log(0.1), rel=1e-4)


metres = st.integers(-100, 100).map(lambda number: number / 10.0)


@given(places=st.lists(st.tuples(metres, metres), min_size=1, max_size=12))
def test_others_are_as_dense_as_the_nearest_one_is_near(places):
    seen = np.zeros((len(places), PREPARED))
    seen[:, OX], seen[:, OY] = np.array(places).T
    order = np.argsort(seen[:, OX], kind="stable")
    for rank, j in enumerate(order.tolist()):
        away_m = [math.dist(places[j], place) for k, place in enumerate(places) if k != j]
        nearest_m = max(min(away_m, default=math.inf), DOUBLE_M)
        assert density_of_others(j, seen, order, rank) == pytest.approx(
            1.0 / (math.pi * nearest_m**2)
        )

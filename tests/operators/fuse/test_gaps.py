import numpy as np
import pytest

from operators.fuse.gaps import (
    LENGTHS_US,
    comes_back,
    keep_time,
    no_gaps,
    note_deaths,
    note_gap,
)
from operators.fuse.state import TRACK


def a_track(age_s=5.0, rhythm_us=100_000.0):
    tracks = np.zeros(1, TRACK)
    tracks["last_us"], tracks["rhythm_us"], tracks["confirmed"] = round(age_s * 1e6), rhythm_us, 1
    return tracks


def test_what_usually_comes_back_is_waited_for():
    gaps, track = no_gaps(), a_track()[0]
    for _ in range(100):
        note_gap(gaps, track, 400_000, True)
    assert comes_back(gaps, track, 300_000) > 0.9
    for _ in range(300):
        note_gap(gaps, track, 5_000_000, False)
    assert comes_back(gaps, track, 300_000) < 0.5


def test_young_tracks_have_gaps_of_their_own():
    gaps, old, young = no_gaps(), a_track()[0], a_track(age_s=0.5)[0]
    before = comes_back(gaps, young, 300_000)
    for _ in range(100):
        note_gap(gaps, old, 3_000_000, False)
    assert comes_back(gaps, young, 300_000) == before
    assert comes_back(gaps, old, 300_000) < before


@pytest.mark.parametrize("gap_us", LENGTHS_US[1:].astype(int).tolist())
def test_the_chance_never_rises_while_nobody_sees_the_track(gap_us):
    gaps, track = no_gaps(), a_track()[0]
    rng = np.random.default_rng(2)
    for _ in range(200):
        note_gap(gaps, track, int(rng.uniform(1e5, 1e7)), bool(rng.random() < 0.5))
    assert comes_back(gaps, track, gap_us) <= comes_back(gaps, track, gap_us - 40_000)


def test_a_track_that_is_seen_seldom_is_not_given_up_between_its_hits():
    gaps = no_gaps()
    seldom, often = a_track(rhythm_us=1e6)[0], a_track(rhythm_us=1e5)[0]
    for _ in range(100):
        note_gap(gaps, seldom, 1_000_000, True)
    assert comes_back(gaps, seldom, 1_200_000) == 1.0
    assert comes_back(gaps, often, 1_600_000) < 0.5


def test_the_rhythm_follows_the_hits():
    track = a_track(rhythm_us=0.0)[0]
    track["looks"] = 1.0
    keep_time(track, 100_000)
    track["looks"] = 5.0
    for _ in range(50):
        keep_time(track, 200_000)
    assert track["rhythm_us"] == pytest.approx(200_000, rel=0.01)


def test_only_confirmed_tracks_die_for_the_record():
    gaps = no_gaps()
    tracks = np.concatenate([a_track(), a_track()])
    tracks["confirmed"][1] = 0
    note_deaths(gaps, tracks, 2, np.ones(2, np.bool_), 5_000_000 + 2_900_000)
    assert (gaps - no_gaps()).sum() == np.count_nonzero(LENGTHS_US <= 2_900_000)

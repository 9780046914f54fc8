import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.fuse.quality import (
    FEWEST_SCORES,
    learn,
    log_odds_of_object,
    look,
    look_in_vain,
    place_of,
    take_scores,
    worth_of,
)
from operators.fuse.state import SOURCE, TRACK
from operators.parameters import Parameters

START_US = 1_700_000_000_000_000


def a_source():
    source = np.zeros(1, SOURCE)
    source["score_a"] = source["score_b"] = 1.0
    source["detection"] = 0.9
    return source


def told(source, scores):
    for score in scores:
        seen = empty_observations(1)
        seen["score"] = score
        take_scores(source[0], seen, np.zeros(1, np.int64))
    return source


def test_places_do_not_depend_on_the_scale_of_scores():
    shares = np.random.default_rng(1).uniform(0.1, 0.9, 300)
    logits, percent = told(a_source(), 7.0 * shares - 90.0), told(a_source(), 100.0 * shares)
    for share in (0.2, 0.5, 0.8):
        a, b = place_of(logits[0], 7.0 * share - 90.0), place_of(percent[0], 100.0 * share)
        assert a == pytest.approx(b, abs=1e-6)


def test_the_scale_is_mean_and_deviation():
    scores = np.random.default_rng(2).normal(3.0, 2.0, 500)
    source = told(a_source(), scores)
    assert source["score_mean"][0] == pytest.approx(scores.mean())
    assert source["score_variance"][0] == pytest.approx(scores.var(), rel=1e-6)


@pytest.mark.parametrize("scores", [[], [0.5] * 100, [np.nan] * 100])
def test_scores_that_tell_nothing_are_worth_nothing(scores):
    source = told(a_source(), scores)
    assert worth_of(source[0], place_of(source[0], 0.9)) == 0.0


def test_a_scale_is_not_known_before_some_scores():
    source = told(a_source(), np.linspace(0, 1, int(FEWEST_SCORES) - 1))
    assert np.isnan(place_of(source[0], 0.5))


def test_regression_finds_what_scores_are_worth():
    source, rng = a_source(), np.random.default_rng(3)
    for _ in range(30_000):
        place = rng.normal()
        odds = 0.5 + 2.0 * place
        learn(source[0], place, float(rng.random() < 1 / (1 + np.exp(-odds))), 1.0)
    assert source["score_a"][0] == pytest.approx(0.5, abs=0.3)
    assert source["score_b"][0] == pytest.approx(2.0, abs=0.4)


def test_misses_in_vain_speak_against_a_track_in_proportion():
    tracks, source = np.zeros(2, TRACK), a_source()
    for k, share in enumerate((1.0, 0.25)):
        look(tracks[k], 1.0, 0.0)
        look_in_vain(tracks[k], source[0], share)
    lost = 1.0 - tracks["quality"]
    assert lost[0] > lost[1] > 0.0
    before = tracks["quality"][0]
    look_in_vain(tracks[0], source[0], 0.0)
    assert tracks["quality"][0] == before


def test_a_second_source_makes_an_object_likelier():
    tracks = np.zeros(2, TRACK)
    tracks["recent"][0, 0], tracks["recent"][1, 0] = 0b1, 0b11
    assert log_odds_of_object(tracks[1], 0) > log_odds_of_object(tracks[0], 0)


def stream(seconds, ghost_share, rng, scores=(0.8, 0.4)):
    """A thing that is always seen, and a wall that is taken for one now and then."""
    for k in range(round(10 * seconds)):
        shown = [0] if rng.random() > ghost_share else [0, 1]
        made = empty_observations(len(shown))
        made["index"] = np.arange(len(shown))
        made["x_m"] = [10.0 + 40.0 * one for one in shown] + rng.normal(0, 0.1, len(shown))
        made["y_m"] = rng.normal(0, 0.1, len(shown))
        made["cov_xx_m2"] = made["cov_yy_m2"] = 0.01
        made["cov_xy_m2"] = 0.0
        made["score"] = [rng.normal(scores[one], 0.1) for one in shown]
        event_us = START_US + 100_000 * k
        yield Frame(
            "unit", SourceKind.ROADSIDE, 0, event_us, event_us, "", 0, k, 0, 0, 0, np.nan, made
        )


def test_a_wall_that_is_seen_now_and_then_ranks_below_a_thing():
    state, scores = tracker.empty(), {False: [], True: []}
    for frame in stream(40.0, 0.45, np.random.default_rng(4)):
        tracker.advance(state, frame, Parameters())
        for row in tracker.rows(state, frame.event_time_us):
            if row["confirmed"]:
                scores[bool(row["x_m"] > 30.0)].append(float(row["existence"]))
    assert len(scores[False]) > 380
    assert len(scores[True]) < 0.25 * len(scores[False])
    assert np.mean(scores[False]) > 0.9
    assert np.mean(scores[True]) < 0.8


def in_parts(frame):
    """The same instant in two messages, half of the objects in each."""
    half = len(frame.observations) // 2
    for k, part in enumerate((frame.observations[:half], frame.observations[half:])):
        yield Frame(
            frame.source_id, frame.kind, 0, frame.event_time_us, frame.receive_time_us, "", 0,
            2 * frame.offset + k, k, 0.0, 0.0, 200.0, part,
        )  # fmt: skip


def test_what_a_part_of_a_frame_lacks_is_no_miss():
    rng, state = np.random.default_rng(5), tracker.empty()
    for k in range(60):
        made = empty_observations(8)
        made["index"] = np.arange(8)
        made["x_m"], made["y_m"] = 12.0 * np.arange(8) - 40.0, rng.normal(0, 0.2, 8)
        made["cov_xx_m2"] = made["cov_yy_m2"] = 0.04
        made["cov_xy_m2"] = 0.0
        event_us = START_US + 100_000 * k
        whole = Frame(
            "unit", SourceKind.ROADSIDE, 0, event_us, event_us, "", 0, k, 0, 0, 0, 200.0, made
        )
        for part in in_parts(whole):
            tracker.advance(state, part, Parameters())
    rows = tracker.rows(state, event_us)
    assert rows["confirmed"].tolist() == [1] * 8
    assert state.sources["detection"][0] > 0.9

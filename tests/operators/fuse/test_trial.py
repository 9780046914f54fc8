"""What comes out of a shadow is on trial: a false box moves nothing, the object keeps its id."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.fuse.trial import states_cost
from operators.parameters import Parameters
from operators.reasons import Use

START_US = 1_700_000_000_000_000
SPEED_MPS = 5.0
SEEN, GAP = 30, 30  # frames at 10 Hz before the shadow and in it


def take(state, k, places, kind=SourceKind.ROADSIDE, every_us=100_000):
    """Links of the k-th frame, which has observations at some places."""
    made = empty_observations(len(places))
    made["index"] = np.arange(len(places))
    for j, place in enumerate(places):
        made["x_m"][j], made["y_m"][j] = place
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.04
    made["cov_xy_m2"] = 0.0
    at_us = START_US + every_us * k
    frame = Frame("unit", kind, 0, at_us, at_us, "", 0, 0, 0, 0.0, 0.0, 200.0, made)
    return tracker.advance(state, frame, Parameters())


def at_m(k, aside_m=0.0):
    """Where the car is at the k-th frame."""
    return SPEED_MPS * 0.1 * k, aside_m


def hidden_for(gap=GAP):
    """State after a car went into a shadow, its id, and the number of the next frame."""
    state = tracker.empty()
    for k in range(SEEN):
        take(state, k, [at_m(k)])
    for k in range(SEEN, SEEN + gap):
        take(state, k, [])
    return state, tracker.ids_of(state)[0], SEEN + gap


def shown(state, k):
    rows = tracker.rows(state, START_US + 100_000 * k)
    return rows[rows["confirmed"] == 1]


def test_a_false_box_does_not_move_a_hidden_track():
    state, name, k = hidden_for()
    before = state.tracks["mean"][0].copy()
    links = take(state, k, [at_m(k, 3.0)])
    assert links["use"].tolist() == [Use.BIRTH]
    np.testing.assert_array_equal(state.tracks["mean"][0], before)
    for later in range(k + 1, k + 20):
        take(state, later, [])
    assert tracker.ids_of(state) == [name]


def test_who_comes_out_of_the_shadow_keeps_his_id_from_the_third_frame_on():
    state, name, k = hidden_for()
    seen_as = [int(take(state, k + i, [at_m(k + i)])["track_id"][0]) for i in range(5)]
    assert seen_as[0] == seen_as[1] != name
    assert seen_as[2:] == [name] * 3
    one = shown(state, k + 4)
    assert one["track_id"].tolist() == [name]
    assert one["born_us"].tolist() == [START_US]
    assert one["x_m"][0] == pytest.approx(at_m(k + 4)[0], abs=0.3)


def test_a_state_that_is_read_again_finds_the_track_where_it_went_on():
    state, name, k = hidden_for()
    for later in range(k, k + 3):  # beside the way, where another bucket of the index begins
        links = take(state, later, [at_m(later, -0.3)])
    assert links["track_id"].tolist() == [name]
    again = tracker.unpack(tracker.pack(state))
    np.testing.assert_array_equal(state.heads, again.heads)
    n = len(tracker.ids_of(state))
    np.testing.assert_array_equal(state.links[:n], again.links[:n])


def test_what_ended_as_another_is_gone_at_the_next_sweep():
    state, name, k = hidden_for()
    for later in range(k, k + 6):
        take(state, later, [at_m(later)])
    assert tracker.ids_of(state) == [name]


def test_one_who_comes_the_other_way_is_another():
    state, name, k = hidden_for()
    x, y = at_m(k)
    for i in range(8):
        take(state, k + i, [(x - 0.5 * SPEED_MPS * i, y + 3.5)])
    assert name not in shown(state, k + 8)["track_id"].tolist()
    assert len(shown(state, k + 8)) == 1


def test_a_miss_or_two_ask_for_no_trial():
    state, name, k = hidden_for(3)
    links = take(state, k, [at_m(k)])
    assert links["use"].tolist() == [Use.USED]
    assert links["track_id"].tolist() == [name]


def test_a_source_of_one_hertz_is_not_on_trial_all_the_time():
    state = tracker.empty()
    uses = [
        take(state, k, [(SPEED_MPS * k, 0.0)], SourceKind.FEED, 1_000_000)["use"][0]
        for k in range(8)
    ]
    assert uses == [Use.BIRTH] + [Use.USED] * 7


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_distance_of_states_is_the_textbook_one(seed):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(2, 4, 4))
    a, b = roots @ roots.transpose(0, 2, 1) + 0.01 * np.eye(4)
    off = rng.normal(size=4)
    upper = np.triu_indices(4)
    d2, log_determinant = states_cost(off.copy(), a[upper], b[upper])
    assert d2 == pytest.approx(off @ np.linalg.solve(a + b, off))
    assert log_determinant == pytest.approx(np.linalg.slogdet(a + b)[1])

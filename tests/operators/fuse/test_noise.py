"""Declared accuracies that are wrong, and errors that last, are found from the data."""

import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.fuse.noise import FIRST_LASTING_M2, first_lasting_m2, learn_lasting
from operators.fuse.state import SOURCE
from operators.fuse.take import ABOUT
from operators.gaussian import PREPARED, RXX, RYY
from operators.parameters import Parameters

START_US = 1_700_000_000_000_000
THINGS = np.column_stack((30.0 * np.arange(6), np.zeros(6)))


def a_frame(source, k, seen, sigma_m, after_us=0):
    made = empty_observations(len(seen))
    made["index"] = np.arange(len(seen))
    made["x_m"], made["y_m"] = seen.T
    if sigma_m is not None:
        made["cov_xx_m2"] = made["cov_yy_m2"] = sigma_m**2
        made["cov_xy_m2"] = 0.0
    event_us = START_US + 100_000 * k + after_us
    return Frame(
        source, SourceKind.ROADSIDE, 0, event_us, event_us, "", 0, k, 0, 0, 0, np.nan, made
    )


def moving(k):
    return THINGS + np.array([0.8 * k, 0.0])


def run(declared_m, true_m=0.5, n=900):
    rng, state, nees = np.random.default_rng(1), tracker.empty(), []
    for k in range(n):
        true = moving(k)
        frame = a_frame("unit", k, true + rng.normal(0, true_m, true.shape), declared_m)
        tracker.advance(state, frame, Parameters())
        rows = tracker.rows(state, frame.event_time_us)
        if k > 600:
            for row in rows:
                off = true[np.argmin(np.abs(true[:, 0] - row["x_m"]))] - (row["x_m"], row["y_m"])
                xx, xy, yy = (float(row[f"cov_{a}_m2"]) for a in ("xx", "xy", "yy"))
                nees.append(off @ np.linalg.solve([[xx, xy], [xy, yy]], off) / 2.0)
    return state, np.mean(nees)


@pytest.mark.parametrize(("declared_m", "factor"), [(0.1, 25.0), (0.5, 1.0), (1.5, 1 / 9)])
def test_a_wrong_claim_is_scaled(declared_m, factor):
    state, anees = run(declared_m)
    assert state.sources["noise_factor"][0] == pytest.approx(factor, rel=0.3)
    assert 0.6 < anees < 1.6


def test_a_frame_of_thousands_does_not_feed_on_itself():
    rng, state = np.random.default_rng(4), tracker.empty()
    places = 25.0 * np.stack(np.meshgrid(np.arange(50), np.arange(50)), -1).reshape(-1, 2)
    for k in range(20):
        seen = places + np.array([0.8 * k, 0.0]) + rng.normal(0, 0.5, places.shape)
        tracker.advance(state, a_frame("unit", k, seen, 0.5), Parameters())
    assert state.sources["noise_factor"][0] == pytest.approx(1.0, rel=0.3)


@pytest.mark.parametrize("declared_m", [0.0, np.nan, np.inf, -1.0])
def test_a_claim_that_is_none_harms_nothing(declared_m):
    state, anees = run(declared_m)
    assert 0.2 < anees < 1.6
    assert np.isfinite(state.sources["noise_factor"][0])


def test_errors_that_last_show_between_two_sources():
    rng, state, surveyed = np.random.default_rng(2), tracker.empty(), Parameters(surveyed="a,b")
    bias = {name: rng.normal(0, 0.4, THINGS.shape) for name in "ab"}
    for k in range(1500):
        if k % 100 == 0:  # other things, other errors
            bias = {name: rng.normal(0, 0.4, THINGS.shape) for name in "ab"}
        for name, after_us in (("a", 0), ("b", 50_000)):
            seen = THINGS + bias[name] + rng.normal(0, 0.1, THINGS.shape)
            tracker.advance(state, a_frame(name, k, seen, 0.1, after_us), surveyed)
    lasting = state.sources["lasting_m2"][:2]
    assert (lasting > 0.05).all()
    assert (lasting < 0.4).all()


def test_noise_alone_does_not_pass_for_errors_that_last():
    rng, state, surveyed = np.random.default_rng(4), tracker.empty(), Parameters(surveyed="a,b")
    for k in range(1500):
        for name, after_us in (("a", 0), ("b", 50_000)):
            seen = THINGS + rng.normal(0, 0.5, THINGS.shape)
            tracker.advance(state, a_frame(name, k, seen, 0.5, after_us), surveyed)
    assert (state.sources["lasting_m2"][:2] < 0.003).all()


def test_a_source_that_claims_nothing_is_not_believed_to_the_centimetre():
    assert first_lasting_m2(a_frame("a", 0, THINGS, None).observations) == FIRST_LASTING_M2
    assert first_lasting_m2(a_frame("a", 0, THINGS, 0.3).observations) == 0.0


@pytest.mark.parametrize("before_m2", [0.0, 0.09])
def test_errors_that_last_are_not_learned_from_what_was_learned_of_the_same_frame(before_m2):
    sources, about, seen = np.zeros(2, SOURCE), np.zeros(1, ABOUT)[0], np.zeros(PREPARED)
    sources["lasting_m2"] = about["lasting_m2"] = before_m2
    true_m2, white_m2 = 0.1, 0.25
    seen[RXX] = seen[RYY] = white_m2 + before_m2  # as the frame was prepared
    found_m2 = 2.0 * white_m2 + true_m2  # of tracks that have the mean of both errors
    for _ in range(5000):
        learn_lasting(sources[0], sources[1], about, seen, found_m2, True, False)
    assert (before_m2 < sources["lasting_m2"]).all()
    assert (sources["lasting_m2"] < true_m2).all()

"""Frames sent again under another stamp change nothing, and are named."""

import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.fuse.again import digest_of
from operators.gaussian import PREPARED
from operators.parameters import Parameters
from operators.reasons import Use

START_US = 1_700_000_000_000_000
LANES = 3


def a_frame(second, places_m):
    made = empty_observations(len(places_m))
    made["x_m"], made["y_m"] = np.asarray(places_m).T
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.25
    made["cov_xy_m2"] = 0.0
    made["index"] = np.arange(len(made))
    at_us = START_US + round(second * 1e6)
    return Frame("unit", SourceKind.ROADSIDE, 0, at_us, at_us, "", 0, 0, 0, 0.0, 0.0, 200.0, made)


def places(second, speeds_mps, rng):
    at = np.column_stack((np.multiply(speeds_mps, second), 6.0 * np.arange(LANES)))
    return at + rng.normal(0.0, 0.1, at.shape)


def followed(speeds_mps, again_s=None, seconds=4.0):
    """State after frames at 10 Hz, from 2 s on each sent again or not; uses of the copies."""
    rng, state, uses = np.random.default_rng(1), tracker.empty(), []
    for k in range(round(seconds * 10)):
        told = places(0.1 * k, speeds_mps, rng)
        tracker.advance(state, a_frame(0.1 * k, told), Parameters())
        if again_s is not None and k >= 20:  # speeds are known by then
            copy = a_frame(0.1 * k + again_s, told)
            uses.append(tracker.advance(state, copy, Parameters())["use"].tolist())
    return state, uses


@pytest.mark.parametrize("again_s", [0.03, 0.25])
def test_frames_sent_again_leave_the_tracks_as_they_are(again_s):
    speeds = (5.0, 10.0, 15.0)
    once, _ = followed(speeds)
    twice, uses = followed(speeds, again_s)
    at_us = START_US + 4_000_000
    rows, wanted = (tracker.rows(state, at_us) for state in (twice, once))
    assert uses[-1] == [Use.QUARANTINED] * LANES
    assert len(rows) == LANES
    for name in ("x_m", "y_m", "vx_mps", "cov_xx_m2", "existence", "confirmed"):
        np.testing.assert_array_equal(rows[name], wanted[name])


@pytest.mark.parametrize(
    ("speeds_mps", "change_m"),
    [
        ((0.0, 0.0, 10.0), 0.0),  # one that moves may be told twice by chance
        ((5.0, 10.0, 15.0), 0.01),  # a frame of its own
    ],
)
def test_what_may_be_news_counts(speeds_mps, change_m):
    state, _ = followed(speeds_mps)
    told = places(3.9, speeds_mps, np.random.default_rng(2))
    tracker.advance(state, a_frame(4.0, told), Parameters())
    told[0, 0] += change_m
    links = tracker.advance(state, a_frame(4.02, told), Parameters())
    assert links["use"].tolist() == [Use.USED] * LANES


def test_a_digest_tells_signs_and_order_apart():
    seen = np.zeros((3, PREPARED))
    seen[:, 0], seen[:, 1] = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
    others = [seen[:2], seen[::-1].copy(), np.negative(seen), seen + 1e-9]
    assert digest_of(seen.copy()) == digest_of(seen)
    assert len({int(digest_of(one)) for one in [seen, *others]}) == 5

"""For how long a track has stood is counted, and makes it likelier to stand on."""

import numpy as np

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.parameters import Parameters

START_US = 1_700_000_000_000_000


def take(state, k, x_m):
    """One frame at 10 Hz of one thing."""
    made = empty_observations(1)
    made["x_m"], made["y_m"] = x_m, 0.0
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.04
    made["cov_xy_m2"] = 0.0
    at_us = START_US + 100_000 * k
    circle = (0.0, 0.0, 200.0)
    frame = Frame("unit", SourceKind.ROADSIDE, 0, at_us, at_us, "", 0, 0, 0, *circle, made)
    tracker.advance(state, frame, Parameters())


def stood(frames):
    rng, state = np.random.default_rng(1), tracker.empty()
    for k in range(frames):
        take(state, k, rng.normal(0.0, 0.2))
    return state


def test_seconds_of_standing_are_counted_until_it_goes():
    state = stood(200)
    assert 15.0 < state.tracks["stood_s"][0] <= 20.0
    for k in range(1, 30):
        take(state, 199 + k, 0.05 * k * k)
    assert state.tracks["stood_s"][0] == 0.0


def test_who_stood_for_longer_is_taken_to_stand_on():
    states = stood(200), stood(200)
    states[1].tracks["stood_s"][0] = 0.0
    at_us = START_US + 20_000_000
    long, short = (tracker.rows(state, at_us)["velocity_variance_m2ps2"][0] for state in states)
    assert long < short

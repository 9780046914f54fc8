"""Frames of a few objects, and what the tracker makes of them."""

import numpy as np

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.parameters import Parameters

START_US = 1_700_000_000_000_000
STEP_US = 100_000
PARAMETERS = Parameters()


def a_frame(places, event_us, source="unit-1", kind=SourceKind.ROADSIDE, **fields):
    """A frame of objects at `places`, sigma 0.5 m unless said otherwise."""
    places = np.reshape(np.asarray(places, float), (-1, 2))
    made = empty_observations(len(places))
    made["index"] = np.arange(len(places))
    made["x_m"], made["y_m"] = places[:, 0], places[:, 1]
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.25
    made["cov_xy_m2"] = 0.0
    for name, value in fields.items():
        made[name] = value
    return Frame(source, kind, 0, event_us, event_us, "", 0, 0, 0, 0.0, 0.0, np.nan, made)


def feed(frames, state=None, parameters=PARAMETERS):
    state = tracker.empty() if state is None else state
    return state, [tracker.advance(state, frame, parameters) for frame in frames]


def confirmed_at(state, at_us):
    shown = tracker.rows(state, at_us)
    return shown[shown["confirmed"] == 1]


def standing(n_frames, places=((0.0, 0.0),), **rest):
    return [a_frame(places, START_US + k * STEP_US, **rest) for k in range(n_frames)]

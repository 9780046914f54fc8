"""Two reflections of one body, and what is near each other without being one."""

import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, ObjectClass, SourceKind, empty_observations
from operators.parameters import Parameters

START_US = 1_700_000_000_000_000
STEP_US = 100_000


def shown_together(apart_m, speed_mps=12.0, frames=30, **fields):
    """Confirmed tracks in each frame of a unit that sees two points `apart_m` (along, across)."""
    rng = np.random.default_rng(3)
    state, numbers = tracker.empty(), []
    for k in range(frames):
        at_us = START_US + k * STEP_US
        made = empty_observations(2)
        made["index"] = np.arange(2)
        made["x_m"] = [speed_mps * k * 0.1, speed_mps * k * 0.1 + apart_m[0]]
        made["y_m"] = [0.0, apart_m[1]]
        made["x_m"] += rng.normal(0.0, 0.2, 2)
        made["y_m"] += rng.normal(0.0, 0.2, 2)
        made["cov_xx_m2"] = made["cov_yy_m2"] = 0.04
        made["cov_xy_m2"] = 0.0
        for name, value in fields.items():
            made[name] = value
        frame = Frame(
            "radar", SourceKind.ROADSIDE, 0, at_us, at_us, "", 0, 0, 0, 0.0, 0.0, np.nan, made
        )
        tracker.advance(state, frame, Parameters())
        numbers.append(int((tracker.rows(state, at_us)["confirmed"] == 1).sum()))
    return numbers


def test_two_reflections_of_a_body_become_one_track():
    assert shown_together((2.6, 0.3))[-10:] == [1] * 10


@pytest.mark.parametrize(
    ("apart_m", "fields"),
    [
        ((6.0, 0.0), {}),  # two cars in a lane
        ((0.0, 2.6), {}),  # in two lanes
        ((2.6, 0.3), {"object_class": ObjectClass.BICYCLE, "class_confidence": 1.0}),
        ((2.6, 0.3), {"length_m": 4.5, "width_m": 1.8}),  # boxes are the detector's to tell apart
        ((2.6, 0.3), {"speed_mps": 1.4}),  # pedestrians
    ],
)
def test_what_has_room_stays_two(apart_m, fields):
    speed_mps = fields.pop("speed_mps", 12.0)
    assert shown_together(apart_m, speed_mps, **fields)[-10:] == [2] * 10

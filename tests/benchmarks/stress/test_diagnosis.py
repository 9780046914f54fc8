import numpy as np

from benchmarks.stress.diagnosis import _read, told
from operators import tracker
from operators.register.quality import QUALITY_ROW


def a_row(**fields):
    row = np.zeros(1, QUALITY_ROW)
    row["registered"] = row["met"] = 1
    for name, value in fields.items():
        row[name] = value
    return row[0]


def test_errors_are_told_in_words_and_numbers():
    said = _read(a_row(clock_s=0.2, yaw_rad=np.radians(-1.0), tx_m=0.3, ty_m=0.4, steps=2), "")
    assert said.text == "clock +200 ms, yaw -1.00 deg, 0.50 m off, 2 steps"
    assert (said.clock_s, said.steps) == (0.2, 2.0)
    assert abs(said.yaw_deg + 1.0) < 1e-9


def test_what_is_not_known_is_said_so():
    assert _read(a_row(met=0), "").text == "not met"
    assert _read(a_row(met=0, registered=0), "").text == "not registered"
    assert _read(a_row(), "AXES_SWAPPED").text == "AXES_SWAPPED"
    assert told(tracker.empty(), "nobody").text == "unknown source"

"""What a row shows of a track, and that no input of any sort does harm."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators import tracker
from operators.frame import OBSERVATION, ObjectClass, SourceKind, empty_observations
from operators.reasons import Use
from tests.operators.frames import (
    PARAMETERS,
    START_US,
    STEP_US,
    a_frame,
    feed,
    standing,
)


def test_class_size_and_heading_reach_the_rows():
    fields = {"object_class": ObjectClass.BUS, "class_confidence": 0.9, "length_m": 12.0}
    state, _ = feed(standing(5, heading_rad=1.0, z_m=44.0, **fields))
    row = tracker.rows(state, START_US + 4 * STEP_US)[0]
    assert (row["object_class"], row["length_m"]) == (ObjectClass.BUS, 12.0)
    assert row["heading_rad"] == pytest.approx(1.0)
    assert row["z_m"] == pytest.approx(44.0)
    assert row["class_probability"] == pytest.approx(0.9, abs=0.01)
    assert np.isnan(row["width_m"])
    assert row["existence"] > 0.9


def test_a_row_counts_the_observations_of_its_tick():
    times_us = (1_000_001, 1_030_000, 1_099_999, 1_100_000, 1_100_001)
    frames = [a_frame([[0.0, 0.0]], START_US + t) for t in times_us]
    state, _ = feed(frames[:4])
    assert tracker.rows(state, START_US + 1_100_000)["observations"].tolist() == [4]
    assert tracker.rows(state, START_US + 1_200_000)["observations"].tolist() == [0]
    feed(frames[4:], state)
    assert tracker.rows(state, START_US + 1_200_000)["observations"].tolist() == [1]


def test_a_source_fades_from_a_row_after_a_second():
    state, _ = feed(standing(10, source="old"))
    masks = []
    for k in range(15):
        at_us = START_US + 1_000_000 + k * STEP_US
        feed([a_frame([[0.0, 0.0]], at_us, "new")], state)
        masks.append(int(tracker.rows(state, at_us)["sources"][0]))
    # kept by quarter seconds: 0.75 to 1 s
    assert set(masks[:7]) == {0b11}
    assert set(masks[10:]) == {0b10}


def test_the_slot_unheard_for_longest_is_used_again():
    frames = [a_frame([[0.0, 0.0]], START_US + k, f"s{k}") for k in range(64)]
    state, _ = feed([*frames, a_frame([[0.0, 0.0]], START_US + 70, "s0")])
    feed([a_frame([[500.0, 0.0]], START_US + 80, "late")], state)
    names = tracker.sources_of(state)
    assert len(names) == 64
    assert (names[0], names[1], names[2]) == ("s0", "late", "s2")
    near, far = tracker.rows(state, START_US + 90)["sources"].tolist()
    assert far == 0b10
    assert near == 2**64 - 1 - 0b10


def test_halo_observations_are_tracked_like_others():
    owned, _ = feed(standing(5))
    halo, _ = feed(standing(5, owned=0))
    assert tracker.pack(owned) == tracker.pack(halo)


def test_a_frame_of_the_past_is_taken_without_harm():
    state, _ = feed(standing(10))
    (link,) = feed([a_frame([[0.1, 0.0]], START_US + 550_000, "late")], state)[1]
    assert link["use"].tolist() == [Use.USED]
    assert np.isfinite(tracker.rows(state, START_US + STEP_US * 9)["x_m"]).all()


HOSTILE = [np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0, 1.0, 1e-30, 3.0]


hostile_rows = st.lists(st.sampled_from(HOSTILE), min_size=17, max_size=17)
FINITE = ("x_m", "y_m", "vx_mps", "vy_mps", "cov_xx_m2", "cov_xy_m2", "cov_yy_m2", "existence")


@given(st.lists(hostile_rows, max_size=6), st.data())
@settings(deadline=None)
def test_nothing_non_finite_ever_leaves(values, data):
    state, _ = feed(standing(4))
    made = empty_observations(len(values))
    names = [name for name in OBSERVATION.names if OBSERVATION[name].kind == "f"]
    for row, record in zip(values, made, strict=True):
        for name, value in zip(names, row, strict=False):
            record[name] = np.clip(value, -3e38, 3e38) if abs(value) < np.inf else value
        record["time_offset_us"] = data.draw(st.sampled_from([0, 2**31 - 1, -(2**31), 900_000]))
    circle = data.draw(st.sampled_from(HOSTILE))
    frame = a_frame(np.zeros((len(values), 2)), START_US + 4 * STEP_US)
    frame = replace(frame, observations=made, coverage_x_m=circle, coverage_radius_m=circle)
    for k in range(3):
        later = replace(frame, event_time_us=frame.event_time_us + k)
        links = tracker.advance(state, later, PARAMETERS)
        assert not set(links["use"].tolist()) & {0, Use.OUT_OF_AREA}
    shown = tracker.rows(state, START_US + 5 * STEP_US)
    for name in FINITE:
        assert np.isfinite(shown[name]).all()
    for name in ("z_m", "heading_rad", "length_m"):
        assert not np.isinf(shown[name]).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_a_place_that_is_none_is_clutter(wrong):
    state, (links,) = feed(standing(1, [[wrong, 0.0], [0.0, 0.0]]))
    assert links["use"].tolist() == [Use.CLUTTER, Use.BIRTH]
    assert int(state.counts[0]) == 1


def test_kernels_are_compiled_once_whatever_comes():
    tracker.warm_up()
    before = len(tracker.take_frame.signatures), len(tracker.fill_rows.signatures)
    frame = a_frame([[0.0, 0.0]], START_US, kind=SourceKind.PROBE)
    read_only = np.frombuffer(frame.observations.tobytes(), OBSERVATION)
    state, _ = feed([replace(frame, observations=read_only), *standing(3, [])])
    tracker.rows(tracker.unpack(tracker.pack(state)), START_US)
    assert before == (1, 1)
    assert before == (len(tracker.take_frame.signatures), len(tracker.fill_rows.signatures))


def test_an_empty_frame_is_taken():
    state, (links,) = feed(standing(1, []))
    assert len(links) == 0
    assert tracker.sources_of(state) == ["unit-1"]

"""What is sent comes back through the station's own adapters as the same objects."""

import json
import math

import numpy as np
import pytest
from hypothesis import given

from operators.decode.j2735 import HEADING_CONFIDENCE_DEG
from operators.decode.registry import decode
from operators.encode import cpm, rsm, sdsm
from operators.encode.area import sender_tag
from operators.encode.numbers import assign
from operators.encode.quantise import bound_code, heading_of_motion
from operators.frame import FrameFlag, ObjectClass
from operators.fused import sigma_m, speed_mps
from operators.transform.cells import local_frame
from tests.operators.encode.builders import AREA, TICK_US, a_scene, scenes

TAG = sender_tag("station", AREA.area_id)


def sent(encoder, rows):
    numbers, _ = assign({}, rows["track_id"].tolist(), TICK_US)
    made = encoder.encode(AREA, TAG, TICK_US, rows, numbers, 0)
    return [made[0]] if encoder is rsm else made


def read(name, encoder, rows, received_us=TICK_US + 150_000):
    """Frames, and their observations one behind the other with their places."""
    frames = [f for one in sent(encoder, rows) for f in decode(name, one, received_us).frames]
    found = np.concatenate([f.observations for f in frames])
    place = np.concatenate([f.position for f in frames])
    return frames, found, place


def distances_m(rows, place):

    frame = local_frame(AREA.lon_deg, AREA.lat_deg)
    told = np.column_stack(frame.to_local(place[:, 0], place[:, 1]))
    true = np.column_stack(frame.to_local(rows["lon_deg"], rows["lat_deg"]))
    return np.abs(told - true)


def assert_same_motion(rows, found, step_mps):
    east, north = found["vx_mps"].astype(float), found["vy_mps"].astype(float)
    assert np.abs(np.hypot(east, north) - speed_mps(rows)).max(initial=0) <= step_mps / 2 + 1e-4
    told = (np.pi / 2 - found["heading_rad"].astype(float)) % (2 * np.pi)
    turn = np.abs((told - heading_of_motion(rows) + np.pi) % (2 * np.pi) - np.pi)
    assert np.degrees(turn).max(initial=0) <= 0.0125 / 2 + 1e-3


def assert_honest(rows, found):
    """Never finer than the state is, and at most one step of the enumeration coarser."""
    told, true = np.sqrt(found["cov_xx_m2"].astype(float)), sigma_m(rows)
    assert (told >= true * (1 - 1e-6)).all()
    assert (told <= true * 2.5 * (1 + 1e-6)).all()


@given(scenes)
def test_rsm_comes_back(rows):
    frames, found, place = read("rsm.json", rsm, rows)
    assert [f.event_time_us for f in frames] == [TICK_US] * max(1, math.ceil(len(rows) / 16))
    assert len(found) == len(rows)
    if not len(rows):
        return
    assert all(f.flags & FrameFlag.FUSED for f in frames)
    assert distances_m(rows, place).max() <= 0.006  # 1e-7 degree
    assert_same_motion(rows, found, 0.02)
    assert_honest(rows, found)
    np.testing.assert_allclose(found["z_m"], rows["altitude_m"], atol=0.051)
    np.testing.assert_allclose(found["length_m"], rows["length_m"], atol=0.0051)
    np.testing.assert_allclose(found["width_m"], rows["width_m"], atol=0.0051)
    np.testing.assert_allclose(found["height_m"], rows["height_m"], atol=0.0251)
    nameless = (ObjectClass.ANIMAL, ObjectClass.OBSTACLE)
    known = ~np.isin(rows["object_class"], nameless)
    assert (found["object_class"] == np.where(known, rows["object_class"], 0)).all()


@given(scenes)
def test_sdsm_comes_back(rows):
    if not len(rows):
        assert sent(sdsm, rows) == []
        return
    (frame,), found, place = read("sdsm.json", sdsm, rows)
    assert frame.event_time_us == TICK_US
    assert distances_m(rows, place).max() <= 0.0501 + 1e-3
    assert_same_motion(rows, found, 0.02)
    assert_honest(rows, found)
    np.testing.assert_allclose(found["z_m"], rows["altitude_m"], atol=0.0501 + 0.051)
    np.testing.assert_allclose(found["class_confidence"], rows["class_probability"], atol=0.0051)
    assert (found["object_class"] == rows["object_class"]).all()


@given(scenes)
def test_cpm_comes_back(rows):
    if not len(rows):
        (made,) = sent(cpm, rows)
        assert decode("cpm.json", made, TICK_US).frames == ()
        return
    (frame,), found, place = read("cpm.json", cpm, rows)
    assert frame.event_time_us == TICK_US
    assert frame.flags & FrameFlag.FUSED
    assert distances_m(rows, place).max() <= 0.0051 + 1e-3
    for told, true, step in (
        (found["vx_mps"], rows["velocity_east_mps"], 0.01),
        (found["vy_mps"], rows["velocity_north_mps"], 0.01),
        (found["z_m"], rows["altitude_m"], 0.02),
        (found["length_m"], rows["length_m"], 0.1),
        (found["width_m"], rows["width_m"], 0.1),
        (found["height_m"], rows["height_m"], 0.1),
        (found["score"], rows["existence"], 1 / 15),
        (found["class_confidence"], rows["class_probability"], 0.01),
    ):
        np.testing.assert_allclose(told, true, atol=step / 2 * 1.001 + 1e-5)
    for told, true in (("cov_xx_m2", "cov_ee_m2"), ("cov_yy_m2", "cov_nn_m2")):
        ratio = np.sqrt(found[told] / rows[true])
        assert ratio.min() >= 1 - 1e-4
        assert (np.sqrt(found[told]) - np.sqrt(rows[true])).max() <= 0.0052
    turn = found["heading_rad"] - (np.pi / 2 - rows["heading_rad"].astype(float))
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    assert np.degrees(np.abs(turn)).max() <= 0.0501
    # emergency vehicles are special vehicles, and so are others
    known = rows["object_class"] != ObjectClass.EMERGENCY
    assert (found["object_class"] == np.where(known, rows["object_class"], 0)).all()


@pytest.mark.parametrize(("name", "encoder"), [("rsm.json", rsm), ("sdsm.json", sdsm)])
def test_objects_of_another_tick_keep_their_time(name, encoder):
    rows = a_scene(3, tick_us=[TICK_US, TICK_US - 100_000, TICK_US])
    (frame,), found, _ = read(name, encoder, rows)
    assert (frame.event_time_us + found["time_offset_us"].astype(int)).tolist() == rows[
        "tick_us"
    ].tolist()


@pytest.mark.parametrize(("name", "encoder"), [("rsm.json", rsm), ("sdsm.json", sdsm)])
def test_what_is_unknown_stays_unknown(name, encoder):
    nothing = dict.fromkeys(
        ("altitude_m", "heading_rad", "length_m", "width_m", "height_m", "cov_ee_m2",
         "velocity_variance_m2ps2"), np.nan)  # fmt: skip
    rows = a_scene(
        2, object_class=ObjectClass.CAR, velocity_east_mps=0, velocity_north_mps=0, **nothing
    )
    _, found, _ = read(name, encoder, rows)
    for field in ("z_m", "heading_rad", "length_m", "width_m", "height_m", "cov_xx_m2"):
        assert np.isnan(found[field]).all(), field


def test_a_standing_car_keeps_the_heading_of_its_box():
    rows = a_scene(1, velocity_east_mps=0.05, velocity_north_mps=0, heading_rad=math.radians(200))
    _, found, _ = read("rsm.json", rsm, rows)
    assert math.degrees(math.pi / 2 - found["heading_rad"][0]) % 360 == pytest.approx(200, abs=0.01)


def test_an_rsm_has_sixteen_participants_at_most_and_counts_on():
    rows = a_scene(35)
    numbers, _ = assign({}, rows["track_id"].tolist(), TICK_US)
    made, n = rsm.encode(AREA, TAG, TICK_US, rows, numbers, 127)
    rsms = json.loads(made)["content"]["rsms"]
    assert (n, [len(one["participants"]) for one in rsms]) == (3, [16, 16, 3])
    assert [one["msgCnt"] for one in rsms] == [127, 0, 1]


def test_an_sdsm_has_256_objects_at_most_and_a_cpm_255():
    assert len(sent(sdsm, a_scene(300))) == 2
    parts = [json.loads(one)["message"] for one in sent(cpm, a_scene(300))]
    told = [part["management_container"]["segmentation_info"] for part in parts]
    assert told == [{"total_msg_no": 2, "this_msg_no": n} for n in (1, 2)]
    assert sum(len(part["perceived_object_container"]) for part in parts) == 300


def test_bounds_take_the_finest_that_holds():
    table = (math.nan, 100.0, 10.0, 1.0)
    assert bound_code(np.array([math.nan, 200, 100, 9.9, 1.0, 0.1]), table) == [0, 0, 1, 2, 3, 3]


def test_heading_codes_of_equal_names_do_not_mislead():
    """Of the headings' codes, 7 (0.0125 deg) is wider than 6 (0.01 deg)."""

    assert bound_code(np.array([0.011, 0.009]), HEADING_CONFIDENCE_DEG) == [7, 6]

"""What perception and probe messages are misread by, each with its published numbers.

The pitfalls of datums, grids and third parties are tested where those are read.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.align.clock import coarse_offset_us
from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.normalise.event_time import generation_delta_us, instant_us
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.declared import declared_to_wgs84
from operators.transform.grid import grid
from tests.operators.decode import cpms, test_bsm, test_cam, test_csae, test_rsap, test_sdsm

DATA = Path(__file__).parents[3].parent / "shared/data"
POINTS = json.loads((DATA / "openv2x/msg58.json").read_bytes())


def frame(name: str, payload: bytes, anchor_us: int = 0) -> DecodedFrame:
    (found,) = decode(name, payload, anchor_us).frames
    return found


def at(text: str) -> int:
    found = instant_us(text)
    assert found is not None
    return found


def rsm(*participants: dict[str, Any]) -> bytes:
    return json.dumps({"id": "R1", "participants": list(participants)}).encode()


def participant(**changes: Any) -> dict[str, Any]:
    pos = {"lat": 319_348_466, "lon": 1_188_213_963}
    return {"ptcType": 1, "ptcId": 7, "secMark": 0, "source": 3, "pos": pos} | changes


def test_1_gcj02_is_shifted_by_what_the_message_or_the_entry_says() -> None:
    told = test_rsap.MESSAGE | {"targets": [test_rsap.TARGET]}
    plain, shifted = (
        declared_to_wgs84(
            frame("rsap.json", json.dumps(told | {"gnssType": kind}).encode()),
            SourceEntry("RCU1/CAM3", "roadside"),
        )
        for kind in (2, 0)
    )
    metres = math.hypot(
        (shifted[0][0] - plain[0][0]) * 85_400.0, (shifted[1][0] - plain[1][0]) * 111_000.0
    )
    assert 100.0 < metres < 700.0


@pytest.mark.parametrize(
    ("unix_ms", "delta"), [(1_647_437_975_239, 59_983), (1_647_437_975_448, 60_192)]
)
def test_2_live_cams_count_the_five_leap_seconds(unix_ms: int, delta: int) -> None:
    whole = json.loads(test_cam.cam())
    whole["message"]["generation_delta_time"] = delta
    payload, received_us = json.dumps(whole).encode(), unix_ms * 1000 + 30_000
    assert frame("cam.json", payload, received_us).event_time_us == unix_ms * 1000
    forgot = frame("cam.utc.json", payload, received_us).event_time_us
    assert forgot == unix_ms * 1000 + 5_000_000  # negative control: read without them


@pytest.mark.parametrize(
    ("received", "mark", "event"),
    [
        ("2024-05-01T12:00:00.050Z", 59_980, "2024-05-01T11:59:59.980Z"),
        ("2024-05-01T12:00:30.000Z", 29_000, "2024-05-01T12:00:29.000Z"),
        ("2024-05-01T00:00:00.010Z", 59_060, "2024-04-30T23:59:59.060Z"),
    ],
)
def test_3_second_of_the_minute_rolls_over_and_late_frames_are_kept(
    received: str, mark: int, event: str
) -> None:
    for name, payload in (
        ("bsm.json", test_bsm.raw_record(secMark=mark)),
        ("rsm.json", rsm(participant(secMark=mark))),
        ("bsm.csae.json", json.dumps(test_csae.BSM | {"secMark": mark}).encode()),
    ):
        assert frame(name, payload, at(received)).event_time_us == at(event)


def test_4_generation_delta_rolls_over_at_65536_ms() -> None:
    sent_us = at("2022-03-16T13:39:35.239Z")
    turn_us = 65_536_000
    for late_us in (0, 30_000, 10_000_000):
        assert generation_delta_us(59_983, sent_us + late_us) == sent_us
        assert generation_delta_us(59_983, sent_us + late_us + turn_us) == sent_us + turn_us


@pytest.mark.parametrize("mark", [60_000, 60_001, 65_534, 65_535])
def test_5_marks_beyond_the_minute_name_no_instant(mark: int) -> None:
    assert frame("bsm.json", test_bsm.raw_record(secMark=mark)).event_time_us is None
    assert frame("rsm.json", rsm(participant(secMark=mark))).event_time_us is None


def test_6_clock_of_utc_plus_8_is_a_jump_of_28_800_000_ms_and_comes_off_whole() -> None:
    payload = json.dumps(test_rsap.MESSAGE | {"targets": [test_rsap.TARGET]}).encode()
    true_us = test_rsap.OUT_MS * 1000 - 28_800_000_000
    event_us = frame("rsap.json", payload).event_time_us
    assert event_us == true_us + 28_800_000_000
    delays = np.full(100, true_us + 40_000 - event_us) + np.arange(100) % 20 * 1000
    assert coarse_offset_us(delays, 0, 0) == -28_800_000_000


@pytest.mark.parametrize(("angle", "clockwise"), [(0, 90), (900, 0), (1800, 270), (2700, 180)])
def test_7_angles_of_a_cpm_turn_against_the_clock_from_east(angle: int, clockwise: int) -> None:
    told = cpms.new_object(angles={"z_angle": {"value": angle, "confidence": 1}})
    seen = frame("cpm.json", cpms.new_cpm(told)).observations[0]
    other = frame("bsm.json", test_bsm.raw_record(heading=clockwise * 80)).observations[0]
    assert math.isclose(math.cos(seen["heading_rad"] - other["heading_rad"]), 1.0, abs_tol=1e-9)


def test_8_grid_north_is_2_3_degrees_off_at_beijing_and_is_not_taken_for_north() -> None:
    central = grid("EPSG:4549")  # CGCS2000, 3-degree zone about 120 E, as the one of 2416
    lon, lat, jacobian = central.to_wgs84(np.array([191_600.0]), np.array([4_425_000.0]))
    assert abs(lon[0] - 116.39) < 0.05
    assert abs(lat[0] - 39.9) < 0.1
    assert jacobian is not None
    turn = math.degrees(math.atan2(jacobian[0, 1, 0], jacobian[0, 0, 0]))
    assert math.isclose(abs(turn), 2.3, abs_tol=0.05)


def test_9_sdsm_x_10_is_1_m_north() -> None:
    told = test_sdsm.detected(pos={"offsetX": 10, "offsetY": 0})
    north = test_sdsm.metres(frame("sdsm.json", test_sdsm.record(told)))
    assert np.allclose(north, [[0.0, 1.0]], atol=1e-6)
    east = test_sdsm.metres(frame("sdsm.enu.json", test_sdsm.record(told)))
    assert np.allclose(east, [[1.0, 0.0]], atol=1e-6)


def test_10_bsm_declares_one_sigma_and_cpm_95_percent() -> None:
    accuracy = {"semiMajor": 40, "semiMinor": 40, "orientation": 0}
    bsm = frame("bsm.json", test_bsm.raw_record(accuracy=accuracy)).observations[0]
    assert math.isclose(math.sqrt(bsm["cov_xx_m2"]), 2.0, rel_tol=1e-6)
    place = {"x_coordinate": cpms.axis(0, 200), "y_coordinate": cpms.axis(0, 200)}
    cpm = frame("cpm.json", cpms.new_cpm(cpms.new_object(position=place))).observations[0]
    assert math.isclose(math.sqrt(cpm["cov_xx_m2"]), 1.02, abs_tol=0.001)


def test_11_sentinels_are_no_values() -> None:
    si = test_bsm.si_record(speed=163.82, heading=360.0)
    for payload in (test_bsm.raw_record(speed=8191, heading=28_800), si):
        seen = frame("bsm.json", payload).observations[0]
        assert all(math.isnan(seen[n]) for n in ("vx_mps", "vy_mps", "heading_rad"))
    for name, payload in (
        ("bsm.json", test_bsm.raw_record(lat=900_000_001)),
        ("rsm.json", rsm(participant(pos={"lat": 900_000_001, "lon": 1_800_000_001}))),
    ):
        with pytest.raises(DecodeError) as caught:
            decode(name, payload, 0)
        assert caught.value.reason is Reason.UNAVAILABLE
    size = participant(size={"width": 0, "length": 0, "height": 0})
    seen = frame("rsm.json", rsm(size)).observations[0]
    assert all(math.isnan(seen[n]) for n in ("length_m", "width_m", "height_m"))


def test_12_participant_0_is_the_unit_itself() -> None:
    found = frame("rsm.json", rsm(participant(ptcId=0), participant()))
    assert found.observations["index"].tolist() == [1]
    assert found.refused == 0  # it is no object that was lost


def test_13_hexadecimal_ids_are_one_in_either_case_and_another_if_they_change() -> None:
    def local_id(text: str) -> int:
        return int(frame("bsm.json", test_bsm.raw_record(id=text)).observations["local_id"][0])

    assert local_id("12A7A951") == local_id("12a7a951") != 0
    assert local_id("12A7A951") != local_id("12A7A952")
    # 8F65EAA8 is 2405821096: written in decimal it is another id, for digits do not tell a base
    assert local_id("8F65EAA8") != local_id("2405821096")


def test_14_message_count_that_wraps_changes_nothing_but_the_bytes() -> None:
    last, first = (frame("bsm.json", test_bsm.raw_record(msgCnt=n)) for n in (127, 0))
    assert last.observations.tobytes() == first.observations.tobytes()


def test_17_byte_order_mark_order_and_repeats() -> None:
    points = [point for track in POINTS.values() for point in track]
    marked = b"\xef\xbb\xbf" + json.dumps(points[::-1]).encode()
    plain = decode("openv2x.points.json", json.dumps(points).encode(), 0).frames
    found = decode("openv2x.points.json", marked, 0).frames
    assert [f.event_time_us for f in found] == sorted(f.event_time_us or 0 for f in found)
    counts = [len(f.observations) for f in plain]
    assert [len(f.observations) for f in found] == counts
    assert sum(f.refused for f in found) == sum(f.refused for f in plain) > 0


def test_18_reference_points_are_brought_to_the_middle() -> None:
    box = {"planar_object_dimension_1": 20, "planar_object_dimension_2": 60, "yaw_angle": 0}
    front = frame("cpm.tr103562.json", cpms.old_cpm(cpms.old_object(**box, object_ref_point=5)))
    middle = frame("cpm.tr103562.json", cpms.old_cpm(cpms.old_object(**box)))
    east_m = (middle.position[0, 0] - front.position[0, 0]) * 78_847.0
    assert math.isclose(east_m, 3.0, abs_tol=0.01)
    bsm = frame("bsm.json", test_bsm.raw_record())  # a BSM tells the centre already
    assert bsm.position.tolist() == [[-105.0317754, 40.5659938]]


@pytest.mark.parametrize(
    ("name", "payload", "fused"),
    [
        ("rsm.json", rsm(participant(source=7)), True),
        ("rsm.json", rsm(participant(source=3)), False),
        ("rsap.json", json.dumps(test_rsap.MESSAGE
            | {"targets": [test_rsap.TARGET], "deviceType": 1}).encode(), True),
        ("rsap.json", json.dumps(test_rsap.MESSAGE
            | {"targets": [test_rsap.TARGET], "deviceType": 4}).encode(), False),
    ],
)  # fmt: skip
def test_19_what_is_fused_already_is_marked(name: str, payload: bytes, fused: bool) -> None:
    assert bool(frame(name, payload).flags & FrameFlag.FUSED) is fused


def test_20_probe_that_a_unit_passes_on_is_not_taken_for_a_detection() -> None:
    heard, seen = rsm(participant(source=2)), rsm(participant(source=4))
    assert frame("rsm.json", heard).flags == FrameFlag.FUSED  # correlated with the probe itself
    assert frame("rsm.json", seen).flags == 0


def test_22_remote_vehicle_of_the_log_runs_100_ms_ahead_of_the_receiver() -> None:
    ahead: dict[str, list[int]] = {}
    for line in (DATA / "jpo-ode/bsmLogDuringEvent.json").read_bytes().splitlines():
        record = json.loads(line)
        received_us = at(record["metadata"]["recordGeneratedAt"])
        event_us = frame("bsm.json", line, received_us).event_time_us
        assert event_us is not None
        name = record["payload"]["data"]["coreData"]["id"]
        ahead.setdefault(name, []).append((event_us - received_us) // 1000)
    host, remote = sorted(ahead.values(), key=len, reverse=True)
    assert (len(host), set(host)) == (129, {0})
    assert (len(remote), min(remote), max(remote)) == (93, 93, 105)
    assert round(float(np.mean(remote)), 1) == 100.0


def test_psm_leaves_speed_as_raw_as_heading() -> None:
    whole = json.loads((DATA / "jpo-ode/expected-psm.json").read_bytes())
    assert whole["payload"]["data"]["heading"] == 8898
    whole["payload"]["data"]["speed"] = 75
    seen = frame("psm.json", json.dumps(whole).encode()).observations[0]
    assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), 1.5, rel_tol=1e-6)
    assert math.isclose(math.degrees(seen["heading_rad"]), 90 - 111.225, rel_tol=1e-6)


def test_cpm_of_a_vehicle_is_east_north_in_release_2_and_forward_left_before() -> None:
    of_vehicle = {
        "originating_vehicle_container": {"orientation_angle": {"value": 0, "confidence": 1}}
    }
    new = frame("cpm.json", cpms.new_cpm(cpms.new_object(), **of_vehicle))
    plain = frame("cpm.json", cpms.new_cpm(cpms.new_object()))
    assert new.position.tolist() == plain.position.tolist()
    old = frame("cpm.tr103562.json", cpms.old_cpm(cpms.old_object(), station_type=5, heading=0))
    unit = frame("cpm.tr103562.json", cpms.old_cpm(cpms.old_object()))
    assert math.dist(old.position[0], unit.position[0]) > 1e-4


def test_vehicle_classes_of_the_two_cpms_are_two_tables() -> None:
    told = [{"object_class": {"vehicle": 4}, "confidence": 50}]
    new = frame("cpm.json", cpms.new_cpm(cpms.new_object(classification=told)))
    old = frame("cpm.tr103562.json", cpms.old_cpm(cpms.old_object(classification=told)))
    assert new.observations["object_class"].tolist() == [ObjectClass.MOTORCYCLE]
    assert old.observations["object_class"].tolist() == [ObjectClass.TRUCK]


def test_ode_record_is_what_its_payload_says_not_what_its_file_is_called() -> None:
    payload = (DATA / "jpo-ode/expected-psm.json").read_bytes()
    with pytest.raises(DecodeError) as caught:
        decode("bsm.json", payload, 0)
    assert caught.value.reason is Reason.WRONG_KIND

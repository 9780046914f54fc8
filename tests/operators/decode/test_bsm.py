"""BSMs of the JPO-ODE: real ones, the oracle pair, each sentinel by hand."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectClass
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data"
ANCHOR_US = 1_525_190_663_694_000  # 2018-05-01T16:04:23.694Z

RAW: dict[str, Any] = {
    "msgCnt": 1, "id": "12A7A951", "secMark": 23_700, "lat": 405_659_938, "long": -1_050_317_754,
    "elev": 14_409, "accuracy": {"semiMajor": 40, "semiMinor": 20, "orientation": 16_384},
    "speed": 500, "heading": 7200, "size": {"width": 190, "length": 570},
}  # fmt: skip
SI: dict[str, Any] = {
    "msgCnt": 1, "id": "12A7A951", "secMark": 23_700,
    "position": {"latitude": 40.5659938, "longitude": -105.0317754, "elevation": 1440.9},
    "accuracy": {"semiMajor": 2.0, "semiMinor": 1.0}, "speed": 10.0, "heading": 90.0,
    "size": {"width": 190, "length": 570},
}  # fmt: skip


def raw_record(**changes: Any) -> bytes:
    core = copy.deepcopy(RAW) | changes
    value = {"BasicSafetyMessage": {"coreData": core}}
    return json.dumps({"metadata": {}, "payload": {"data": {"value": value}}}).encode()


def si_record(**changes: Any) -> bytes:
    core = copy.deepcopy(SI) | changes
    return json.dumps({"metadata": {}, "payload": {"data": {"coreData": core}}}).encode()


def frame(payload: bytes, anchor_us: int = ANCHOR_US) -> DecodedFrame:
    (found,) = decode("bsm.json", payload, anchor_us).frames
    return found


def reason(payload: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode("bsm.json", payload, ANCHOR_US)
    return caught.value


def test_every_real_bsm_of_the_log_decodes() -> None:
    lines = (DATA / "jpo-ode/bsmLogDuringEvent.json").read_bytes().splitlines()
    frames = [frame(line) for line in lines]
    assert len(frames) == 222
    assert len({int(f.observations["local_id"][0]) for f in frames}) == 2
    place = np.concatenate([f.position for f in frames])
    assert np.abs(place - [-105.0318, 40.5657]).max() < 0.001


def test_clock_of_the_second_vehicle_runs_100_ms_ahead() -> None:
    ahead: dict[str, list[int]] = {"31325433": [], "31325431": []}
    for line in (DATA / "jpo-ode/bsmLogDuringEvent.json").read_text().splitlines():
        record = json.loads(line)
        text = record["metadata"]["recordGeneratedAt"]
        received = np.datetime64(text.rstrip("Z"), "us").astype(int).item()
        event = frame(line.encode(), received).event_time_us
        assert event is not None
        ahead[record["payload"]["data"]["coreData"]["id"]].append((event - received) // 1000)
    assert set(ahead["31325433"]) == {0}
    assert (min(ahead["31325431"]), max(ahead["31325431"])) == (93, 105)
    assert math.isclose(np.mean(ahead["31325431"]), 100.0, abs_tol=0.05)


def test_two_dialects_of_one_message_agree_but_for_speed() -> None:
    si = frame((DATA / "jpo-ode/expected-bsm.json").read_bytes())
    raw = frame((DATA / "jpo-ode/sample.ode-bsm-reference.v9.json").read_bytes())
    assert si.position.tolist() == raw.position.tolist() == [[-105.0317754, 40.5659938]]
    assert (si.event_time_us, si.space) == (raw.event_time_us, raw.space)
    for name in ("vx_mps", "vy_mps"):
        si.observations[name] = raw.observations[name] = 0
    assert si.observations.tobytes() == raw.observations.tobytes()


def test_speeds_of_the_two_dialects_are_their_own() -> None:
    si = frame((DATA / "jpo-ode/expected-bsm.json").read_bytes()).observations[0]
    raw = frame((DATA / "jpo-ode/sample.ode-bsm-reference.v9.json").read_bytes()).observations[0]
    assert math.isclose(math.hypot(si["vx_mps"], si["vy_mps"]), 0.28, rel_tol=1e-6)
    assert (raw["vx_mps"], raw["vy_mps"]) == (0.0, 0.0)


def test_oracle_numbers_of_the_v8_sample() -> None:
    found = frame((DATA / "jpo-ode/expected-bsm.json").read_bytes())
    one = found.observations[0]
    assert math.isclose(one["z_m"], 1440.9, rel_tol=1e-6)
    assert math.isclose(math.degrees(one["heading_rad"]), 90 - 313.25 + 360, rel_tol=1e-6)
    assert math.isclose(one["cov_xx_m2"], 12.05**2, rel_tol=1e-6)
    assert [round(float(one[n]), 2) for n in ("length_m", "width_m", "height_m")] == [5.7, 1.9, 1.9]
    assert one["object_class"] == ObjectClass.CAR


def test_raw_units_by_hand() -> None:
    found = frame(raw_record())
    one = found.observations[0]
    assert found.event_time_us == ANCHOR_US + 6000
    assert (found.source_id, found.space, found.flags) == (None, Space.GEOGRAPHIC, 0)
    assert (one["vx_mps"], round(float(one["vy_mps"]), 6)) == (10.0, 0.0)  # 500 x 0.02, east
    assert math.isclose(one["cov_xx_m2"], 4.0, rel_tol=1e-4)  # 40 x 0.05 m is one sigma
    assert math.isclose(one["cov_yy_m2"], 1.0, rel_tol=1e-3)  # 16384 x 360/65535 is east


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 8191}, ["vx_mps", "vy_mps"]),
        ({"heading": 28_800}, ["heading_rad", "vx_mps"]),
        ({"elev": -4096}, ["z_m"]),
        ({"size": {"width": 0, "length": 0}}, ["length_m", "width_m"]),
        ({"accuracy": {"semiMajor": 255, "semiMinor": 255}}, ["cov_xx_m2", "cov_xy_m2"]),
    ],
)
def test_raw_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    one, plain = frame(raw_record(**changes)).observations[0], frame(raw_record()).observations[0]
    assert all(math.isnan(one[n]) and not math.isnan(plain[n]) for n in names)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": None}, ["vx_mps", "vy_mps"]),
        ({"speed": 163.82}, ["vx_mps", "vy_mps"]),
        ({"heading": None}, ["heading_rad", "vx_mps"]),
        ({"heading": 360.0}, ["heading_rad", "vx_mps"]),
        ({"position": SI["position"] | {"elevation": None}}, ["z_m"]),
        ({"position": SI["position"] | {"elevation": -409.6}}, ["z_m"]),
        ({"accuracy": {"semiMajor": None, "semiMinor": 12.75}}, ["cov_xx_m2"]),
        ({"size": None}, ["length_m", "width_m"]),
    ],
)
def test_converted_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    one, plain = frame(si_record(**changes)).observations[0], frame(si_record()).observations[0]
    assert all(math.isnan(one[n]) and not math.isnan(plain[n]) for n in names)


def test_standing_vehicle_without_heading_has_velocity_zero() -> None:
    one = frame(raw_record(speed=0, heading=28_800)).observations[0]
    assert (one["vx_mps"], one["vy_mps"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    "payload",
    [
        raw_record(lat=900_000_001),
        raw_record(long=1_800_000_001),
        si_record(position={"latitude": None, "longitude": 1.0}),
        si_record(position={"latitude": 90.0000001, "longitude": 1.0}),
        si_record(position={"latitude": 1.0, "longitude": 180.0000001}),
        si_record(position={}),
    ],
)
def test_message_without_position_is_unavailable(payload: bytes) -> None:
    assert reason(payload).reason is Reason.UNAVAILABLE


@pytest.mark.parametrize("mark", [60_000, 65_535])
def test_marks_that_are_no_instant_leave_no_event_time(mark: int) -> None:
    assert frame(raw_record(secMark=mark)).event_time_us is None
    assert frame(si_record(secMark=mark)).event_time_us is None
    assert frame(si_record(secMark=None)).event_time_us is None


@pytest.mark.parametrize(
    ("payload", "expected", "path"),
    [
        (raw_record(lat=900_000_002), Reason.OUT_OF_RANGE, "lat"),
        (raw_record(long=-1_800_000_001), Reason.OUT_OF_RANGE, "long"),
        (raw_record(speed=8192), Reason.OUT_OF_RANGE, "speed"),
        (raw_record(heading=28_801), Reason.OUT_OF_RANGE, "heading"),
        (raw_record(secMark=65_536), Reason.OUT_OF_RANGE, "secMark"),
        (si_record(speed=-0.02), Reason.OUT_OF_RANGE, "speed"),
        (raw_record(lat="405659938"), Reason.WRONG_TYPE, "lat"),
        (raw_record(speed=1.5), Reason.WRONG_TYPE, "speed"),
        (raw_record(lat=True), Reason.WRONG_TYPE, "lat"),
        (si_record(id=5), Reason.WRONG_TYPE, "id"),
        (b'{"payload":{"data":{"coreData":{"id":"a"}}}}', Reason.MISSING_FIELD, "position"),
        (b'{"metadata":{}}', Reason.MISSING_FIELD, "payload"),
        (si_record(speed=float("nan")), Reason.NOT_FINITE, "byte"),
        (si_record(speed=float("-inf")), Reason.NOT_FINITE, "byte"),
        (si_record().replace(b'"speed": 10.0', b'"speed": 1e400'), Reason.NOT_FINITE, "speed"),
        (raw_record(lat=10**400), Reason.OUT_OF_RANGE, "lat"),
    ],
)
def test_wrong_fields_are_named(payload: bytes, expected: Reason, path: str) -> None:
    error = reason(payload)
    assert error.reason is expected
    assert path in error.detail


def test_real_invalid_sample_is_refused_and_its_valid_twin_is_not() -> None:
    folder = DATA / "jpo-geojsonconverter"
    error = reason((folder / "invalid.bsm.json").read_bytes())
    assert (error.reason, "semiMajor" in error.detail) == (Reason.WRONG_TYPE, True)
    assert len(frame((folder / "valid.bsm.json").read_bytes()).observations) == 1


@pytest.mark.parametrize("name", ["spat", "map", "psm"])
def test_another_kind_of_ode_message_is_not_a_bsm(name: str) -> None:
    payload = (DATA / f"jpo-ode/expected-{name}.json").read_bytes()
    assert reason(payload).reason is Reason.WRONG_KIND


@given(
    lat=st.integers(-900_000_000, 900_000_000),
    long=st.integers(-1_799_999_999, 1_800_000_000),
    speed=st.integers(0, 8190),
    heading=st.integers(0, 28_799),
    mark=st.integers(0, 59_999),
)
def test_all_values_of_the_range_keep_their_meaning(
    lat: int, long: int, speed: int, heading: int, mark: int
) -> None:
    payload = raw_record(lat=lat, long=long, speed=speed, heading=heading, secMark=mark)
    found = frame(payload)
    one = found.observations[0]
    assert found.position.tolist() == [[long / 1e7, lat / 1e7]]
    assert math.isclose(math.hypot(one["vx_mps"], one["vy_mps"]), speed * 0.02, rel_tol=1e-5)
    north_deg = math.radians(90 - heading * 0.0125)
    assert math.isclose(math.cos(one["heading_rad"] - north_deg), 1.0, rel_tol=1e-9)
    assert found.event_time_us is not None
    assert found.event_time_us // 1000 % 60_000 == mark


def test_every_bsm_of_the_timed_replay_decodes_once_its_gaps_are_filled() -> None:
    text = (DATA / "jpo-conflictmonitor/ApproachAndStopAtLine.csv").read_text()
    lines = [one.split(",", 2)[2] for one in text.splitlines() if one.startswith("BSM")]
    filled = [
        one.replace('"@MILLI_OF_MINUTE@"', "23700").replace("@TEMP_ID@", "12A7A951")
        for one in lines
    ]
    frames = [frame(one.encode()) for one in filled]
    assert len(frames) == 99
    place = np.concatenate([f.position for f in frames])
    assert np.abs(place - [-105.0912, 39.5880]).max() < 0.005
    assert {f.event_time_us for f in frames} == {ANCHOR_US + 6000}
    assert reason(lines[0].encode()).reason is Reason.WRONG_TYPE  # a mark that is a text

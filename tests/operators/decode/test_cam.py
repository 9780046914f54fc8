"""CAMs of its-client: the authored sample, both layouts, each sentinel, the reference point."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.normalise.event_time import its_ms_from_utc_us
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data/its-client"
SCHEMA = Draft202012Validator(json.loads((DATA / "cam_schema_2-4-0.json").read_bytes()))
NOW_US = 1_742_890_346_165_000
METRES_PER_DEGREE = 111_132.0  # of latitude at 45 degrees, within 0.1 %

FAST: dict[str, Any] = {
    "heading": {"value": 900, "confidence": 10}, "speed": {"value": 1000, "confidence": 49},
    "drive_direction": 0, "vehicle_length": {"value": 45, "confidence": 0}, "vehicle_width": 18,
    "longitudinal_acceleration": {"value": 161, "confidence": 102},
    "curvature": {"value": 1023, "confidence": 7}, "curvature_calculation_mode": 2,
    "yaw_rate": {"value": 32767, "confidence": 8},
}  # fmt: skip
LIGHTS = dict.fromkeys(
    ("low_beam_headlights_on", "high_beam_headlights_on", "left_turn_signal_on",
     "right_turn_signal_on", "daytime_running_lights_on", "reverse_light_on", "fog_light_on",
     "parking_lights_on"), False
)  # fmt: skip
SLOW: dict[str, Any] = {"vehicle_role": 0, "exterior_lights": LIGHTS, "path_history": []}


def cam(
    fast: dict[str, Any] | None = None,
    slow: dict[str, Any] | None = None,
    special: dict[str, Any] | None = None,
    station_type: int = 5,
    at: dict[str, Any] | None = None,
) -> bytes:
    """A message of version 2.4.0, which its schema approves of."""
    position = {
        "latitude": 450_000_000, "longitude": 60_000_000,
        "position_confidence_ellipse": {
            "semi_major": 490, "semi_minor": 245, "semi_major_orientation": 900,
        },
        "altitude": {"value": 8144, "confidence": 1},
    }  # fmt: skip
    message: dict[str, Any] = {
        "protocol_version": 2,
        "station_id": 123_456,
        "generation_delta_time": its_ms_from_utc_us(NOW_US - 60_000) % 65_536,
        "basic_container": {
            "station_type": station_type,
            "reference_position": position | (at or {}),
        },
        "high_frequency_container": {"basic_vehicle_container_high_frequency": FAST | (fast or {})},
    }
    if slow is not None:
        message["low_frequency_container"] = {"basic_vehicle_container_low_frequency": SLOW | slow}
    if special is not None:
        message["special_vehicle_container"] = special
    whole = {
        "message_type": "cam", "source_uuid": "car_7", "timestamp": NOW_US // 1000,
        "version": "2.4.0", "message": message,
    }  # fmt: skip
    SCHEMA.validate(whole)
    return json.dumps(whole).encode()


def frame(payload: bytes, name: str = "cam.json") -> DecodedFrame:
    (found,) = decode(name, payload, NOW_US).frames
    return found


def one(*arguments: Any, **named: Any) -> Any:
    return frame(cam(*arguments, **named)).observations[0]


def metres(found: DecodedFrame) -> tuple[float, float]:
    """Offset from the reference position of `cam`."""
    lon, lat = found.position[0]
    east = (lon - 6.0) * METRES_PER_DEGREE * math.cos(math.radians(45.0)) * 1.00336
    return east, (lat - 45.0) * METRES_PER_DEGREE


def test_values_by_hand() -> None:
    found = frame(cam())
    seen = found.observations[0]
    assert (found.source_id, found.event_time_us) == ("car_7", NOW_US - 60_000)
    assert (round(float(seen["vx_mps"]), 5), round(float(seen["vy_mps"]), 5)) == (10.0, 0.0)
    assert math.isclose(seen["speed_sigma_mps"], 0.25, rel_tol=1e-6)  # 0.49 / 1.96
    assert math.isclose(seen["heading_sigma_rad"], math.radians(1 / 1.96), rel_tol=1e-6)
    assert math.isclose(math.sqrt(seen["cov_xx_m2"]), 4.90 / 2.4477, rel_tol=1e-6)
    assert math.isclose(math.sqrt(seen["cov_yy_m2"]), 2.45 / 2.4477, rel_tol=1e-6)
    assert [round(float(seen[n]), 3) for n in ("length_m", "width_m", "z_m")] == [4.5, 1.8, 81.44]
    assert (seen["object_class"], seen["flags"]) == (ObjectClass.CAR, 0)


def test_reference_point_is_the_front_and_the_middle_lies_behind_it() -> None:
    east, north = metres(frame(cam()))  # 4.5 m long, heading east
    assert math.isclose(east, -2.25, abs_tol=0.01)
    assert math.isclose(north, 0.0, abs_tol=0.001)
    east, north = metres(frame(cam({"heading": {"value": 0, "confidence": 1}})))
    assert math.isclose(north, -2.25, abs_tol=0.01)
    assert math.isclose(east, 0.0, abs_tol=0.001)


def test_backing_vehicle_faces_against_its_motion() -> None:
    found = frame(cam({"drive_direction": 1}))
    seen = found.observations[0]
    assert math.isclose(metres(found)[0], 2.25, abs_tol=0.01)
    assert round(float(seen["vx_mps"]), 5) == 10.0
    assert math.isclose(abs(seen["heading_rad"]), math.pi, rel_tol=1e-6)
    assert seen["flags"] == ObjectFlag.REVERSING


@pytest.mark.parametrize(
    "fast",
    [
        {"vehicle_length": {"value": 1022, "confidence": 0}},
        {"vehicle_length": {"value": 1023, "confidence": 4}},
        {"heading": {"value": 3601, "confidence": 127}},
    ],
)
def test_place_stays_at_the_front_if_the_middle_is_unknown(fast: dict[str, Any]) -> None:
    assert frame(cam(fast)).position.tolist() == [[6.0, 45.0]]


@pytest.mark.parametrize(
    ("fast", "names"),
    [
        ({"heading": {"value": 3601, "confidence": 127}}, ["heading_rad", "vx_mps"]),
        ({"heading": {"value": 900, "confidence": 127}}, ["heading_sigma_rad"]),
        ({"speed": {"value": 16383, "confidence": 127}}, ["vx_mps", "vy_mps", "speed_sigma_mps"]),
        ({"speed": {"value": 16382, "confidence": 1}}, ["vx_mps"]),
        ({"vehicle_length": {"value": 1022, "confidence": 0}}, ["length_m"]),
        ({"vehicle_width": 61}, ["width_m"]),
        ({"vehicle_width": 62}, ["width_m"]),
    ],
)
def test_sentinels_are_unknown(fast: dict[str, Any], names: list[str]) -> None:
    seen, plain = one(fast), one()
    assert all(math.isnan(seen[n]) and not math.isnan(plain[n]) for n in names)


def test_position_sentinels() -> None:
    for field, value in (("latitude", 900_000_001), ("longitude", 1_800_000_001)):
        with pytest.raises(DecodeError) as caught:
            frame(cam(at={field: value}))
        assert caught.value.reason is Reason.UNAVAILABLE
    assert math.isnan(one(at={"altitude": {"value": 800_001, "confidence": 15}})["z_m"])
    ellipse = {"semi_major": 4095, "semi_minor": 4095, "semi_major_orientation": 3601}
    assert math.isnan(one(at={"position_confidence_ellipse": ellipse})["cov_xx_m2"])
    coarse = {"semi_major": 4094, "semi_minor": 4094, "semi_major_orientation": 3601}
    sigma_m = math.sqrt(one(at={"position_confidence_ellipse": coarse})["cov_xx_m2"])
    assert math.isclose(sigma_m, 40.94 / 2.4477, rel_tol=1e-5)  # the bound, not unknown


@pytest.mark.parametrize(
    ("station_type", "expected"),
    [
        (0, ObjectClass.UNKNOWN), (1, ObjectClass.PEDESTRIAN), (2, ObjectClass.BICYCLE),
        (3, ObjectClass.MOTORCYCLE), (6, ObjectClass.BUS), (7, ObjectClass.VAN),
        (8, ObjectClass.TRUCK), (9, ObjectClass.TRAILER), (10, ObjectClass.UNKNOWN),
        (11, ObjectClass.TRAM), (13, ObjectClass.ANIMAL), (99, ObjectClass.UNKNOWN),
    ],
)  # fmt: skip
def test_station_types(station_type: int, expected: ObjectClass) -> None:
    assert one(station_type=station_type)["object_class"] == expected


def test_roadside_unit_is_no_probe() -> None:
    with pytest.raises(DecodeError) as caught:
        frame(cam(station_type=15))
    assert caught.value.reason is Reason.WRONG_KIND


def test_ambulance_on_a_call_is_marked() -> None:
    in_use = {"light_bar_activated": True, "siren_activated": True}
    priority = {
        "request_for_right_of_way": True, "request_for_free_crossing_at_a_traffic_light": False,
    }  # fmt: skip
    special = {"light_bar_siren_in_use": in_use, "emergency_priority": priority}
    seen = one(None, {"vehicle_role": 6}, {"emergency_container": special}, station_type=10)
    assert seen["object_class"] == ObjectClass.EMERGENCY
    assert seen["flags"] == (
        ObjectFlag.EMERGENCY_VEHICLE | ObjectFlag.LIGHT_BAR | ObjectFlag.SIREN
        | ObjectFlag.RIGHT_OF_WAY
    )  # fmt: skip


def test_road_works_vehicle_has_a_light_bar_and_is_no_emergency() -> None:
    in_use = {"light_bar_activated": True, "siren_activated": False}
    special = {"road_works_container_basic": {"light_bar_siren_in_use": in_use}}
    assert one(None, {"vehicle_role": 4}, special)["flags"] == ObjectFlag.LIGHT_BAR


def test_lights_pedals_goods_and_doors() -> None:
    both = LIGHTS | {"left_turn_signal_on": True, "right_turn_signal_on": True}
    assert one(None, {"exterior_lights": both})["flags"] == ObjectFlag.HAZARD_LIGHTS
    left = LIGHTS | {"left_turn_signal_on": True, "low_beam_headlights_on": True}
    expected = ObjectFlag.LEFT_INDICATOR | ObjectFlag.HEADLIGHTS
    assert one(None, {"exterior_lights": left})["flags"] == expected
    control = dict.fromkeys(
        ("brake_pedal_engaged", "gas_pedal_engaged", "emergency_brake_engaged",
         "collision_warning_engaged", "acc_engaged", "cruise_control_engaged",
         "speed_limiter_engaged"), True
    )  # fmt: skip
    expected = ObjectFlag.BRAKING | ObjectFlag.HARD_BRAKING
    assert one({"acceleration_control": control})["flags"] == expected
    goods = {"dangerous_goods_container": {"dangerous_goods_basic": 4}}
    assert one(None, {"vehicle_role": 3}, goods)["flags"] == ObjectFlag.DANGEROUS_GOODS
    doors = {"public_transport_container": {"embarkation_status": True}}
    assert one(None, {"vehicle_role": 1}, doors)["flags"] == ObjectFlag.CROSSING


def test_authored_sample_of_version_1() -> None:
    payload = (DATA / "Cam.json").read_bytes()
    found = frame(payload, "cam.utc.json")
    seen = found.observations[0]
    assert found.source_id == "v2x_12345678"
    assert found.event_time_us == NOW_US - 63_000  # its 28278 against its own time stamp
    assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), 0.21, rel_tol=1e-6)
    assert math.isclose(math.degrees(seen["heading_rad"]), 90 - 303.7 + 360, rel_tol=1e-6)
    assert math.isclose(seen["speed_sigma_mps"], 0.03 / 1.96, rel_tol=1e-6)
    assert [round(float(seen[n]), 2) for n in ("length_m", "width_m", "z_m")] == [4.0, 2.0, 81.44]
    assert seen["object_class"] == ObjectClass.CAR
    assert math.dist(found.position[0], [-0.6528173, 44.7758076]) < 3e-5  # 2 m off its front


def test_sample_that_forgets_leap_seconds_is_5_s_slow_by_the_standard() -> None:
    found = frame((DATA / "Cam.json").read_bytes())
    assert found.event_time_us == NOW_US - 5_063_000


def test_bit_strings_of_version_1() -> None:
    message = json.loads((DATA / "Cam.json").read_bytes())
    message["message"]["high_frequency_container"]["acceleration_control"] = "1000000"
    message["message"]["low_frequency_container"] = {
        "vehicle_role": 5, "exterior_lights": "10010000", "path_history": [],
    }  # fmt: skip
    seen = frame(json.dumps(message).encode()).observations[0]
    assert seen["flags"] == (
        ObjectFlag.BRAKING | ObjectFlag.HEADLIGHTS | ObjectFlag.RIGHT_INDICATOR
        | ObjectFlag.EMERGENCY_VEHICLE
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("station_id",), -1, Reason.OUT_OF_RANGE),
        (("generation_delta_time",), 65_536, Reason.OUT_OF_RANGE),
        (("generation_delta_time",), "1", Reason.WRONG_TYPE),
        (("basic_container", "reference_position", "latitude"), 900_000_002, Reason.OUT_OF_RANGE),
        (("high_frequency_container",), None, Reason.WRONG_TYPE),
    ],
)
def test_wrong_fields_are_named(path: tuple[str, ...], value: Any, expected: Reason) -> None:
    whole = json.loads(cam())
    inner = whole["message"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = copy.deepcopy(value)
    with pytest.raises(DecodeError) as caught:
        frame(json.dumps(whole).encode())
    assert caught.value.reason is expected
    assert path[-1] in caught.value.detail


def test_coded_payload_is_not_read() -> None:
    whole = json.loads(cam()) | {"message": {"version": "2.1.1", "payload": "AAAA"}}
    with pytest.raises(DecodeError) as caught:
        frame(json.dumps(whole).encode())
    assert caught.value.reason is Reason.MISSING_FIELD


@given(
    speed=st.integers(0, 16_381),
    heading=st.integers(0, 3599),
    late_ms=st.integers(0, 30_000),
    length=st.integers(1, 1021),
)
def test_all_values_of_the_range_keep_their_meaning(
    speed: int, heading: int, late_ms: int, length: int
) -> None:
    whole = json.loads(cam())
    message = whole["message"]
    sent_us = NOW_US - late_ms * 1000
    message["generation_delta_time"] = its_ms_from_utc_us(sent_us) % 65_536
    fast = message["high_frequency_container"]["basic_vehicle_container_high_frequency"]
    fast["speed"]["value"], fast["heading"]["value"] = speed, heading
    fast["vehicle_length"]["value"] = length
    found = frame(json.dumps(whole).encode())
    seen = found.observations[0]
    assert found.event_time_us == sent_us
    assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), speed / 100, rel_tol=1e-5)
    turn = math.radians(90 - heading / 10)
    assert math.isclose(math.cos(seen["heading_rad"] - turn), 1.0, rel_tol=1e-9)
    east, north = metres(found)
    assert math.isclose(math.hypot(east, north), length / 20, rel_tol=2e-3, abs_tol=0.01)

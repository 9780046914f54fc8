"""T/CSAE 53 BSM, T/CSAE 157 SSM and DRIS messages: units, sentinels, flags, names."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass, ObjectFlag
from operators.reasons import Reason

NOW_US = 1_653_016_784_000_000  # 2022-05-20T03:19:44Z
BSM: dict[str, Any] = {
    "msgCnt": 7, "id": "0102030405060708", "secMark": 43_900, "timeConfidence": 0,
    "pos": {"lat": 319_348_466, "long": 1_188_213_963, "elevation": 105},
    "posAccuracy": {"semiMajor": 40, "semiMinor": 20, "orientation": 0},
    "posConfidence": {"pos": "a1m", "elevation": "a5m"},
    "transmission": "forwardGears", "speed": 500, "heading": 7200,
    "motionCfd": {"speedCfd": "prec1ms", "headingCfd": 3},
    "brakes": {"brakePadel": "off", "wheelBrakes": "00000", "abs": "off"},
    "size": {"width": 180, "length": 500, "height": 30},
    "vehicleClass": {"classification": 10, "fuelType": 4},
}  # fmt: skip
PTC: dict[str, Any] = {
    "ptcType": 1, "ptcId": 9, "source": 6, "secMark": 43_900,
    "pos": {"offsetLL": {"position-LL4": {"lat": 10, "lon": -20}}, "offsetV": {"offset1": 5}},
    "posConfidence": {"pos": 9}, "speed": 500, "heading": 7200,
    "size": {"width": 180, "length": 500, "height": 30}, "vehicleClass": 10,
}  # fmt: skip
SSM: dict[str, Any] = {
    "msgCnt": 1, "id": "RSU00007", "equipmentType": 1, "secMark": 43_950,
    "sensorPos": {"lat": 319_348_466, "lon": 1_188_213_963, "ele": 100},
}  # fmt: skip
OBSTACLE: dict[str, Any] = {
    "obsType": 6, "objTypeConfidence": 100, "obsId": 0, "source": 3, "secMark": 43_900,
    "pos": {"lat": 319_348_500, "lon": 1_188_214_000}, "posConfidence": {"pos": 10},
    "speed": 0, "heading": 28_800, "size": {"width": 5, "length": 5, "height": 10},
}  # fmt: skip
OF_A_UNIT: dict[str, Any] = {
    "ptcType": "1", "ptcId": 3, "global_track_id": (1 << 63) - 1, "source": 7, "secMark": 43_900,
    "pos": {"lat": 401_234_567, "lon": 1_161_234_567, "ele": 1000}, "speed": 500,
    "heading": 7200, "size": {"width": 200, "length": 500, "height": 40},
}  # fmt: skip
FORWARDED: dict[str, Any] = {
    "ptc_type": "motor", "ptc_id": 3, "global_track_id": 123, "source": "rsu",
    "sec_mark": 43_900, "pos": {"lat": 40.1234567, "lon": 116.1234567, "ele": 1000},
    "pos_confidence": {"position_confidence": 9}, "transmission": 3, "speed": 500,
    "heading": 7200, "size": {"width": 200, "length": 500},
    "vehicle_class": {"basic_vehicle_class": 25},
}  # fmt: skip
VEHICLE: dict[str, Any] = {
    "vehicle_id": "test_v_001", "time_stamp": "2021-01-08T02:03:41.907Z", "speed": 3000,
    "heading": 10_000, "transmission": 2,
    "pos": {"lat": 40.1234567, "lon": 116.1234567, "ele": 1000},
    "brakes": {"abs": 1, "scs": 1, "brake_pedal": 1, "traction": 1,
               "wheel_brakes": [1, 0, 0, 1, 1]},
    "vehicle_class": {"classification": 54, "fuel_type": 5},
    "size": {"width": 200, "length": 3000, "height": 40}, "pos_confidence": 10,
}  # fmt: skip


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def frame(name: str, value: Any) -> DecodedFrame:
    (found,) = decode(name, dump(value), NOW_US).frames
    return found


def reason(name: str, value: Any) -> Reason:
    with pytest.raises(DecodeError) as caught:
        decode(name, dump(value), NOW_US)
    return caught.value.reason


def bsm(**changes: Any) -> Any:
    return frame("bsm.csae.json", BSM | changes).observations[0]


def ssm(*participants: Any, **changes: Any) -> DecodedFrame:
    return frame("ssm.json", SSM | {"participants": list(participants)} | changes)


def test_bsm_by_hand() -> None:
    found = frame("bsm.csae.json", BSM)
    seen = found.observations[0]
    assert found.position.tolist() == [[118.8213963, 31.9348466]]
    assert (found.source_id, found.event_time_us) == (None, NOW_US - 100_000)
    assert (round(float(seen["vx_mps"]), 6), round(float(seen["vy_mps"]), 6)) == (10.0, 0.0)
    assert math.isclose(seen["cov_yy_m2"], 4.0, rel_tol=1e-6)  # 40 x 0.05 m, one sigma, north
    assert math.isclose(seen["speed_sigma_mps"], 1 / 1.96, rel_tol=1e-6)
    assert math.isclose(seen["heading_sigma_rad"], math.radians(1 / 1.96), rel_tol=1e-6)
    sizes = [round(float(seen[n]), 3) for n in ("length_m", "width_m", "height_m", "z_m")]
    assert sizes == [5.0, 1.8, 1.5, 10.5]
    assert (seen["object_class"], seen["flags"]) == (ObjectClass.CAR, 0)


def test_bsm_without_ellipse_takes_the_95_percent_radius() -> None:
    unknown = {"semiMajor": 255, "semiMinor": 255, "orientation": 65_535}
    for accuracy in (None, unknown):
        assert math.isclose(bsm(posAccuracy=accuracy)["cov_xx_m2"], (1 / 2.4477) ** 2, rel_tol=1e-6)
    assert math.isnan(bsm(posAccuracy=None, posConfidence=None)["cov_xx_m2"])


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 8191}, ["vx_mps", "vy_mps"]),
        ({"heading": 28_800}, ["heading_rad", "vx_mps"]),
        ({"size": {"width": 0, "length": 0}}, ["length_m", "width_m", "height_m"]),
        ({"motionCfd": {"speedCfd": 0, "headingCfd": 0}}, ["speed_sigma_mps", "heading_sigma_rad"]),
        ({"pos": BSM["pos"] | {"elevation": -4096}}, ["z_m"]),
    ],
)
def test_bsm_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    seen, plain = bsm(**changes), bsm()
    assert all(math.isnan(seen[n]) and not math.isnan(plain[n]) for n in names)


def test_bsm_places() -> None:
    short = {"lat": 319_348_466, "lon": 1_188_213_963, "ele": 105}
    assert frame("bsm.csae.json", BSM | {"pos": short}).position.tolist() == [
        [118.8213963, 31.9348466]
    ]
    for pos, expected in (
        ({"lat": 900_000_001, "long": 0}, Reason.UNAVAILABLE),
        ({"lat": 0, "long": 1_800_000_001}, Reason.UNAVAILABLE),
        ({"lat": 0}, Reason.MISSING_FIELD),
        ({"lat": 900_000_002, "long": 0}, Reason.OUT_OF_RANGE),
    ):
        assert reason("bsm.csae.json", BSM | {"pos": pos}) is expected
    assert frame("bsm.csae.json", BSM | {"secMark": 60_000}).event_time_us is None


def test_bsm_of_an_ambulance() -> None:
    seen = bsm(
        vehicleClass=62,
        brakes={"brakePadel": "on"},
        safetyExt={"events": "0000000100000", "lights": "001000000"},
        emergencyExt={"responseType": 1, "sirenUse": "inUse", "lightsUse": 2},
    )
    assert seen["object_class"] == ObjectClass.EMERGENCY
    assert seen["flags"] == (
        ObjectFlag.EMERGENCY_VEHICLE | ObjectFlag.SIREN | ObjectFlag.LIGHT_BAR
        | ObjectFlag.RIGHT_OF_WAY | ObjectFlag.BRAKING | ObjectFlag.HARD_BRAKING
        | ObjectFlag.LEFT_INDICATOR
    )  # fmt: skip


def test_ssm_participants_lie_off_the_sensor_and_keep_their_details() -> None:
    lights = {"motorExt": {"lights": "000010000"}}
    one = {"ptc": PTC, "detectedPTCType": 5, "typeConfidence": 160, "type_relatedExt": lights}
    found = ssm(one)
    seen = found.observations[0]
    assert (found.source_id, found.event_time_us) == ("RSU00007", NOW_US - 100_000)
    assert found.position.tolist() == [[118.8213943, 31.9348476]]
    assert math.isclose(seen["z_m"], 10.5, rel_tol=1e-6)
    assert (seen["object_class"], round(float(seen["class_confidence"]), 3)) == (
        ObjectClass.TRUCK, 0.8,
    )  # fmt: skip
    assert seen["flags"] == ObjectFlag.HAZARD_LIGHTS


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, ObjectClass.CAR), (0, ObjectClass.CAR), ("unknown-movable", ObjectClass.CAR),
        (2, ObjectClass.OBSTACLE), ("van", ObjectClass.VAN), (6, ObjectClass.BUS),
        (7, ObjectClass.BICYCLE), (8, ObjectClass.MOTORCYCLE), (9, ObjectClass.MOTORCYCLE),
        ("pedestrian", ObjectClass.PEDESTRIAN),
    ],
)  # fmt: skip
def test_ssm_types(told: Any, expected: ObjectClass) -> None:
    seen = ssm({"ptc": PTC, "detectedPTCType": told}).observations[0]
    assert seen["object_class"] == expected
    assert math.isnan(seen["class_confidence"])


def test_ssm_walker_who_crosses() -> None:
    for crossing, expected in ((1, ObjectFlag.CROSSING), ("crossing", ObjectFlag.CROSSING), (3, 0)):
        walker = {"non_motorExt": {"non_motorData": {"personalReq": {"crossing": crossing}}}}
        assert ssm({"ptc": PTC, "type_relatedExt": walker}).observations["flags"] == expected


def test_ssm_obstacles_are_objects_of_their_own() -> None:
    found = ssm({"ptc": PTC}, obstacles=[OBSTACLE])
    seen = found.observations[1]
    assert found.observations["index"].tolist() == [0, 1]
    assert seen["object_class"] == ObjectClass.OBSTACLE
    assert seen["class_confidence"] == 0.5
    assert [round(float(seen[n]), 3) for n in ("length_m", "width_m", "height_m")] == [0.5, 0.5, 1]
    assert seen["local_id"] != found.observations[0]["local_id"]
    assert (seen["vx_mps"], seen["vy_mps"]) == (0.0, 0.0)


def test_ssm_that_saw_nothing_has_the_time_of_the_message() -> None:
    found = ssm()
    assert (found.event_time_us, len(found.observations)) == (NOW_US - 50_000, 0)


def test_ssm_of_a_vehicle_names_no_source() -> None:
    assert frame("ssm.json", SSM | {"equipmentType": "obu"}).source_id is None


@pytest.mark.parametrize("number", [12, 13])
def test_ssm_in_its_wrapper_whatever_its_number(number: int) -> None:
    value = {"SensorSharingMsg": SSM | {"participants": [{"ptc": PTC}]}}
    wrapped = {"msgFrameExt": {"messageId": number, "value": value}}
    assert len(frame("ssm.json", wrapped).observations) == 1
    other = {"msgFrameExt": {"messageId": number, "value": {"RoadsideCoordination": {}}}}
    assert reason("ssm.json", other) is Reason.WRONG_KIND


def test_ssm_wrong_type_is_named() -> None:
    with pytest.raises(DecodeError) as caught:
        ssm({"ptc": PTC, "detectedPTCType": "tank"})
    assert caught.value.reason is Reason.OUT_OF_RANGE
    assert "tank" in caught.value.detail


def test_dris_message_of_a_unit() -> None:
    itself = OF_A_UNIT | {"ptcType": "4", "ptcId": 5}
    found = frame("rsm.dris.json", {"rsms": [{"participants": [OF_A_UNIT, itself]}]})
    seen = found.observations[0]
    assert len(found.observations) == 1
    assert found.position.tolist() == [[116.1234567, 40.1234567]]
    assert (found.source_id, found.flags) == (None, FrameFlag.FUSED)
    assert found.event_time_us == NOW_US - 100_000  # secMark in ms, whatever the page says
    assert math.isclose(seen["vx_mps"], 10.0, rel_tol=1e-6)
    assert seen["object_class"] == ObjectClass.CAR


def test_dris_message_that_the_service_forwards() -> None:
    body = {"rsm_source": {"esn": "R328"}, "participant_list": [FORWARDED]}
    found = frame("rsm.dris.json", {"header": {}, "body": body})
    seen = found.observations[0]
    assert (found.source_id, found.flags) == ("R328", 0)
    assert found.position.tolist() == [[116.1234567, 40.1234567]]
    assert math.isclose(seen["cov_xx_m2"], (1 / 2.4477) ** 2, rel_tol=1e-6)
    assert (seen["object_class"], seen["flags"]) == (ObjectClass.TRUCK, ObjectFlag.REVERSING)


def test_dris_position_sentinels() -> None:
    for gone in ({"lat": 90.0000001, "lon": 1.0}, {"lat": 900_000_001, "lon": 1_161_234_567}):
        body = {"participant_list": [FORWARDED | {"pos": gone}]}
        assert reason("rsm.dris.json", {"header": {}, "body": body}) is Reason.UNAVAILABLE
    assert reason("rsm.dris.json", {"header": {}}) is Reason.MISSING_FIELD


def test_dris_vehicle_by_the_published_sample() -> None:
    for value in (VEHICLE, {"header": {}, "body": VEHICLE}):
        found = frame("bsm.dris.json", value)
        seen = found.observations[0]
        assert found.event_time_us == 1_610_071_421_907_000
        assert found.position.tolist() == [[116.1234567, 40.1234567]]
        assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), 60.0, rel_tol=1e-6)
        assert math.isclose(math.degrees(seen["heading_rad"]), 90 - 125, rel_tol=1e-6)
        assert math.isclose(seen["cov_xx_m2"], (0.5 / 2.4477) ** 2, rel_tol=1e-6)
        assert (seen["object_class"], seen["flags"]) == (ObjectClass.BUS, ObjectFlag.BRAKING)


@pytest.mark.parametrize("text", ["", "2021-01-08", "2021-01-08T02:03:41", "yesterday"])
def test_dris_time_without_an_instant_is_refused(text: str) -> None:
    assert reason("bsm.dris.json", VEHICLE | {"time_stamp": text}) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (BSM, "bsm.csae.json"),
        (SSM | {"participants": []}, "ssm.json"),
        ({"msgFrameExt": {}}, "ssm.json"),
        ({"header": {}, "body": {"rsm_source": {}}}, "rsm.dris.json"),
        ({"header": {}, "body": {"vehicle_id": "a"}}, "bsm.dris.json"),
        (VEHICLE, "bsm.dris.json"),
    ],
)
def test_messages_name_their_formats(value: Any, expected: str) -> None:
    assert guess_format(dump(value)) == expected


@given(
    lat=st.integers(-900_000_000, 900_000_000),
    lon=st.integers(-1_799_999_999, 1_800_000_000),
    speed=st.integers(0, 8190),
    heading=st.integers(0, 28_799),
    mark=st.integers(0, 59_999),
)
def test_all_values_of_the_range_keep_their_meaning(
    lat: int, lon: int, speed: int, heading: int, mark: int
) -> None:
    changes = {"speed": speed, "heading": heading, "secMark": mark}
    pos = {"lat": lat, "long": lon}
    told = frame("bsm.csae.json", BSM | changes | {"pos": pos})
    shared = frame(
        "ssm.json",
        SSM | {"participants": [{"ptc": PTC | changes | {"pos": {"lat": lat, "lon": lon}}}]},
    )
    for found in (told, shared):
        seen = found.observations[0]
        assert found.position.tolist() == [[lon / 1e7, lat / 1e7]]
        assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), speed / 50, rel_tol=1e-5)
        turn = math.radians(90 - heading / 80)
        assert math.isclose(math.cos(seen["heading_rad"] - turn), 1.0, rel_tol=1e-9)
        assert found.event_time_us is not None
        assert found.event_time_us // 1000 % 60_000 == mark

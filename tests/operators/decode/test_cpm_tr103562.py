"""CPMs of TR 103 562: axes of units and vehicles, reference points, sign of the time, classes."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass, ObjectFlag
from operators.reasons import Reason
from operators.transform.cells import local_frame
from tests.operators.decode.cpms import NOW_US, SITE, old_cpm, old_object

NAME = "cpm.tr103562.json"
BOX = {"planar_object_dimension_1": 20, "planar_object_dimension_2": 60, "yaw_angle": 900}


def frame(payload: bytes, name: str = NAME) -> DecodedFrame:
    (found,) = decode(name, payload, NOW_US + 40_000).frames
    return found


def one(**changes: Any) -> Any:
    return frame(old_cpm(old_object(**changes))).observations[0]


def metres(found: DecodedFrame) -> np.ndarray[Any, Any]:
    return np.column_stack(local_frame(*SITE).to_local(*found.position.T))


def test_values_by_hand() -> None:
    confidence = {"x_speed": 4, "y_speed": 5, "yaw_angle": 20, "object": 9}
    found = frame(
        old_cpm(
            old_object(
                **BOX,
                z_distance=150,
                vertical_object_dimension=15,
                confidence=confidence,
                classification=[{"object_class": {"vehicle": 4}, "confidence": 60}],
            )
        )
    )
    seen = found.observations[0]
    assert (found.source_id, found.event_time_us) == ("rsu_9", NOW_US)
    assert np.allclose(metres(found), [[10.0, -20.0]], atol=1e-6)
    assert np.allclose([seen["cov_xx_m2"], seen["cov_yy_m2"]], [1.0, 4.0], rtol=1e-6)
    assert np.allclose([seen["vx_mps"], seen["vy_mps"]], [3.0, -4.0])
    assert math.isclose(seen["speed_sigma_mps"], 1 / 1.96, rel_tol=1e-6)  # the worse: 1 m/s
    assert math.isclose(seen["heading_rad"], math.pi / 2, rel_tol=1e-6)
    sizes = [round(float(seen[n]), 3) for n in ("length_m", "width_m", "height_m", "z_m")]
    assert sizes == [6.0, 2.0, 1.5, 201.5]  # the first dimension is the width
    assert (seen["object_class"], round(float(seen["score"]), 3)) == (ObjectClass.TRUCK, 0.6)


@pytest.mark.parametrize(
    ("point", "east", "north"),
    [
        (0, 0, 0), (1, 1, 3), (2, 1, 0), (3, 1, -3), (4, 0, 3), (5, 0, -3), (6, -1, 3),
        (7, -1, 0), (8, -1, -3),
    ],
)  # fmt: skip
def test_reference_points_are_moved_to_the_middle(point: int, east: int, north: int) -> None:
    # heading north, 6 m long, 2 m wide: the rear left corner lies 1 m west, 3 m south of the middle
    found = frame(old_cpm(old_object(**BOX, object_ref_point=point)))
    assert np.allclose(metres(found), [[10.0 + east, -20.0 + north]], atol=1e-6)


def test_reference_point_of_an_unknown_box_stays() -> None:
    for gone in ({"yaw_angle": 3601}, {"planar_object_dimension_2": 0}):
        found = frame(old_cpm(old_object(**BOX | gone, object_ref_point=5)))
        assert np.allclose(metres(found), [[10.0, -20.0]], atol=1e-6)


def test_axes_of_a_vehicle_are_forward_and_left() -> None:
    payload = old_cpm(old_object(yaw_angle=0), station_type=5, heading=900)  # it drives east
    assert np.allclose(metres(frame(payload)), [[10.0, -20.0]], atol=1e-6)
    payload = old_cpm(old_object(yaw_angle=0), station_type=5, heading=0)  # north
    found = frame(payload)
    seen = found.observations[0]
    assert np.allclose(metres(found), [[20.0, 10.0]], atol=1e-6)
    assert np.allclose([seen["cov_xx_m2"], seen["cov_yy_m2"]], [4.0, 1.0], rtol=1e-6)
    assert math.isclose(seen["heading_rad"], math.pi / 2, rel_tol=1e-6)
    assert math.isnan(seen["vx_mps"])  # relative to the vehicle


def test_vehicle_without_heading_places_nothing() -> None:
    with pytest.raises(DecodeError) as caught:
        frame(old_cpm(old_object(), station_type=5, heading=3601))
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(("name", "sign"), [(NAME, 1), ("cpm.tr103562.older.json", -1)])
def test_sign_of_the_measurement_time_is_that_of_the_reading(name: str, sign: int) -> None:
    objects = (old_object(time_of_measurement=t) for t in (100, 100, 400))
    found = frame(old_cpm(*objects), name)
    assert found.event_time_us == NOW_US + sign * 100_000
    assert found.observations["time_offset_us"].tolist() == [0, 0, sign * 300_000]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"x_speed": 16_383}, ["vx_mps", "vy_mps"]),
        ({"y_speed": -16_383}, ["vx_mps", "vy_mps"]),
        ({"yaw_angle": 3601}, ["heading_rad"]),
        ({"confidence": {"x_distance": 4095}}, ["cov_xx_m2", "cov_yy_m2"]),
        ({"confidence": {"x_speed": 0, "y_speed": 5}}, ["speed_sigma_mps"]),
        ({"planar_object_dimension_1": 0}, ["width_m"]),
    ],
)
def test_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    seen, plain = one(**changes), one(**BOX, confidence={"x_speed": 5, "y_speed": 5})
    assert all(math.isnan(seen[n]) and not math.isnan(plain[n]) for n in names)


def test_confidence_out_of_range_is_its_bound() -> None:
    seen = one(confidence={"x_distance": 4094, "y_distance": 4094})
    assert math.isclose(seen["cov_xx_m2"], (40.94 / 1.96) ** 2, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"vehicle": 1}, ObjectClass.CAR), ({"vehicle": 2}, ObjectClass.BUS),
        ({"vehicle": 3}, ObjectClass.VAN), ({"vehicle": 4}, ObjectClass.TRUCK),
        ({"vehicle": 7}, ObjectClass.TRAM), ({"vehicle": 8}, ObjectClass.EMERGENCY),
        ({"vehicle": 99}, ObjectClass.UNKNOWN), ({"other": 0}, ObjectClass.UNKNOWN),
        ({"single_vru": {"pedestrian": 1}}, ObjectClass.PEDESTRIAN),
        ({"single_vru": {"bicyclist": 6}}, ObjectClass.BICYCLE),
        ({"single_vru": {"motorcylist": 1}}, ObjectClass.MOTORCYCLE),
        ({"single_vru": {"animal": 1}}, ObjectClass.ANIMAL),
    ],
)  # fmt: skip
def test_classes(kind: dict[str, Any], expected: ObjectClass) -> None:
    seen = one(classification=[{"object_class": kind, "confidence": 0}])
    assert seen["object_class"] == expected
    assert math.isnan(seen["class_confidence"])  # 0: the sender does not know
    emergency = expected is ObjectClass.EMERGENCY
    assert seen["flags"] == (ObjectFlag.EMERGENCY_VEHICLE if emergency else 0)


@pytest.mark.parametrize("kind", range(12))
def test_objects_of_aggregating_sensors_are_fused(kind: int) -> None:
    fused = FrameFlag.FUSED if kind in (8, 11) else 0  # 12 and 13 of release 2: pitfall 19
    found = frame(old_cpm(old_object(sensor_id_list=[3]), sensors={3: kind, 4: 1}))
    assert found.flags == FrameFlag.FILTERED | fused


def test_silence_and_units_give_no_frame() -> None:
    unit = old_object(classification=[{"object_class": {"other": 1}, "confidence": 99}])
    assert decode(NAME, old_cpm(), NOW_US).frames == ()
    assert decode(NAME, old_cpm(unit), NOW_US).frames == ()


def test_message_names_its_format_and_the_other_release_is_refused() -> None:
    payload = old_cpm(old_object())
    assert guess_format(payload) == NAME
    with pytest.raises(DecodeError) as caught:
        decode("cpm.json", payload, NOW_US)
    assert caught.value.reason is Reason.MISSING_FIELD


def test_position_unavailable() -> None:
    whole = json.loads(old_cpm(old_object()))
    whole["message"]["management_container"]["reference_position"]["longitude"] = 1_800_000_001
    with pytest.raises(DecodeError) as caught:
        frame(json.dumps(whole).encode())
    assert caught.value.reason is Reason.UNAVAILABLE


@given(
    x=st.integers(-132_768, 132_767),
    y=st.integers(-132_768, 132_767),
    yaw=st.integers(0, 3599),
    heading=st.integers(0, 3599),
)
def test_distance_and_relative_yaw_survive_any_heading(
    x: int, y: int, yaw: int, heading: int
) -> None:
    told = old_object(x_distance=x, y_distance=y, yaw_angle=yaw)
    found = frame(old_cpm(told, station_type=5, heading=heading))
    ((east, north),) = metres(found)
    assert math.isclose(math.hypot(east, north), math.hypot(x, y) / 100, abs_tol=1e-3)
    turn = math.radians(yaw / 10 + 90 - heading / 10)
    assert math.isclose(math.cos(found.observations["heading_rad"][0] - turn), 1.0, rel_tol=1e-6)

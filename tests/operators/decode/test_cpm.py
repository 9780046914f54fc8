"""CPMs of TS 103 324: units, axes, sentinels, classes, sensors; all messages fit the schema."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.reasons import Reason
from operators.transform.cells import local_frame
from tests.operators.decode.cpms import NOW_US, SITE, axis, new_cpm, new_object


def frame(payload: bytes) -> DecodedFrame:
    (found,) = decode("cpm.json", payload, 0).frames
    return found


def one(**changes: Any) -> Any:
    return frame(new_cpm(new_object(**changes))).observations[0]


def metres(found: DecodedFrame) -> np.ndarray[Any, Any]:
    return np.column_stack(local_frame(*SITE).to_local(*found.position.T))


def polar(speed: int, direction: int, confidence: int = 127) -> dict[str, Any]:
    magnitude = {"value": speed, "confidence": confidence}
    return {
        "polar_velocity": {
            "velocity_magnitude": magnitude,
            "velocity_direction": {"value": direction, "confidence": 127},
        }
    }


def test_values_by_hand() -> None:
    found = frame(
        new_cpm(
            new_object(
                velocity=polar(1000, 900, 98),
                angles={"z_angle": {"value": 900, "confidence": 20}},
                object_dimension_x={"value": 45, "confidence": 1},
                object_dimension_y={"value": 18, "confidence": 1},
                object_dimension_z={"value": 15, "confidence": 1},
                object_perception_quality=12,
                classification=[
                    {"object_class": {"vehicle": 6}, "confidence": 30},
                    {"object_class": {"vehicle": 8}, "confidence": 60},
                    {"object_class": {"vehicle": 5}, "confidence": 101},
                ],
            )
        )
    )
    seen = found.observations[0]
    assert (found.source_id, found.event_time_us, found.space) == (
        "rsu_9", NOW_US, Space.GEOGRAPHIC,
    )  # fmt: skip
    assert found.flags == FrameFlag.FILTERED
    assert np.allclose(metres(found), [[10.0, -20.0]], atol=1e-6)  # x east, y north
    assert np.allclose([seen["cov_xx_m2"], seen["cov_yy_m2"]], [1.0, 4.0], rtol=1e-6)
    assert np.allclose([seen["vx_mps"], seen["vy_mps"]], [0.0, 10.0], atol=1e-6)
    assert math.isclose(seen["speed_sigma_mps"], 0.5, rel_tol=1e-6)
    assert math.isclose(seen["heading_rad"], math.pi / 2, rel_tol=1e-6)
    assert math.isclose(seen["heading_sigma_rad"], math.radians(2 / 1.96), rel_tol=1e-6)
    sizes = [round(float(seen[n]), 3) for n in ("length_m", "width_m", "height_m")]
    assert sizes == [4.5, 1.8, 1.5]
    assert math.isclose(seen["score"], 0.8, rel_tol=1e-6)
    assert (seen["object_class"], round(float(seen["class_confidence"]), 3)) == (
        ObjectClass.TRUCK, 0.6,
    )  # fmt: skip


def test_cartesian_velocity_and_height() -> None:
    rates = {
        "x_velocity": {"value": -300, "confidence": 10},
        "y_velocity": {"value": 400, "confidence": 49},
    }
    place = new_object()["position"] | {"z_coordinate": axis(150)}
    seen = one(velocity={"cartesian_velocity": rates}, position=place)
    assert np.allclose([seen["vx_mps"], seen["vy_mps"]], [-3.0, 4.0])
    assert math.isclose(seen["speed_sigma_mps"], 0.25, rel_tol=1e-6)  # the worse of the two
    assert math.isclose(seen["z_m"], 201.5, rel_tol=1e-6)


def test_error_of_the_reference_position_is_added() -> None:
    whole = json.loads(new_cpm(new_object()))
    at = whole["message"]["management_container"]["reference_position"]
    at["position_confidence_ellipse"] = {
        "semi_major": 2000, "semi_minor": 2000, "semi_major_orientation": 0,
    }  # fmt: skip
    seen = frame(json.dumps(whole).encode()).observations[0]
    own = (20.0 / 2.4477) ** 2
    assert np.allclose([seen["cov_xx_m2"], seen["cov_yy_m2"]], [1.0 + own, 4.0 + own], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"velocity": polar(16_383, 900)}, ["vx_mps", "vy_mps", "speed_sigma_mps"]),
        ({"velocity": polar(16_382, 900)}, ["vx_mps"]),
        ({"velocity": polar(1000, 3601)}, ["vx_mps", "vy_mps"]),
        ({"angles": {"z_angle": {"value": 3601, "confidence": 127}}}, ["heading_rad"]),
        ({"object_dimension_x": {"value": 255, "confidence": 1}}, ["length_m"]),
        ({"object_dimension_y": {"value": 256, "confidence": 32}}, ["width_m"]),
        (
            {"position": {"x_coordinate": axis(1), "y_coordinate": axis(2, 100)}},
            ["cov_xx_m2", "cov_yy_m2", "cov_xy_m2"],
        ),
        (
            {"velocity": {"cartesian_velocity": {
                "x_velocity": {"value": 16_383, "confidence": 127},
                "y_velocity": {"value": 100, "confidence": 1}}}},
            ["vx_mps", "vy_mps", "speed_sigma_mps"],
        ),
    ],
)  # fmt: skip
def test_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    plain = one(
        velocity=polar(1000, 900, 10),
        angles={"z_angle": {"value": 900, "confidence": 1}},
        object_dimension_x={"value": 45, "confidence": 1},
        object_dimension_y={"value": 18, "confidence": 1},
    )
    seen = one(**changes)
    assert all(math.isnan(seen[n]) and not math.isnan(plain[n]) for n in names)


def test_nothing_but_a_place_is_enough() -> None:
    seen = one()
    assert all(math.isnan(seen[n]) for n in ("z_m", "vx_mps", "heading_rad", "score", "length_m"))
    assert (seen["object_class"], seen["flags"]) == (ObjectClass.UNKNOWN, 0)


def test_confidence_out_of_range_is_its_bound() -> None:
    place = {"x_coordinate": axis(1, 4095), "y_coordinate": axis(2, 4095)}
    assert math.isclose(one(position=place)["cov_xx_m2"], (40.95 / 1.96) ** 2, rel_tol=1e-6)


@pytest.mark.parametrize("value", [-131_072, 131_071])
def test_object_out_of_reach_is_refused(value: int) -> None:
    far = {"x_coordinate": axis(value), "y_coordinate": axis(0)}
    found = frame(new_cpm(new_object(position=far), new_object()))
    assert (found.refused, found.observations["index"].tolist()) == (1, [1])


def test_message_without_reference_position_is_unavailable() -> None:
    whole = json.loads(new_cpm(new_object()))
    whole["message"]["management_container"]["reference_position"]["latitude"] = 900_000_001
    with pytest.raises(DecodeError) as caught:
        frame(json.dumps(whole).encode())
    assert caught.value.reason is Reason.UNAVAILABLE


def test_positive_delta_is_newer_and_the_middle_is_the_event_time() -> None:
    found = frame(new_cpm(*(new_object(measurement_delta_time=d) for d in (-300, -100, 200))))
    assert found.event_time_us == NOW_US - 100_000
    assert found.observations["time_offset_us"].tolist() == [-200_000, 0, 300_000]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"vehicle": 0}, ObjectClass.UNKNOWN), ({"vehicle": 5}, ObjectClass.CAR),
        ({"vehicle": 7}, ObjectClass.VAN), ({"vehicle": 11}, ObjectClass.TRAM),
        ({"vehicle": 14}, ObjectClass.TRUCK), ({"vehicle": 200}, ObjectClass.UNKNOWN),
        ({"vru": {"pedestrian": 1}}, ObjectClass.PEDESTRIAN),
        ({"vru": {"bicyclist_and_light_vru_vehicle": 1}}, ObjectClass.BICYCLE),
        ({"vru": {"bicyclist_and_light_vru_vehicle": 2}}, ObjectClass.PEDESTRIAN),
        ({"vru": {"motorcylist": 2}}, ObjectClass.MOTORCYCLE),
        ({"vru": {"animal": 1}}, ObjectClass.ANIMAL),
        ({"other": 0}, ObjectClass.UNKNOWN), ({"other": 1}, ObjectClass.OBSTACLE),
    ],
)  # fmt: skip
def test_classes(kind: dict[str, Any], expected: ObjectClass) -> None:
    assert (
        one(classification=[{"object_class": kind, "confidence": 80}])["object_class"] == expected
    )


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (["pedestrian"], ObjectClass.PEDESTRIAN), (["bicyclist"], ObjectClass.BICYCLE),
        (["motorcyclist"], ObjectClass.MOTORCYCLE), (["animal"], ObjectClass.ANIMAL),
        (["pedestrian", "animal"], ObjectClass.UNKNOWN), ([], ObjectClass.UNKNOWN),
    ],
)  # fmt: skip
def test_group_of_one_profile_has_its_class(held: list[str], expected: ObjectClass) -> None:
    names = ("pedestrian", "bicyclist", "motorcyclist", "animal")
    group = {
        "cluster_bounding_box_shape": {"circular": {"radius": 10}},
        "cluster_cardinality_size": 4,
        "cluster_profiles": {name: name in held for name in names},
    }
    kind = {"object_class": {"group": group}, "confidence": 1}
    assert one(classification=[kind])["object_class"] == expected


def test_roadside_unit_is_no_object_and_silence_is_no_empty_road() -> None:
    unit = new_object(classification=[{"object_class": {"vehicle": 15}, "confidence": 99}])
    assert decode("cpm.json", new_cpm(unit), 0).frames == ()
    assert decode("cpm.json", new_cpm(), 0).frames == ()
    found = frame(new_cpm(unit, new_object()))
    assert found.observations["index"].tolist() == [1]


@pytest.mark.parametrize("kind", range(14))
def test_objects_of_aggregating_sensors_are_fused(kind: int) -> None:
    sensors = [
        {"sensor_id": 1, "sensor_type": kind, "shadowing_applies": False},
        {"sensor_id": 2, "sensor_type": 1, "shadowing_applies": False},
    ]
    fused = FrameFlag.FUSED if kind in (12, 13) else 0  # pitfall 19
    for ids, expected in (([1], fused), ([2], 0), (None, fused)):
        told = new_object() if ids is None else new_object(sensor_id_list=ids)
        found = frame(new_cpm(told, sensor_information_container=sensors))
        assert found.flags == FrameFlag.FILTERED | expected


def test_message_names_its_format() -> None:
    assert guess_format(new_cpm(new_object())) == "cpm.json"


@given(
    x=st.integers(-131_071, 131_070),
    y=st.integers(-131_071, 131_070),
    speed=st.integers(0, 16_381),
    direction=st.integers(0, 3599),
    delta=st.integers(-2048, 2047),
)
def test_all_values_of_the_range_keep_their_meaning(
    x: int, y: int, speed: int, direction: int, delta: int
) -> None:
    given_object = new_object(
        position={"x_coordinate": axis(x), "y_coordinate": axis(y)},
        velocity=polar(speed, direction),
        measurement_delta_time=delta,
    )
    found = frame(new_cpm(given_object))
    seen = found.observations[0]
    assert np.allclose(metres(found), [[x / 100, y / 100]], atol=1e-3)
    turn = math.radians(direction / 10)
    expected = [speed / 100 * math.cos(turn), speed / 100 * math.sin(turn)]
    assert np.allclose([seen["vx_mps"], seen["vy_mps"]], expected, rtol=1e-5, atol=1e-5)
    assert found.event_time_us == NOW_US + delta * 1000

"""SDSMs: the ODE's own, each unit and sentinel by hand, and the readings that senders differ in."""

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
from operators.frame import FrameFlag, ObjectClass, ObjectFlag
from operators.reasons import Reason
from operators.transform.cells import local_frame

DATA = Path(__file__).parents[3].parent / "shared/data/jpo-ode"
ANCHOR_US = 1_747_953_910_967_000  # 2025-05-22T22:45:10.967Z
STAMP_US = ANCHOR_US - 67_000
STAMP = {"year": 2025, "month": 5, "day": 22, "hour": 22, "minute": 45, "second": 10_900}
COMMON: dict[str, Any] = {
    "objType": "vehicle", "objTypeCfd": 80, "objectID": 7, "measurementTime": 0,
    "timeConfidence": "unavailable", "pos": {"offsetX": 100, "offsetY": 0},
    "posConfidence": {"pos": "a1m", "elevation": "unavailable"},
    "speed": 500, "speedConfidence": "prec1ms", "heading": 7200, "headingConf": "prec01deg",
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "msgCnt": 3, "sourceID": "0A0B0C0D", "equipmentType": "rsu", "sDSMTimeStamp": STAMP,
    "refPos": {"lat": 423_010_070, "long": -836_987_660, "elevation": 2500},
    "refPosXYConf": {"semiMajor": 255, "semiMinor": 255, "orientation": 65_535},
}  # fmt: skip


def detected(options: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    one: dict[str, Any] = {"detObjCommon": copy.deepcopy(COMMON) | changes}
    return one if options is None else one | {"detObjOptData": options}


def record(*objects: dict[str, Any], **changes: Any) -> bytes:
    message = copy.deepcopy(MESSAGE) | {"objects": list(objects)} | changes
    value = {"SensorDataSharingMessage": message}
    return json.dumps({"metadata": {}, "payload": {"data": {"value": value}}}).encode()


def frame(payload: bytes, name: str = "sdsm.json", anchor_us: int = ANCHOR_US) -> DecodedFrame:
    (found,) = decode(name, payload, anchor_us).frames
    return found


def metres(found: DecodedFrame) -> np.ndarray[Any, Any]:
    """Positions in metres east and north of the reference position."""
    site = local_frame(-83.698766, 42.301007)
    return np.column_stack(site.to_local(found.position[:, 0], found.position[:, 1]))


@pytest.mark.parametrize("name", ["sample-sdsm.json", "expected-sdsm.json"])
def test_oracle_numbers_of_the_ode(name: str) -> None:
    found = frame((DATA / name).read_bytes())
    one = found.observations[0]
    assert (found.source_id, found.space, found.flags) == (
        "010C0C0A", Space.GEOGRAPHIC, FrameFlag.FILTERED,
    )  # fmt: skip
    assert found.event_time_us is None  # the stamp names the year only
    assert one["time_offset_us"] == 1000
    assert np.allclose(metres(found), [[0.1, 0.1]], atol=1e-6)
    assert (one["object_class"], one["class_confidence"]) == (
        ObjectClass.PEDESTRIAN, np.float32(0.98),
    )  # fmt: skip
    assert np.allclose([one["vx_mps"], one["vy_mps"]], [0.0, 0.02], atol=1e-9)
    assert math.isclose(one["heading_rad"], math.pi / 2, rel_tol=1e-6)
    own = (0.2 / 2.4477) ** 2
    # axes of 0.6 m and 2.6 m, the first turned from north by 10 x 360/65535 deg
    assert math.isclose(one["cov_yy_m2"], own + 0.36, rel_tol=1e-4)
    assert math.isclose(one["cov_xx_m2"], own + 6.76, rel_tol=1e-4)
    turn = math.radians(10 * 360 / 65_535)
    assert math.isclose(one["cov_xy_m2"], (0.36 - 6.76) * turn, rel_tol=1e-3)
    assert math.isclose(one["speed_sigma_mps"], 10 / 1.96, rel_tol=1e-6)
    assert math.isclose(one["heading_sigma_rad"], math.radians(5) / 1.96, rel_tol=1e-6)
    assert math.isnan(one["z_m"])


def test_units_by_hand() -> None:
    options = {"detVeh": {"size": {"width": 190, "length": 570}, "height": 30, "vehicleClass": 25}}
    one = frame(record(detected(options))).observations[0]
    assert (one["vx_mps"], round(float(one["vy_mps"]), 6)) == (10.0, 0.0)  # 500 x 0.02, east
    assert [round(float(one[n]), 2) for n in ("length_m", "width_m", "height_m")] == [5.7, 1.9, 1.5]
    assert one["object_class"] == ObjectClass.TRUCK
    assert math.isclose(one["cov_xx_m2"], (1 / 2.4477) ** 2, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("name", "east_north_m", "z_m"),
    [
        ("sdsm.json", (20, 10), 253),
        ("sdsm.carma.json", (20, 10), 253),
        ("sdsm.enu.json", (10, 20), 247),
    ],
)
def test_axes_are_those_of_the_reading(
    name: str, east_north_m: tuple[float, float], z_m: float
) -> None:
    pos = {"offsetX": 100, "offsetY": 200, "offsetZ": -30}
    found = frame(record(detected(pos=pos)), name)
    assert np.allclose(metres(found), [east_north_m], atol=1e-6)
    assert math.isclose(found.observations["z_m"][0], z_m, rel_tol=1e-6)


@pytest.mark.parametrize(("name", "sign"), [("sdsm.json", 1), ("sdsm.carma.json", -1)])
def test_sign_of_the_measurement_time_is_that_of_the_reading(name: str, sign: int) -> None:
    found = frame(record(*(detected(measurementTime=t) for t in (100, 140, 90))), name)
    assert found.event_time_us == STAMP_US + sign * 100_000
    assert found.observations["time_offset_us"].tolist() == [0, sign * 40_000, -sign * 10_000]


@given(
    st.lists(
        st.tuples(st.integers(-32_767, 32_767), st.integers(-32_767, 32_767)),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_offsets_come_back(steps: list[tuple[int, int]]) -> None:
    objects = [detected(pos={"offsetX": x, "offsetY": y}) for x, y in steps]
    expected = [[y / 10, x / 10] for x, y in steps]
    assert np.allclose(metres(frame(record(*objects))), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 8191}, ("vx_mps", "vy_mps")),
        ({"heading": 28_800}, ("heading_rad", "vx_mps", "vy_mps")),
        ({"objTypeCfd": 101}, ("class_confidence",)),
        ({"posConfidence": {"pos": "unavailable"}}, ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2")),
        ({"speedConfidence": "unavailable"}, ("speed_sigma_mps",)),
        ({"headingConf": "unavailable"}, ("heading_sigma_rad",)),
    ],
)
def test_sentinels_are_unknown(changes: dict[str, Any], names: tuple[str, ...]) -> None:
    one = frame(record(detected(**changes))).observations[0]
    assert all(math.isnan(one[name]) for name in names)


def test_no_elevation_is_no_height() -> None:
    place = {"lat": 423_010_070, "long": -836_987_660, "elevation": -4096}
    one = detected(pos={"offsetX": 1, "offsetY": 1, "offsetZ": 5})
    assert math.isnan(frame(record(one, refPos=place)).observations["z_m"][0])


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("vehicle", None, ObjectClass.CAR),
        ("vehicle", {"detVeh": {"vehicleClass": 0}}, ObjectClass.CAR),
        ("vehicle", {"detVeh": {"vehicleClass": 50}}, ObjectClass.BUS),
        ("vru", {"detVRU": {"basicType": "aPEDALCYCLIST"}}, ObjectClass.BICYCLE),
        ("vru", {"detVRU": {"basicType": "aPUBLICSAFETYWORKER"}}, ObjectClass.PEDESTRIAN),
        ("vru", {"detVRU": {"basicType": "unavailable"}}, ObjectClass.PEDESTRIAN),
        ("animal", None, ObjectClass.ANIMAL),
        ("unknown", {"detObst": {"obstSize": {"width": 5, "length": 8}}}, ObjectClass.OBSTACLE),
        ("unknown", None, ObjectClass.UNKNOWN),
    ],
)
def test_class_is_the_finest_told(
    kind: str, options: dict[str, Any] | None, expected: ObjectClass
) -> None:
    one = frame(record(detected(options, objType=kind))).observations[0]
    assert one["object_class"] == expected


def test_size_of_an_obstacle_is_in_decimetres() -> None:
    size = {"width": 5, "length": 8, "height": 3}
    one = frame(record(detected({"detObst": {"obstSize": size}}, objType="unknown")))
    found = [round(float(one.observations[n][0]), 3) for n in ("length_m", "width_m", "height_m")]
    assert found == [0.8, 0.5, 0.3]


def test_id_of_a_vehicle_rotates_and_is_no_source() -> None:
    assert frame(record(detected(), equipmentType="obu")).source_id is None


def test_message_that_saw_nothing_is_an_empty_frame() -> None:
    found = frame(record())
    assert (len(found.observations), found.refused, found.event_time_us) == (0, 0, STAMP_US)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ((DATA / "expected-bsm.json").read_bytes(), Reason.WRONG_KIND),
        (record(detected(), refPos={"lat": 900_000_001, "long": 0}), Reason.UNAVAILABLE),
        (record(detected(pos={"offsetX": 32_768, "offsetY": 0})), Reason.OUT_OF_RANGE),
        (record(detected(measurementTime=1501)), Reason.OUT_OF_RANGE),
        (record(detected(posConfidence={"pos": "a3m"})), Reason.OUT_OF_RANGE),
        (record(detected(pos={"offsetX": 1})), Reason.MISSING_FIELD),
        (record(detected(objType="tank")), Reason.WRONG_TYPE),
        (record(*[detected()] * 10_001), Reason.TOO_MANY_OBJECTS),
    ],
)
def test_wrong_messages_are_named(payload: bytes, expected: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        decode("sdsm.json", payload, ANCHOR_US)
    assert caught.value.reason is expected


def test_lights_and_an_ambulance_are_marked() -> None:
    vehicle = {"vehicleClass": 63, "lights": "0800"}  # hazard lights are bit 4
    seen = frame(record(detected({"detVeh": vehicle}))).observations[0]
    assert seen["flags"] == ObjectFlag.HAZARD_LIGHTS | ObjectFlag.EMERGENCY_VEHICLE
    assert frame(record(detected())).observations["flags"].tolist() == [0]

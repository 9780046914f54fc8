"""PSMs of the ODE: authored samples, the raw fields of schema 8, each sentinel of both dialects."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.reasons import Reason

DATA = Path(__file__).parents[3].parent / "shared/data"
ANCHOR_US = 1_733_852_029_421_000  # 2024-12-10T17:33:49.421Z
CORE: dict[str, Any] = {
    "basicType": "aPEDESTRIAN", "secMark": 48_564, "msgCnt": 26, "id": "24779D7E", "speed": 75,
    "heading": 7200,
}  # fmt: skip
SI = CORE | {
    "position": {"latitude": 40.2397377, "longitude": -74.2761437, "elevation": 12.5},
    "accuracy": {"semiMajor": 2.0, "semiMinor": 1.0, "orientation": 0.0},
}
RAW = CORE | {
    "position": {"lat": 402_397_377, "long": -742_761_437, "elevation": 125},
    "accuracy": {"semiMajor": 40, "semiMinor": 20, "orientation": 0},
}


def record(data: dict[str, Any], by: str = "UNKNOWN") -> bytes:
    metadata = {"recordGeneratedBy": by}
    return json.dumps({"metadata": metadata, "payload": {"data": data}}).encode()


def raw(**changes: Any) -> bytes:
    return record({"value": {"PersonalSafetyMessage": RAW | changes}})


def frame(payload: bytes) -> DecodedFrame:
    (found,) = decode("psm.json", payload, ANCHOR_US).frames
    return found


def reason(payload: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode("psm.json", payload, ANCHOR_US)
    return caught.value


@pytest.mark.parametrize(
    "name", ["jpo-ode/expected-psm.json", "jpo-geojsonconverter/valid.psm.json"]
)
def test_authored_samples(name: str) -> None:
    found = frame((DATA / name).read_bytes())
    seen = found.observations[0]
    assert found.position.tolist() == [[-74.2761437, 40.2397377]]
    assert (found.source_id, found.space) == (None, Space.GEOGRAPHIC)
    assert found.event_time_us is not None
    assert found.event_time_us // 1000 % 60_000 == 3564
    assert seen["object_class"] == ObjectClass.PEDESTRIAN
    # heading 8898 is raw: 111.225 degrees, south of east
    assert math.isclose(math.degrees(seen["heading_rad"]), 90 - 111.225, rel_tol=1e-6)
    assert math.isclose(seen["cov_xx_m2"], 1.0, rel_tol=1e-6)
    assert (seen["vx_mps"], seen["vy_mps"]) == (0.0, 0.0)


def test_invalid_sample_is_refused_for_who_made_it() -> None:
    error = reason((DATA / "jpo-geojsonconverter/invalid.psm.json").read_bytes())
    assert (error.reason, "recordGeneratedBy" in error.detail) == (Reason.WRONG_TYPE, True)


def test_two_dialects_of_one_message_agree() -> None:
    si, of_raw = frame(record(SI)), frame(raw())
    assert si.position.tolist() == of_raw.position.tolist()
    assert si.observations.tobytes() == of_raw.observations.tobytes()
    assert si.event_time_us == of_raw.event_time_us == ANCHOR_US - 857_000


def test_speed_and_heading_are_raw_in_both() -> None:
    for payload in (record(SI), raw()):
        seen = frame(payload).observations[0]
        assert (round(float(seen["vx_mps"]), 6), round(float(seen["vy_mps"]), 6)) == (1.5, 0.0)
        assert math.isclose(seen["cov_yy_m2"], 4.0, rel_tol=1e-6)  # major axis north, one sigma


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 8191}, ["vx_mps", "vy_mps"]),
        ({"heading": 28_800}, ["heading_rad", "vx_mps"]),
    ],
)
def test_sentinels_of_both_dialects(changes: dict[str, Any], names: list[str]) -> None:
    for payload, plain in ((record(SI | changes), record(SI)), (raw(**changes), raw())):
        seen, known = frame(payload).observations[0], frame(plain).observations[0]
        assert all(math.isnan(seen[n]) and not math.isnan(known[n]) for n in names)


def test_place_and_accuracy_sentinels_of_schema_9() -> None:
    for gone in ({"lat": 900_000_001}, {"long": 1_800_000_001}):
        assert reason(raw(position=RAW["position"] | gone)).reason is Reason.UNAVAILABLE
    level = frame(raw(position=RAW["position"] | {"elevation": -4096}))
    assert math.isnan(level.observations["z_m"][0])
    unknown = {"semiMajor": 255, "semiMinor": 255, "orientation": 65_535}
    assert math.isnan(frame(raw(accuracy=unknown)).observations["cov_xx_m2"][0])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("aPEDALCYCLIST", ObjectClass.BICYCLE), ("aPUBLICSAFETYWORKER", ObjectClass.PEDESTRIAN),
        ("anANIMAL", ObjectClass.ANIMAL), ("unavailable", ObjectClass.UNKNOWN),
    ],
)  # fmt: skip
def test_kinds(kind: str, expected: ObjectClass) -> None:
    assert frame(raw(basicType=kind)).observations["object_class"].tolist() == [expected]


@pytest.mark.parametrize("name", ["crossRequest", "crossState"])
def test_who_wants_to_cross_is_marked(name: str) -> None:
    assert frame(raw(**{name: True})).observations["flags"].tolist() == [ObjectFlag.CROSSING]
    assert frame(raw(**{name: False})).observations["flags"].tolist() == [0]


@pytest.mark.parametrize("name", ["bsm", "spat", "map", "sdsm"])
def test_another_kind_of_ode_message_is_not_a_psm(name: str) -> None:
    payload = (DATA / f"jpo-ode/expected-{name}.json").read_bytes()
    assert reason(payload).reason in (Reason.WRONG_KIND, Reason.WRONG_TYPE)


@given(
    lat=st.integers(-900_000_000, 900_000_000),
    long=st.integers(-1_799_999_999, 1_800_000_000),
    speed=st.integers(0, 8190),
    heading=st.integers(0, 28_799),
)
def test_all_values_of_the_range_keep_their_meaning(
    lat: int, long: int, speed: int, heading: int
) -> None:
    found = frame(raw(position={"lat": lat, "long": long}, speed=speed, heading=heading))
    seen = found.observations[0]
    assert found.position.tolist() == [[long / 1e7, lat / 1e7]]
    assert math.isclose(math.hypot(seen["vx_mps"], seen["vy_mps"]), speed / 50, rel_tol=1e-5)
    turn = math.radians(90 - heading / 80)
    assert math.isclose(math.cos(seen["heading_rad"] - turn), 1.0, rel_tol=1e-9)

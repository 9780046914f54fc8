"""RSAP in JSON: datum, stages of time, sentinels, classes, numbers as texts."""

import json
import math
from typing import Any

import numpy as np
import pytest

from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.declared import declared_to_wgs84
from operators.transform.gcj02 import wgs84_to_gcj02

OUT_MS = 1_700_000_000_123
TARGET: dict[str, Any] = {
    "uuid": "a1", "objId": 4, "type": 2, "longitude": 116.4, "latitude": 39.9, "speed": 1000,
    "heading": 90, "elevation": 435,
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "rcuId": "RCU1", "deviceId": "CAM3", "deviceType": 2, "gnssType": 2,
    "timestampOfDevOut": OUT_MS, "timestampOfDetIn": OUT_MS + 20,
    "timestampOfDetOut": OUT_MS + 60, "kafkaTime": OUT_MS + 80,
}  # fmt: skip


def frame(*targets: dict[str, Any], **changes: Any) -> DecodedFrame:
    value = MESSAGE | {"targets": [TARGET | t for t in targets]} | changes
    (found,) = decode("rsap.json", json.dumps(value).encode(), 0).frames
    return found


def test_values_by_hand() -> None:
    found = frame({})
    seen = found.observations[0]
    assert (found.source_id, found.event_time_us) == ("RCU1/CAM3", OUT_MS * 1000)
    assert (found.flags, found.datum) == (FrameFlag.FILTERED, "WGS-84")
    assert found.position.tolist() == [[116.4, 39.9]]
    assert (round(float(seen["vx_mps"]), 6), round(float(seen["vy_mps"]), 6)) == (10.0, 0.0)
    assert math.isclose(seen["z_m"], 43.5, rel_tol=1e-6)
    assert seen["object_class"] == ObjectClass.CAR


def test_numbers_may_be_texts() -> None:
    texts = {k: str(v) for k, v in TARGET.items()}
    found = frame(texts, timestampOfDevOut=str(OUT_MS), deviceType="2", gnssType="2")
    plain = frame({})
    assert found.observations.tobytes() == plain.observations.tobytes()
    assert (found.event_time_us, found.datum) == (plain.event_time_us, plain.datum)


def test_first_stage_that_is_told_is_the_event_time() -> None:
    assert frame({}, timestampOfDevOut=0).event_time_us == (OUT_MS + 20) * 1000
    gone = {"timestampOfDevOut": 0, "timestampOfDetIn": 0}
    assert frame({}, **gone).event_time_us == (OUT_MS + 60) * 1000
    assert frame({}, **gone, timestampOfDetOut=0).event_time_us is None


def test_datum_of_the_message_counts_before_that_of_the_entry() -> None:
    lon, lat = wgs84_to_gcj02(np.array([116.4]), np.array([39.9]))
    told = {"longitude": float(lon[0]), "latitude": float(lat[0])}
    entry = SourceEntry("RCU1/CAM3", "roadside")  # declares nothing: WGS-84
    back = declared_to_wgs84(frame(told, gnssType=0), entry)
    assert np.allclose([back[0][0], back[1][0]], [116.4, 39.9], rtol=0, atol=1e-9)
    shifted = declared_to_wgs84(frame(told, gnssType=1), entry)  # its own: as the entry says
    assert abs(shifted[0][0] - 116.4) > 0.005  # negative control: half a kilometre off


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"speed": 65_535}, ["vx_mps", "vy_mps"]),
        ({"heading": 3_600_001}, ["heading_rad", "vx_mps"]),
        ({"elevation": 4_294_962_295}, ["z_m"]),
    ],
)
def test_sentinels_are_unknown(changes: dict[str, Any], names: list[str]) -> None:
    seen, plain = frame(changes).observations[0], frame({}).observations[0]
    assert all(math.isnan(seen[n]) and not math.isnan(plain[n]) for n in names)


def test_objects_without_a_place_are_refused() -> None:
    gone = [{"longitude": 180.0000001}, {"latitude": 90.0000001}]
    found = frame(*gone, {})
    assert (found.refused, len(found.observations)) == (2, 1)
    with pytest.raises(DecodeError) as caught:
        frame(*gone)
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, ObjectClass.PEDESTRIAN), (1, ObjectClass.BICYCLE), (3, ObjectClass.MOTORCYCLE),
        (5, ObjectClass.BUS), (7, ObjectClass.TRUCK), (20, ObjectClass.BICYCLE),
        (240, ObjectClass.UNKNOWN),
    ],
)  # fmt: skip
def test_types(number: int, expected: ObjectClass) -> None:
    assert frame({"type": number}).observations["object_class"].tolist() == [expected]


def test_fusing_device_is_marked() -> None:
    assert frame({}, deviceType=1).flags == FrameFlag.FILTERED | FrameFlag.FUSED


def test_uuid_is_the_id_before_the_number() -> None:
    ids = frame({}, {"objId": 5}, {"uuid": ""}).observations["local_id"]
    assert ids[0] == ids[1] != ids[2] != 0


def test_empty_picture_is_evidence() -> None:
    assert len(frame().observations) == 0
    assert guess_format(json.dumps(MESSAGE | {"targets": []}).encode()) == "rsap.json"

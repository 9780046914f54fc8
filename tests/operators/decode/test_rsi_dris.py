"""Roadside information of a DRIS: values of its published samples, of a unit and as forwarded."""

import copy
import json

import pytest

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason

ANCHOR_US = 1_653_016_704_000_000  # 2022-05-20T03:18:24Z
SPOT = {"lat": 401234567, "lon": 1161234567, "ele": 1000}
DEGREES = {"lat": 40.1234567, "lon": 116.1234567, "ele": 1000}
LINE = [DEGREES, {"lat": 40.1244567, "lon": 116.1234567}]
OF_A_UNIT = {
    "rsiSourceId": "unit1", "ack": True, "seqNum": "string",
    "rsiDatas": [{"id": "R1", "refPos": SPOT, "rtes": [{
        "rteId": 100, "eventType": 100, "eventSource": "unknown", "eventPosition": SPOT,
        "eventRadius": 100, "eventDescription": "test", "eventPriority": 5,
        "timeDetails": {"startTime": 200_000, "endTime": 200_060, "endTimeConfidence": 10},
        "referencePaths": [{"activePath": [SPOT], "pathRadius": 100}], "eventConfidence": 100,
    }]}],
}  # fmt: skip
FORWARDED = {
    "header": {},
    "body": {
        "rsi_source": {"rsi_source_type": "rsu", "rsi_source_id": "7", "esn": "esn_7"},
        "time_stamp": "2021-12-18T07:20:51.683Z",
        "rtes": [{
            "rte_id": 3, "event_type": 501, "event_source": "police", "description": "works",
            "reference_paths": [{"active_path": LINE, "path_radius": 35}],
        }],
        "rtss": [{
            "rts_id": 4, "sign_type": 85, "sign_position": DEGREES, "sign_description": "slow",
        }],
    },
}  # fmt: skip


def read(message):
    return decode("rsi.dris.json", json.dumps(message).encode(), ANCHOR_US)


def changed(**fields):
    message = copy.deepcopy(OF_A_UNIT)
    message["rsiDatas"][0]["rtes"][0] |= fields
    return message


def test_a_unit_tells_of_an_event_at_a_place():
    made = read(OF_A_UNIT)
    (found,) = made.features
    assert (made.sender, found.feature_id, found.kind) == ("unit1", "rsi/unit1/100", "incident")
    assert json.loads(found.area) == {"type": "Point", "coordinates": [116.1234567, 40.1234567]}
    assert found.radius_m == 10.0
    assert found.valid_from_us == 1_652_995_200_000_000  # minute 200 000 of 2022
    assert found.valid_to_us - found.valid_from_us == 3_600_000_000
    assert found.properties == {"event_type": "100", "description": "test"}
    assert guess_format(json.dumps(OF_A_UNIT).encode()) == "rsi.dris.json"


def test_degrees_and_their_ten_millionths_are_one_place():
    assert read(changed(eventPosition=DEGREES)) == read(OF_A_UNIT)


def test_what_is_forwarded_tells_of_events_and_signs_under_its_unit():
    made = read(FORWARDED)
    works, sign = made.features
    assert made.sender == "esn_7"
    assert (works.feature_id, works.kind, works.radius_m) == ("rsi/esn_7/3", "work_zone", 3.5)
    assert json.loads(works.area)["coordinates"] == [[
        [116.1234567, 40.1234567], [116.1234567, 40.1244567],
    ]]  # fmt: skip
    assert (works.valid_from_us, works.valid_to_us) == (None, ANCHOR_US + 60_000_000)
    assert (sign.feature_id, sign.kind) == ("rsi/esn_7/sign/4", "warning")
    assert sign.properties == {"sign_type": "85", "description": "slow"}
    assert guess_format(json.dumps(FORWARDED).encode()) == "rsi.dris.json"


def test_a_unit_without_an_id_of_its_own_goes_by_that_of_its_message():
    message = {"rsiDatas": OF_A_UNIT["rsiDatas"]}
    made = read(message)
    assert (made.sender, made.features[0].feature_id) == ("", "rsi/R1/100")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (changed(eventPosition=None), Reason.MISSING_FIELD),
        (changed(eventPosition={"lat": 900_000_001, "lon": 0}), Reason.UNAVAILABLE),
        (changed(rteId=256), Reason.OUT_OF_RANGE),
        (changed(timeDetails={"startTime": 600_000}), Reason.OUT_OF_RANGE),
        ({"rsiDatas": [{"rtes": []}]}, Reason.MISSING_FIELD),
        ({"body": {"rtes": []}}, Reason.MISSING_FIELD),
        ({}, Reason.MISSING_FIELD),
        ([], Reason.WRONG_TYPE),
    ],
)
def test_wrong_events_are_named(message, reason):
    with pytest.raises(DecodeError) as caught:
        read(message)
    assert caught.value.reason is reason

"""Roadside information of T/CSAE 53 and of the DAWNLINE dialect."""

import json
from pathlib import Path

import pytest

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason

DAWNLINE = Path("../shared/data/openv2x/rsi.dawnline.json").read_bytes()
ANCHOR_US = 1_653_016_704_000_000  # 2022-05-20T03:18:24Z
NODES = [
    {"offsetLL": {"position-LL1": {"lat": 0, "lon": 0}}},
    {"lat": 319353853, "lon": 1188218217},
]
WORKS = {
    "rteId": 7, "eventType": 501, "description": {"textString": "works"},
    "timeDetails": {"startTime": 200_000, "endTime": 200_060},
    "referencePaths": [{"activePath": NODES, "pathRadius": 100}],
}  # fmt: skip
RSI = {
    "id": "R328328", "msgCnt": 3, "refPos": {"lat": 319348466, "lon": 1188213963}, "rtes": [WORKS],
}  # fmt: skip


def read(message, anchor_us=ANCHOR_US):
    return decode("rsi.json", json.dumps(message).encode(), anchor_us).features


def changed(**fields):
    return RSI | {"rtes": [WORKS | fields]}


def test_the_published_sample_of_dawnline():
    (found,) = decode("rsi.dawnline.json", DAWNLINE, ANCHOR_US).features
    assert guess_format(DAWNLINE) == "rsi.dawnline.json"
    assert (found.feature_id, found.kind, found.radius_m) == ("rsi/CmRa1635/1", "warning", 50.0)
    assert json.loads(found.area)["coordinates"] == [118.8218217, 31.9353853]
    assert found.valid_from_us == 1_653_016_703_500_000
    assert found.valid_to_us == ANCHOR_US + 60_000_000
    bare = json.dumps(json.loads(DAWNLINE)["payload"]).encode()
    assert decode("rsi.dawnline.json", bare, ANCHOR_US).features == (found,)


def test_works_along_a_path():
    (found,) = read(RSI)
    assert (found.feature_id, found.kind, found.radius_m) == ("rsi/R328328/7", "work_zone", 10.0)
    assert json.loads(found.area) == {
        "type": "MultiLineString",
        "coordinates": [[[118.8213963, 31.9348466], [118.8218217, 31.9353853]]],
    }
    assert found.valid_from_us == 1_652_995_200_000_000  # 2022-05-19T21:20Z, minute 200 000
    assert found.valid_to_us - found.valid_from_us == 3_600_000_000
    assert found.properties == {"event_type": "501", "description": "works"}
    assert read({"content": RSI}) == (found,)
    assert guess_format(json.dumps(RSI).encode()) == "rsi.json"


def test_an_event_at_a_place_has_a_radius_in_decimetres():
    (found,) = read(changed(eventPos=NODES[1], eventRadius=300, timeDetails={}))
    assert (json.loads(found.area)["type"], found.radius_m) == ("Point", 30.0)
    assert (found.valid_from_us, found.valid_to_us) == (None, ANCHOR_US + 60_000_000)


@pytest.mark.parametrize(
    ("code", "kind"), [(101, "incident"), (305, "weather"), (406, "warning"), (904, "warning")]
)
def test_the_hundred_of_an_event_gives_its_kind(code, kind):
    assert read(changed(eventType=code))[0].kind == kind


def test_a_sign_warns_along_its_path():
    sign = {"rtsId": 4, "signType": 85, "referencePaths": WORKS["referencePaths"]}
    (found,) = read({"id": "R1", "refPos": RSI["refPos"], "rtss": [sign]})
    assert (found.feature_id, found.kind) == ("rsi/R1/sign/4", "warning")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"referencePaths": []}, Reason.MISSING_FIELD),
        ({"eventPos": {"lat": 900000001, "lon": 0}, "eventRadius": 1}, Reason.UNAVAILABLE),
        ({"eventType": -1}, Reason.OUT_OF_RANGE),
        ({"timeDetails": {"startTime": 600_000}}, Reason.OUT_OF_RANGE),
    ],
)
def test_wrong_events_are_named(fields, expected):
    with pytest.raises(DecodeError) as caught:
        read(changed(**fields))
    assert caught.value.reason is expected

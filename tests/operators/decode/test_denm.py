"""DENM of its-client in both versions of its JSON, and both readings of its times."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason

FOLDER = Path("../shared/data/its-client")
OLD = json.loads((FOLDER / "Denm.json").read_text())
SCHEMA = Draft202012Validator(json.loads((FOLDER / "denm_schema_2-3-0.json").read_text()))
NEW = {
    "message_type": "denm", "source_uuid": "v2x_1", "timestamp": 1_742_984_503_586,
    "version": "2.3.0",
    "message": {
        "protocol_version": 2, "station_id": 654_321,
        "management": {
            "action_id": {"originating_station_id": 10_000, "sequence_number": 1},
            "detection_time": 670_069_308_586, "reference_time": 670_069_308_586,
            "event_position": {
                "latitude": 435_657_439, "longitude": 14_681_494,
                "position_confidence_ellipse": {
                    "semi_major": 4095, "semi_minor": 4095, "semi_major_orientation": 3601,
                },
                "altitude": {"value": 4600, "confidence": 15},
            },
            "awareness_distance": 3, "validity_duration": 10, "station_type": 10,
        },
        "situation": {"information_quality": 7, "event_type": {"cause": 95, "subcause": 1}},
    },
}  # fmt: skip
INSTANT_US = 1_742_984_503_586_000  # its own `timestamp`


def read(message=NEW, name="denm.json"):
    (found,) = decode(name, json.dumps(message).encode(), 0).features
    return found


def changed(management=None, **containers):
    message = copy.deepcopy(NEW)
    message["message"]["management"].update(management or {})
    message["message"].update(containers)
    return message


def test_a_message_of_version_2_by_hand():
    assert SCHEMA.is_valid(NEW)
    found = read()
    assert (found.feature_id, found.kind) == ("denm/10000/1", "emergency_vehicle")
    assert (found.valid_from_us, found.valid_to_us) == (INSTANT_US, INSTANT_US + 10_000_000)
    assert json.loads(found.area)["coordinates"] == [1.4681494, 43.5657439]
    assert (found.radius_m, found.issued_us) == (500.0, INSTANT_US)
    assert guess_format(json.dumps(NEW).encode()) == "denm.json"


def test_the_published_sample_ignores_the_leap_seconds_since_2004():
    """Pitfall 2: five of them between the sample's own UTC stamp and its TimestampIts."""
    found = read(OLD, "denm.utc.json")
    assert found.valid_from_us == OLD["timestamp"] * 1000 == INSTANT_US
    assert read(OLD).valid_from_us == INSTANT_US - 5_000_000
    assert (found.kind, found.radius_m) == ("warning", 50.0)  # a slow vehicle
    assert guess_format(json.dumps(OLD).encode()) == "denm.json"


def test_an_update_and_a_termination_have_the_id_and_a_later_issue():
    later = {"reference_time": 670_069_309_586}
    update, end = read(changed(later)), read(changed(later | {"termination": 0}))
    assert update.feature_id == end.feature_id == read().feature_id
    assert update.issued_us - read().issued_us == 1_000_000
    assert (update.cancelled, end.cancelled) == (False, True)
    assert read(changed({"termination": 1}, situation=None)).cancelled


@pytest.mark.parametrize(
    ("cause", "kind"),
    [(2, "incident"), (3, "work_zone"), (15, "emergency"), (18, "weather"), (97, "warning")],
)
def test_the_cause_gives_the_kind(cause, kind):
    assert read(changed(situation={"event_type": {"cause": cause}})).kind == kind


def test_without_a_validity_it_holds_for_ten_minutes_and_without_a_distance_200_m():
    message = changed()
    del message["message"]["management"]["validity_duration"]
    del message["message"]["management"]["awareness_distance"]
    found = read(message)
    assert (found.valid_to_us - found.valid_from_us, found.radius_m) == (600_000_000, 200.0)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (changed(situation=None), Reason.MISSING_FIELD),
        (changed(management={"awareness_distance": 8}), Reason.OUT_OF_RANGE),
        (
            changed({"event_position": {"latitude": 900_000_001, "longitude": 0}}),
            Reason.UNAVAILABLE,
        ),
        ({"type": "denm", "message": {}}, Reason.MISSING_FIELD),
    ],
)
def test_wrong_messages_are_named(message, expected):
    with pytest.raises(DecodeError) as caught:
        read(message)
    assert caught.value.reason is expected

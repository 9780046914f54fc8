"""SPAT of a DRIS: values of its published samples, in the form of a unit and as forwarded."""

import copy
import json

import pytest

from operators.decode.registry import decode, guess_format
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.road.signal import Phase, SignalState

ANCHOR_US = 1_639_812_052_000_000
AT_US = 1_639_812_051_683_000  # 2021-12-18T07:20:51.683Z


def mark(tenths):
    return {"timeMark": tenths}


COUNTING = {
    "startTime": mark(0), "minEndTime": mark(1500), "maxEndTime": mark(1540),
    "likelyEndTime": mark(1500), "timeConfidence": 180, "nextStartTime": mark(6000),
    "nextDuration": mark(150),
}  # fmt: skip
OF_A_UNIT = {
    "name": "12345",
    "intersections": [{
        "intersectionId": {"region": 1, "id": 301}, "status": 24_576,
        "timeStamp": 1_639_812_051_683, "timeConfidence": 5,
        "phases": [{"phaseId": 11, "phaseStates": [
            {"light": "3", "timing": {"counting": COUNTING, "likelyEndTime": 1234567890}},
            {"light": "6", "timing": {"counting": {"startTime": mark(1500)}}},
        ]}],
    }],
}  # fmt: skip
UTC = {"start_utc_time": {"time_mark": 12_000}, "likely_end_utc_time": {"time_mark": 12_700}}
FORWARDED = {
    "header": {},
    "body": {
        "spat_source": {"spat_source_type": "rsu", "spat_source_id": "rsu7"},
        "time_stamp": "2021-12-18T07:20:51.900Z",
        "intersections": [{
            "intersection_id": {"region": 12, "node_id": 11},
            "intersection_status_object": {
                "manual_control_is_enabled": True, "preempt_is_active": False,
                "recent_change_in_map_assigned_lanes_ids_used": True,
            },
            "time_stamp": "2021-12-18T07:20:51.683Z", "time_confidence": 1,
            "phases": [{"phase_id": 12, "phase_states": [
                {"light_state": 7, "timing": {"utc_timing": UTC}},
            ]}],
        }],
    },
}  # fmt: skip


def read(message):
    return decode("spat.dris.json", json.dumps(message).encode(), ANCHOR_US)


def of_a_unit(**fields):
    changed = copy.deepcopy(OF_A_UNIT)
    changed["intersections"][0] |= fields
    return changed


def test_a_unit_counts_down_from_its_own_instant():
    (found,) = read(OF_A_UNIT).signals
    assert (found.intersection, found.event_time_us) == ("1/301", AT_US)
    # The page's own example: the second and the third bit from the left.
    assert found.status == 0b110
    ends = [AT_US + tenths * 100_000 for tenths in (1500, 1540, 1500, 6000)]
    assert found.states == (
        SignalState(11, int(Phase.STOP_AND_REMAIN), None, *ends, 0.9),
    )  # fmt: skip
    assert guess_format(json.dumps(OF_A_UNIT).encode()) == "spat.dris.json"


def test_what_is_forwarded_names_its_source_and_flags_and_marks_the_hour():
    made = read(FORWARDED)
    (found,) = made.signals
    assert (made.sender, found.intersection, found.event_time_us) == ("rsu7", "12/11", AT_US)
    assert found.status == 1 << 0 | 1 << 11
    (state,) = found.states
    seven_us = AT_US - AT_US % 3_600_000_000
    assert (state.phase, state.start_us, state.likely_end_us) == (
        int(Phase.PROTECTED_CLEARANCE), seven_us + 1_200_000_000, seven_us + 1_270_000_000,
    )  # fmt: skip
    assert guess_format(json.dumps(FORWARDED).encode()) == "spat.dris.json"


def test_without_an_instant_times_count_from_the_receipt():
    (found,) = read(of_a_unit(timeStamp=None)).signals
    assert (found.event_time_us, found.states[0].likely_end_us) == (None, ANCHOR_US + 150_000_000)


def test_the_state_that_has_begun_is_on():
    states = OF_A_UNIT["intersections"][0]["phases"][0]["phaseStates"]
    swapped = of_a_unit(phases=[{"phaseId": 11, "phaseStates": states[::-1]}])
    assert read(swapped) == read(OF_A_UNIT)


@pytest.mark.parametrize(
    ("code", "phase"),
    [(0, Phase.UNAVAILABLE), ("1", Phase.DARK), ("4", Phase.FLASHING_GREEN), (5, 5), ("8", 9)],
)
def test_a_light_is_a_code_in_text_or_as_a_number(code, phase):
    states = [{"phaseId": 1, "phaseStates": [{"light": code}]}]
    assert read(of_a_unit(phases=states)).signals[0].states[0].phase == int(phase)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"intersectionId": {"region": 1}}, Reason.MISSING_FIELD),
        ({"timeStamp": "yesterday"}, Reason.OUT_OF_RANGE),
        ({"phases": []}, Reason.UNAVAILABLE),
        ({"phases": [{"phaseId": 0, "phaseStates": [{"light": "3"}]}]}, Reason.UNAVAILABLE),
        ({"phases": [{"phaseId": 1, "phaseStates": [{"light": "9"}]}]}, Reason.OUT_OF_RANGE),
        ({"phases": [{"phaseId": 1, "phaseStates": [{"light_state": 423}]}]}, Reason.OUT_OF_RANGE),
        ({"phases": [{"phaseId": 1, "phaseStates": [{}]}]}, Reason.MISSING_FIELD),
        ({"phases": [{"phaseId": 256, "phaseStates": [{"light": 3}]}]}, Reason.OUT_OF_RANGE),
        ({"status": 65_536}, Reason.OUT_OF_RANGE),
    ],
)
def test_wrong_signals_are_named(fields, reason):
    with pytest.raises(DecodeError) as caught:
        read(of_a_unit(**fields))
    assert caught.value.reason is reason


@pytest.mark.parametrize("message", [[], {}, {"body": {}}, {"body": []}, "text", None])
def test_what_is_no_message_is_named(message):
    with pytest.raises(DecodeError):
        read(message)

"""Signal messages: every trap of their times, with its numbers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.normalise.event_time import hour_mark_us
from operators.reasons import Reason
from operators.road.signal import Phase

DATA = Path(__file__).parents[3].parent / "shared/data"
HOUR_US = 3_600_000_000


def at(text):
    """UTC microseconds of an ISO time without zone."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


ANCHOR_US = at("2024-12-10T17:34:40.359")


def ode(timing=None, state="STOP_AND_REMAIN", group=2, **fields):
    event = {"eventState": state, "timing": timing}
    movement = {"signalGroup": group, "state_time_speed": {"movementEventList": [event]}}
    known = {"id": {"id": 12111}, "timeStamp": 40_300, "states": {"movementList": [movement]}}
    listed = {"intersectionStateList": {"intersectionStatelist": [known | fields]}}
    return json.dumps({"metadata": {}, "payload": {"data": listed}}).encode()


def told(payload, name="spat.json", anchor_us=ANCHOR_US):
    (state,) = decode(name, payload, anchor_us).signals
    return state


def signal(*arguments, **fields):
    (state,) = told(*arguments, **fields).states
    return state


def file(name):
    return (DATA / name).read_bytes()


def test_the_recorded_message_of_the_ode():
    state = told(file("jpo-ode/expected-spat.json"))
    assert (state.intersection, state.revision, state.status) == ("12111", 0, 0)
    assert state.event_time_us == at("2024-12-10T17:34:35.176")
    assert [s.group for s in state.states] == [2, 4, 6, 8, 1, 5]
    first = state.states[0]
    assert first.phase == Phase.PROTECTED_MOVEMENT_ALLOWED
    assert first.min_end_us == at("2024-12-10T17:36:52.0")
    assert first.max_end_us == at("2024-12-10T17:36:52.1")


def test_valid_and_invalid_files_of_the_converter():
    state = told(file("jpo-geojsonconverter/valid.spat.json"))
    assert state.intersection == "12111"  # region 0 is none
    assert state.status == 1  # manualControlIsEnabled
    with pytest.raises(DecodeError) as caught:
        told(file("jpo-geojsonconverter/invalid.spat.json"))
    assert caught.value.reason is Reason.WRONG_TYPE
    assert "status" in caught.value.detail


def test_every_recorded_spat_of_the_replay_is_read():
    lines = file("jpo-conflictmonitor/ApproachAndStopAtLine.csv").decode().splitlines()
    texts = [line.split(",", 2)[2] for line in lines if line.startswith("SPAT,")]
    assert len(texts) == 120
    for text in texts:
        filled = text.replace('"@MINUTE_OF_YEAR@"', "496415")
        filled = filled.replace('"@MILLI_OF_MINUTE@"', "20000")
        state = told(filled.encode())
        assert state.event_time_us == at("2024-12-10T17:35:20")
        assert len(state.states) == 3


def test_the_minute_of_the_year_counts_from_the_new_year_in_utc():
    state = told(ode(moy=496_414, timeStamp=40_300))
    assert state.event_time_us == at("2024-12-10T17:34:40.3")


def test_the_minute_of_the_year_beside_new_year_is_of_the_nearest_year():
    after = at("2025-01-01T00:00:00.200")
    late = told(ode(moy=527_039, timeStamp=59_900), anchor_us=after)  # 2024 is a leap year
    assert late.event_time_us == at("2024-12-31T23:59:59.9")
    early = told(ode(moy=0, timeStamp=100), anchor_us=at("2024-12-31T23:59:59.9"))
    assert early.event_time_us == at("2025-01-01T00:00:00.1")


def test_minute_527040_is_invalid_and_the_millisecond_counts_alone():
    assert told(ode(moy=527_040)).event_time_us == at("2024-12-10T17:34:40.3")


def test_the_minute_above_the_intersections_is_left_alone():
    message = json.loads(ode())
    message["payload"]["data"]["timeStamp"] = 0
    assert told(json.dumps(message).encode()).event_time_us == at("2024-12-10T17:34:40.3")


@pytest.mark.parametrize("mark", [60_000, 60_999, 65_535])
def test_a_millisecond_from_60000_on_is_no_instant(mark):
    state = told(ode(timing={"minEndTime": 20_810}, timeStamp=mark))
    assert state.event_time_us is None
    assert state.states[0].min_end_us == at("2024-12-10T17:34:41")  # read at the anchor


def test_a_millisecond_before_the_minute_turns_is_of_the_minute_before():
    state = told(ode(timeStamp=59_980), anchor_us=at("2024-12-10T12:00:00.050"))
    assert state.event_time_us == at("2024-12-10T11:59:59.980")


def test_a_time_mark_wraps_at_the_hour():
    written = at("2024-12-10T17:59:50")
    state = signal(ode({"minEndTime": 100}, timeStamp=50_000), anchor_us=written)
    assert state.min_end_us == at("2024-12-10T18:00:10")


def test_an_end_that_has_just_passed_is_not_of_the_next_hour():
    state = signal(ode({"minEndTime": 20_800}))  # 17:34:40.0, written at 17:34:40.3
    assert state.min_end_us == at("2024-12-10T17:34:40")


def test_an_end_45_minutes_ahead_is_ahead():
    state = signal(ode({"maxEndTime": 11_800}))
    assert state.max_end_us == at("2024-12-10T18:19:40")


def test_a_start_45_minutes_back_is_back():
    state = signal(ode({"startTime": 29_800}))  # 49:40 of the hour, written at 34:40
    assert state.start_us == at("2024-12-10T16:49:40")


@pytest.mark.parametrize("mark", [36_000, 36_001, 36_111])
def test_marks_from_36000_on_are_unknown(mark):
    state = signal(ode({"minEndTime": mark, "maxEndTime": 20_900, "likelyTime": mark}))
    assert (state.min_end_us, state.likely_end_us) == (None, None)
    assert state.max_end_us == at("2024-12-10T17:34:50")


def test_a_mark_beyond_36111_is_out_of_range():
    with pytest.raises(DecodeError) as caught:
        told(ode({"minEndTime": 36_112}))
    assert caught.value.reason is Reason.OUT_OF_RANGE


@given(st.integers(0, 35_999), st.integers(0, 2**51), st.integers(0, HOUR_US - 1))
def test_a_mark_is_congruent_and_within_its_hour(tenths, anchor_us, before_us):
    found = hour_mark_us(tenths, anchor_us, before_us)
    assert found % HOUR_US == tenths * 100_000
    assert 0 <= found - (anchor_us - before_us) < HOUR_US


@pytest.mark.parametrize(("code", "probability"), [(0, 0.21), (7, 0.77), (15, 1.0)])
def test_confidence_is_a_table(code, probability):
    assert signal(ode({"likelyTime": 20_900, "confidence": code})).confidence == probability


def test_phases_are_named_in_any_hyphenation():
    names = {
        "STOP_THEN_PROCEED": 2, "stop-And-Remain": 3, "permissive-clearance": 7,
        "PROTECTED_CLEARANCE": 8, "caution-Conflicting-Traffic": 9, "DARK": 1,
    }  # fmt: skip
    assert {name: signal(ode(state=name)).phase for name in names} == names
    for unknown in ("INVALID_PHASE_STATE", "FLASHING_GREEN", 10, -1):
        with pytest.raises(DecodeError) as caught:
            told(ode(state=unknown))
        assert caught.value.reason is Reason.OUT_OF_RANGE


def test_the_first_event_of_a_group_is_the_one_that_holds():
    message = json.loads(ode(timing={"minEndTime": 20_810}))
    listed = message["payload"]["data"]["intersectionStateList"]["intersectionStatelist"][0]
    events = listed["states"]["movementList"][0]["state_time_speed"]["movementEventList"]
    events.append({"eventState": "PROTECTED_MOVEMENT_ALLOWED", "timing": {"startTime": 20_810}})
    assert signal(json.dumps(message).encode()).phase == Phase.STOP_AND_REMAIN


def test_a_group_without_an_event_is_unavailable_and_group_0_is_none():
    message = json.loads(ode())
    listed = message["payload"]["data"]["intersectionStateList"]["intersectionStatelist"][0]
    listed["states"]["movementList"] += [
        {"signalGroup": 3, "state_time_speed": {}},
        {"signalGroup": 0, "state_time_speed": {}},
    ]
    states = told(json.dumps(message).encode()).states
    assert [(s.group, s.phase) for s in states] == [(2, 3), (3, Phase.UNAVAILABLE)]


def test_a_message_without_a_group_says_nothing():
    with pytest.raises(DecodeError) as caught:
        told(ode(group=0))
    assert caught.value.reason is Reason.UNAVAILABLE


def test_status_names_are_bits():
    status = {"failureFlash": True, "off": False, "preemptIsActive": True, "new": True}
    assert told(ode(status=status)).status == 0b1100


def csae(*states, **fields):
    known = {"intersectionId": {"region": 10, "id": 19}, "moy": 496_414, "timeStamp": 40_000}
    phases = [{"id": 1, "phaseStates": list(states)}]
    return json.dumps({"intersections": [known | {"phases": phases} | fields]}).encode()


def counted(light, start, likely, **times):
    return {"light": light, "timing": {"counting": {"startTime": start, "likelyEndTime": likely}
                                       | times}}  # fmt: skip


def test_chinese_times_count_down_from_now():
    red = counted("red", 0, 290, minEndTime=0, maxEndTime=0, nextStartTime=570)
    state = told(csae(counted("permissive_green", 290, 540), red), "spat.csae.json")
    assert (state.intersection, state.event_time_us) == ("10/19", at("2024-12-10T17:34:40"))
    (group,) = state.states
    assert group.phase == Phase.STOP_AND_REMAIN  # the state with start 0 is on, not the first
    assert group.likely_end_us == at("2024-12-10T17:35:09")
    assert (group.min_end_us, group.max_end_us) == (None, None)  # zeros that mean unknown
    assert group.next_us == at("2024-12-10T17:35:37")


def test_a_countdown_that_ends_now_ends_now():
    group = signal(csae(counted("yellow", 0, 0, minEndTime=0)), "spat.csae.json")
    assert group.likely_end_us == group.min_end_us == at("2024-12-10T17:34:40")


def test_chinese_marks_of_the_hour():
    utc = {"startUTCTime": 20_700, "likelyEndUTCTime": 100, "timeConfidence": 100}
    lit = {"light": "protected-green", "timing": {"utcTiming": utc}}
    group = signal(csae(lit), "spat.csae.json")
    assert group.start_us == at("2024-12-10T17:34:30")
    assert group.likely_end_us == at("2024-12-10T18:00:10")
    assert group.confidence == 0.5


def test_chinese_lights_by_code_and_name():
    codes = [signal(csae({"light": code}), "spat.csae.json").phase for code in range(9)]
    assert codes == [0, 1, 2, 3, 10, 5, 6, 8, 9]
    with pytest.raises(DecodeError):
        told(csae({"light": 9}), "spat.csae.json")
    with pytest.raises(DecodeError):
        told(csae({"light": "purple"}), "spat.csae.json")


def test_chinese_status_text_has_its_first_bit_highest():
    assert told(csae({"light": 3}, status="2000"), "spat.csae.json").status == 0b100
    assert told(csae({"light": 3}, status=4), "spat.csae.json").status == 0b100


def spatem(**fields):
    timing = {"min_end_time": 20_900, "max_end_time": 36_001}
    states = [{"signal_group": 1, "state_time_speed": [{"event_state": 6, "timing": timing}]}]
    known = {"id": {"region": 250, "id": 7}, "revision": 1, "status": ["off"], "states": states}
    message = {"protocol_version": 2, "station_id": 1, "intersections": [known | fields]}
    made_ms = at("2024-12-10T17:34:40.100") // 1000
    whole = {"message_type": "spatem", "source_uuid": "r", "timestamp": made_ms}
    return json.dumps(whole | {"message": message}).encode()


def test_european_states_take_the_time_of_the_envelope_where_they_have_none():
    state = told(spatem(), "spatem.json")
    assert (state.intersection, state.status) == ("250/7", 1 << 9)
    assert state.event_time_us == at("2024-12-10T17:34:40.1")
    assert state.states[0].min_end_us == at("2024-12-10T17:34:50")
    assert state.states[0].max_end_us is None
    own = told(spatem(moy=496_414, timestamp=39_000), "spatem.json")
    assert own.event_time_us == at("2024-12-10T17:34:39")


def test_shifting_moves_every_instant():
    state = told(ode({"startTime": 20_700, "minEndTime": 20_810}))
    moved = state.shifted(1_000_000)
    assert moved.event_time_us == state.event_time_us + 1_000_000
    assert moved.states[0].start_us == state.states[0].start_us + 1_000_000
    assert moved.states[0].max_end_us is None
    assert state.shifted(0) is state

import json
from itertools import pairwise

import msgspec
import pytest

from operators.account.letters import RAW_LIMIT
from operators.decode.formats import Formats
from operators.decode.registry import decode
from operators.front import (
    MAX_PROBES,
    Front,
    picture_due_us,
)
from operators.ingress import DEFAULTS
from operators.parameters import Parameters
from operators.pipeline import Stage
from operators.raw import pack_raw
from operators.routes import CELL, CONTEXT, DEAD, FEATURE, LINKS, RECORDS, SOURCES
from operators.shared import Shared
from operators.sources import share_source
from tests.builders import (
    PROBE,
    ROADSIDE,
    SECOND_US,
    START_US,
    a_line,
    a_log,
    a_raw_record,
    an_observation,
    column,
    content,
    degrees,
    fates,
    outputs_of,
    uses,
    values,
)

PARAMETERS = Parameters()
NOW_US = START_US + 60_000
METAR = b"METAR ZBAA 221000Z 03003MPS 9999 FEW040 10/M02 Q1026"


def fate(body=None, *, declared=None, **fields):
    """Outputs for one record of a declared source."""
    log = a_log(**(declared or {}))
    log.add(NOW_US, a_line(START_US) if body is None else body, **fields)
    return outputs_of(log)


def letters(outputs):
    return values(outputs, DEAD)


def test_a_good_record_is_accepted_and_its_observations_counted():
    outputs = fate(a_line(START_US, [an_observation(), an_observation(20.0)]))
    assert fates(outputs) == {("ACCEPTED", ""): 1}
    assert sum(uses(outputs).values()) == 2
    assert letters(outputs) == []


@pytest.mark.parametrize(
    ("body", "fields", "wanted"),
    [
        (b"", {}, "EMPTY_BODY"),
        (b"  ", {}, "EMPTY_BODY"),
        (b"{", {}, "MALFORMED"),
        (b"\xff\xfe", {}, "NOT_UTF8"),
        (b"[" * 10_000, {}, "TOO_DEEP"),
        (b"{}", {"format": "cbor"}, "UNKNOWN_FORMAT"),
        (b"{}", {"source": "stranger"}, "UNKNOWN_SOURCE"),
        (b"{}", {"source": "", "key": ""}, "MISSING_FIELD"),
        (a_line(NOW_US - 28_800 * SECOND_US), {}, "CLOCK_FAR_OFF"),
        (a_line(START_US, [{"lat_deg": 91.0, "lon_deg": 0.0}]), {}, "OUT_OF_RANGE"),
        (a_line(START_US, [{"lat_deg": None}]), {}, "UNAVAILABLE"),
        (a_line(START_US, [{"x": 1.0, "y": 1.0}]), {}, "UNKNOWN_FRAME"),
        (METAR, {"format": "metar"}, "WRONG_KIND"),
        (b"{}", {"source": "x" * 70_000, "topic": PROBE}, "OUT_OF_RANGE"),
    ],
)
def test_a_bad_record_is_rejected_by_name_with_one_dead_letter(body, fields, wanted):
    outputs = fate(body, **fields)
    assert fates(outputs) == {("REJECTED", wanted): 1}
    (letter,) = letters(outputs)
    assert (letter["reason"], letter["raw"]) == (wanted, body)
    assert letter["sentence"]
    assert len(letter["source_id"]) <= 128


def test_a_dead_letter_holds_64_kib_at_most_and_says_where_it_came_from():
    log = a_log()
    log.see(START_US)
    log.add(NOW_US + 1000, b"x" * (RAW_LIMIT + 1))
    (letter,) = letters(outputs_of(log))
    assert letter["raw"] == b"x" * RAW_LIMIT
    assert letter["raw_size"] == RAW_LIMIT + 1
    assert (letter["topic"], letter["partition"], letter["offset"]) == (ROADSIDE, 0, 1)
    assert letter["receive_time_us"] == NOW_US + 1000


def test_a_bad_source_entry_is_rejected_and_a_good_one_counted():
    log = a_log()
    log.add(START_US, b'{"source_id": "u"}', topic=SOURCES, source="", key="u")
    outputs = outputs_of(log)
    entries = [e for v in values(outputs, RECORDS) for e in v["entries"]]
    assert sorted((e["disposition"], e["reason"]) for e in entries) == [
        ("REJECTED", "BAD_SOURCE_ENTRY"),
        ("SOURCE", ""),
    ]
    assert [letter["reason"] for letter in letters(outputs)] == ["BAD_SOURCE_ENTRY"]


@pytest.mark.parametrize(
    ("age_us", "wanted"),
    [
        (PARAMETERS.acceptance_us, ("ACCEPTED", "")),
        (PARAMETERS.acceptance_us + 1, ("LATE", "TOO_OLD")),
        (-PARAMETERS.future_us, ("ACCEPTED", "")),
        (-PARAMETERS.future_us - 1, ("LATE", "FUTURE")),
        (60_000_000, ("LATE", "TOO_OLD")),
        (60_000_001, ("REJECTED", "CLOCK_FAR_OFF")),
        (-60_000_001, ("REJECTED", "CLOCK_FAR_OFF")),
    ],
)
def test_lateness_is_decided_by_the_record_alone_to_the_microsecond(age_us, wanted):
    assert fates(fate(a_line(NOW_US - age_us))) == {wanted: 1}


def test_an_empty_frame_is_evidence_where_its_source_looks():
    unit = {"lat_deg": 39.9, "lon_deg": 116.4, "coverage_radius_m": 100.0}
    for declared, cells in ((unit, True), ({}, False)):
        outputs = fate(a_line(START_US, []), declared=declared)
        assert fates(outputs) == {("EMPTY", ""): 1}
        assert bool(values(outputs, "fused.objects")) == cells


def test_a_repeated_record_is_a_duplicate_and_a_changed_one_is_not():
    log = a_log("unit-1", "unit-2")
    for k, source in enumerate(("unit-1", "unit-1", "unit-2")):
        log.see(START_US, source=source, delay_us=50_000 + 1000 * k)
    log.add(NOW_US, a_line(START_US, [an_observation(1.0)]))
    assert fates(outputs_of(log)) == {("ACCEPTED", ""): 3, ("DUPLICATE", "REPEATED"): 1}


def test_a_source_beyond_its_share_is_rate_limited():
    log = a_log("unit-1", "unit-2")
    for k in range(8):
        log.see(START_US + 10_000 * (k + 1))
    log.see(START_US + 50_000, source="unit-2")
    outputs = outputs_of(log, Parameters(source_rate_hz=5.0))
    assert fates(outputs) == {("ACCEPTED", ""): 6, ("RATE_LIMITED", "RATE"): 3}
    assert letters(outputs) == []


def test_a_quarantined_source_is_counted_and_not_used():
    outputs = fate(declared={"quarantined": True})
    assert fates(outputs) == {("QUARANTINED", "SOURCE_QUARANTINED"): 1}
    assert not values(outputs, "fused.objects")


def test_an_entry_mended_in_the_middle_holds_from_its_instant_on():
    log = a_log()
    for k in range(20):
        log.see(START_US + k * SECOND_US)
    log.declare("unit-1", receive_us=START_US + 4 * SECOND_US, quarantined=True)
    # Effective at 9 s: frames 0 to 8 are received before.
    first = outputs_of(log)
    assert fates(first) == {("ACCEPTED", ""): 9, ("QUARANTINED", "SOURCE_QUARANTINED"): 11}
    assert content(outputs_of(log, step_us=1)) == content(first)


def test_a_record_without_a_name_is_counted_under_its_own():
    log = a_log()
    for _ in range(2):
        log.add(NOW_US, a_line(START_US), source="", key="")
    entries = [e for v in values(outputs_of(log), RECORDS) for e in v["entries"]]
    found = {(e["source_id"], e["disposition"]) for e in entries}
    assert found == {("unit-1", "SOURCE"), ("unit-1", "ACCEPTED"), ("unit-1", "DUPLICATE")}


def test_a_name_is_taken_from_the_header_then_the_key_then_the_payload():
    for fields, wanted in (
        ({"source": "h", "key": "k"}, "h"),
        ({"source": "", "key": "k"}, "k"),
        ({"source": "", "key": ""}, "unit-1"),
    ):
        log = a_log()
        log.add(NOW_US, a_line(START_US), topic=PROBE, **fields)
        entries = [e for v in values(outputs_of(log), RECORDS) for e in v["entries"]]
        assert [e["source_id"] for e in entries if e["disposition"] == "ACCEPTED"] == [wanted]


def test_a_feature_of_a_feed_goes_to_its_topic_and_to_publish():
    stage = Stage(Front(PARAMETERS, decode), share_source)
    entry = {"source_id": "f", "kind": "feed", "lat_deg": 39.9, "lon_deg": 116.4}
    declared = json.dumps(entry | {"coverage_radius_m": 8000.0}).encode()
    stage.broadcast(pack_raw(a_raw_record(0, START_US - 9 * SECOND_US, declared)))
    record = a_raw_record(0, START_US, METAR, source="f", format="metar")
    stage.take("raw.context/0", pack_raw(record))
    made = [o for o in stage.advance(START_US) if o.route != RECORDS]
    assert [o.route for o in made] == [FEATURE, CONTEXT]
    value = msgspec.msgpack.decode(made[0].value)
    assert json.loads(value["area"])["coordinates"] == [116.4, 39.9]
    assert (value["radius_m"], value["receive_time_us"]) == (8000.0, START_US)


def shift_record(shift_us):
    log = a_log()
    log.add(NOW_US, a_line(START_US - shift_us), shift_us=shift_us)
    return outputs_of(log)


def test_a_replay_is_shifted_to_its_receive_time():
    plain, shifted = (values(shift_record(s), "fused.links") for s in (0, 10**14))
    assert plain == shifted


def test_ledgers_are_contiguous_over_seconds_gaps_and_pulses():
    log = a_log()
    for k in (0, 1, 2, 7, 8, 30):
        log.see(START_US + k * SECOND_US)
        for _ in range(k % 3):
            log.add(START_US + k * SECOND_US + 60_000, None)
    ledgers = [v for v in values(outputs_of(log), RECORDS) if v["topic"] == ROADSIDE]
    assert len(ledgers) == 6
    assert ledgers[0]["first_offset"] == 0
    assert all(a["last_offset"] + 1 == b["first_offset"] for a, b in pairwise(ledgers))
    for ledger in ledgers:
        records = sum(e["records"] for e in ledger["entries"])
        span = ledger["last_offset"] - ledger["first_offset"] + 1
        assert span == records + ledger["pulses"]
    # Two behind 2, one behind 7, two behind 8, and the first of all behind 1.
    assert [v["pulses"] for v in ledgers] == [0, 0, 1, 2, 1, 2]


def test_a_slice_is_closed_at_its_end():
    front = Front(PARAMETERS, decode)
    for receive_us, wanted in ((0, 0), (1000, 20_000), (20_000, 20_000), (21_000, 40_000)):
        record = pack_raw(a_raw_record(0, START_US + receive_us))
        assert front.wake_for(record) == START_US + wanted


@pytest.mark.parametrize(
    ("event_us", "receive_us", "due_us"),
    [
        (0, 0, 100_000),
        (0, 100_000, 100_000),
        (0, 101_000, 200_000),
        (1, 50_000, 200_000),
        (100_000, 200_000, 200_000),
        (500_000, 0, 600_000),
        (-1_900_000, 100_000, 100_000),
    ],
)
def test_a_frame_belongs_to_the_first_tick_that_holds_both_its_times(event_us, receive_us, due_us):
    found = picture_due_us(START_US + event_us, START_US + receive_us, PARAMETERS)
    assert found == START_US + due_us


def clocked(off_us, n=60):
    """Records of a source whose clock is behind by `off_us`."""
    log = a_log()
    for k in range(n):
        received = START_US + k * 100_000
        log.add(received, a_line(received - 60_000 - off_us, [an_observation(0.1 * k)]))
    return log


def frame_events(log):
    """Corrected event times of the accepted frames, in order."""
    made = []
    for value in values(outputs_of(log), "fused.links"):
        made += column(value, "event_time_us", "<i8").tolist()
    return sorted(made)


def test_a_clock_three_seconds_off_is_corrected_after_twenty_records():
    for off_us, reason in ((3_000_000, "TOO_OLD"), (-3_000_000, "FUTURE")):
        log = clocked(off_us)
        assert fates(outputs_of(log)) == {("ACCEPTED", ""): 41, ("LATE", reason): 19}
        assert frame_events(log) == [START_US + k * 100_000 - 60_000 for k in range(19, 60)]


def test_an_honest_slow_source_is_left_alone():
    assert frame_events(clocked(140_000)) == [START_US + k * 100_000 - 200_000 for k in range(60)]


def test_a_declared_delay_takes_the_place_of_that_of_the_kind():
    # 200 ms behind by the kind's 60 ms, but 260 ms by the 0 that is declared.
    log = clocked(200_000)
    log.declare("unit-1", nominal_delay_ms=0.0, receive_us=START_US - 9 * SECOND_US)
    assert frame_events(log)[19:] == [START_US + k * 100_000 for k in range(19, 60)]


def test_silent_probes_are_forgotten_and_speaking_ones_kept():
    stage = Stage(Front(PARAMETERS, decode), share_source)
    key = f"{PROBE}/0"
    for k in range(100):
        received = START_US + k * SECOND_US
        names = ["talker"] if k else ["talker", "quiet"]
        for j, name in enumerate(names):
            body = a_line(received, source=name)
            stage.take(key, pack_raw(a_raw_record(2 * k + j, received, body, source=name)))
    held = []
    for k in (30, 99):
        list(stage.advance(START_US + k * SECOND_US))
        held.append(set(stage._states[key].entries))
    assert held == [{"talker", "quiet"}, {"talker"}]


def test_sources_that_nobody_declared_are_capped():
    stage = Stage(Front(PARAMETERS, decode), share_source)
    seen = {f"p{k}": START_US for k in range(MAX_PROBES)}
    front = Front(PARAMETERS, decode)
    first = pack_raw(a_raw_record(0, START_US, a_line(START_US), source="p0"))
    stage.take(f"{PROBE}/0", first)
    list(stage.advance(START_US))
    state = stage._states[f"{PROBE}/0"]
    value = msgspec.msgpack.decode(state.value)
    value[3] = seen
    full = type(state)(msgspec.msgpack.encode(value), state.entries)
    at_us = START_US + 20_000
    records = [
        pack_raw(a_raw_record(k, at_us, a_line(START_US + k), source=name))
        for k, name in ((1, "p0"), (2, "one-more"))
    ]
    result = front.on_wake(f"{PROBE}/0", full, records, Shared(), at_us)
    entries = msgspec.msgpack.decode(result.value)[1][4]
    assert {tuple(k) for k in entries} >= {("one-more", "RATE_LIMITED", "RATE")}
    assert "one-more" not in result.entries


def test_a_record_behind_the_watermark_is_late_by_that_name():
    stage, made = Stage(Front(PARAMETERS, decode, DEFAULTS)), []
    for offset, received, passed_s in ((0, START_US + SECOND_US, 1), (1, START_US, 3)):
        record = a_raw_record(offset, received, a_line(received))
        stage.take(f"{PROBE}/0", pack_raw(record))
        made.append(list(stage.advance(START_US + passed_s * SECOND_US)))
    assert [CELL in {o.route for o in outputs} for outputs in made] == [True, False]
    ledgers = [v for outputs in made for v in values(outputs, RECORDS)]
    entries = [e for ledger in ledgers for e in ledger["entries"]]
    assert [e["reason"] for e in entries] == ["", "BEHIND_WATERMARK"]
    assert sum(v["last_offset"] - v["first_offset"] + 1 for v in ledgers) == 2


TIMELESS = """
title = "a unit without a clock"
kind = "roadside"
syntax = "json"
objects = "seen"
[position]
lat = "lat"
lon = "lon"
[time]
form = "receipt"
delay_ms = {}
"""


@pytest.mark.parametrize(
    ("delay_ms", "fate"), [(300.0, ("ACCEPTED", "")), (2001.0, ("LATE", "TOO_OLD"))]
)
def test_a_frame_without_a_time_is_of_its_receipt_less_the_declared_delay(delay_ms, fate):
    formats = Formats({"timeless": TIMELESS.format(delay_ms)})
    lat, lon = degrees(0.0, 0.0)
    log = a_log()
    body = json.dumps({"seen": [{"lat": lat, "lon": lon}]}).encode()
    log.add(NOW_US, body, format="mapping.timeless")
    outputs = outputs_of(log, decode=formats.decode)
    assert fates(outputs) == {fate: 1}
    times = [t for v in values(outputs, LINKS) for t in column(v, "event_time_us", "<i8").tolist()]
    assert times == ([NOW_US - 300_000] if fate[0] == "ACCEPTED" else [])

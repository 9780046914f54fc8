"""Messages of an area: what is in it at each tick, in whatever order pictures came."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.registry import decode
from operators.envelope import Kind, seal
from operators.fused import snapshot
from operators.raw import pack_raw
from operators.routes import CPM, RSM, SDSM
from operators.services.areas import AreaStep
from operators.services.together import Services
from operators.sources import add_version, parse_entry
from operators.step import State
from tests.builders import HOME, START_US, a_log, a_raw_record, a_source_entry, outputs_of, values
from tests.operators.encode.builders import AREA, TICK_US, a_scene
from tests.operators.test_current import LAT, LON, TICK, a_snapshot

FORMATS = {RSM: "rsm.json", SDSM: "sdsm.json", CPM: "cpm.json"}
PLACE = {"lat_deg": LAT, "lon_deg": LON, "coverage_radius_m": 200.0}


def shared(**fields):
    place = {"lat_deg": AREA.lat_deg, "lon_deg": AREA.lon_deg} | fields
    entry = parse_entry(a_source_entry("unit-1", **place))
    return {"unit-1": add_version(None, entry, 0)}


def woken(rows, state=None, tick_us=TICK_US, entries=None):
    event = seal(tick_us, Kind.PICTURE, rows.tobytes())
    entries = shared() if entries is None else entries
    return AreaStep("station").on_wake("unit-1", state or State(), [event], entries, tick_us)


def told(result):
    """Track ids by format, as the station's own adapters read what was sent."""
    return {
        output.route: sum(
            len(f.observations)
            for f in decode(FORMATS[output.route], output.value, TICK_US + 100_000).frames
        )
        for output in result.outputs
    }


def numbers(result):
    """Participants' numbers by track."""
    rsms = json.loads(result.outputs[0].value)["content"]["rsms"]
    return {p["global_track_id"]: p["ptcId"] for rsm in rsms for p in rsm["participants"]}


def test_every_format_tells_every_object():
    assert told(woken(a_scene(10))) == {RSM: 10, SDSM: 10, CPM: 10}


def test_an_empty_area_says_so_as_far_as_the_standards_can():
    routes = [output.route for output in woken(a_scene(0)).outputs]
    assert routes == [RSM, CPM]


def test_numbers_and_counters_go_on():
    rows = a_scene(20)
    rows["track_id"][1] = rows["track_id"][0] + 65_535  # would have the same number
    first = woken(rows)
    second = woken(rows[::-1], State(first.value), TICK_US + TICK)
    assert numbers(first) == numbers(second)
    assert len(set(numbers(first).values())) == 20
    counts = [r["msgCnt"] for r in json.loads(second.outputs[0].value)["content"]["rsms"]]
    assert counts == [2, 3]


def test_a_tick_that_is_not_newer_sends_nothing():
    first = woken(a_scene(1))
    again = woken(a_scene(1), State(first.value))
    assert (again.outputs, again.value) == ((), first.value)


def test_an_area_without_a_place_or_an_entry_is_forgotten():
    for entries in ({}, shared(lat_deg=None, lon_deg=None)):
        result = woken(a_scene(1), State(woken(a_scene(1)).value), TICK_US + TICK, entries)
        assert (result.value, result.outputs) == (None, ())


def services():
    made = Services("station")
    entry = a_raw_record(0, 0, a_source_entry("unit-1", **PLACE), source="", format="")
    made.take_source(pack_raw(entry))
    return made


@given(st.permutations([("a", 200), ("b", 200), ("c", 200)]))
def test_the_order_in_which_cells_come_changes_no_message(order):
    made, sent = services(), []
    ids = {"a": 1, "b": 10, "c": 20}
    for tick in (199, 200):
        for cell, _ in order if tick == 200 else (("a", 0), ("b", 0), ("c", 0)):
            given_ = a_snapshot(cell, tick, places=((ids[cell], 0), (5, 5)), first_id=ids[cell])
            closed = made.take_picture(given_)
            if closed is not None and tick == 200:
                sent += made.send(closed)
    assert [output.route for output in sent] == [RSM, SDSM, CPM]
    participants = json.loads(sent[0].value)["content"]["rsms"][0]["participants"]
    found = [int(p["global_track_id"], 16) for p in participants]
    assert found == [1, 2, 10, 11, 20, 21]


def test_what_the_pipeline_publishes_is_sent_where_it_is():
    """From raw records to a message, with real parts: the object stands where it was seen."""
    log = a_log("unit-1", lat_deg=HOME.frame.lat_deg, lon_deg=HOME.frame.lon_deg)
    for k in range(15):
        log.see(START_US + k * TICK)
    made, sent = Services("station"), []
    made.take_source(pack_raw(log.records[0].record))
    for picture in values(outputs_of(log), "fused.objects"):
        closed = made.take_picture(snapshot(picture))
        sent += made.send(closed) if closed is not None else []
    last = [output for output in sent if output.route == CPM][12]
    (frame,) = decode("cpm.json", last.value, START_US + 2_000_000).frames
    x, y = HOME.frame.to_local(frame.position[:, 0], frame.position[:, 1])
    assert np.hypot(x, y).tolist() == pytest.approx([0.0], abs=0.2)

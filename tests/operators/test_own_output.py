"""The station's own messages do not come in again, whatever the format; others' do."""

import json

import pytest

from operators.encode import cpm, rsm, sdsm
from operators.encode.area import sender_tag
from operators.encode.numbers import assign
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.routes import DEAD, RECORDS, SOURCES
from tests.builders import ROADSIDE, a_raw_record, a_source_entry
from tests.operators.encode.builders import AREA, TICK_US, a_scene

import msgspec  # isort: skip

ENTRY_US = TICK_US - 60_000_000
FORMATS = {"rsm.json": rsm, "sdsm.json": sdsm, "cpm.json": cpm}


def fate(name, station_id, area_id=AREA.area_id):
    """What becomes of a message that a station sent in an area, at a station that is `station`."""
    rows = a_scene(3)
    numbers, _ = assign({}, rows["track_id"].tolist(), TICK_US)
    tag = sender_tag(station_id, area_id)
    made = FORMATS[name].encode(AREA, tag, TICK_US, rows, numbers, 0)
    entries = [a_source_entry(one) for one in ("unit-1", "bridge")]
    log = [
        LogRecord(SOURCES, 0, a_raw_record(n, ENTRY_US, body, source="", format=""))
        for n, body in enumerate(entries)
    ]
    message = a_raw_record(0, TICK_US + 150_000, made[0], source="bridge", format=name)
    out = list(run([*log, LogRecord(ROADSIDE, 0, message)], Pipeline(Parameters())))
    ledgers = [msgspec.msgpack.decode(o.value) for o in out if o.route == RECORDS]
    told = [e for one in ledgers if one["topic"] == ROADSIDE for e in one["entries"]]
    letters = [msgspec.msgpack.decode(o.value) for o in out if o.route == DEAD]
    return [(e["disposition"], e["reason"]) for e in told], letters


@pytest.mark.parametrize("name", FORMATS)
def test_own_output_is_rejected_by_name(name):
    dispositions, (letter,) = fate(name, "station")
    assert dispositions == [("REJECTED", "OWN_OUTPUT")]
    assert "unit-1" in letter["detail"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("station_id", "area_id"), [("neighbour", "unit-1"), ("station", "unit-9")]
)
def test_what_others_send_is_accepted(name, station_id, area_id):
    dispositions, letters = fate(name, station_id, area_id)
    assert [d for d, _ in dispositions] == ["ACCEPTED"]
    assert letters == []


def test_names_of_stations_and_areas_do_not_run_together():
    assert sender_tag("ab", "c") != sender_tag("a", "bc")


def test_every_message_names_its_sender():
    rows, tag = a_scene(1), sender_tag("station", AREA.area_id)
    made, _ = rsm.encode(AREA, tag, TICK_US, rows, [1], 0)
    assert json.loads(made)["content"]["rsms"][0]["id"] == f"{tag:016X}"

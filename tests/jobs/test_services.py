"""The service job without a broker: records in, messages out, nothing that is too old."""

import json

import msgspec
import pytest

from jobs.io.avro import AvroCodec
from jobs.io.reader import Record
from jobs.services import STALE_US, Job
from operators.routes import (
    CONTEXT,
    CPM,
    LINKS,
    OBJECTS,
    RSM,
    SDSM,
    SOURCES,
    SUBSCRIPTIONS,
    VEHICLE,
)
from tests.builders import (
    HOME,
    PROBE,
    START_US,
    a_log,
    a_source_entry,
    an_observation,
    outputs_of,
)

CODEC = AvroCodec({OBJECTS: 1, LINKS: 2, CONTEXT: 3})
TICK_US = 100_000


@pytest.fixture(scope="module")
def records():
    """What the broker would give for a car that reports itself and is seen by a unit."""
    log = a_log("unit-1")
    log.declare("fleet", kind="probe")
    for k in range(20):
        log.see(START_US + k * TICK_US)
        told = [an_observation(0.0, 0.0, local_id="V1")]
        log.see(START_US + k * TICK_US + 1000, told, source="fleet", topic=PROBE)
    headers = {"format": b"recording.json", "source": b"fleet"}
    made = [
        Record(PROBE, one.partition, one.record.offset, b"", one.record.body,
               one.record.receive_time_us, headers)
        for one in log.in_order() if one.topic == PROBE
    ]  # fmt: skip
    for output in outputs_of(log):
        if output.route in (OBJECTS, LINKS):
            value = CODEC.encode(output.route, output.value)
            tick_us = msgspec.msgpack.decode(output.value)["tick_us"]
            made.append(Record(output.route, 0, 0, b"", value, tick_us + 150_000, {}))
    return sorted((r for r in made if r.appended_us < START_US + 2_000_000), key=lambda r: r[5])


def declared():
    place = {"lat_deg": HOME.frame.lat_deg, "lon_deg": HOME.frame.lon_deg}
    entry = a_source_entry("unit-1", **place)
    wish = json.dumps({"subscription_id": "mine", "source_id": "fleet", "vehicle_id": "v1"})
    return [
        Record(SOURCES, 0, 0, b"", entry, START_US - 10_000_000, {}),
        Record(SUBSCRIPTIONS, 0, 0, b"", b"{", 0, {}),
        Record(SUBSCRIPTIONS, 0, 1, b"", wish.encode(), 0, {}),
    ]


def ran(records, late_us=0):
    """A job after all records, one by one, and what it sent."""
    sent, now = [], [0]
    job = Job("station", CODEC, sent.extend, lambda: now[0])
    job.take(declared())
    for record in records:
        now[0] = record.appended_us + late_us
        job.take([record])
    return job, sent


def test_areas_and_vehicles_are_told_at_every_tick(records):
    _, sent = ran(records)
    ticks = sum(record.topic == OBJECTS for record in records)
    by_route = {route: [o for o in sent if o.route == route] for route in (RSM, SDSM, CPM, VEHICLE)}
    assert {route: len(found) for route, found in by_route.items()} == {
        RSM: ticks, CPM: ticks, VEHICLE: ticks, SDSM: len(by_route[SDSM]),
    }  # fmt: skip
    assert {o.key for o in by_route[RSM]} == {"unit-1"}
    last = json.loads(by_route[VEHICLE][-1].value)
    assert last["track_id"] == last["vehicle"]["track_id"]
    assert set(last["vehicle"]["sources"]) == {"unit-1", "fleet"}


def test_repeats_send_nothing(records):
    _, once = ran(records)
    _, twice = ran([one for record in records for one in (record, record)])
    assert [(o.route, o.key) for o in twice] == [(o.route, o.key) for o in once]


def test_what_is_too_old_is_counted_and_not_sent(records):
    job, sent = ran(records, STALE_US)
    assert sent == []
    assert job.stale == sum(record.topic == OBJECTS for record in records)

"""Topics of others by settings alone; a unit added and a datum mended while a log is replayed."""

import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from infra.local import paths
from infra.local.state import JobPlan
from infra.local.station import LocalStation
from infra.replay.log import read_log
from infra.replay.send import PULSE_KEY, create_backfill, producer_of
from jobs.runtime.clock import now_us
from jobs.settings import load
from operators.routes import OBJECTS, RAW, SOURCES
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.accounts import assert_accounts_close
from tests.builders import SECOND_US, START_US, a_line, a_source_entry, an_observation, column
from tests.builders import degrees as degrees_of
from tests.operators.foreign import TOPICS as FOREIGN
from tests.operators.foreign import body_of
from tests.station.oracle import differences, expected, published

pytestmark = [pytest.mark.station, pytest.mark.timeout(900)]

EACH = 20
QUIET_S = 16.0
FIRST = 2  # partitions of a topic: what ends their idleness may find that time went on without it


def section(topic):
    form, kind, _ = FOREIGN[topic]
    named = f'format = "{form}"\nkind = "{kind}"\nsource = "{topic}"\nkeyed = false\nidle_ms = 1000'
    return f'[topics."{topic}"]\n{named}\n'


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """A station whose settings name the topics; its fusion job is submitted by the tests."""
    folder = tmp_path_factory.mktemp("ingress")
    config = folder / "station.toml"
    config.write_text("".join(map(section, FOREIGN)))
    job = JobPlan("fusion", None, (), task_managers=2)
    parts = ("broker", "registry", "pulse")
    with LocalStation(folder / "state", parts=parts, jobs=(job,), chosen=load(config)) as running:
        yield running


@pytest.fixture(scope="module")
def live(station):
    """Settings, after messages without any header went to the topics of others."""
    given = station.resolved
    admin = AdminClient(given.kafka.client())
    for made in admin.create_topics([NewTopic(name, 2) for name in FOREIGN]).values():
        made.result(30)
    producer = producer_of(given.kafka)
    for topic, (_, kind, _) in FOREIGN.items():
        if kind != "probe":
            producer.produce(SOURCES, a_source_entry(topic, kind=kind, format=None), topic)
    producer.flush(30)
    station.submit("fusion", paths.ROOT / "jobs" / "fusion.py")
    time.sleep(6.0)  # the entries are in force
    for number in range(EACH):
        for topic in FOREIGN:
            at_us = now_us()
            body = body_of(topic, number, at_us - 60_000)
            producer.produce(topic, body, f"stream-{number}", timestamp=at_us // 1000)
        producer.poll(0)
        time.sleep(0.1)
    producer.flush(30)
    time.sleep(QUIET_S)
    return given


def fates(records):
    counts = Counter()
    for ledger in records["ledger.records"]:
        for entry in ledger["entries"]:
            counts[ledger["topic"], entry["source_id"], entry["disposition"]] += entry["records"]
    return {key: n for key, n in counts.items() if key[0] in FOREIGN}


def test_topics_of_others_are_read_by_settings_alone(live):
    found = fates(published(live))
    for topic, (_, _, fate) in FOREIGN.items():
        read = found.pop((topic, topic, fate))
        late = found.pop((topic, "", "LATE"), 0)
        assert read + late == EACH
        assert late <= FIRST
    assert not found


def test_the_accounts_of_topics_of_others_close(live):
    log = read_log(live.kafka.client(), [*RAW, SOURCES, *FOREIGN])
    assert_accounts_close(published(live), log)


# -- a unit added, a datum mended ------------------------------------------------------------------

FRAMES = 200
EVERY_US = 100_000
CHANGED_US = START_US + 8 * SECOND_US


def send_changed(given, name):
    """A log in which GCJ-02 is taken for WGS-84 and mended, and a second unit is added."""
    create_backfill(given.kafka, name, given.partitions)
    producer = producer_of(given.kafka)

    def send(topic, at_us, key, body, **place):
        producer.produce(f"{topic}.{name}", body, key, timestamp=at_us // 1000, **place)

    lat, lon = degrees_of(0.0, 0.0)
    shifted = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    there = {"lon_deg": float(shifted[0][0]), "lat_deg": float(shifted[1][0])}
    send(SOURCES, START_US - 10 * SECOND_US, "unit-1", a_source_entry("unit-1"))
    for key in ("unit-1", "unit-2"):
        changed = a_source_entry(key, datum="GCJ-02")
        send(SOURCES, CHANGED_US, key, changed)
    for k in range(FRAMES):
        at_us = START_US + k * EVERY_US
        for key in ("unit-1", "unit-2"):
            seen = [an_observation() | there]
            body = a_line(at_us, seen, key)
            send("raw.roadside", at_us + 50_000, key, body)
    producer.flush(30)
    closing_us = START_US + FRAMES * EVERY_US + 20 * SECOND_US
    topics = producer.list_topics(timeout=15).topics
    for topic in (*RAW, SOURCES):
        for partition in topics[f"{topic}.{name}"].partitions:
            send(topic, closing_us, PULSE_KEY, None, partition=partition)
    producer.flush(30)


@pytest.fixture(scope="module")
def changed(station, live):
    """Settings, after the same log was replayed twice by a job of its own each."""
    for name in ("changed-1", "changed-2"):
        send_changed(live, name)
        words = ("--backfill", name)
        jid = station.submit("fusion", paths.ROOT / "jobs" / "fusion.py", words)
        manager, state = station.flink_rest("fusion"), ""
        while state != "FINISHED":
            state = next(job.state for job in manager.jobs() if job.jid == jid)
            assert state in ("RUNNING", "FINISHED"), manager.failure(jid)
            time.sleep(0.2)
    return live


def test_a_unit_is_added_and_a_datum_mended_without_a_restart(changed):
    found = published(changed, "changed-1")
    dispositions = defaultdict(Counter)
    for ledger in found["ledger.records"]:
        for entry in ledger["entries"]:
            dispositions[entry["source_id"]][entry["disposition"]] += entry["records"]
    assert dispositions["unit-1"] == {"ACCEPTED": FRAMES, "SOURCE": 2}
    # known 5 s after its entry: 13 s of 20 are refused
    assert dispositions["unit-2"] == {"REJECTED": 130, "ACCEPTED": FRAMES - 130, "SOURCE": 1}
    lat0, _ = degrees_of(0.0, 0.0)
    first, last = (
        {abs(v - lat0) * 111_000 for p in found[OBJECTS] if p["count"] and keep(p["tick_us"])
         for v in (column(p, "lat_e7", "<i4") / 1e7).tolist()}
        for keep in (lambda t: t < CHANGED_US, lambda t: t > START_US + 18 * SECOND_US)
    )  # fmt: skip
    assert min(first) > 50.0  # the shift to the north of GCJ-02 here is some 150 m
    assert min(last) < 1.0


def test_a_replay_of_it_is_equal(changed):
    oracle, log = expected(changed, "changed-1", ".changed-1")
    found = published(changed, "changed-1")
    assert differences(oracle, found) == {}
    assert_accounts_close(found, log)
    again, _ = expected(changed, "changed-2", ".changed-2")
    assert differences(again, published(changed, "changed-2")) == {}
    assert [p["lat_e7"] for p in again[OBJECTS]] == [p["lat_e7"] for p in oracle[OBJECTS]]

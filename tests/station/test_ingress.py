"""Topics of others by settings alone; a unit added and a datum mended while a log is replayed."""

import time
from collections import Counter, defaultdict

import numpy as np
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from infra.local import paths
from infra.local.state import JobPlan
from infra.local.station import LocalStation
from infra.replay.backfill import PULSE_KEY, create_backfill
from infra.replay.log import read_log
from infra.replay.outbox import producer_of
from jobs.runtime.clock import now_us
from jobs.settings import load
from operators.routes import OBJECTS, RAW, SOURCES
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.accounts import assert_accounts_close, faults
from tests.builders import SECOND_US, START_US, a_line, a_source_entry, an_observation, column
from tests.builders import degrees as degrees_of
from tests.operators.foreign import TOPICS as FOREIGN
from tests.operators.foreign import body_of
from tests.station.oracle import MOST_S, differences, expected, published
from tests.waiting import PATIENCE_S, wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(4800)]

# Rounds of messages, one to each topic. What ends the idleness of a partition may find that time
# went on without it, and a machine that stops for a while makes partitions idle. So rounds are
# sent, batch by batch, until some of each topic were in time.
BATCH, BATCHES, IN_TIME = 20, 20, 10


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
    """Settings and rounds sent, after messages without any header went to the topics of others."""
    given = station.resolved
    admin = AdminClient(given.kafka.client())
    for made in admin.create_topics([NewTopic(name, 2) for name in FOREIGN]).values():
        made.result(PATIENCE_S)
    producer = producer_of(given.kafka)
    for topic, (_, kind, _) in FOREIGN.items():
        if kind != "probe":
            producer.produce(SOURCES, a_source_entry(topic, kind=kind, format=None), topic)
    producer.flush(PATIENCE_S)
    station.submit("fusion", paths.ROOT / "jobs" / "fusion.py")
    time.sleep(6.0)  # by the broker's time the entries are in force then
    for batch in range(BATCHES):
        for number in range(batch * BATCH, (batch + 1) * BATCH):
            send_round(producer, number)
            time.sleep(0.1)
        assert producer.flush(PATIENCE_S) == 0
        sent = len(FOREIGN) * (batch + 1) * BATCH
        found = wait_for(
            lambda: fates(published(given)),
            lambda found, sent=sent: sum(found.values()) >= sent,
            patience_s=MOST_S,
            every_s=2.0,
        )
        if all(found[topic, topic, fate] >= IN_TIME for topic, (_, _, fate) in FOREIGN.items()):
            return given, (batch + 1) * BATCH
    pytest.fail(f"too many came too late: {found}")


def send_round(producer, number):
    for topic in FOREIGN:
        at_us = now_us()
        body = body_of(topic, number, at_us - 60_000)
        producer.produce(topic, body, f"stream-{number}", timestamp=at_us // 1000)
    producer.poll(0)


def fates(records):
    counts = Counter()
    for ledger in records["ledger.records"]:
        for entry in ledger["entries"]:
            counts[ledger["topic"], entry["source_id"], entry["disposition"]] += entry["records"]
    return Counter({key: n for key, n in counts.items() if key[0] in FOREIGN})


def test_topics_of_others_are_read_by_settings_alone(live):
    given, rounds = live
    found = fates(published(given))
    for topic, (_, _, fate) in FOREIGN.items():
        read = found.pop((topic, topic, fate))
        late = found.pop((topic, "", "LATE"), 0)
        assert read + late == rounds
    assert not found


def test_the_accounts_of_topics_of_others_close(live):
    given, _ = live

    def open_accounts():
        found = published(given)
        return faults(found, read_log(given.kafka.client(), [*RAW, SOURCES, *FOREIGN]))

    wait_for(open_accounts, lambda left: not left, patience_s=MOST_S, every_s=2.0)


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
    producer.flush(PATIENCE_S)
    closing_us = START_US + FRAMES * EVERY_US + 20 * SECOND_US
    topics = producer.list_topics(timeout=PATIENCE_S).topics
    for topic in (*RAW, SOURCES):
        for partition in topics[f"{topic}.{name}"].partitions:
            send(topic, closing_us, PULSE_KEY, None, partition=partition)
    producer.flush(PATIENCE_S)


@pytest.fixture(scope="module")
def changed(station, live):
    """Settings, after the same log was replayed twice by a job of its own each."""
    given, _ = live
    for name in ("changed-1", "changed-2"):
        send_changed(given, name)
        words = ("--backfill", name)
        jid = station.submit("fusion", paths.ROOT / "jobs" / "fusion.py", words)
        manager = station.flink_rest("fusion")
        state = wait_for(
            lambda of=jid, at=manager: next(job.state for job in at.jobs() if job.jid == of),
            lambda state: state in ("FINISHED", "FAILED", "CANCELED"),
            patience_s=MOST_S,
        )
        assert state == "FINISHED", manager.failure(jid)
    return given


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

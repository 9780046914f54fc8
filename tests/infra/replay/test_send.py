"""Sending recorded messages: the time that they get, and that a broker has every one."""

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

import schemas
from infra.kafka.topics import create_topics
from infra.local.station import LocalStation
from infra.replay.backfill import create_backfill, send_backfill
from infra.replay.log import read_log
from infra.replay.messages import RecordedMessage
from infra.replay.outbox import SendError, producer_of
from infra.replay.send import Timeline, send_live
from jobs.runtime.clock import now_us
from jobs.sections import Kafka
from operators.routes import SOURCES
from operators.sources import SourceEntry, effective_us
from tests.waiting import PATIENCE_S, wait_for

FIRST_US = 1_653_016_740_123_456
ENTRIES = [{"source_id": f"unit-{i}", "kind": "roadside", "frame": "local"} for i in range(3)]
NOBODY = Kafka("127.0.0.1:9")


def message(k, payload=b"{}", topic="raw.roadside"):
    return RecordedMessage(FIRST_US + k * 100_000, topic, f"unit-{k % 3}", "rsm.json", payload)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_recorded_instants_come_again_in_order(speed):
    timeline = Timeline(FIRST_US, 1_763_850_000_000_000, speed)
    assert timeline.after_us(FIRST_US) == 0
    assert timeline.after_us(FIRST_US + 1_000_000) == 1_000_000 / speed
    for recorded_us in (FIRST_US, FIRST_US + 777_777):
        shift_us = timeline.shift_us(recorded_us)
        assert shift_us % 1000 == 0
        wall_us = timeline.start_us + timeline.after_us(recorded_us)
        assert 0 <= wall_us - (recorded_us + shift_us) < 1000


def test_at_recorded_speed_all_messages_have_one_shift():
    timeline = Timeline(FIRST_US, 1_763_850_000_000_000)
    assert len({timeline.shift_us(FIRST_US + k * 33_333) for k in range(100)}) == 1


@pytest.mark.parametrize("name", ["", "a b", "-x", "a/b", "x" * 101])
def test_name_that_no_topic_can_have_is_refused(name):
    with pytest.raises(SendError, match="cannot name a backfill"):
        create_backfill(NOBODY, name, {})


def test_message_for_another_topic_is_refused_before_anything_is_sent():
    with pytest.raises(SendError, match=r"fused\.objects"):
        send_live([message(0, topic="fused.objects")], [], producer_of(NOBODY))


def test_backfill_without_messages_is_refused():
    with pytest.raises(SendError, match="without messages"):
        send_backfill([], ENTRIES, producer_of(NOBODY), "x", acceptance_us=0)


def test_backfill_of_times_that_no_broker_holds_is_refused():
    first = RecordedMessage(9_000_000, "raw.roadside", "unit", "rsm.json", b"{}")
    with pytest.raises(SendError, match="1970"):
        send_backfill([first], ENTRIES, producer_of(NOBODY), "x", acceptance_us=0)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    with LocalStation(tmp_path_factory.mktemp("station"), parts=("broker",), jobs=()) as station:
        given = station.resolved.kafka
        create_topics(given, {})
        yield given


def read_all(kafka, topics):
    """All records of topics by topic: (partition, timestamp in ms, key, value, headers)."""
    consumer = Consumer(kafka.client() | {"group.id": "test", "enable.partition.eof": False})
    there = consumer.list_topics(timeout=PATIENCE_S).topics
    ends, found = {}, {topic: [] for topic in topics}
    for topic in topics:
        for number in there[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), PATIENCE_S)
            ends[topic, number] = high - low
    consumer.assign([TopicPartition(*place, 0) for place, count in ends.items() if count])

    def read_one():
        one = consumer.poll(1.0)
        if one is not None and one.error() is None:
            headers = dict(one.headers() or [])
            facts = (one.partition(), one.timestamp()[1], one.key(), one.value(), headers)
            found[one.topic()].append(facts)
        return sum(map(len, found.values()))

    wait_for(read_one, lambda count: count == sum(ends.values()), every_s=0.0)
    consumer.close()
    return found


@pytest.mark.station
def test_live_messages_come_at_their_pace_after_their_entries_hold(kafka):
    messages = [message(k, b"%d" % k) for k in range(10)]
    late_entry = ENTRIES[0] | {"valid_from_us": FIRST_US}
    told = []
    began_us = now_us()
    counts = send_live(
        messages[::-1], [*ENTRIES, late_entry], producer_of(kafka), watch=lambda *t: told.append(t)
    )
    assert counts == {"station.sources": 4, "raw.roadside": 10}
    assert {stage for stage, *_ in told} == {"entries", "notice", "messages"}
    assert told[-1] == ("messages", 10, 10)
    found = read_all(kafka, ["station.sources", "raw.roadside"])
    sent = sorted(found["raw.roadside"], key=lambda one: int(one[3]))
    assert [one[2] for one in sent] == [m.source_id.encode() for m in messages]
    headers = [one[4] for one in sent]
    assert {h["format"] for h in headers} == {b"rsm.json"}
    assert [h["source"] for h in headers] == [one[2] for one in sent]
    (shift,) = {int(h["shift_us"]) for h in headers}
    assert began_us < FIRST_US + shift < now_us()
    # Never early, but for the parts of 1 ms; how late is a matter of the machine.
    assert all(
        one[1] * 1000 - (recorded.receive_time_us + shift) >= -2000
        for one, recorded in zip(sent, messages, strict=True)
    )
    entries = [(one[1] * 1000, msgspec.convert(msgspec.json.decode(one[3]), SourceEntry))
               for one in found["station.sources"]]  # fmt: skip
    assert max(effective_us(e, at_us) for at_us, e in entries) <= FIRST_US + shift


@pytest.mark.station
def test_backfill_has_recorded_times_and_a_closing_pulse_everywhere(kafka):
    names = create_backfill(kafka, "old", {"raw.roadside": 3})
    messages = [message(k, b"%d" % k) for k in range(20)]
    counts = send_backfill(messages, ENTRIES, producer_of(kafka), "old", acceptance_us=2_000_000)
    assert counts == {"station.sources.old": 3, "raw.roadside.old": 20}
    found = read_all(kafka, names)
    pulses = {topic: [one for one in found[topic] if one[2] == b"pulse"] for topic in names}
    partitions = {f"{name}.old": topic.partitions for name, topic in schemas.topics().items()}
    wanted = {topic: partitions[topic] for topic in names} | {"raw.roadside.old": 3}
    assert {topic: len(p) for topic, p in pulses.items()} == wanted
    closing_ms = (messages[-1].receive_time_us + 14_000_000) // 1000
    assert {(one[1], one[3]) for p in pulses.values() for one in p} == {(closing_ms, None)}
    sent = sorted((o for o in found["raw.roadside.old"] if o[3]), key=lambda one: int(one[3]))
    assert [one[1] for one in sent] == [m.receive_time_us // 1000 for m in messages]
    assert all("shift_us" not in one[4] and one[4]["format"] == b"rsm.json" for one in sent)
    ahead = {one[1] for one in found["station.sources.old"] if one[3]}
    assert ahead == {(FIRST_US - 10_000_000) // 1000}


def make_topics(admin, configs):
    made = admin.create_topics([NewTopic(name, 1, 1, config=c) for name, c in configs.items()])
    for future in made.values():
        future.result(PATIENCE_S)


@pytest.mark.station
def test_of_source_entries_the_broker_drops_pulses_and_what_is_older_than_raw_records(kafka):
    """`due` is as `station.sources` when eight days have passed, `early` as it is today."""
    admin = AdminClient(kafka.client())
    hasty = ConfigEntry(
        "log.cleaner.backoff.ms", "100", incremental_operation=AlterConfigOpType.SET
    )
    broker = ConfigResource("broker", "1", incremental_configs=[hasty])
    for future in admin.incremental_alter_configs([broker]).values():
        future.result(PATIENCE_S)
    catalogue = {key: str(value) for key, value in schemas.topics()[SOURCES].config.items()}
    early = catalogue | {"segment.ms": "10", "min.cleanable.dirty.ratio": "0"}
    make_topics(admin, {"early": early, "due": early | {"min.compaction.lag.ms": "0"}})
    producer, pulses = producer_of(kafka), 0
    sent = [("a", b"1"), ("b", b"1"), ("a", b"2")]

    def send(key, value):
        for topic in ("early", "due"):
            producer.produce(topic, value, key)
        assert producer.flush(PATIENCE_S) == 0

    def entries(topic):
        """Entries and number of pulses; a pulse more, since segments end by new records."""
        nonlocal pulses
        send("pulse", None)
        pulses += 1
        records = [one.record for one in read_log(kafka.client(), [topic])]
        told = [(record.key, record.body) for record in records if record.body is not None]
        return told, len(records) - len(told)

    for key, value in sent:
        send(key, value)
        entries("due")
    wait_for(lambda: entries("due"), lambda seen: seen[0] == sent[1:] and seen[1] < pulses // 2)
    assert entries("early") == (sent, pulses)


@pytest.mark.station
def test_backfill_name_serves_once(kafka):
    create_backfill(kafka, "twice", {})
    with pytest.raises(SendError, match=r"raw\.roadside\.twice.*there already"):
        create_backfill(kafka, "twice", {})


@pytest.mark.station
def test_topics_that_are_not_there_are_named(kafka):
    with pytest.raises(SendError, match=r"missing: raw\.context\.never"):
        send_backfill([message(0)], [], producer_of(kafka), "never", acceptance_us=0)


@pytest.mark.station
def test_record_larger_than_any_topic_takes_is_an_error(kafka):
    big = message(0, b"x" * (16 * 1024 * 1024))
    with pytest.raises(SendError, match=r"raw\.roadside"):
        send_live([big], [], producer_of(kafka))


@pytest.mark.station
def test_record_that_the_broker_refuses_is_an_error(kafka):
    create_backfill(kafka, "small", {})
    limit = ConfigEntry("max.message.bytes", "500", incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource("topic", "raw.roadside.small", incremental_configs=[limit])
    admin = AdminClient(kafka.client())
    for future in admin.incremental_alter_configs([topic]).values():
        future.result(PATIENCE_S)
    messages = [message(0), message(1, b"x" * 1000)]
    # An answer means: written down, not yet in force. The broker's own refusal says that it is.
    wait_for(lambda: _refusal_of(kafka, "raw.roadside.small", messages[1]))
    with pytest.raises(SendError, match=r"not delivered; raw\.roadside\.small"):
        send_backfill(messages, ENTRIES, producer_of(kafka), "small", acceptance_us=0)


def _refusal_of(kafka, topic, message):
    """What the broker has against a record, if it has something."""
    told = []
    producer = producer_of(kafka)
    producer.produce(
        topic, message.payload, message.source_id, on_delivery=lambda error, _: told.append(error)
    )
    assert producer.flush(PATIENCE_S) == 0
    return told[0]


def test_broker_that_is_gone_is_an_error(monkeypatch):
    monkeypatch.setattr("infra.replay.outbox.ANSWER_S", 2.0)
    with pytest.raises(SendError, match="does not answer"):
        send_live([message(0)], [], producer_of(NOBODY))

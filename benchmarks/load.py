"""Put a mix into a topic set of a backfill before any job runs.

Backfill topics keep the recorded receive times, so a job that catches up sees the ticks of a
steady 10 Hz however fast it reads; in live topics everything would lie in a few ticks.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from confluent_kafka import Producer

from benchmarks.mixes import Mix
from benchmarks.spread import evenly
from infra.replay.backfill import ENTRIES_AHEAD_US, PULSE_KEY, QUIET_US, create_backfill
from infra.replay.outbox import producer_of
from jobs.sections import Kafka
from operators.parameters import Parameters
from operators.pipeline import LogRecord
from operators.raw import RawRecord
from operators.routes import RAW, SOURCES

PARTITIONS = 16
BUSY = 6
PULSE_US = 20_000

# (topic without the backfill's name, partition, timestamp in us, key, value, headers)
Record = tuple[str, int, int, bytes, bytes | None, list[tuple[str, bytes]]]


def busy_partitions(mix: Mix, parallelism: int) -> list[int]:
    """Partitions of the mix's topic that get messages; the others get pulses only."""
    keys = [f"{mix.topic}.{mix.name}/{number}" for number in range(PARTITIONS)]
    return [int(key.rpartition("/")[2]) for key in evenly(keys, parallelism, BUSY)]


def records(mix: Mix, busy: list[int], run: Parameters) -> Iterable[Record]:
    """Everything that goes into the topics, each partition in order of time."""
    first_us, last_us = mix.messages[0].receive_time_us, mix.messages[-1].receive_time_us
    for entry in mix.entries:
        key = str(entry["source_id"]).encode()
        value = msgspec.json.encode(entry)
        yield SOURCES, 0, first_us - ENTRIES_AHEAD_US, key, value, []
    numbers: dict[str, int] = {}
    for one in mix.messages:
        number = busy[numbers.setdefault(one.source_id, len(numbers)) % len(busy)]
        headers = [("format", one.format.encode()), ("source", one.source_id.encode())]
        yield mix.topic, number, one.receive_time_us, one.source_id.encode(), one.payload, headers
    places = [(topic, n) for topic in (*RAW, SOURCES) for n in range(_partitions(mix)[topic])]
    quiet = [place for place in places if place[0] != mix.topic or place[1] not in busy]
    for at_us in range(first_us, last_us, PULSE_US):
        for topic, number in quiet:
            yield topic, number, at_us, PULSE_KEY, None, []
    for topic, number in places:
        yield topic, number, last_us + run.acceptance_us + QUIET_US, PULSE_KEY, None, []


def preload(mix: Mix, parallelism: int, kafka: Kafka, run: Parameters) -> None:
    """Create the backfill's topics and fill them."""
    create_backfill(kafka, mix.name, _partitions(mix))
    producer = producer_of(kafka)
    for topic, partition, at_us, key, value, headers in records(
        mix, busy_partitions(mix, parallelism), run
    ):
        _send(producer, f"{topic}.{mix.name}", value, key, partition, headers, at_us // 1000)
    if producer.flush(60.0):
        msg = f"the broker did not take all of {mix.name}"
        raise RuntimeError(msg)


def _send(producer: Producer, topic: str, value: bytes | None, key: bytes, partition: int,
          headers: list[tuple[str, bytes]], timestamp_ms: int) -> None:  # fmt: skip
    options: dict[str, Any] = {"headers": headers} if headers else {}
    while True:
        try:
            producer.produce(topic, value, key, partition, timestamp=timestamp_ms, **options)
            break
        except BufferError:
            producer.poll(0.1)
    producer.poll(0)


def log(mix: Mix, busy: list[int], run: Parameters) -> list[LogRecord]:
    """The same as a log for `operators.pipeline`, without pulses."""
    offsets: dict[tuple[str, int], int] = {}
    made = []
    for topic, partition, at_us, key, value, headers in records(mix, busy, run):
        offset = offsets[topic, partition] = offsets.get((topic, partition), -1) + 1
        if value is not None:
            named = {name: text.decode() for name, text in headers}
            form, source = named.get("format", ""), named.get("source", "")
            at_ms = at_us // 1000 * 1000
            record = RawRecord(offset, at_ms, 0, form, source, key.decode(), value)
            made.append(LogRecord(topic, partition, record))
    return sorted(made, key=lambda one: one.record.receive_time_us)


def _partitions(mix: Mix) -> dict[str, int]:
    return {topic: PARTITIONS if topic == mix.topic else 1 for topic in (*RAW, SOURCES)}

"""What came out of a job, and how fast: read from the topics afterwards, by the broker's clock.

The broker stamps each record when it appends it. So nothing needs to run beside the job.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from benchmarks.mixes import Mix
from benchmarks.noop_steps import COUNT
from benchmarks.noop_steps import OBJECTS as NOOP
from jobs.io.avro import AvroCodec
from operators.parameters import Parameters
from operators.routes import OBJECTS, OBSERVATIONS, RECORDS

WARM = 0.2  # share of the data before which nothing is counted in memory


class BenchmarkError(RuntimeError):
    """A run that is not complete, or did not end: its figures mean nothing."""


class Appended(NamedTuple):
    """One record with when and where the broker appended it."""

    topic: str
    partition: int
    offset: int
    append_us: int
    key: str
    value: bytes


@dataclass(slots=True)
class Outcome:
    """What a run published.

    Parameters
    ----------
    complete_us
        When the last picture of each tick was appended, by tick.
    records
        Input records by disposition; the no-op job has only ``ACCEPTED``.
    observations, used
        Observations of accepted records, and those that the cells account for.
    rows
        Objects in all pictures.
    """

    complete_us: dict[int, int] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    observations: int = 0
    used: int = 0
    rows: int = 0

    def saw(self, tick_us: int, append_us: int) -> None:
        """Note one picture."""
        self.complete_us[tick_us] = max(self.complete_us.get(tick_us, 0), append_us)


def read(client: Mapping[str, Any], topics: Sequence[str]) -> Iterator[Appended]:
    """All committed records of some topics up to now."""
    consumer = Consumer(
        {
            **client,
            "group.id": "benchmark",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
        }
    )
    try:
        known = consumer.list_topics(timeout=30.0).topics
        left = {(topic, number) for topic in topics for number in known[topic].partitions}
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in left])
        while left:
            for message in consumer.consume(2000, 1.0):
                topic, number = message.topic(), message.partition()
                if message.error() is not None:
                    if message.error().code() == KafkaError._PARTITION_EOF:
                        left.discard((topic, number))
                elif message.value() is not None:
                    at_us, key = message.timestamp()[1] * 1000, (message.key() or b"").decode()
                    yield Appended(topic, number, message.offset(), at_us, key, message.value())
    finally:
        consumer.close()


def fused(client: Mapping[str, Any], codec: AvroCodec, run_id: str) -> Outcome:
    """What the fusion job published in one run."""
    outcome = Outcome()
    for one in read(client, (OBJECTS, RECORDS, OBSERVATIONS)):
        value = codec.decode(one.topic, one.value)
        if value["run_id"] != run_id:
            continue
        if one.topic == OBJECTS:
            outcome.saw(value["tick_us"], one.append_us)
            outcome.rows += value["count"]
        elif one.topic == RECORDS:
            for entry in value["entries"]:
                outcome.records[entry["disposition"]] += entry["records"]
                outcome.observations += entry["observations"]
        else:
            outcome.used += sum(entry["observations"] for entry in value["entries"])
    return outcome


def forwarded(client: Mapping[str, Any], cut_us: int) -> Outcome:
    """What the no-op job wrote since its topic was made."""
    outcome = Outcome()
    for one in read(client, (NOOP,)):
        due_us, count = COUNT.unpack(one.value)
        outcome.saw(due_us - cut_us, one.append_us)
        outcome.records["ACCEPTED"] += count
    return outcome


def check(mix: Mix, outcome: Outcome) -> None:
    """Refuse an outcome that does not account for every record and observation.

    Raises
    ------
    BenchmarkError
        If records or observations are missing, doubled or refused.
    """
    sent = len(mix.messages)
    expected = Counter({"ACCEPTED": sent, "SOURCE": len(mix.entries)})
    wanted = sent * mix.objects
    sums = (outcome.observations, outcome.used)
    if outcome.records != expected or sums != (wanted, wanted):
        msg = (
            f"{mix.name}: {dict(expected)} sent with {wanted} observations; "
            f"{dict(outcome.records)} accounted with {sums}"
        )
        raise BenchmarkError(msg)


def window(mix: Mix, run: Parameters) -> tuple[int, int, int]:
    """First and last tick of what is counted, and the records between them."""
    received = [message.receive_time_us for message in mix.messages]
    start_us = received[0] + round(WARM * (received[-1] - received[0]))
    first, last = (at // run.tick_us * run.tick_us for at in (start_us, received[-1]))
    # The picture of tick T holds what was received up to T + cut.
    low, high = (bisect_right(received, tick + run.cut_us) for tick in (first, last))
    return first, last, high - low


class Rate(NamedTuple):
    """Records a second, and the seconds over which that was measured."""

    per_s: float
    seconds: float


def rate(mix: Mix, outcome: Outcome, running_us: int, run: Parameters) -> Rate:
    """Records a second from when all tasks ran to the append of the last picture of the data.

    Not from the first picture: a reader drains partition after partition, and the watermark stands
    still until it has begun the last, so that pictures of a small backlog come in one burst.
    """
    last = window(mix, run)[1]
    end_us = max(at for tick, at in outcome.complete_us.items() if tick <= last)
    seconds = (end_us - running_us) / 1e6
    return Rate(len(mix.messages) / seconds, seconds)

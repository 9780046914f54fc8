"""What live and backfill sending share: a producer, and an account of what it was given.

Every record is accounted: what the broker did not take ends in a `SendError`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from infra.replay.messages import RecordedMessage
from jobs.sections import Kafka
from operators.routes import RAW

Entry = Mapping[str, Any]
# Called with a stage (``entries``, ``notice``, ``messages``), what is done of it, and all of it.
Watcher = Callable[[str, float, float], None]

PATIENCE_S = 180.0  # for a delivery
ANSWER_S = 30.0
_LARGEST = 16 * 1024 * 1024


class SendError(RuntimeError):
    """Records that were not delivered, or cannot be; the text says which and why."""


def producer_of(kafka: Kafka) -> Producer:
    """Give a producer that keeps the order and reports what becomes of every record."""
    config = {
        "acks": "all",
        "enable.idempotence": True,
        "message.max.bytes": _LARGEST,
        "message.timeout.ms": int(PATIENCE_S * 1000),
        "linger.ms": 2,
        "partitioner": "murmur2_random",  # as Java clients place keys
        "log_level": 2,
    }
    return Producer(kafka.client() | config)


class Outbox:
    """Hands records to a producer and counts deliveries by topic."""

    def __init__(self, producer: Producer) -> None:
        self.delivered: Counter[str] = Counter()
        self._producer = producer
        self._handed = 0
        self._failed: list[str] = []

    def send(self, topic: str, key: bytes, value: bytes | None, **options: Any) -> None:
        """Hand one record over, waiting while the queue is full."""
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._report, **options)
                break
            except BufferError:
                self.serve(0.1)
            except KafkaException as error:
                self._fail(f"{topic}: {error.args[0].str()}")
        self._handed += 1
        self.serve(0.0)

    def serve(self, patience_s: float) -> None:
        """Take reports for at most so long.

        Raises
        ------
        SendError
            If a record was not delivered.
        """
        self._producer.poll(patience_s)
        if self._failed:
            self._fail(self._failed[0])

    def settle(self) -> None:
        """Wait until every record handed over is delivered.

        Raises
        ------
        SendError
            If one was not.
        """
        self._producer.flush(PATIENCE_S)
        self.serve(0.0)
        if self.delivered.total() < self._handed:
            self._fail(f"the broker did not answer within {PATIENCE_S:.0f} s")

    def _report(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.delivered[str(message.topic())] += 1
        else:
            self._failed.append(f"{message.topic()}: {error.str()}")

    def _fail(self, why: str) -> NoReturn:
        self._producer.purge()
        self._producer.flush(1.0)
        open_ones = self._handed - self.delivered.total()
        msg = f"{open_ones} records were handed over and not delivered; {why}"
        raise SendError(msg)


def silent(stage: str, done: float, total: float) -> None:
    """Tell nobody."""


def ordered_by_receipt(messages: Iterable[RecordedMessage]) -> list[RecordedMessage]:
    """Sort messages by receive time; all of them have to be for raw topics."""
    ordered = sorted(messages, key=lambda message: message.receive_time_us)
    foreign = sorted({message.topic for message in ordered} - set(RAW))
    if foreign:
        msg = f"messages for {', '.join(foreign)}; raw topics are {', '.join(RAW)}"
        raise SendError(msg)
    return ordered


def partitions_of(producer: Producer, topics: set[str]) -> dict[str, int]:
    """Give the number of partitions of topics, all of which have to be there."""
    try:
        there = producer.list_topics(timeout=ANSWER_S).topics
    except KafkaException as error:
        msg = f"the broker does not answer: {error.args[0].str()}"
        raise SendError(msg) from error
    missing = sorted(topics - set(there))
    if missing:
        msg = f"topics are missing: {', '.join(missing)}; `python -m infra.kafka.topics` makes them"
        raise SendError(msg)
    return {topic: len(there[topic].partitions) for topic in sorted(topics)}


def entry_record(entry: Entry) -> tuple[bytes, bytes]:
    """Key and value of a source entry."""
    return str(entry["source_id"]).encode(), msgspec.json.encode(entry)


def headers_of(message: RecordedMessage) -> list[tuple[str, bytes]]:
    """What a record says of its message: format and source."""
    return [("format", message.format.encode()), ("source", message.source_id.encode())]

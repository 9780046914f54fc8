"""Reads topics for a service: from the last seconds on, as they come, uncommitted.

A reader belongs to no group and commits nothing: whoever starts anew begins at now.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from jobs.runtime.clock import now_us
from jobs.sections import Kafka

_BATCH = 500
_WAIT_S = 0.1
_ASK_S = 10.0
BEGINNING = -1


class Record(NamedTuple):
    """One record of a topic; `appended_us` is the broker's time."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    appended_us: int
    headers: Mapping[str, bytes]


class Reader:
    """Reads topics in a thread and hands on what came, batch by batch.

    Parameters
    ----------
    kafka
        The broker.
    topics
        Each with how far back to begin, microseconds; `BEGINNING` for all of it.
    take
        Called in the reader's thread with the records of a batch, pulses left out.
    """

    def __init__(
        self, kafka: Kafka, topics: dict[str, int], take: Callable[[list[Record]], None]
    ) -> None:
        self._config = kafka.client() | {
            "group.id": "station.reader",  # the client wants a name; nothing is committed
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 20,
            "fetch.queue.backoff.ms": 20,
            "queued.max.messages.kbytes": 65_536,
        }
        self._topics = topics
        self._take = take
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            consumer = Consumer(self._config)
            try:
                consumer.assign(_places(consumer, self._topics))
                while not self._stopping.is_set():
                    self._hand_on(consumer.consume(_BATCH, _WAIT_S))
            finally:
                consumer.close()
        except Exception as error:  # a thread's end has to be seen by who started it
            self.failure = error

    def _hand_on(self, messages: Sequence[Message]) -> None:
        records = [_record(one) for one in messages if one.error() is None and one.value()]
        if records:
            self._take(records)


def _record(message: Message) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key() or b"",
        message.value(),
        message.timestamp()[1] * 1000,
        dict(message.headers() or ()),
    )


def _places(consumer: Consumer, topics: dict[str, int]) -> list[TopicPartition]:
    """Where to begin in each partition.

    Raises
    ------
    confluent_kafka.KafkaException
        If the broker does not answer.
    """
    there = consumer.list_topics(timeout=_ASK_S).topics
    missing = [name for name in topics if name not in there]
    if missing:
        msg = f"the broker has no topic {', '.join(missing)}"
        raise KafkaException(msg)
    asked = [
        TopicPartition(name, number, (now_us() - back_us) // 1000)
        for name, back_us in topics.items()
        if back_us != BEGINNING
        for number in there[name].partitions
    ]
    whole = [
        TopicPartition(name, number, 0)
        for name, back_us in topics.items()
        if back_us == BEGINNING
        for number in there[name].partitions
    ]
    return [*consumer.offsets_for_times(asked, _ASK_S), *whole] if asked else whole

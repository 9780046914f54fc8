"""Read the fused topics: live for the age at the reader, committed for what counts."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaError, TopicPartition

import schemas
from jobs.io.avro import AvroCodec
from jobs.runtime.clock import now_us

_READ = ("fused.objects", "ledger.records", "ledger.observations")


@dataclass(slots=True)
class Ages:
    """What a reader of uncommitted pictures saw.

    Parameters
    ----------
    work_us
        For each picture with objects: read time - tick - cut.
    age_us
        For each object: read time - event time of its last observation.
    ticks_us
        Ticks of the pictures of `work_us`.
    first_row_us
        Read time of the first picture with an object; 0 before.
    """

    work_us: list[int] = field(default_factory=list)
    age_us: list[Any] = field(default_factory=list)
    ticks_us: list[int] = field(default_factory=list)
    first_row_us: int = 0

    def since(self, tick_us: int) -> "Ages":
        """What was seen of the ticks from `tick_us` on; the first row stays."""
        kept = [k for k, tick in enumerate(self.ticks_us) if tick >= tick_us]
        return Ages(
            [self.work_us[k] for k in kept],
            [self.age_us[k] for k in kept],
            [self.ticks_us[k] for k in kept],
            self.first_row_us,
        )

    def take(self, picture: Mapping[str, Any], read_us: int, cut_us: int) -> None:
        """Note one picture."""
        if not picture["count"]:
            return
        self.first_row_us = self.first_row_us or read_us
        since = read_us - picture["tick_us"]
        self.work_us.append(since - cut_us)
        self.ticks_us.append(picture["tick_us"])
        self.age_us.append(since + np.frombuffer(picture["age_us"], "<i4").astype(np.int64))


class LiveReader(threading.Thread):
    """Reads pictures as they come: uncommitted as a service in a hurry, or committed.

    Parameters
    ----------
    client
        Configuration of a Kafka client.
    codec
        Reads the records.
    cut_us
        The cut of the run.
    isolation
        ``read_uncommitted`` or ``read_committed``.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        codec: AvroCodec,
        cut_us: int,
        isolation: str = "read_uncommitted",
    ) -> None:
        super().__init__(name="live reader", daemon=True)
        self.ages = Ages()
        self._codec, self._cut_us = codec, cut_us
        self._ended = threading.Event()
        self._consumer = _consumer(client, isolation)
        partitions = _partitions(self._consumer, ("fused.objects",))
        for partition in partitions:
            partition.offset = self._consumer.get_watermark_offsets(partition, 10.0)[1]
        self._consumer.assign(partitions)

    def run(self) -> None:
        """Read until `end`."""
        while not self._ended.is_set():
            # one by one: a batch is handed out when it is full or its patience has ended
            message = self._consumer.poll(0.1)
            read = now_us()
            if message is not None and message.error() is None and message.value() is not None:
                picture = self._codec.decode("fused.objects", message.value())
                self.ages.take(picture, read, self._cut_us)
        self._consumer.close()

    def end(self) -> Ages:
        """Stop reading; what was seen."""
        self._ended.set()
        self.join(10.0)
        return self.ages


def committed(
    client: Mapping[str, Any], codec: AvroCodec, topics: tuple[str, ...] = _READ
) -> Iterator[tuple[str, dict[str, Any]]]:
    """All committed records of some topics up to now, as (topic, record)."""
    for topic, _, _, record in committed_places(client, codec, topics):
        yield topic, record


def committed_places(
    client: Mapping[str, Any], codec: AvroCodec, topics: tuple[str, ...]
) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    """The same with partition and offset: (topic, partition, offset, record)."""
    consumer = _consumer(client, "read_committed")
    try:
        partitions = _partitions(consumer, topics)
        for partition in partitions:
            partition.offset = 0
        consumer.assign(partitions)
        left = {(p.topic, p.partition) for p in partitions}
        while left:
            for message in consumer.consume(1000, 1.0):
                place = (message.topic(), message.partition())
                if message.error() is not None:
                    if message.error().code() == KafkaError._PARTITION_EOF:
                        left.discard(place)
                    continue
                if message.value() is not None:
                    record = codec.decode(message.topic(), message.value())
                    yield *place, message.offset(), record
    finally:
        consumer.close()


def _consumer(client: Mapping[str, Any], isolation: str) -> Consumer:
    return Consumer(
        {
            **client,
            "group.id": "station-reader",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": isolation == "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
            "log_level": 0,  # a lost broker comes back; each try is no news
        }
    )


def _partitions(consumer: Consumer, topics: tuple[str, ...]) -> list[TopicPartition]:
    known = consumer.list_topics(timeout=30.0).topics
    return [
        TopicPartition(topic, number)
        for topic in topics
        for number in sorted(known[topic].partitions)
    ]


def codec_of(ids: Mapping[str, int]) -> AvroCodec:
    """Codec of every topic that has a schema."""
    return AvroCodec({topic: ids[topic] for topic in schemas.topics() if topic in ids})

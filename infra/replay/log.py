"""Read raw topics back as the log that `operators.pipeline` takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from operators.pipeline import LogRecord
from operators.raw import RawRecord

Log = list[LogRecord]


def read_log(client: Mapping[str, Any], topics: Sequence[str]) -> Log:
    """All records of some topics up to now, pulses included, in order of receive time.

    Parameters
    ----------
    client
        Configuration of a Kafka client.
    topics
        Raw topics, that of source entries too if its records shall be accounted.
    """
    consumer = Consumer(
        {
            **client,
            "group.id": "station-log",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": 16 * 1024 * 1024,
        }
    )
    try:
        known = consumer.list_topics(timeout=30.0).topics
        places = [(topic, number) for topic in topics for number in known[topic].partitions]
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in places])
        return _drain(consumer, set(places))
    finally:
        consumer.close()


def _drain(consumer: Consumer, left: set[tuple[str, int]]) -> Log:
    log: Log = []
    while left:
        for message in consumer.consume(2000, 1.0):
            error = message.error()
            if error is None:
                log.append(log_record(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((message.topic(), message.partition()))
    log.sort(key=lambda r: (r.record.receive_time_us, r.topic, r.partition, r.record.offset))
    return log


def log_record(message: Any) -> LogRecord:
    """Take a message of a consumer as a record of the log."""
    headers = {name: value or b"" for name, value in message.headers() or []}
    shift = headers.get("shift_us", b"0").decode(errors="replace")
    return LogRecord(
        message.topic(),
        message.partition(),
        RawRecord(
            message.offset(),
            message.timestamp()[1] * 1000,
            int(shift) if shift.lstrip("-").isdigit() else 0,
            headers.get("format", b"").decode(errors="replace"),
            headers.get("source", b"").decode(errors="replace"),
            (message.key() or b"").decode(errors="replace"),
            message.value(),
        ),
    )

"""Send recorded messages as a backfill: to topics of its own, as fast as they go.

The topics are ``<topic>.<name>``; their record timestamps are the recorded receive times.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

import schemas
from infra.replay.messages import RecordedMessage
from infra.replay.outbox import (
    ANSWER_S,
    PATIENCE_S,
    Entry,
    Outbox,
    SendError,
    Watcher,
    entry_record,
    headers_of,
    ordered_by_receipt,
    partitions_of,
    silent,
)
from jobs.sections import Kafka
from operators.routes import RAW, SOURCES

PULSE_KEY = b"pulse"
ENTRIES_AHEAD_US = 10_000_000  # entries stand so long before the first message
QUIET_US = 12_000_000  # beyond the acceptance bound: cells have fallen silent, seconds are closed
_BROKER_DEFAULT = -1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def create_backfill(kafka: Kafka, name: str, partitions: Mapping[str, int]) -> list[str]:
    """Create the topics of a backfill; their names.

    Parameters
    ----------
    kafka
        The broker.
    name
        Of the backfill; also the run that its rows will have.
    partitions
        Number of partitions by live topic, where it is not the catalogue's.

    Raises
    ------
    SendError
        If the name is no part of a topic's name, a topic is there already, or the broker refuses.
    """
    if not _NAME.fullmatch(name):
        msg = f"{name!r} cannot name a backfill: letters, digits, _ and - (100 at most)"
        raise SendError(msg)
    admin = AdminClient(kafka.client() | {"log_level": "2"})
    topics = [schemas.topics()[topic] for topic in (*RAW, SOURCES)]
    wanted = [
        NewTopic(
            f"{topic.name}.{name}",
            partitions.get(topic.name, topic.partitions),
            _BROKER_DEFAULT,
            config=_backfill_config(topic),
        )
        for topic in topics
    ]
    try:
        there = {one.topic for one in wanted} & set(admin.list_topics(timeout=ANSWER_S).topics)
        if there:
            msg = f"{', '.join(sorted(there))}: there already; give the backfill another name"
            raise SendError(msg)
        for future in admin.create_topics(wanted, operation_timeout=PATIENCE_S).values():
            future.result(PATIENCE_S)
        names = [one.topic for one in wanted]
        _await_topics(admin, names)
    except KafkaException as error:
        msg = f"topics of backfill {name}: {error.args[0].str()}"
        raise SendError(msg) from error
    return names


def _await_topics(admin: AdminClient, names: Sequence[str]) -> None:
    """Wait until the broker shows topics; the controller, which made them, tells it later."""
    limit = time.monotonic() + PATIENCE_S
    while set(names) - set(admin.list_topics(timeout=ANSWER_S).topics):
        if time.monotonic() > limit:
            msg = f"the broker does not show {', '.join(names)} after {PATIENCE_S:.0f} s"
            raise SendError(msg)
        time.sleep(0.02)


def _backfill_config(topic: schemas.Topic) -> dict[str, str]:
    own = {
        "message.timestamp.type": "CreateTime",
        "message.timestamp.after.max.ms": 2**63 - 1,  # a recording may be of any time
        "retention.ms": -1,  # else old records go within minutes
        "cleanup.policy": "delete",  # by recorded times all of it is old enough to be compacted
    }
    return {key: str(value) for key, value in (topic.config | own).items()}


def send_backfill(
    messages: Iterable[RecordedMessage],
    entries: Sequence[Entry],
    producer: Producer,
    name: str,
    *,
    acceptance_us: int,
    watch: Watcher | None = None,
) -> dict[str, int]:
    """Send messages to the topics of a backfill as fast as they go, and close its time.

    The record timestamp is the recorded receive time; entries stand 10 s before the first
    message; a pulse stands in every partition 12 s and the acceptance bound after the last.

    Parameters
    ----------
    messages
        Sorted here by receive time; held in memory.
    entries
        As `operators.sources.SourceEntry`, unchanged.
    producer
        As `producer_of` makes it.
    name
        As in `create_backfill`, which comes before.
    acceptance_us
        Acceptance bound of the run, microseconds.
    watch
        Told of the progress.

    Returns
    -------
    dict
        Records delivered, by topic, without the pulses.

    Raises
    ------
    SendError
        If there is no message, a topic is missing or no raw topic, or a record is not delivered.
    """
    ordered = ordered_by_receipt(messages)
    if not ordered:
        msg = "a backfill without messages"
        raise SendError(msg)
    ahead_ms = (ordered[0].receive_time_us - ENTRIES_AHEAD_US) // 1000
    if ahead_ms <= 0:
        msg = "the recorded receive times begin in 1970; a broker cannot hold them"
        raise SendError(msg)
    partitions = partitions_of(producer, {f"{topic}.{name}" for topic in (*RAW, SOURCES)})
    outbox, tell = Outbox(producer), watch or silent
    for number, entry in enumerate(entries, 1):
        outbox.send(f"{SOURCES}.{name}", *entry_record(entry), timestamp=ahead_ms)
        tell("entries", number, len(entries))
    for number, message in enumerate(ordered, 1):
        outbox.send(
            f"{message.topic}.{name}",
            message.source_id.encode(),
            message.payload,
            headers=headers_of(message),
            timestamp=message.receive_time_us // 1000,
        )
        tell("messages", number, len(ordered))
    outbox.settle()
    delivered = dict(outbox.delivered)
    closing_ms = (ordered[-1].receive_time_us + acceptance_us + QUIET_US) // 1000
    for topic, count in partitions.items():
        for partition in range(count):
            outbox.send(topic, PULSE_KEY, None, partition=partition, timestamp=closing_ms)
    outbox.settle()
    return delivered

"""Send recorded messages to their raw topics: live, as if they came now, or as a backfill.

Live, the bytes go out unchanged at the recorded pace, with a header ``shift_us`` by which the
station moves their times to now. A backfill has topics of its own (``<topic>.<name>``) whose
record timestamps are the recorded receive times.

Every record is accounted: what the broker did not take ends in a `SendError`.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

import schemas
from infra.replay.messages import RecordedMessage
from jobs.runtime.clock import now_us
from jobs.sections import Kafka
from operators.routes import RAW, SOURCES
from operators.sources import NOTICE_US

Entry = Mapping[str, Any]
# Called with a stage (``entries``, ``notice``, ``messages``), what is done of it, and all of it.
Watcher = Callable[[str, float, float], None]

PULSE_KEY = b"pulse"
ENTRIES_AHEAD_US = 10_000_000  # entries of a backfill stand so long before its first message
QUIET_US = 12_000_000  # beyond the acceptance bound: cells have fallen silent, seconds are closed
_PATIENCE_S = 180.0  # for a delivery
_ANSWER_S = 30.0
_LARGEST = 16 * 1024 * 1024
_BROKER_DEFAULT = -1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_HEADROOM_US = 200_000  # live entries are in force a little before the first message


class SendError(RuntimeError):
    """Records that were not delivered, or cannot be; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where recorded instants lie on the wall clock of a live replay.

    Parameters
    ----------
    first_us, start_us
        A recorded instant, and when it comes again.
    speed
        Recorded seconds that pass in one second.
    """

    first_us: int
    start_us: int
    speed: float = 1.0

    def after_us(self, recorded_us: int) -> int:
        """How long after the start a recorded instant comes again."""
        return round((recorded_us - self.first_us) / self.speed)

    def shift_us(self, recorded_us: int) -> int:
        """Wall minus recorded time, whole milliseconds; one value for all at speed 1."""
        shift = self.start_us + self.after_us(recorded_us) - recorded_us
        return shift // 1000 * 1000


def producer_of(kafka: Kafka) -> Producer:
    """Give a producer that keeps the order and reports what becomes of every record."""
    config = {
        "acks": "all",
        "enable.idempotence": True,
        "message.max.bytes": _LARGEST,
        "message.timeout.ms": int(_PATIENCE_S * 1000),
        "linger.ms": 2,
        "partitioner": "murmur2_random",  # as Java clients place keys
        "log_level": 2,
    }
    return Producer(kafka.client() | config)


class _Outbox:
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
        self._producer.flush(_PATIENCE_S)
        self.serve(0.0)
        if self.delivered.total() < self._handed:
            self._fail(f"the broker did not answer within {_PATIENCE_S:.0f} s")

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


def send_live(
    messages: Iterable[RecordedMessage],
    entries: Sequence[Entry],
    producer: Producer,
    *,
    speed: float = 1.0,
    start_us: int | None = None,
    watch: Watcher | None = None,
) -> dict[str, int]:
    """Send messages at their recorded pace from now, their sources' entries first.

    An entry takes effect 5 s after the broker has it: so long the messages wait.

    Parameters
    ----------
    messages
        Sorted here by receive time; held in memory.
    entries
        As `operators.sources.SourceEntry`; `valid_from_us` is moved to now with the messages.
    producer
        As `producer_of` makes it.
    speed
        Recorded seconds in one second. What moves gets faster with it.
    start_us
        When the first message comes again, UTC microseconds; None for as soon as it may.
    watch
        Told of the progress.

    Returns
    -------
    dict
        Records delivered, by topic.

    Raises
    ------
    SendError
        If a topic is missing or no raw topic, or a record is not delivered.
    """
    ordered = _ordered(messages)
    _require(producer, {SOURCES, *(message.topic for message in ordered)})
    outbox, tell = _Outbox(producer), watch or _silent
    first_us = ordered[0].receive_time_us if ordered else 0
    expected = Timeline(first_us, now_us() + NOTICE_US, speed)
    for number, entry in enumerate(entries, 1):
        outbox.send(SOURCES, *_entry_record(_moved(entry, expected)))
        tell("entries", number, len(entries))
    outbox.settle()
    if entries:
        _wait_for_notice(outbox, tell)
    timeline = Timeline(first_us, now_us() if start_us is None else start_us, speed)
    began_s = time.monotonic() + (timeline.start_us - now_us()) / 1e6
    for number, message in enumerate(ordered, 1):
        due_s = began_s + timeline.after_us(message.receive_time_us) / 1e6
        while (left_s := due_s - time.monotonic()) > 0.0:
            outbox.serve(min(left_s, 0.1))
        shift = str(timeline.shift_us(message.receive_time_us)).encode()
        headers = [*_headers(message), ("shift_us", shift)]
        outbox.send(message.topic, message.source_id.encode(), message.payload, headers=headers)
        tell("messages", number, len(ordered))
    outbox.settle()
    return dict(outbox.delivered)


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
        there = {one.topic for one in wanted} & set(admin.list_topics(timeout=_ANSWER_S).topics)
        if there:
            msg = f"{', '.join(sorted(there))}: there already; give the backfill another name"
            raise SendError(msg)
        for future in admin.create_topics(wanted, operation_timeout=_PATIENCE_S).values():
            future.result(_PATIENCE_S)
        names = [one.topic for one in wanted]
        _await_topics(admin, names)
    except KafkaException as error:
        msg = f"topics of backfill {name}: {error.args[0].str()}"
        raise SendError(msg) from error
    return names


def _await_topics(admin: AdminClient, names: Sequence[str]) -> None:
    """Wait until the broker shows topics; the controller, which made them, tells it later."""
    limit = time.monotonic() + _PATIENCE_S
    while set(names) - set(admin.list_topics(timeout=_ANSWER_S).topics):
        if time.monotonic() > limit:
            msg = f"the broker does not show {', '.join(names)} after {_PATIENCE_S:.0f} s"
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
    ordered = _ordered(messages)
    if not ordered:
        msg = "a backfill without messages"
        raise SendError(msg)
    ahead_ms = (ordered[0].receive_time_us - ENTRIES_AHEAD_US) // 1000
    if ahead_ms <= 0:
        msg = "the recorded receive times begin in 1970; a broker cannot hold them"
        raise SendError(msg)
    partitions = _require(producer, {f"{topic}.{name}" for topic in (*RAW, SOURCES)})
    outbox, tell = _Outbox(producer), watch or _silent
    for number, entry in enumerate(entries, 1):
        outbox.send(f"{SOURCES}.{name}", *_entry_record(entry), timestamp=ahead_ms)
        tell("entries", number, len(entries))
    for number, message in enumerate(ordered, 1):
        outbox.send(
            f"{message.topic}.{name}",
            message.source_id.encode(),
            message.payload,
            headers=_headers(message),
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


def _silent(stage: str, done: float, total: float) -> None:
    """Tell nobody."""


def _ordered(messages: Iterable[RecordedMessage]) -> list[RecordedMessage]:
    ordered = sorted(messages, key=lambda message: message.receive_time_us)
    foreign = sorted({message.topic for message in ordered} - set(RAW))
    if foreign:
        msg = f"messages for {', '.join(foreign)}; raw topics are {', '.join(RAW)}"
        raise SendError(msg)
    return ordered


def _require(producer: Producer, topics: set[str]) -> dict[str, int]:
    """Give the number of partitions of topics, all of which have to be there."""
    try:
        there = producer.list_topics(timeout=_ANSWER_S).topics
    except KafkaException as error:
        msg = f"the broker does not answer: {error.args[0].str()}"
        raise SendError(msg) from error
    missing = sorted(topics - set(there))
    if missing:
        msg = f"topics are missing: {', '.join(missing)}; `python -m infra.kafka.topics` makes them"
        raise SendError(msg)
    return {topic: len(there[topic].partitions) for topic in sorted(topics)}


def _entry_record(entry: Entry) -> tuple[bytes, bytes]:
    return str(entry["source_id"]).encode(), msgspec.json.encode(entry)


def _moved(entry: Entry, timeline: Timeline) -> Entry:
    """Give an entry that holds from when its instant comes again."""
    since_us = entry.get("valid_from_us")
    if not since_us:
        return entry
    moved_us = timeline.start_us + timeline.after_us(since_us) - _HEADROOM_US
    return {**entry, "valid_from_us": max(moved_us, 0)}


def _headers(message: RecordedMessage) -> list[tuple[str, bytes]]:
    return [("format", message.format.encode()), ("source", message.source_id.encode())]


def _wait_for_notice(outbox: _Outbox, tell: Watcher) -> None:
    total_s = (NOTICE_US + _HEADROOM_US) / 1e6
    end_s = time.monotonic() + total_s
    while (left_s := end_s - time.monotonic()) > 0.0:
        tell("notice", total_s - left_s, total_s)
        outbox.serve(min(left_s, 0.1))
    tell("notice", total_s, total_s)

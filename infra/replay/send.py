"""Send recorded messages to their raw topics live, as if they came now.

The bytes go out unchanged at the recorded pace, with a header ``shift_us`` by which the station
moves their times to now. As a backfill they go by `infra.replay.backfill`.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confluent_kafka import Producer

from infra.replay.messages import RecordedMessage
from infra.replay.outbox import (
    Entry,
    Outbox,
    Watcher,
    entry_record,
    headers_of,
    ordered_by_receipt,
    partitions_of,
    silent,
)
from jobs.runtime.clock import now_us
from operators.routes import SOURCES
from operators.sources import NOTICE_US

_HEADROOM_US = 200_000  # entries are in force a little before the first message


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
    ordered = ordered_by_receipt(messages)
    partitions_of(producer, {SOURCES, *(message.topic for message in ordered)})
    outbox, tell = Outbox(producer), watch or silent
    first_us = ordered[0].receive_time_us if ordered else 0
    expected = Timeline(first_us, now_us() + NOTICE_US, speed)
    for number, entry in enumerate(entries, 1):
        outbox.send(SOURCES, *entry_record(_moved(entry, expected)))
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
        headers = [*headers_of(message), ("shift_us", shift)]
        outbox.send(message.topic, message.source_id.encode(), message.payload, headers=headers)
        tell("messages", number, len(ordered))
    outbox.settle()
    return dict(outbox.delivered)


def _moved(entry: Entry, timeline: Timeline) -> Entry:
    """Give an entry that holds from when its instant comes again."""
    since_us = entry.get("valid_from_us")
    if not since_us:
        return entry
    moved_us = timeline.start_us + timeline.after_us(since_us) - _HEADROOM_US
    return {**entry, "valid_from_us": max(moved_us, 0)}


def _wait_for_notice(outbox: Outbox, tell: Watcher) -> None:
    total_s = (NOTICE_US + _HEADROOM_US) / 1e6
    end_s = time.monotonic() + total_s
    while (left_s := end_s - time.monotonic()) > 0.0:
        tell("notice", total_s - left_s, total_s)
        outbox.serve(min(left_s, 0.1))
    tell("notice", total_s, total_s)

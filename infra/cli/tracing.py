"""From a fused row back to the bytes that it was made of.

The row and its links come from the warehouse, the raw records from the broker, by the topic,
partition and offset that each link carries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from clickhouse_driver import Client
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from infra.cli.decode import recording_lines
from infra.replay.log import log_record, read_log
from operators.decode.decoded import DecodedFrame
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.ingress import DEFAULTS
from operators.raw import RawRecord, pack_raw
from operators.routes import SOURCES
from operators.sources import entry_at, share_source

_PATIENCE_S = 10.0
_LINK = ("run_id", "tick", "track_id", "use_name", "source_id", "topic", "partition", "offset",
         "index", "event_time", "residual", "weight")  # fmt: skip

Place = tuple[str, int, int]  # topic, partition, offset


class TraceError(RuntimeError):
    """Nothing to trace; the text says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One link with what it points to.

    Parameters
    ----------
    link
        The link's columns by name.
    record
        The raw record, None if the topic no longer has it.
    frame
        The line of a Recording that the record's frame is, with the linked object alone.
    problem
        Why there is no record or no frame; empty if there are both.
    """

    link: Mapping[str, Any]
    record: RawRecord | None
    frame: Mapping[str, Any] | None
    problem: str


def row_at(client: Client, database: str, track: int, tick_us: int) -> dict[str, Any]:
    """The row of an object at a tick, by any of its ids.

    Raises
    ------
    TraceError
        If there is none.
    """
    rows, columns = client.execute(
        f"SELECT * FROM {database}.path_of_track(track=%(track)s)"
        " WHERE toUnixTimestamp64Micro(tick) = %(tick)s",
        {"track": track, "tick": tick_us},
        with_column_types=True,
    )
    if not rows:
        msg = f"no row of track {track} at {tick_us}; `digital_track` says when it was there"
        raise TraceError(msg)
    return dict(zip((name for name, _ in columns), rows[0], strict=True))


def links_of(client: Client, database: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Links of a row: those of its tick, or of the last tick at which the object was seen."""
    tick_us = round(row["tick"].timestamp() * 1e6)
    names = ", ".join(f"`{name}`" for name in _LINK)
    rows = client.execute(
        f"SELECT {names} FROM {database}.fused_link"
        " WHERE run_id = %(run)s AND track_id = %(track)s"
        " AND tick >= fromUnixTimestamp64Micro(%(first)s)"
        " AND tick <= fromUnixTimestamp64Micro(%(last)s)"
        " ORDER BY tick DESC, topic, partition, offset, `index`"
        " LIMIT 1 BY topic, partition, offset, `index`",
        {
            "run": row["run_id"],
            "track": row["shown_id"],
            # an observation is taken at a tick after its event time
            "first": tick_us - row["age_us"],
            "last": tick_us,
        },
    )
    return [dict(zip(_LINK, one, strict=True)) for one in rows if one[1] == rows[0][1]]


def read_records(client: Mapping[str, Any], places: Sequence[Place]) -> dict[Place, RawRecord]:
    """Records at given places; those that the topics no longer have are left out."""
    consumer = Consumer(
        {**client, "group.id": "station-trace", "enable.auto.commit": False,
         "auto.offset.reset": "error", "enable.partition.eof": True}
    )  # fmt: skip
    try:
        read = ((place, _read(consumer, place)) for place in dict.fromkeys(places))
        return {place: record for place, record in read if record is not None}
    finally:
        consumer.close()


def _read(consumer: Consumer, place: Place) -> RawRecord | None:
    topic, partition, offset = place
    consumer.assign([TopicPartition(topic, partition, offset)])
    try:
        message = consumer.poll(_PATIENCE_S)
    except KafkaException:
        return None
    if message is None:
        msg = f"{topic}/{partition}: no answer within {_PATIENCE_S:.0f} s"
        raise TraceError(msg)
    error = message.error()
    if error is not None and error.code() not in (
        KafkaError._PARTITION_EOF,
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError.OFFSET_OUT_OF_RANGE,
    ):
        msg = f"{topic}/{partition}: {error.str()}"
        raise TraceError(msg)
    return log_record(message).record if error is None and message.offset() == offset else None


def read_entries(client: Mapping[str, Any]) -> dict[str, bytes]:
    """Packed versions of all source entries, by source."""
    shared: dict[str, bytes] = {}
    for one in read_log(client, [SOURCES]):
        made = share_source(shared, pack_raw(one.record))
        shared |= {name: packed for name, packed in made.items() if packed is not None}
    return shared


def seen(link: Mapping[str, Any], record: RawRecord | None, entries: Mapping[str, bytes]) -> Seen:
    """What a link points to, decoded as the front decodes it.

    Parameters
    ----------
    link
        Columns of the link.
    record
        Its raw record, None if it is gone.
    entries
        Packed versions of the source entries, as `operators.sources.share_source` keeps them.
    """
    if record is None or record.body is None:
        return Seen(link, None, None, "the topic no longer has the record")
    entry = entry_at(entries, link["source_id"], record.receive_time_us)
    rule = DEFAULTS.get(".".join(link["topic"].split(".")[:2]))
    name = record.format or (entry.format if entry else None) or (rule.format if rule else "")
    try:
        decoded = decode(name, record.body, record.receive_time_us - record.shift_us)
    except DecodeError as error:
        return Seen(link, record, None, f"{error.reason.value}: {error.detail}")
    for frame in decoded.frames:
        if (chosen := _only(frame, link["index"])) is not None:
            (line,) = recording_lines(chosen, link["source_id"], record.receive_time_us)
            return Seen(link, record, msgspec.json.decode(line), "")
    return Seen(link, record, None, f"the message has no object {link['index']}")


def _only(frame: DecodedFrame, index: int) -> DecodedFrame | None:
    """The frame with one object alone, by its place in the message; None if it is not there."""
    chosen = np.flatnonzero(frame.observations["index"] == index)
    if not len(chosen):
        return None
    return DecodedFrame(
        frame.source_id, frame.event_time_us, frame.flags, frame.space,
        frame.position[chosen], frame.observations[chosen],
    )  # fmt: skip


def trace(
    client: Client,
    database: str,
    asked: tuple[int, int],
    read: Callable[[Sequence[Place]], Mapping[Place, RawRecord]],
    entries: Callable[[], Mapping[str, bytes]],
) -> tuple[dict[str, Any], list[Seen]]:
    """The row of a track at a tick, and everything that it was last made of.

    Parameters
    ----------
    client, database
        The warehouse.
    asked
        Track, any of its ids, and tick in UTC microseconds.
    read
        Gives the raw records at some places, as `read_records` does.
    entries
        Gives the source entries, as for `seen`; asked if a record does not name its format.

    Raises
    ------
    TraceError
        If there is no such row, or the broker does not answer.
    """
    row = row_at(client, database, *asked)
    links = links_of(client, database, row)
    records = read([_place(link) for link in links])
    # the topic of entries is as long as the station is old
    known = entries() if any(not record.format for record in records.values()) else {}
    return row, [seen(link, records.get(_place(link)), known) for link in links]


def _place(link: Mapping[str, Any]) -> Place:
    return link["topic"], link["partition"], link["offset"]

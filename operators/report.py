"""What a cell reports at a tick, and what cells and the identity step tell each other."""

import msgspec
import numpy as np

# One observation's link as published: `operators.track.LINK` with where it came from.
LINK_ROW = np.dtype(
    [
        ("track_id", "<u8"),
        ("use", "u1"),
        ("source_index", "<u2"),  # into the report's sources
        ("topic_index", "u1"),  # into the report's topics
        ("partition", "<i4"),
        ("offset", "<i8"),
        ("index", "<u4"),
        ("event_time_us", "<i8"),
        ("residual", "<f4"),
        ("weight", "<f4"),
    ]
)


class Report(msgspec.Struct, array_like=True):
    """Everything that one cell saw at one tick.

    Parameters
    ----------
    tick_us
        The instant.
    rows
        Packed `operators.track.TRACK_ROW` array: living tracks predicted to the tick.
    slots
        Source ids by slot of ``TRACK_ROW.sources``.
    links
        Packed `LINK_ROW` array: observations that the cell owns and took at this tick.
    link_sources, link_topics
        Tables for the links.
    live, missing
        Sources heard in the last second; heard in the last minute but not since.
    """

    tick_us: int
    rows: bytes
    slots: list[str]
    links: bytes
    link_sources: list[str]
    link_topics: list[str]
    live: list[str]
    missing: list[str]


class Sighting(msgspec.Struct, array_like=True):
    """A confirmed track in the halo of a cell, with what it was made of.

    Parameters
    ----------
    cell, track_id
        The cell and its local id.
    born_us
        Event time of its first observation.
    observations
        64-bit names of observations linked to it since it came into the halo.
    """

    cell: str
    track_id: int
    born_us: int
    observations: list[int]


class Name(msgspec.Struct, array_like=True):
    """The one id under which a cell's local track is published."""

    track_id: int
    name: int


report_decoder = msgspec.msgpack.Decoder(Report)
sighting_decoder = msgspec.msgpack.Decoder(Sighting)
name_decoder = msgspec.msgpack.Decoder(Name)
encoder = msgspec.msgpack.Encoder()


def observation_names(record: tuple[str, int, int], index: "np.ndarray") -> list[int]:  # type: ignore[type-arg]
    """64-bit names of observations: equal in every cell that sees them.

    Parameters
    ----------
    record
        Topic, partition and offset of the raw record.
    index : ndarray of shape (n,)
        Positions in the message.
    """
    topic, partition, offset = record
    head = hash_record(topic, partition, offset)
    return [(head + 0x9E3779B97F4A7C15 * (int(i) + 1)) & 0x7FFFFFFFFFFFFFFF for i in index]


def hash_record(topic: str, partition: int, offset: int) -> int:
    """64-bit FNV-1a hash of a record's place in the log."""
    value = 0xCBF29CE484222325
    for byte in f"{topic}/{partition}/{offset}".encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value

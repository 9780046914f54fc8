"""What a cell reports at a tick, and what cells and the identity step tell each other."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import IntArray
from operators.jit import KeyArray

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

# A confirmed track near its cell's border, as the cell sees it at a tick.
SEEN = np.dtype(
    [
        ("track_id", "<u8"),  # the cell's own
        ("born_us", "<i8"),
        ("last_us", "<i8"),  # event time of its last observation
        ("depth_m", "<f8"),  # inside the cell's border, negative outside
    ]
)

# An observation that a neighbour may have too, with the track that the cell linked it to.
CLAIM = np.dtype([("observation", "<u8"), ("track_id", "<u8")])


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
    gone
        Tracks that the cell has forgotten for good.
    frames
        Packed `operators.account.facts.FRAME_ROW` array: frames that it took at this tick.
    facts
        Packed `operators.account.facts.Facts`; empty but once a second.
    """

    tick_us: int
    rows: bytes
    slots: list[str]
    links: bytes
    link_sources: list[str]
    link_topics: list[str]
    live: list[str]
    missing: list[str]
    gone: list[int] = []
    frames: bytes = b""
    facts: bytes = b""


class Sighting(msgspec.Struct, array_like=True):
    """What a cell saw along its border at one tick.

    Parameters
    ----------
    cell
        Its key.
    seen
        Packed `SEEN` array: the tracks that it may show.
    claims
        Packed `CLAIM` array: observations taken at this tick, by tentative tracks as well.
    corrected
        Packed `CLAIM` array: observations of earlier ticks that a replay gave to other tracks.
    gone
        Tracks seen before that the cell has forgotten for good.
    """

    cell: str
    seen: bytes
    claims: bytes
    corrected: bytes
    gone: list[int]


class Name(msgspec.Struct, array_like=True):
    """How a cell's local track is published.

    Parameters
    ----------
    track_id, name
        The local id, and the one id of the object.
    shown
        Whether this cell, and so no other, has its row.
    known
        Whether the object was published before under this name, by whatever cell.
    """

    track_id: int
    name: int
    shown: bool
    known: bool


class Happening(msgspec.Struct, array_like=True):
    """An alias, a split or an end that only the identity step can know of, with its evidence."""

    kind: str
    track_id: int
    other_track_id: int | None
    evidence: str


class Verdict(msgspec.Struct, array_like=True):
    """What the identity step tells a cell's publish step at one tick."""

    names: list[Name]
    happenings: list[Happening]


report_decoder = msgspec.msgpack.Decoder(Report)
sighting_decoder = msgspec.msgpack.Decoder(Sighting)
verdict_decoder = msgspec.msgpack.Decoder(Verdict)
encoder = msgspec.msgpack.Encoder()

_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio


def observation_names(
    records: Sequence[tuple[str, int, int]], of: IntArray, index: IntArray
) -> KeyArray:
    """64-bit names of observations: equal in every cell that sees them.

    Parameters
    ----------
    records
        Topic, partition and offset of raw records.
    of, index : ndarrays of shape (n,)
        Each observation's record, as a position in `records`, and its position in the message.

    Returns
    -------
    ndarray of shape (n,), uint64
        Place in the log and in the message, mixed twice by the finaliser of SplitMix64 (Steele,
        Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
    """
    heads = np.array([hash_log(topic, part) for topic, part, _ in records], np.uint64)
    offsets = np.array([offset for _, _, offset in records], np.int64).astype(np.uint64)
    places = _mixed(heads ^ offsets)
    return _mixed(places[of] + _STEP * (index.astype(np.uint64) + np.uint64(1)))


def _mixed(value: KeyArray) -> KeyArray:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: KeyArray = value ^ (value >> np.uint64(31))
    return mixed


@lru_cache(maxsize=4096)
def hash_log(topic: str, partition: int) -> int:
    """64-bit FNV-1a hash of a partition of a topic."""
    value = 0xCBF29CE484222325
    for byte in f"{topic}/{partition}".encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value

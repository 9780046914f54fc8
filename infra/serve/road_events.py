"""Events on the road as they open, change and close: what is open now, and the stream of changes.

The id of an event in the stream is the tick of its change. A client that was away sends the last
one it had and gets every change since, some of them again (`event_id` and `sequence` tell which):
cells do not speak in one order. What is not kept any more is told as a gap, followed by all that is
open, for each record tells a whole event. So does a new client begin.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from operators.services.open_events import OpenEvents

MARGIN_US = 5_000_000  # cells are that near to each other, by far
SILENCE_S = 10.0
_IDS = ("event_id", "segment_id", "lane_id")
_LEFT_OUT = ("lat_e7", "lon_e7", "cell", "area", "track_ids", *_IDS)


class EventFeed:
    """Open events, and the last changes; belongs to one event loop.

    Parameters
    ----------
    kept
        So many changes can be had again.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self.open = OpenEvents()
        self._changes: deque[tuple[int, bytes]] = deque(maxlen=kept)
        self._count = 0
        self._dropped_us = 0
        self._news = asyncio.Event()

    def take(self, record: Mapping[str, Any]) -> None:
        """Take a record of `road.events`; wakes the streams if it is news."""
        if not self.open.take(record):
            return
        if len(self._changes) == self._changes.maxlen:
            self._dropped_us = max(self._dropped_us, self._changes[0][0])
        self._changes.append((record["tick_us"], as_event(record)))
        self._count += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def after(self, tick_us: int) -> AsyncIterator[bytes]:
        """Server-sent events of all changes after a tick, forever; 0 begins with what is open."""
        at = self._count
        for event in self._since(tick_us):
            yield event
        while True:
            news = self._news
            while at < self._count:
                behind = self._count - at
                if behind > len(self._changes):
                    at = self._count
                    for event in self._again(self._dropped_us):
                        yield event
                    continue
                at += 1
                yield self._changes[-behind][1]
            if news is self._news and not await _within(news, SILENCE_S):
                yield b": nothing new\n\n"

    def _since(self, tick_us: int) -> list[bytes]:
        if not tick_us:
            return [as_event(one) for one in self.open.listed()]
        if tick_us - MARGIN_US < self._dropped_us:
            return self._again(tick_us)
        return [event for at_us, event in self._changes if at_us > tick_us - MARGIN_US]

    def _again(self, after_us: int) -> list[bytes]:
        told = msgspec.json.encode({"after_us": after_us, "before_us": self._dropped_us})
        return [b"event: gap\ndata: %s\n\n" % told, *self._since(0)]


async def _within(news: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(news.wait(), seconds)
    except TimeoutError:
        return False
    return True


def as_event(record: Mapping[str, Any]) -> bytes:
    """A change as a server-sent event."""
    body = msgspec.json.encode(as_json(record))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (record["tick_us"], record["change"].encode(), body)


def as_json(record: Mapping[str, Any]) -> dict[str, Any]:
    """An event as a JSON value; ids are text, since JavaScript's numbers have 53 bits."""
    told = {name: value for name, value in record.items() if name not in _LEFT_OUT}
    ids = {name: str(record[name]) for name in _IDS}
    place = {"lat_deg": record["lat_e7"] / 1e7, "lon_deg": record["lon_e7"] / 1e7}
    tracks = [str(track_id) for track_id in record["track_ids"]]
    return ids | place | told | {"track_ids": tracks, "area": msgspec.Raw(record["area"].encode())}


def as_feature(record: Mapping[str, Any]) -> dict[str, Any]:
    """An event for a map (RFC 7946)."""
    properties = as_json(record)
    area = properties.pop("area")
    return {"type": "Feature", "id": properties["event_id"], "geometry": area,
            "properties": properties}  # fmt: skip

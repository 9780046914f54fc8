"""Records on their way from the broker to those that answer, pictures as snapshots."""

from collections.abc import Callable
from typing import Any

from infra.serve.app import Parts
from jobs.io.avro import AvroCodec
from jobs.io.reader import BEGINNING, Record
from operators.fused import snapshot
from operators.routes import (
    APPROACH_STATES,
    NETWORK,
    OBJECTS,
    ROAD_EVENTS,
    SEGMENT_STATES,
    SIGNALS,
    SOURCES,
)

REBUILD_US = 3_000_000  # every cell that is awake publishes at every tick
STATES_US = 150_000_000  # a minute's state comes when the next one has begun
TOPICS = {
    OBJECTS: REBUILD_US,
    SIGNALS: REBUILD_US,
    SEGMENT_STATES: STATES_US,
    APPROACH_STATES: REBUILD_US,
    ROAD_EVENTS: BEGINNING,
    NETWORK: BEGINNING,
    SOURCES: BEGINNING,
}
AVRO = tuple(topic for topic in TOPICS if topic != SOURCES)


class Taker:
    """Turns records into what those that answer take.

    Parameters
    ----------
    codec
        Reads what is Avro.
    parts
        Where it goes.
    call
        Runs a function where they live: `loop.call_soon_threadsafe`.
    """

    def __init__(self, codec: AvroCodec, parts: Parts, call: Callable[..., object]) -> None:
        self._codec = codec
        self._parts = parts
        self._call = call
        self._takers: dict[str, Callable[[dict[str, Any]], None]] = {
            SIGNALS: parts.signals.take,
            SEGMENT_STATES: parts.traffic.take_segments,
            APPROACH_STATES: parts.traffic.take_approaches,
            ROAD_EVENTS: parts.events.take,
            NETWORK: parts.traffic.take_network,
        }

    def __call__(self, records: list[Record]) -> None:
        """Take one batch; called in the reader's thread."""
        snapshots = [
            snapshot(self._codec.decode(OBJECTS, one.value))
            for one in records
            if one.topic == OBJECTS
        ]
        if snapshots:
            self._call(self._parts.hub.take, snapshots)
        for one in records:
            if one.topic == SOURCES:
                self._call(self._parts.directory.take, one.value, one.appended_us, one.offset)
            elif one.topic in self._takers:
                self._call(self._takers[one.topic], self._codec.decode(one.topic, one.value))

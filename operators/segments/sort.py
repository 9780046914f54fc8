"""The first step of the segment job: records of its topics to the keys that they concern.

It holds no picture back: a record is taken with all that were appended in the same tenth of a
second. Roads and sources find their cells by where they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from operators.envelope import Kind, seal
from operators.errors import DecodeError
from operators.events.strips import strips_of
from operators.parameters import Parameters
from operators.raw import RawRecord, receive_time_us, unpack_raw
from operators.road.intake import CellRoad, CellSignals, Origin
from operators.road.network import Lane, RoadPart, Segment, Turn, degrees_of
from operators.road.placing import cell_roads
from operators.road.signal import IntersectionState, SignalState
from operators.routes import (
    APPROACH,
    CONTEXT,
    FEATURE,
    NETWORK,
    OBJECTS,
    SCENE,
    SEGMENT,
    SIGNALS,
    WATCH,
)
from operators.segments.scene import ENCODER, SEEN, Circle, Look, Sight
from operators.shared import Shared
from operators.sources import SourceEntry, effective_us, parse_entry
from operators.step import Output, Result, State
from operators.transform.cells import cells_touching, owner

SLICE_US = 100_000  # of append time; what one wake takes
Decode = Callable[[str, bytes], Mapping[str, Any] | None]
Known = Callable[[str], bytes | None]  # a part of the state by its name
_TOLD = msgspec.msgpack.Decoder(list[tuple[str, str]])


class Sort:
    """The sorting as a `KeyedStep`; the key is ``topic/partition``.

    A part of its state remembers to whom a piece of the network, or a source's place, was told.

    Parameters
    ----------
    parameters
        Of the run; pictures of others are none of its business.
    decode
        ``(topic, value) -> fields`` of a record; None for one that nobody can read.
    """

    def __init__(self, parameters: Parameters, decode: Decode) -> None:
        self._parameters = parameters
        self._decode = decode

    def wake_for(self, event: bytes) -> int:
        """End of the slice of append time that holds the record."""
        return -(-receive_time_us(event) // SLICE_US) * SLICE_US

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Send on what one slice of append time holds."""
        topic = key.rpartition("/")[0]
        outputs: list[Output] = []
        changes: dict[str, bytes | None] = {}

        def known(name: str) -> bytes | None:
            return changes[name] if name in changes else state.entries.get(name)

        for record in sorted(unpack_raw(event) for event in due):
            if topic == CONTEXT:
                outputs += self._feature(record)
                continue
            told = self._told(topic, record, known)
            outputs += [Output(route, to, seal(at_us, kind, v)) for route, to, kind, v in told[0]]
            changes |= told[1]
        return Result(None, changes, outputs)

    def _told(
        self, topic: str, record: RawRecord, known: Known
    ) -> tuple[list[tuple[str, str, Kind, bytes]], dict[str, bytes | None]]:
        """What a record says to which keys, and to whom it was said."""
        if topic not in (OBJECTS, SIGNALS, NETWORK):
            return self._source(record, known)
        fields = self._decode(topic, record.body or b"")
        if fields is None:
            return [], {}
        if topic == NETWORK:
            return self._road(fields, known)
        if topic == SIGNALS:
            content = ENCODER.encode(signals_of(fields))
            return [(APPROACH, fields["intersection"], Kind.SIGNAL, content)], {}
        if fields["run_id"] != self._parameters.run_id or fields["frame"] != "wgs84":
            return [], {}
        cell_key = fields["cell_key"]
        return [
            (SCENE, cell_key, Kind.PICTURE, ENCODER.encode(sight_of(fields))),
            (WATCH, cell_key, Kind.PICTURE, ENCODER.encode(fields)),
            *((WATCH, to, Kind.STRIP, ENCODER.encode(s)) for to, s in strips_of(fields).items()),
        ], {}

    def _feature(self, record: RawRecord) -> list[Output]:
        """What a record of `context.features` has to be broadcast as: it waits for no instant."""
        fields = self._decode(CONTEXT, record.body or b"")
        if fields is None or fields["run_id"] != self._parameters.run_id:
            return []
        return [Output(FEATURE, fields["feature_id"], ENCODER.encode(fields))]

    def _road(
        self, fields: Mapping[str, Any], known: Known
    ) -> tuple[list[tuple[str, str, Kind, bytes]], dict[str, bytes | None]]:
        part, origin = part_of(fields), origin_of(fields)
        told = _before(known, part.part)
        cells = cell_roads(part, self._parameters)
        to: dict[tuple[str, str], RoadPart] = {
            **{(route, key): near for key, near in cells.items() for route in (SCENE, WATCH)},
            **{
                (SEGMENT, key): _of(part, segments)
                for key, segments in homes(part, self._parameters.h3_resolution).items()
            },
            **{(APPROACH, key): _of(part, held) for key, held in approaches(part).items()},
        }
        gone = msgspec.structs.replace(part, segments=())
        sent = [
            (*place, Kind.ROAD, ENCODER.encode(CellRoad(origin, to.get(place, gone))))
            for place in sorted(to.keys() | set(told))
        ]
        return sent, {part.part: ENCODER.encode(sorted(to)) if to else None}

    def _source(
        self, record: RawRecord, known: Known
    ) -> tuple[list[tuple[str, str, Kind, bytes]], dict[str, bytes | None]]:
        try:
            entry = parse_entry(record.body or b"")
        except DecodeError:
            return [], {}  # the front rejects it by name
        circle, name = circle_of(entry), f"source {entry.source_id}"
        to = set(_before(known, name))
        if circle is not None:
            at = (circle.lat_deg, circle.lon_deg, circle.radius_m + self._parameters.halo_m)
            to |= {(SCENE, key) for key in cells_touching(*at, self._parameters.h3_resolution)}
        since_us = effective_us(entry, record.receive_time_us)
        look = Look(since_us, record.receive_time_us, record.offset, entry.source_id, circle)
        packed = ENCODER.encode(look)
        sent = [(*place, Kind.SOURCE, packed) for place in sorted(to)]
        return sent, {name: ENCODER.encode(sorted(to)) if to else None}


def _before(known: Known, name: str) -> list[tuple[str, str]]:
    packed = known(name)
    return _TOLD.decode(packed) if packed else []


def _of(part: RoadPart, segments: Sequence[Segment]) -> RoadPart:
    return msgspec.structs.replace(part, segments=tuple(segments))


def circle_of(entry: SourceEntry) -> Circle | None:
    """Where a source that is no probe looks; None if nobody knows."""
    if entry.kind != "roadside" or entry.quarantined or entry.coverage_radius_m is None:
        return None
    if entry.lat_deg is None or entry.lon_deg is None:
        return None
    return Circle(entry.lon_deg, entry.lat_deg, entry.coverage_radius_m)


def sight_of(picture: Mapping[str, Any]) -> Sight:
    """What of a picture segments need: objects whose segment is known."""
    rows = np.zeros(picture["count"], SEEN)
    for name in SEEN.names or ():
        rows[name] = np.frombuffer(picture[name], SEEN[name])
    known = rows[rows["segment_id"] != 0]
    return Sight(picture["tick_us"], picture["live_sources"], known.tobytes())


def origin_of(fields: Mapping[str, Any]) -> Origin:
    """The raw record that a record of a topic was made of."""
    return Origin(*(fields[name] for name in Origin.__struct_fields__))


def signals_of(fields: Mapping[str, Any]) -> CellSignals:
    """States of an intersection of a record of ``signals.state``."""
    states = tuple(
        SignalState(entry["signal_group"], *(entry[n] for n in SignalState.__struct_fields__[1:]))
        for entry in fields["entries"]
    )
    state = IntersectionState(
        fields["intersection"],
        fields["event_time_us"],
        fields["revision"],
        fields["status"],
        states,
    )
    return CellSignals(fields["event_time_us"], origin_of(fields), state)


def part_of(fields: Mapping[str, Any]) -> RoadPart:
    """The piece of a network that a record of ``station.network`` tells."""
    lanes: dict[str, list[Lane]] = {}
    told = {}
    for entry in fields["entries"]:
        told[entry["segment"]] = entry
        lanes.setdefault(entry["segment"], []).append(_lane(entry))
    segments = tuple(
        Segment(name, tuple(held), told[name]["limit_mps"], told[name]["stop_line"])
        for name, held in lanes.items()
    )
    return RoadPart(fields["part"], segments, fields["revision"], fields["refused"])


def _lane(entry: Mapping[str, Any]) -> Lane:
    line = msgspec.json.decode(entry["line"])["coordinates"]
    signals = (signal.rpartition("#") for signal in entry["signals"])
    turns = (
        *(Turn(lane=name) for name in entry["next_lanes"]),
        *(Turn(intersection=at, group=int(group)) for at, _, group in signals),
    )
    points = tuple((lon, lat) for lon, lat in line)
    how = (entry["width_m"], entry["kind"], entry["both_ways"])
    return Lane(entry["lane"], points, *how, turns)


def homes(part: RoadPart, resolution: int) -> dict[str, list[Segment]]:
    """Segments of a piece by the cell that keeps their states."""
    found: dict[str, list[Segment]] = {}
    for segment in part.segments:
        found.setdefault(home_of(segment, resolution), []).append(segment)
    return found


def home_of(segment: Segment, resolution: int) -> str:
    """Key of the cell that owns the middle between the ends of a segment's first lane."""
    points = degrees_of(segment.lanes[0])
    lon, lat = (points[0] + points[-1]) / 2
    return owner(float(lat), float(lon), resolution)


def approaches(part: RoadPart) -> dict[str, list[Segment]]:
    """Segments of a piece by the intersections whose signals let them go."""
    found: dict[str, list[Segment]] = {}
    for segment in part.segments:
        for name in signalled(segment):
            found.setdefault(name, []).append(segment)
    return found


def signalled(segment: Segment) -> list[str]:
    """Intersections whose signals let lanes of a segment go."""
    return sorted({t.intersection for lane in segment.lanes for t in lane.turns if t.group})

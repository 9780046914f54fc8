"""What the front makes of signals and roads: records of topics, and what each cell has to know.

A signal controller repeats itself ten times a second. Told on is each change of a phase, and
everything once in each second of event time. A map is told on when its content changed. Both go
to the cells that they concern: those of the map that the same source sent, else those that the
source's entry covers; if the front knows neither, by way of the intersection
(`operators.road.intersection`), which knows where maps of any source lie.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec

from operators.account.records import SECOND_US
from operators.envelope import Kind, picture_due_us, seal
from operators.parameters import Parameters
from operators.road.network import Lane, RoadPart, Segment, length_m
from operators.road.placing import cell_roads, declared_part
from operators.road.signal import IntersectionState, SignalState
from operators.routes import CELL, NETWORK, PUBLISH, SIGNALS
from operators.sources import SourceEntry
from operators.step import Output
from operators.transform.cells import cells_touching

INTERSECTION = "intersection/"  # begins the name of an intersection's map, and the key of its step
ENCODER = msgspec.msgpack.Encoder()


class Origin(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The raw record that something was told in, and who told it; origins sort by time."""

    receive_time_us: int
    topic: str
    partition: int
    offset: int
    source_id: str


class CellSignals(msgspec.Struct, frozen=True, array_like=True):
    """States of an intersection on their way to a cell."""

    event_time_us: int
    origin: Origin
    state: IntersectionState


class Mapped(msgspec.Struct, frozen=True, array_like=True):
    """On its way to an intersection: the cells that its map concerns."""

    origin: Origin
    cells: list[str]


class CellRoad(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a network on its way to a cell."""

    origin: Origin
    part: RoadPart


def head(origin: Origin, parameters: Parameters) -> dict[str, object]:
    """Fields that every record of a topic has."""
    own = {"station_id": parameters.station_id, "run_id": parameters.run_id}
    return msgspec.structs.asdict(origin) | own


def news(told: dict[str, list[int]], state: IntersectionState) -> tuple[SignalState, ...]:
    """Groups of a state that have to be told on; `told` is changed in place.

    Parameters
    ----------
    told
        By intersection: event time of the newest state, then group and phase in turns.
    state
        With an event time.
    """
    at_us = state.event_time_us or 0
    known = told.get(state.intersection, [])
    if known and at_us <= known[0]:
        return ()
    before = dict(zip(known[1::2], known[2::2], strict=True))
    now = {one.group: one.phase for one in state.states}
    told[state.intersection] = [at_us, *(n for pair in sorted(now.items()) for n in pair)]
    if not known or at_us // SECOND_US > known[0] // SECOND_US:
        return state.states
    return tuple(one for one in state.states if before.get(one.group) != one.phase)


def signal_record(
    state: IntersectionState, changed: Sequence[SignalState], origin: Origin, parameters: Parameters
) -> bytes:
    """Record of ``signals.state``."""
    value = head(origin, parameters) | {
        "intersection": state.intersection,
        "event_time_us": state.event_time_us,
        "revision": state.revision,
        "status": state.status,
        "entries": [_group(one) for one in changed],
    }
    return ENCODER.encode(value)


def _group(state: SignalState) -> dict[str, object]:
    fields = msgspec.structs.asdict(state)
    return {"signal_group": fields.pop("group"), **fields}


def cells_of_signals(
    parts: Mapping[str, list[str]],
    intersection: str,
    entry: SourceEntry | None,
    parameters: Parameters,
) -> Sequence[str] | None:
    """Keys of the cells that the signals of an intersection concern; None if that is unknown."""
    mapped = parts.get(INTERSECTION + intersection)
    if mapped is not None:
        return mapped[1:]
    if entry is None or entry.coverage_radius_m is None:
        return None
    if entry.lat_deg is None or entry.lon_deg is None:
        return None
    reach_m = entry.coverage_radius_m + parameters.halo_m
    return cells_touching(entry.lat_deg, entry.lon_deg, reach_m, parameters.h3_resolution)


def is_news(parts: Mapping[str, list[str]], part: RoadPart) -> tuple[str, bool]:
    """Digest of a piece, and whether it differs from what was told before."""
    digest = blake2b(ENCODER.encode(part.segments), digest_size=8).hexdigest()
    known = parts.get(part.part)
    return digest, known is None or known[0] != digest


def road_record(part: RoadPart, origin: Origin, parameters: Parameters) -> bytes:
    """Record of ``station.network``."""
    value = head(origin, parameters) | {
        "part": part.part,
        "revision": part.revision,
        "segments": len(part.segments),
        "refused": part.refused,
        "entries": [_entry(segment, lane) for segment in part.segments for lane in segment.lanes],
    }
    return ENCODER.encode(value)


class Teller:
    """Tells on what one record says.

    Parameters
    ----------
    parameters
        Of the run.
    origin
        The record.
    entry
        Its source's.
    told, parts
        What is remembered of the source's signals and roads; changed in place.
    """

    def __init__(
        self,
        parameters: Parameters,
        origin: Origin,
        entry: SourceEntry | None,
        told: dict[str, list[int]],
        parts: dict[str, list[str]],
    ) -> None:
        self._parameters = parameters
        self._origin = origin
        self._entry = entry
        self._told = told
        self._parts = parts

    def signals(self, state: IntersectionState) -> list[Output]:
        """Outputs of the states of an intersection."""
        changed = news(self._told, state)
        if not changed:
            return []
        record = signal_record(state, changed, self._origin, self._parameters)
        cells = cells_of_signals(self._parts, state.intersection, self._entry, self._parameters)
        packed = ENCODER.encode(CellSignals(state.event_time_us or 0, self._origin, state))
        due_us = picture_due_us(
            state.event_time_us or 0, self._origin.receive_time_us, self._parameters
        )
        sealed = seal(due_us, Kind.SIGNAL, packed)
        told = Output(SIGNALS, state.intersection, record)
        if cells is None:
            return [told, Output(CELL, INTERSECTION + state.intersection, sealed)]
        return [told, *(Output(PUBLISH, key, sealed) for key in cells)]

    def roads(self, parts: Sequence[RoadPart]) -> list[Output]:
        """Outputs of pieces of a network.

        Raises
        ------
        DecodeError
            Before anything is remembered.
        """
        declared = [declared_part(part, self._entry) for part in parts]
        placed = [(part, cell_roads(part, self._parameters)) for part in declared]
        outputs = []
        for part, cells in placed:
            digest, new = is_news(self._parts, part)
            if new:
                outputs += self._road(part, cells)
                self._parts[part.part] = [digest, *sorted(cells)]
        return outputs

    def _road(self, part: RoadPart, cells: Mapping[str, RoadPart]) -> list[Output]:
        received_us = self._origin.receive_time_us
        due_us = picture_due_us(received_us, received_us, self._parameters)
        gone = msgspec.structs.replace(part, segments=())
        known = self._parts.get(part.part, [""])[1:]
        outputs = [Output(NETWORK, part.part, road_record(part, self._origin, self._parameters))]
        for key in sorted(cells.keys() | set(known)):
            packed = ENCODER.encode(CellRoad(self._origin, cells.get(key, gone)))
            outputs.append(Output(PUBLISH, key, seal(due_us, Kind.ROAD, packed)))
        if part.part.startswith(INTERSECTION):
            mapped = ENCODER.encode(Mapped(self._origin, sorted(cells)))
            outputs.append(Output(CELL, part.part, seal(due_us, Kind.ROAD, mapped)))
        return outputs


def _entry(segment: Segment, lane: Lane) -> dict[str, object]:
    line = {"type": "LineString", "coordinates": lane.points}
    signals = {f"{turn.intersection}#{turn.group}" for turn in lane.turns if turn.group}
    return {
        "segment_id": segment.segment_id,
        "segment": segment.name,
        "lane_id": lane.lane_id,
        "lane": lane.name,
        "kind": lane.kind,
        "width_m": lane.width_m,
        "length_m": length_m(lane),
        "both_ways": lane.both_ways,
        "limit_mps": segment.limit_mps,
        "stop_line": segment.stop_line,
        "line": msgspec.json.encode(line).decode(),
        "next_lanes": sorted({turn.lane for turn in lane.turns if turn.lane}),
        "signals": sorted(signals),
    }

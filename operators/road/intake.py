"""What the front makes of signals and roads: records of topics, and what each cell has to know.

A signal controller repeats itself ten times a second. Told on is each change of a phase, and
everything once in each second of event time. A map is told on when its content changed. Both go
to the cells that they concern: those of the map that the same source sent, else those that the
source's entry covers; if neither is known, to the topic alone.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import msgspec
import numpy as np

from operators._typing import FloatArray
from operators.account.records import SECOND_US
from operators.decode.decoded import Datum
from operators.envelope import Kind, picture_due_us, seal
from operators.errors import DecodeError
from operators.parameters import Parameters
from operators.reasons import Reason
from operators.road.network import Lane, RoadPart, Segment, degrees_of, length_m
from operators.road.signal import IntersectionState, SignalState
from operators.routes import NETWORK, PUBLISH, SIGNALS
from operators.sources import SourceEntry
from operators.step import Output
from operators.transform.cells import cell, cells_touching, local_frame
from operators.transform.datum import SHIFTED, to_wgs84

MOST_M = 10_000.0  # radius of the widest piece: some two hundred cells of resolution 7
REACH_M = (
    100.0  # a cell knows the roads this far beyond its halo: a lane that it ends in has a start
)
_STEP_M = 100.0  # points of a lane farther apart get others between them
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
) -> Sequence[str]:
    """Keys of the cells that the signals of an intersection concern."""
    mapped = parts.get(f"intersection/{intersection}")
    if mapped is not None:
        return mapped[1:]
    if entry is None or entry.coverage_radius_m is None:
        return ()
    if entry.lat_deg is None or entry.lon_deg is None:
        return ()
    reach_m = entry.coverage_radius_m + parameters.halo_m
    return cells_touching(entry.lat_deg, entry.lon_deg, reach_m, parameters.h3_resolution)


def declared_part(part: RoadPart, entry: SourceEntry | None) -> RoadPart:
    """The piece in WGS-84; its degrees are in the datum that the source's entry declares."""
    if entry is None or entry.datum not in SHIFTED:
        return part
    return _relaned(part, lambda lane: _moved(lane, entry.datum))


def _moved(lane: Lane, datum: Datum) -> Lane:
    lon, lat, _ = to_wgs84(datum, *degrees_of(lane).T.copy())
    return msgspec.structs.replace(lane, points=tuple(zip(lon.tolist(), lat.tolist(), strict=True)))


def _relaned(part: RoadPart, change: Callable[[Lane], Lane]) -> RoadPart:
    segments = tuple(
        msgspec.structs.replace(segment, lanes=tuple(map(change, segment.lanes)))
        for segment in part.segments
    )
    return msgspec.structs.replace(part, segments=segments)


def is_news(parts: Mapping[str, list[str]], part: RoadPart) -> tuple[str, bool]:
    """Digest of a piece, and whether it differs from what was told before."""
    digest = blake2b(ENCODER.encode(part.segments), digest_size=8).hexdigest()
    known = parts.get(part.part)
    return digest, known is None or known[0] != digest


def cell_roads(part: RoadPart, parameters: Parameters) -> dict[str, RoadPart]:
    """What each cell has to know of a piece, by the cell's key.

    Raises
    ------
    DecodeError
        TOO_MANY_OBJECTS for a piece in more cells than anything local is.
    """
    lines = [np.vstack([_dense(lane) for lane in s.lanes]) for s in part.segments]
    if not lines:
        return {}
    everything = np.vstack(lines)
    (west, south), (east, north) = everything.min(axis=0), everything.max(axis=0)
    middle = local_frame(round((west + east) / 2, 4), round((south + north) / 2, 4))
    radius_m = float(np.hypot(*middle.to_local(*everything.T.copy())).max())
    if radius_m > MOST_M:
        detail = f"{part.part} is {2 * radius_m / 1000:.0f} km wide, limit {2 * MOST_M / 1000:.0f}"
        raise DecodeError(Reason.TOO_MANY_OBJECTS, detail)
    reach_m = parameters.halo_m + REACH_M
    found = {}
    for key in cells_touching(
        middle.lat_deg, middle.lon_deg, radius_m + reach_m, parameters.h3_resolution
    ):
        near = tuple(
            segment
            for segment, line in zip(part.segments, lines, strict=True)
            if _touches(key, line, reach_m)
        )
        if near:
            found[key] = msgspec.structs.replace(part, segments=near)
    return found


def _touches(key: str, line: FloatArray, reach_m: float) -> bool:
    home = cell(key)
    x, y = home.frame.to_local(*line.T.copy())
    return bool(home.inside_m(x, y).max() > -reach_m)


def _dense(lane: Lane) -> FloatArray:
    """Points of a lane with none far from the next, shape (n, 2)."""
    points = degrees_of(lane)
    frame = local_frame(float(points[0, 0]), float(points[0, 1]))
    steps = np.hypot(*np.diff(np.array(frame.to_local(*points.T.copy()))))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.union1d(along, np.arange(0.0, along[-1], _STEP_M))
    return np.column_stack([np.interp(at, along, points[:, k]) for k in (0, 1)])


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
        return [
            Output(SIGNALS, state.intersection, record),
            *(Output(PUBLISH, key, sealed) for key in cells),
        ]

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

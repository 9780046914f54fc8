"""What one cell knows of roads and signals: parts of the state of its publish step.

| part | holds |
|---|---|
| `roads` | the pieces of networks, each with its origin |
| `lanes_of` | the same without origins, as `operators.road.lanes` takes them, behind a digest |
| `signals` | the newest state of each intersection |
| `tracks` | on which lanes each track was |
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
import numpy as np

from operators._typing import IntArray, RecordArray
from operators.envelope import Kind
from operators.road.intake import CellRoad, CellSignals
from operators.road.lanes import CellLanes, cell_lanes, ids_of, pack_parts
from operators.road.match import match
from operators.road.network import Turn
from operators.road.recall import MEMORY
from operators.road.signal import SignalState

_ROADS = msgspec.msgpack.Decoder(dict[str, CellRoad])
_SIGNALS = msgspec.msgpack.Decoder(dict[str, CellSignals])
_ROAD = msgspec.msgpack.Decoder(CellRoad)
_SIGNAL = msgspec.msgpack.Decoder(CellSignals)
_ENCODER = msgspec.msgpack.Encoder()

# Columns of a picture with the value of an object of which nothing is known.
UNKNOWN: dict[str, tuple[str, float]] = {
    "segment_id": ("<u8", 0),
    "lane_id": ("<u8", 0),
    "along_m": ("<f4", np.nan),
    "across_m": ("<f4", np.nan),
    "signal_phase": ("u1", 0),
    "signal_end_s": ("<f4", np.nan),
}


class KnownRoads:
    """Roads and signals of one cell at one wake.

    Parameters
    ----------
    key
        The cell's.
    entries
        Parts of the state.
    """

    def __init__(self, key: str, entries: Mapping[str, bytes]) -> None:
        self._key = key
        self._entries = entries
        self.changes: dict[str, bytes | None] = {}

    def take(self, opened: Iterable[tuple[Kind, bytes]]) -> None:
        """Take what the front sent; of two things said about one, the newer one stands."""
        roads, signals = [], []
        for kind, content in opened:
            if kind is Kind.ROAD:
                roads.append(_ROAD.decode(content))
            elif kind is Kind.SIGNAL:
                signals.append(_SIGNAL.decode(content))
        if roads:
            self._take_roads(roads)
        if signals:
            self._take_signals(signals)

    def _take_roads(self, told: list[CellRoad]) -> None:
        held = self._part("roads")
        known = _ROADS.decode(held) if held else {}
        for road in told:
            before = known.get(road.part.part)
            if before is None or before.origin < road.origin:
                known[road.part.part] = road
        known = {name: known[name] for name in sorted(known) if known[name].part.segments}
        self.changes["roads"] = _ENCODER.encode(known) if known else None
        parts = pack_parts([road.part for road in known.values()])
        self.changes["lanes_of"] = parts if known else None

    def _take_signals(self, told: list[CellSignals]) -> None:
        held = self._part("signals")
        known = _SIGNALS.decode(held) if held else {}
        for one in told:
            before = known.get(one.state.intersection)
            if before is None or (before.event_time_us, before.origin) < (
                one.event_time_us,
                one.origin,
            ):
                known[one.state.intersection] = one
        self.changes["signals"] = _ENCODER.encode({k: known[k] for k in sorted(known)})

    @property
    def packed(self) -> bytes | None:
        """Pieces of networks as `operators.road.lanes` takes them; None if there are none."""
        return self._part("lanes_of")

    def forget_tracks(self) -> None:
        """Forget where tracks were."""
        if self._part("tracks"):
            self.changes["tracks"] = None

    def columns(self, rows: RecordArray, tick_us: int, since_us: int) -> dict[str, bytes]:
        """Packed columns of a picture: where each object is on the road, and its signal.

        Parameters
        ----------
        rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
            With the cell's own ids.
        tick_us, since_us
            The tick, and the time since the one before.
        """
        packed = self.packed
        if packed is None or not len(rows):
            self.forget_tracks()
            return _no_roads(len(rows))
        lanes = cell_lanes(self._key, packed)
        remembered = np.frombuffer(self._part("tracks") or b"", MEMORY)
        told, memory = match(rows, remembered, lanes, since_us / 1e6)
        self.changes["tracks"] = memory.tobytes()
        phase, end_s = self._signals_of(lanes, told["lane"], tick_us)
        return _packed(
            {
                "segment_id": ids_of(lanes, told["segment"], "segment_id"),
                "lane_id": ids_of(lanes, told["lane"], "lane_id"),
                "along_m": told["along_m"],
                "across_m": told["across_m"],
                "signal_phase": phase,
                "signal_end_s": end_s,
            }
        )

    def _signals_of(
        self, lanes: CellLanes, chosen: IntArray, tick_us: int
    ) -> tuple[RecordArray, RecordArray]:
        """Phase of the signal ahead of each object, and seconds until it ends."""
        phase, end_s = np.zeros(len(chosen), np.uint8), np.full(len(chosen), np.nan, np.float32)
        held = self._part("signals")
        known = _SIGNALS.decode(held) if held else {}
        groups = {
            (one.state.intersection, state.group): state
            for one in known.values()
            for state in one.state.states
        }
        for lane in np.unique(chosen[chosen >= 0]).tolist() if groups else ():
            state = _one_signal(groups, lanes.turns[lane])
            if state is not None:
                phase[chosen == lane] = state.phase
                end_s[chosen == lane] = _seconds(state, tick_us)
        return phase, end_s

    def _part(self, name: str) -> bytes | None:
        return self.changes[name] if name in self.changes else self._entries.get(name)


def no_roads(n: int) -> dict[str, RecordArray]:
    """Columns of `n` objects of which nothing is known."""
    return {name: np.full(n, value, kind) for name, (kind, value) in UNKNOWN.items()}


@lru_cache(maxsize=256)
def _no_roads(n: int) -> dict[str, bytes]:
    return _packed(no_roads(n))


def _packed(columns: Mapping[str, RecordArray]) -> dict[str, bytes]:
    return {name: columns[name].astype(kind).tobytes() for name, (kind, _) in UNKNOWN.items()}


def _one_signal(
    groups: Mapping[tuple[str, int], SignalState], turns: tuple[Turn, ...]
) -> SignalState | None:
    """The state that holds for a lane; None if its turns are let go by signals that differ."""
    wanted = {(turn.intersection, turn.group) for turn in turns if turn.group}
    found = [groups[name] for name in sorted(wanted) if name in groups]
    if not found or len(found) < len(wanted) or len({one.phase for one in found}) > 1:
        return None
    return (
        found[0]
        if len(found) == 1
        else msgspec.structs.replace(found[0], likely_end_us=None, min_end_us=None)
    )


def _seconds(state: SignalState, tick_us: int) -> float:
    """Seconds until the phase ends, most likely or at the earliest; NaN if unknown."""
    end_us = state.min_end_us if state.likely_end_us is None else state.likely_end_us
    return np.nan if end_us is None else (end_us - tick_us) / 1e6

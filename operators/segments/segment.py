"""The segment step: states of the segments of a home cell, each second and each minute."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.account.minute import MINUTE_US
from operators.account.records import SECOND_US
from operators.envelope import Kind, due_us, unseal
from operators.jit import KeyArray
from operators.parameters import Parameters
from operators.road.known import KnownRoads
from operators.routes import SEGMENT_STATES
from operators.segments.coverage import held_segments, seen_share
from operators.segments.scene import ENCODER, ROW, SCENES, Scene
from operators.segments.seconds import QUIET_US, Progress, Seconds
from operators.segments.sums import TRACK_SECOND, columns, rows_with_ticks, track_seconds
from operators.shared import Shared
from operators.step import Output, Result, State, check_version
from operators.transform.place import cell_integer

VERSION = 1
_MINUTE = "minute/"
# Type of each column of a record.
COLUMNS = {
    "segment_id": "<u8",
    "length_m": "<f4",
    "seen": "<f4",
    "time_s": "<f4",
    "distance_m": "<f4",
    "vehicles": "<u2",
    "flow_vph": "<f4",
    "density_vpkm": "<f4",
    "speed_mps": "<f4",
    "speed_p15_mps": "<f4",
    "speed_p50_mps": "<f4",
    "speed_p85_mps": "<f4",
    "queued": "<u2",
    "queue_m": "<f4",
    "queue_end_m": "<f4",
    "class_count": "u1",
    "object_class": "u1",
    "class_time_s": "<f4",
    "class_distance_m": "<f4",
    "class_vehicles": "<u2",
}
_OF_CLASSES = ("object_class", "class_time_s", "class_distance_m", "class_vehicles")


class SegmentState(msgspec.Struct, array_like=True):
    """Value of one home cell.

    Parameters
    ----------
    version
        Of this layout.
    progress
        Of the cells that show its segments.
    queued
        Tracks in a queue at the end of the last second, packed uint64.
    minute_us
        Start of the open minute; its seconds are parts of the state.
    """

    version: int = VERSION
    progress: Progress = msgspec.field(default_factory=Progress)
    queued: bytes = b""
    minute_us: int = 0


class _Second(msgspec.Struct, frozen=True, array_like=True):
    """What a minute needs of one of its seconds: packed `TRACK_SECOND`, ids and shares."""

    seconds: bytes
    ids: bytes
    seen: bytes


_DECODER = msgspec.msgpack.Decoder(SegmentState)
_SECONDS = msgspec.msgpack.Decoder(_Second)


class SegmentStates:
    """The segment step as a `KeyedStep`; the key is the home cell's."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The end of the slice of append time that it came in."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Take scenes, and tell of the seconds and minutes that are over."""
        kept = _DECODER.decode(state.value) if state.value else SegmentState()
        check_version(kept.version, VERSION, "state of the segment step")
        opened = [unseal(event)[1:] for event in due]
        roads = KnownRoads(key, state.entries)
        roads.take(opened)
        scenes = [one for kind, v in opened if kind is Kind.SCENE for one in SCENES.decode(v)]
        seconds = Seconds(kept.progress, state.entries, self._parameters.tick_us, ROW.itemsize)
        seconds.take(scenes, at_us)
        lanes = roads.packed or ENCODER.encode([])
        minute = _Minute(kept, state.entries)
        outputs: list[Output] = []
        for second_us, shown in seconds.closed(at_us):
            outputs += self._minute(key, lanes, minute, second_us // MINUTE_US * MINUTE_US)
            outputs += self._second(key, lanes, kept, minute, second_us, shown)
            if (second_us + SECOND_US) % MINUTE_US == 0:
                outputs += self._minute(key, lanes, minute, second_us + SECOND_US)
        quiet = seconds.quiet(at_us)
        if quiet and at_us >= kept.minute_us + MINUTE_US + QUIET_US:
            outputs += self._minute(key, lanes, minute, 0)
        changes = {**roads.changes, **seconds.changes, **minute.changes}
        if seconds.over(at_us) and not kept.minute_us:
            return Result(None, changes, outputs)
        wake_us = self._next_look(kept, at_us, quiet)
        return Result(ENCODER.encode(kept), changes, outputs, wake_us)

    @staticmethod
    def _next_look(kept: SegmentState, at_us: int, quiet: bool) -> int | None:
        """When to look again without anything new: only sleeping cells are not waited for."""
        if any(awake for _, awake in kept.progress.cells.values()):
            return None
        if quiet and kept.minute_us:
            return max(kept.minute_us + MINUTE_US + QUIET_US, at_us + SECOND_US)
        return max(kept.progress.heard_us + QUIET_US, at_us + SECOND_US)

    def _second(
        self, key: str, lanes: bytes, kept: SegmentState, minute: "_Minute", second_us: int,
        shown: Sequence[Scene],
    ) -> list[Output]:  # fmt: skip
        ticks, rows = rows_with_ticks([(one.tick_us, one.rows) for one in shown])
        held = held_segments(lanes)
        known = np.isin(rows["segment_id"], held.ids)
        queued = np.frombuffer(kept.queued, "<u8")
        tick_us = self._parameters.tick_us
        ticks, rows = ticks[known], rows[known]
        length_m = held.length_m[np.searchsorted(held.ids, rows["segment_id"])]
        made = track_seconds(second_us, ticks, rows, length_m, tick_us, queued)
        seen = seen_share(lanes, shown, SECOND_US // tick_us)
        kept.queued = np.unique(made["track_id"][made["queued"]]).tobytes()
        minute.add(second_us, made, held.ids, seen)
        late, kept.progress.late = kept.progress.late, 0
        return self._record(key, lanes, (second_us, SECOND_US), seen, made, late)

    def _minute(self, key: str, lanes: bytes, minute: "_Minute", now_us: int) -> list[Output]:
        """Tell of the open minute if it is not that of `now_us`."""
        minute_us = minute.open_us
        if not minute_us or minute_us == now_us:
            return []
        held = held_segments(lanes)
        made, seen = minute.close(held.ids)
        return self._record(key, lanes, (minute_us, MINUTE_US), seen, made, 0)

    def _record(
        self, key: str, lanes: bytes, period: tuple[int, int], seen: FloatArray,
        made: RecordArray, late: int,
    ) -> list[Output]:  # fmt: skip
        """Record of the segments that somebody looked at or was on; none if there are none."""
        held = held_segments(lanes)
        told = (seen > 0.0) | np.isin(held.ids, made["segment_id"])
        if not told.any() and not late:
            return []
        found = columns(held.ids[told], held.length_m[told], seen[told], made, period[1])
        value = {
            "cell": cell_integer(key),
            "cell_key": key,
            "start_us": period[0],
            "period_us": period[1],
            "station_id": self._parameters.station_id,
            "run_id": self._parameters.run_id,
            "late": late,
            "count": int(told.sum()),
            **{name: found[name].astype(kind).tobytes() for name, kind in COLUMNS.items()},
        }
        return [Output(SEGMENT_STATES, key, ENCODER.encode(value))]


class _Minute:
    """The seconds of the open minute, each a part of the state."""

    def __init__(self, kept: SegmentState, entries: Mapping[str, bytes]) -> None:
        self._kept = kept
        self._entries = entries
        self._names = {name for name in entries if name.startswith(_MINUTE)}
        self.changes: dict[str, bytes | None] = {}

    @property
    def open_us(self) -> int:
        """Start of the open minute; 0 if none is open."""
        return self._kept.minute_us

    def add(self, second_us: int, made: RecordArray, ids: KeyArray, seen: FloatArray) -> None:
        """Keep a second."""
        self._kept.minute_us = second_us // MINUTE_US * MINUTE_US
        name = f"{_MINUTE}{second_us:020d}"
        self.changes[name] = ENCODER.encode(_Second(made.tobytes(), ids.tobytes(), seen.tobytes()))
        self._names.add(name)

    def close(self, ids: KeyArray) -> tuple[RecordArray, FloatArray]:
        """Track-seconds of the minute and share of each segment of `ids` that was looked at."""
        seen = np.zeros(len(ids))
        parts = []
        for one in self._held():
            part = np.frombuffer(one.seconds, TRACK_SECOND)
            parts.append(part[np.isin(part["segment_id"], ids)])
            here = np.frombuffer(one.ids, "<u8")
            at = np.searchsorted(here, ids).clip(max=max(len(here) - 1, 0))
            known = np.isin(ids, here)
            seen[known] += np.frombuffer(one.seen)[at[known]]
        self.changes |= dict.fromkeys(self._names)
        self._names, self._kept.minute_us = set(), 0
        made = np.concatenate(parts) if parts else np.zeros(0, TRACK_SECOND)
        return made, seen / (MINUTE_US // SECOND_US)

    def _held(self) -> Iterable[_Second]:
        for name in sorted(self._names):
            yield _SECONDS.decode(self.changes.get(name) or self._entries[name])

"""The approach step: what each signal group of an intersection does in each second."""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.account.records import SECOND_US
from operators.envelope import Kind, due_us, unseal
from operators.parameters import Parameters
from operators.road.intake import CellSignals
from operators.road.known import KnownRoads
from operators.routes import APPROACH_STATES
from operators.segments.approaches import Approaches, approaches_of, lane_numbers
from operators.segments.coverage import held_segments, seen_share
from operators.segments.phases import Phases, is_green
from operators.segments.scene import ENCODER, ROW, SCENES, Scene
from operators.segments.seconds import QUIET_US, Progress, Seconds
from operators.segments.service import COLUMNS, Shows, Traffic, group_figures, near_lines
from operators.segments.sums import NEVER_QUEUED, rows_with_ticks, track_seconds
from operators.segments.vehicles import VEHICLE, Change, follow
from operators.shared import Shared
from operators.step import Output, Result, State, check_version

VERSION = 1
_SIGNALS = msgspec.msgpack.Decoder(CellSignals)


class Green(msgspec.Struct, array_like=True):
    """The green of a signal group: since when it shows, 0 if not, and who waited when it began."""

    since_us: int = 0
    waiting: bytes = b""


class ApproachState(msgspec.Struct, array_like=True):
    """Value of one intersection.

    Parameters
    ----------
    version
        Of this layout.
    progress
        Of the cells that show its approaches.
    vehicles
        Those on its approaches, packed `operators.segments.vehicles.VEHICLE`.
    phases
        What its signals show.
    greens
        By signal group.
    """

    version: int = VERSION
    progress: Progress = msgspec.field(default_factory=Progress)
    vehicles: bytes = b""
    phases: Phases = msgspec.field(default_factory=Phases)
    greens: dict[int, Green] = {}


_DECODER = msgspec.msgpack.Decoder(ApproachState)


class ApproachStates:
    """The approach step as a `KeyedStep`; the key is the intersection's name."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The end of the slice of append time that it came in."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Take scenes and signals, and tell of the seconds that are over."""
        kept = _DECODER.decode(state.value) if state.value else ApproachState()
        check_version(kept.version, VERSION, "state of the approach step")
        opened = [unseal(event)[1:] for event in due]
        roads = KnownRoads(key, state.entries)
        roads.take((kind, content) for kind, content in opened if kind is Kind.ROAD)
        lanes = roads.packed
        if lanes is None:
            # Signals of which nobody knows the lanes are not kept: they come again each second.
            gone = dict.fromkeys(state.entries)
            return Result(None, gone | roads.changes)
        kept.phases.take([_SIGNALS.decode(v) for kind, v in opened if kind is Kind.SIGNAL])
        seconds = Seconds(kept.progress, state.entries, self._parameters.tick_us, ROW.itemsize)
        scenes = [one for kind, v in opened if kind is Kind.SCENE for one in SCENES.decode(v)]
        seconds.take(scenes, at_us)
        outputs = []
        for second_us, shown in seconds.closed(at_us):
            outputs.append(self._second(key, lanes, kept, second_us, shown))
        changes = roads.changes | seconds.changes
        if seconds.over(at_us):
            return Result(None, changes, outputs)
        waits = not any(awake for _, awake in kept.progress.cells.values())
        wake_us = max(kept.progress.heard_us + QUIET_US, at_us + SECOND_US) if waits else None
        return Result(ENCODER.encode(kept), changes, outputs, wake_us)

    def _second(
        self, key: str, lanes: bytes, kept: ApproachState, second_us: int, shown: Sequence[Scene]
    ) -> Output:
        tick_us = self._parameters.tick_us
        approaches = approaches_of(key, lanes)
        traffic = self._traffic(approaches, kept, second_us, shown)
        held = held_segments(lanes)
        at = np.searchsorted(held.ids, approaches.segment_ids)
        seen = seen_share(lanes, shown, SECOND_US // tick_us)[at]
        figures = [
            self._group(number, kept, traffic, approaches, second_us)
            | {"seen": _mean(seen, approaches, number)}
            for number in range(len(approaches.groups))
        ]
        kept.vehicles = traffic.change.now.tobytes()
        kept.phases.forget(second_us + SECOND_US)
        late, kept.progress.late = kept.progress.late, 0
        value = {
            "intersection": key,
            "start_us": second_us,
            "station_id": self._parameters.station_id,
            "run_id": self._parameters.run_id,
            "late": late,
            "count": len(figures),
            **{
                name: np.array([one[name] for one in figures]).astype(kind).tobytes()
                for name, kind in COLUMNS.items()
            },
        }
        return Output(APPROACH_STATES, key, ENCODER.encode(value))

    def _traffic(
        self, approaches: Approaches, kept: ApproachState, second_us: int, shown: Sequence[Scene]
    ) -> Traffic:
        tick_us = self._parameters.tick_us
        before = np.frombuffer(kept.vehicles, VEHICLE)
        ticks, rows = rows_with_ticks([(one.tick_us, one.rows) for one in shown])
        number = lane_numbers(rows, approaches, before["track_id"], before["lane"])
        on = (number >= 0) & ~np.isin(rows["object_class"], NEVER_QUEUED)
        ticks, rows, number = ticks[on], rows[on].copy(), number[on]
        rows["lane_id"] = approaches.lane_ids[number]
        queued = before["track_id"][before["queued"]]
        length_m = approaches.length_m[number]
        made = _one_lane(track_seconds(second_us, ticks, rows, length_m, tick_us, queued))
        lanes = np.searchsorted(approaches.lane_ids, made["lane_id"])
        change = follow(before, made, lanes, approaches, second_us + SECOND_US)
        count = SECOND_US // tick_us
        near = near_lines(ticks, rows, number, approaches, second_us, tick_us, count)
        return Traffic(change, made, lanes, near)

    def _group(
        self, number: int, kept: ApproachState, traffic: Traffic, approaches: Approaches,
        second_us: int,
    ) -> dict[str, float]:  # fmt: skip
        group, tick_us = int(approaches.groups[number]), self._parameters.tick_us
        ticks = range(second_us, second_us + SECOND_US, tick_us)
        states = [kept.phases.at(group, tick) for tick in ticks]
        green = np.array([is_green(state) for state in states])
        known = kept.greens.get(group, Green())
        before = known.since_us > 0
        begins = (green & ~np.append(before, green[:-1])).nonzero()[0]
        if len(begins):
            waits = _queued(traffic.change, approaches, number)
            known = Green(ticks[int(begins[-1])], waits.tobytes())
        since_us = known.since_us if green[-1] else 0
        waiting = np.frombuffer(known.waiting, "<u8")
        kept.greens[group] = Green(since_us, known.waiting)
        shows = Shows(states[-1], ticks[-1], green, before, since_us, waiting)
        return group_figures(number, shows, traffic, approaches, tick_us)


def _queued(change: Change, approaches: Approaches, number: int) -> RecordArray:
    """Tracks in the queue of a group at the start of a second."""
    waits = change.before[change.before["queued"]]
    on: RecordArray = waits["track_id"][approaches.leads[number][waits["lane"]]]
    return on


def _one_lane(made: RecordArray) -> RecordArray:
    """Of a track on several segments in a second the last one, sorted by track."""
    made = made[np.lexsort((made["last_us"], made["track_id"]))]
    last = np.ones(len(made), np.bool_)
    last[:-1] = made["track_id"][1:] != made["track_id"][:-1]
    return made[last]


def _mean(seen: FloatArray, approaches: Approaches, number: int) -> float:
    return float(seen[approaches.leads[number]].mean())

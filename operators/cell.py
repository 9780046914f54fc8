"""The cell step: frames of one cell in, a report at each tick out.

The state at an instant of event time depends only on the frames up to it. So the step keeps
snapshots at boundaries of event time, one for each of the last ticks and fewer before, and the
frames between them; a frame that comes late rolls back to the snapshot before it and replays.
What was published stays, the next report is better.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from operators._typing import FloatArray, RecordArray
from operators.account.echo import Echoes
from operators.account.facts import Declared, Facts, are_due, declared_by, frame_rows
from operators.continuity import (
    Done,
    Name,
    corrections,
    heirs,
    pack_claims,
    rename_links,
    unpack_claims,
)
from operators.envelope import Kind, due_us, seal, unseal
from operators.frame import Frame, pack_frame, unpack_frames
from operators.halo import Halo, all_gone, forget_tracks, watch_border
from operators.intake import admit
from operators.jit import KeyArray
from operators.links import link_rows
from operators.parameters import Parameters
from operators.recent import RecentStates
from operators.report import Report, Sighting, encoder
from operators.routes import IDENTITY, PUBLISH
from operators.step import Output, Result, State, check_version
from operators.track import TRACK_ROW
from operators.transform.offsets import datum_offsets_m

VERSION = 2
RECENT = 5  # snapshots of the last ticks are all kept, older ones every so many ticks
LIVE_US = 1_000_000  # a source unheard for longer is missing
MISSING_US = 60_000_000  # and forgotten after this
ONE_KEY = "all"  # the identity step has one key


class Tracker(Protocol):
    """What the cell asks of a tracker; the module `operators.tracker` is the one in use."""

    def empty(self) -> Any:
        """State before any frame."""
        ...

    def pack(self, state: Any) -> bytes:
        """Versioned bytes of a state."""
        ...

    def unpack(self, data: bytes) -> Any:
        """State from its bytes."""
        ...

    def advance(self, state: Any, frame: Frame, parameters: Parameters) -> RecordArray:
        """Take one frame and change `state` in place; one `LINK` for each observation."""
        ...

    def rows(self, state: Any, at_us: int) -> RecordArray:
        """Living tracks predicted to `at_us`, dtype `TRACK_ROW`; `state` stays as it is."""
        ...

    def sources_of(self, state: Any) -> list[str]:
        """Source id of each slot of ``TRACK_ROW.sources``."""
        ...

    def standings(self, state: Any) -> RecordArray:
        """What is known of each slot's source, dtype `operators.fuse.standing.STANDING`."""
        ...

    def locate(self, state: Any, offsets_m: FloatArray) -> None:
        """Tell a new state what GCJ-02 and BD-09 add to a place in its cell, metres."""
        ...

    def ids_of(self, state: Any) -> list[int]:
        """Ids of all tracks."""
        ...

    def rename(self, state: Any, names: Mapping[int, int]) -> None:
        """Give tracks other ids: new by present id."""
        ...


class CellState(msgspec.Struct, array_like=True):
    """Value of one cell.

    Parameters
    ----------
    version
        Of this layout.
    tick_us
        Last tick that was reported.
    input_us
        When something last came, microseconds of receive time.
    heard_us
        Receive time of each source's last frame.
    intervals, snapshots
        Boundaries (microseconds of event time) of which frames and tracker states are kept.
    halo
        Tracks of the last tick, lost ones, and those that the identity step knows.
    declared
        What is declared of each source heard in the last minute.
    echoes
        What was shown lately, and who sends it back.
    """

    version: int = VERSION
    tick_us: int = 0
    input_us: int = 0
    heard_us: dict[str, int] = {}
    intervals: list[int] = []
    snapshots: list[int] = []
    halo: Halo = msgspec.field(default_factory=Halo)
    declared: dict[str, Declared] = {}
    echoes: Echoes = msgspec.field(default_factory=Echoes)


_DECODER = msgspec.msgpack.Decoder(CellState)


class CellStep:
    """The cell as a `KeyedStep`; the key is the cell's.

    Parameters
    ----------
    parameters
        Of the run.
    tracker
        What associates and fuses.
    """

    def __init__(self, parameters: Parameters, tracker: Tracker) -> None:
        self._parameters = parameters
        self._tracker = tracker
        self._recent = RecentStates(tracker.unpack)

    def wake_for(self, event: bytes) -> int:
        """When the first picture that the frames belong to is closed."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Mapping[str, bytes], at_us: int
    ) -> Result:
        """Take the frames of one tick and report."""
        tick = at_us - self._parameters.cut_us
        kept = _DECODER.decode(state.value) if state.value else CellState()
        check_version(kept.version, VERSION, "state of a cell")
        arrived = (frame for event in due for frame in unpack_frames(unseal(event)[2]))
        frames = sorted(arrived, key=lambda frame: frame.order)
        for frame in frames:
            kept.heard_us[frame.source_id] = max(
                frame.receive_time_us, kept.heard_us.get(frame.source_id, 0)
            )
            kept.declared[frame.source_id] = declared_by(frame)
            kept.input_us = tick
        admitted, overflowed = admit(frames, self._parameters.max_observations)
        fused, repeated = kept.echoes.hold_back(admitted)
        tracks, taken, corrected, entries = self._replay(key, kept, state.entries, fused, tick)
        rows = self._tracker.rows(tracks, tick)
        taken += overflowed + repeated
        quiet = tick - kept.input_us > self._parameters.quiet_us
        if not len(rows) and quiet:
            last = _sighted(all_gone(key, kept.halo), at_us)
            return Result(None, dict.fromkeys(state.entries), last)
        kept.tick_us = tick
        patience_us = self._parameters.acceptance_us
        gone = forget_tracks(kept.halo, self._tracker.ids_of(tracks), tick, patience_us)
        if are_due(tick, self._parameters.tick_us):
            slots = self._tracker.sources_of(tracks)
            kept.echoes.judge(admitted, slots, self._parameters.cut_us)
        kept.echoes.note(tick, rows, [*kept.heard_us])
        report = self._report(kept, tracks, rows, taken, gone, tick)
        outputs = [Output(PUBLISH, key, seal(at_us, Kind.PICTURE, encoder.encode(report)))]
        halo_m = self._parameters.halo_m
        sighting = watch_border(key, kept.halo, rows, taken, corrected, gone, halo_m)
        outputs += _sighted(sighting, at_us)
        return Result(encoder.encode(kept), entries, outputs, at_us + self._parameters.tick_us)

    def _replay(
        self,
        key: str,
        kept: CellState,
        stored: Mapping[str, bytes],
        frames: list[Frame],
        tick: int,
    ) -> tuple[Any, Done, Done, dict[str, bytes | None]]:
        """Bring the tracker to `tick`: roll back as far as the oldest new frame asks for."""
        step = self._parameters.tick_us
        fresh: dict[int, list[Frame]] = {}
        for frame in frames:
            fresh.setdefault(-(-frame.event_time_us // step) * step, []).append(frame)
        first = min(fresh, default=tick + step)
        base = max((b for b in kept.snapshots if b < first), default=None)
        packed = b"" if base is None else stored[f"s/{base}"]
        if base is None:
            tracks = self._tracker.empty()
            self._tracker.locate(tracks, datum_offsets_m(key))
        else:
            tracks = self._recent.take(key, packed)
        entries: dict[str, bytes | None] = {}
        before: dict[Name, KeyArray] = {}
        done: dict[int, Done] = {}
        again = [b for b in kept.intervals if base is None or b > base]
        for boundary in sorted({*fresh, *again}):
            old: list[Frame] = []
            if boundary in kept.intervals:
                old = unpack_frames(stored[f"f/{boundary}"])
                before |= unpack_claims(stored[f"l/{boundary}"])
            both = sorted(old + fresh.get(boundary, []), key=lambda f: f.order)
            done[boundary] = [
                (frame, self._tracker.advance(tracks, frame, self._parameters)) for frame in both
            ]
            if boundary in fresh:
                entries[f"f/{boundary}"] = b"".join(pack_frame(frame) for frame in both)
            entries[f"s/{boundary}"] = self._tracker.pack(tracks)
        self._inherit(tracks, done, before, entries)
        for boundary, part in done.items():
            entries[f"l/{boundary}"] = pack_claims(part)
        newest = entries[f"s/{max(done)}"] if done else packed
        if newest:
            self._recent.keep(key, newest, tracks)
        self._thin(kept, entries, tick)
        new = {id(frame) for frame in frames}
        everything = [one for part in done.values() for one in part]
        taken = [one for one in everything if id(one[0]) in new]
        return tracks, taken, corrections(everything, before), entries

    def _inherit(
        self,
        tracks: Any,
        done: dict[int, Done],
        before: dict[Name, KeyArray],
        entries: dict[str, bytes | None],
    ) -> None:
        """Let tracks that a replay started anew keep the ids that they had."""
        if not before:
            return
        everything = [one for part in done.values() for one in part]
        names = heirs(everything, before, self._tracker.ids_of(tracks))
        if not names:
            return
        rename_links(everything, names)
        self._tracker.rename(tracks, names)
        for key, packed in entries.items():
            if key[0] == "s" and packed is not None:
                snapshot = self._tracker.unpack(packed)
                self._tracker.rename(snapshot, names)
                entries[key] = self._tracker.pack(snapshot)

    def _thin(self, kept: CellState, entries: dict[str, bytes | None], tick: int) -> None:
        """Drop what no acceptable frame can ask for, and most of the older snapshots.

        A frame that is accepted later has an event time after ``tick - acceptance``; the last
        snapshot before that stays, and with it the frames after it.
        """
        step = self._parameters.tick_us
        snapshots = sorted({*kept.snapshots, *(int(k[2:]) for k in entries if k[0] == "s")})
        intervals = sorted({*kept.intervals, *(int(k[2:]) for k in entries if k[0] == "f")})
        horizon = tick - self._parameters.acceptance_us - step
        oldest = max((b for b in snapshots if b <= horizon), default=None)
        newest = snapshots[-1] if snapshots else None
        kept.snapshots = [
            b
            for b in snapshots
            if b in (oldest, newest)
            or (
                (oldest is None or b > oldest)
                and (b > tick - RECENT * step or not b % (RECENT * step))
            )
        ]
        kept.intervals = [b for b in intervals if oldest is None or b > oldest]
        for boundary in set(snapshots) - set(kept.snapshots):
            entries[f"s/{boundary}"] = None
        for boundary in set(intervals) - set(kept.intervals):
            entries[f"f/{boundary}"] = entries[f"l/{boundary}"] = None

    def _report(
        self,
        kept: CellState,
        tracks: Any,
        rows: RecordArray,
        taken: Done,
        gone: list[int],
        tick: int,
    ) -> Report:
        kept.heard_us = {s: at for s, at in kept.heard_us.items() if tick - at <= MISSING_US}
        kept.declared = {s: kept.declared[s] for s in kept.heard_us if s in kept.declared}
        links, sources, topics = link_rows(taken)
        slots = self._tracker.sources_of(tracks)
        facts = b""
        if are_due(tick, self._parameters.tick_us):
            standing = self._tracker.standings(tracks).tobytes()
            facts = encoder.encode(Facts(slots, standing, kept.declared, kept.echoes.named()))
        return Report(
            tick,
            rows.astype(TRACK_ROW, copy=False).tobytes(),
            slots,
            links.tobytes(),
            sources,
            topics,
            sorted(s for s, at in kept.heard_us.items() if tick - at <= LIVE_US),
            sorted(s for s, at in kept.heard_us.items() if tick - at > LIVE_US),
            gone,
            frame_rows(taken, sources).tobytes(),
            facts,
        )


def _sighted(sighting: Sighting | None, at_us: int) -> list[Output]:
    if sighting is None:
        return []
    value = seal(at_us, Kind.SIGHTING, encoder.encode(sighting))
    return [Output(IDENTITY, ONE_KEY, value)]

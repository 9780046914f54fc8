"""Events of several cells to one: who is seen by two cells is told by both, under ids of theirs.

A cell opens an event while it shows the first track, and follows it for some seconds when another
cell shows that (`operators.events.watch`). What two cells tell of one subject, or of groups that
share a track, is one event: it has the id of the first that opened, and closes with the last.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from operators.envelope import Kind, due_us, seal, unseal
from operators.events.kinds import EventKind
from operators.report import encoder
from operators.routes import JOIN, ROAD_EVENTS
from operators.shared import Shared
from operators.step import Output, Result, State, check_version

VERSION = 1
GRACE_US = 1_000_000  # of append time: cells do not speak at one instant
# Their names are those of one cell's memory, so all of a kind meet at one key: a trickle.
_GROUPS = (EventKind.QUEUE_END, EventKind.GROUP_STOP)
_ORDER = ("opened", "updated", "closed")
Record = Mapping[str, Any]


class Joined(msgspec.Struct, array_like=True):
    """An open event.

    Parameters
    ----------
    event_id, began_us, opened_us
        As the first cell told them.
    sequence
        Of the next record.
    cell, cell_key
        That told it last as its own.
    tracks
        As told last.
    parts
        Ids under which cells tell it.
    ending
        The last record of a cell that told that it closed.
    """

    event_id: int
    began_us: int
    opened_us: int
    sequence: int
    cell: int
    cell_key: str
    tracks: list[int]
    parts: list[int]
    ending: dict[str, Any] | None = None


class JoinState(msgspec.Struct, array_like=True):
    """Value of one subject, or of a kind of groups: its open events, as they opened."""

    version: int = VERSION
    open: list[Joined] = []


_DECODER = msgspec.msgpack.Decoder(JoinState)
_RECORD = msgspec.msgpack.Decoder(dict[str, Any])


def to_join(kind: EventKind, subject: int, change: str, packed: bytes, at_us: int) -> Output:
    """A cell's record on its way; that it closed waits for another cell to open."""
    key = kind.text if kind in _GROUPS else f"{kind.text}/{subject}"
    due = at_us + (GRACE_US if change == "closed" else 0)
    return Output(JOIN, key, seal(due, Kind.EVENT, packed))


class EventJoin:
    """The joining as a `KeyedStep`; the key is a subject's, or that of a kind of groups."""

    def wake_for(self, event: bytes) -> int:
        """The instant that the envelope names."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Tell what is news of the records that are due."""
        kept = _DECODER.decode(state.value) if state.value else JoinState()
        check_version(kept.version, VERSION, "state of the joining of events")
        records = [_RECORD.decode(unseal(event)[2]) for event in due]
        outputs = []
        for record in sorted(records, key=_order):
            told = _take(kept.open, record)
            if told is not None:
                outputs.append(Output(ROAD_EVENTS, told["cell_key"], encoder.encode(told)))
        return Result(encoder.encode(kept) if kept.open else None, {}, outputs)


def _order(record: Record) -> tuple[int, int, str, int]:
    change = _ORDER.index(record["change"])
    return record["tick_us"], change, record["cell_key"], record["event_id"]


def _take(held: list[Joined], record: dict[str, Any]) -> dict[str, Any] | None:
    """Take a cell's record into the open events; what is told of it, None if it is no news."""
    part = record["event_id"]
    joined = next((one for one in held if part in one.parts), None)
    if joined is None and record["change"] == "opened":
        joined = _same(held, record)
        if joined is not None:
            joined.parts.append(part)
            record = {**record, "change": "updated"}
    if joined is None:  # one that opened before a release that joins is known by nothing else
        joined = _new(record)
        held.append(joined)
    if record["change"] == "closed":
        joined.parts.remove(part)
        joined.ending = record = _last(joined, record)
        if joined.parts:
            return None
        held.remove(joined)
        record = {**record, "cell": joined.cell, "cell_key": joined.cell_key}
    return _told(joined, record)


def _last(joined: Joined, record: dict[str, Any]) -> dict[str, Any]:
    """What tells the end: the latest word, that of the cell that told last if there are several."""
    before = joined.ending
    if before is None or _rank(joined, record) > _rank(joined, before):
        return record
    return before


def _rank(joined: Joined, record: Record) -> tuple[int, bool, str]:
    return record["tick_us"], record["cell_key"] == joined.cell_key, record["cell_key"]


def _new(record: Record) -> Joined:
    names = ("event_id", "began_us", "opened_us", "sequence", "cell", "cell_key")
    known = {name: record[name] for name in names}
    return Joined(**known, tracks=record["track_ids"], parts=[record["event_id"]])


def _same(held: Sequence[Joined], record: Record) -> Joined | None:
    """The open event that a cell tells anew."""
    if EventKind[record["kind"].upper()] not in _GROUPS:
        return held[0] if held else None
    tracks = set(record["track_ids"])
    return next((one for one in held if tracks.intersection(one.tracks)), None)


def _told(joined: Joined, record: Record) -> dict[str, Any]:
    names = ("event_id", "began_us", "opened_us", "sequence")
    told = {**record, **{name: getattr(joined, name) for name in names}}
    joined.sequence += 1
    joined.cell, joined.cell_key = record["cell"], record["cell_key"]
    joined.tracks = record["track_ids"]
    return told

"""The event step: pictures of a cell in, events opened, updated and closed out.

What comes in are pictures (records of `fused.objects`) and pieces of the road network of one cell,
in envelopes, and what its neighbours show near the border; what third parties say is shared. The
picture of a tick is judged after all roads of its wake are taken, and only if no later one was: so
neither the order within a wake nor a record that comes twice shows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.enrich.versions import Version, spans, unpack
from operators.envelope import Kind, due_us, unseal
from operators.events.driving import driving
from operators.events.ground import Roads, ground_of, roads_of
from operators.events.join import to_join
from operators.events.kinds import EventKind
from operators.events.meeting import meeting
from operators.events.memory import MEMORY, follow, found_in, no_slots
from operators.events.record import record_of
from operators.events.rows import rows_of
from operators.events.scene import Applied, Scene, joined, near_pairs
from operators.events.standing import standing
from operators.events.strips import merged
from operators.events.waiting import Waiting, complete
from operators.events.waiting import take as let_wait
from operators.events.watch import Change, Watch, Watches, end_all, take, told
from operators.events.zones import zones
from operators.parameters import Parameters
from operators.report import encoder
from operators.road.known import KnownRoads
from operators.shared import Shared
from operators.step import Result, State, check_version
from operators.transform.cells import LOCAL

VERSION = 2  # of version 1 are states without what waits, of cells that saw no neighbours
QUIET_US = 3_000_000  # a cell that shows no picture for longer has nothing on it
_SECOND_US = 1_000_000


class EventState(msgspec.Struct, array_like=True):
    """Value of one cell.

    Parameters
    ----------
    version
        Of this layout.
    tick_us
        Of the last picture.
    slots
        Instants of the trails in `memory`.
    memory
        Packed rows of `operators.events.memory.MEMORY`.
    watches
        What is watched, in order.
    quiet_us
        When the cell counts as quiet if no other picture comes.
    waiting
        Pictures that are not judged yet, and strips of neighbours.
    """

    version: int = VERSION
    tick_us: int = 0
    slots: list[int] = msgspec.field(default_factory=no_slots)
    memory: bytes = b""
    watches: list[Watch] = []
    quiet_us: int = 0
    waiting: Waiting = msgspec.field(default_factory=Waiting)


_DECODER = msgspec.msgpack.Decoder(EventState)
Told = tuple[EventKind, int, str, bytes]  # of what, about what, what became of it, the record


class EventStep:
    """The event step as a `KeyedStep`; the key is the cell's, what is shared are features."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def wake_for(self, event: bytes) -> int:
        """The instant that the envelope names."""
        return due_us(event)

    def on_wake(
        self, key: str, state: State, due: Sequence[bytes], shared: Shared, at_us: int
    ) -> Result:
        """Judge the pictures that are due."""
        kept = _DECODER.decode(state.value) if state.value else EventState()
        if kept.version == 1:
            kept.version = VERSION
        check_version(kept.version, VERSION, "state of the event step")
        opened = [unseal(event)[1:] for event in due]
        roads = KnownRoads(key, state.entries)
        roads.take(opened)
        pictures, strips = ([c for k, c in opened if k is of] for of in (Kind.PICTURE, Kind.STRIP))
        if key != LOCAL and (pictures or strips):
            let_wait(kept.waiting, pictures, strips, kept.tick_us)
            if pictures or not kept.quiet_us:
                kept.quiet_us = -(-(at_us + QUIET_US) // _SECOND_US) * _SECOND_US
        quiet = bool(kept.quiet_us) and at_us >= kept.quiet_us
        news: list[Told] = []
        for picture, beside in complete(kept.waiting, all_of_them=quiet):
            news += self._judge(key, kept, merged(picture, beside), roads.packed, shared)
        if quiet:
            news += self._end(key, kept, shared)
        outputs = [to_join(*one, at_us) for one in news]
        if not kept.quiet_us:
            return Result(None, roads.changes, outputs)
        return Result(encoder.encode(kept), roads.changes, outputs, kept.quiet_us)

    def _judge(
        self,
        key: str,
        kept: EventState,
        picture: Mapping[str, Any],
        packed_roads: bytes | None,
        shared: Shared,
    ) -> list[Told]:
        """Take one picture into the state; records that come of it."""
        if not (picture["count"] or kept.watches):
            kept.tick_us, kept.memory = picture["tick_us"], b""
            return []
        roads = roads_of(key, packed_roads) if packed_roads else None
        scene = _scene(key, kept, picture, roads, shared)
        claimed = joined([standing(scene), driving(scene), meeting(scene), zones(scene)])
        watches = _watched(kept)
        outputs = [self._told(one, scene, picture) for one in take(watches, claimed, scene)]
        kept.tick_us, kept.slots = scene.tick_us, list(scene.slots)
        kept.memory = scene.memory.tobytes()
        kept.watches = [watches[name] for name in sorted(watches)]
        return outputs

    def _end(self, key: str, kept: EventState, shared: Shared) -> list[Told]:
        """Close what is open in a cell that shows no pictures any more."""
        empty = {"cell_key": key, "tick_us": kept.tick_us + QUIET_US, "count": 0, "features": []}
        scene = _scene(key, kept, empty, None, shared)
        ended = [self._told(one, scene, empty) for one in end_all(_watched(kept))]
        kept.quiet_us = 0
        return ended

    def _told(self, change: Change, scene: Scene, picture: Mapping[str, Any]) -> Told:
        watch = change.watch
        record = record_of(change, scene, picture, self._parameters)
        told(watch, scene.tick_us)
        return EventKind(watch.kind), watch.subject, change.change, record


def _watched(kept: EventState) -> Watches:
    return {(one.kind, one.subject): one for one in kept.watches}


def _scene(
    key: str, kept: EventState, picture: Mapping[str, Any], roads: Roads | None, shared: Shared
) -> Scene:
    tick_us, rows = picture["tick_us"], rows_of(picture)
    memory, slots = follow(np.frombuffer(kept.memory, MEMORY), rows, kept.slots, tick_us)
    ground = ground_of(rows, memory["course_rad"].astype(float), roads)
    since_s = (tick_us - kept.tick_us) / 1e6 if kept.tick_us else 0.0
    context, pairs = applied(picture, rows, shared), near_pairs(rows)
    return Scene(key, tick_us, since_s, rows, memory, ground, slots, roads, pairs, context)


def applied(picture: Mapping[str, Any], rows: RecordArray, shared: Shared) -> Applied:
    """Features of a picture by row; the picture's objects are in another order."""
    names = picture["features"]
    if not names or not len(rows):
        nothing = np.zeros(0, np.int64)
        return Applied([], nothing, nothing, {})
    counts = np.frombuffer(picture["feature_count"], "<u2").astype(np.int64)
    place, _ = found_in(rows["track_id"], np.frombuffer(picture["track_id"], "<u8"))
    index = np.frombuffer(picture["feature_index"], "<u2").astype(np.int64)
    versions = {
        name: version
        for name in names
        if (version := _visible(shared.get(name), picture["tick_us"])) is not None
    }
    return Applied(names, np.repeat(place, counts), index, versions)


def _visible(packed: bytes | None, tick_us: int) -> Version | None:
    """The version of a feature that is visible at a tick."""
    if packed is None:
        return None
    held = (one.version for one in spans(unpack(packed)) if one.start_us <= tick_us < one.end_us)
    return next(held, None)

"""What is watched: claims over time, and when each opens, changes and closes."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np

from operators._typing import IntArray, RecordArray
from operators.events.duplicate import duplicate_of
from operators.events.kinds import RULES, SURE, UNSURE, EventKind
from operators.events.memory import found_in
from operators.events.scene import Claims, Scene, subject_of
from operators.jit import Record

UPDATE_US = 1_000_000  # no event is updated more often
_MOVED_M = 30.0
# Another cell shows the first track, and has had time to open for itself; passing takes longer, but
# who passes was seen before he crossed the border.
HANDOVER_US = 10_000_000
_MOST_US = 1_000_000  # what a claim is credited for over a gap between pictures


class Watch(msgspec.Struct, array_like=True):
    """One claim over time, and its event once it is open.

    Parameters
    ----------
    kind, subject
        What of, and what about.
    began_us
        Since when it was claimed.
    held_us, doubted_us
        For how long it was likely since then, and for how long it has been unlikely now.
    needed_us
        For how long it has to be likely. A reason to wait longer wears off as time passes, not
        when it is out of sight for a tick.
    weight_s, chance_s
        Time of claims, and that time weighted by their chances.
    event_id, opened_us
        0 until it opens.
    sequence, told_us
        Of the next record; when the last one was made.
    severity, value, radius_m, x_m, y_m
        As they were claimed last.
    told_severity, told_x_m, told_y_m, told_tracks
        As they were told last.
    tracks
        The first track above all.
    segment_id, lane_id
        Of the first track.
    own, away_us
        Whether this cell shows the first track, and for how long another one does.
    incident, told_incident
        A third party's incident that it is a duplicate of, as it was claimed and told last.
    """

    kind: int
    subject: int
    began_us: int
    held_us: int = 0
    doubted_us: int = 0
    needed_us: int = 0
    weight_s: float = 0.0
    chance_s: float = 0.0
    event_id: int = 0
    opened_us: int = 0
    sequence: int = 0
    told_us: int = 0
    severity: int = 0
    value: float = 0.0
    radius_m: float = 0.0
    x_m: float = 0.0
    y_m: float = 0.0
    told_severity: int = 0
    told_x_m: float = 0.0
    told_y_m: float = 0.0
    told_tracks: list[int] = []
    tracks: list[int] = []
    segment_id: int = 0
    lane_id: int = 0
    own: bool = True
    away_us: int = 0
    incident: str | None = None
    told_incident: str | None = None

    @property
    def confidence(self) -> float:
        """Mean chance since it began."""
        return self.chance_s / self.weight_s if self.weight_s else 0.0


class Change(NamedTuple):
    """What has to be told: an event, what became of it, and the row of its first track if seen."""

    watch: Watch
    change: str
    reason: str
    row: int


Watches = dict[tuple[int, int], Watch]


def take(watches: Watches, claimed: Claims, scene: Scene) -> Iterator[Change]:
    """Take the claims of a tick; what has to be told, in the order of kinds and subjects.

    `watches` is changed in place.
    """
    since_us = min(round(scene.since_s * 1e6), _MOST_US)
    heard: set[tuple[int, int]] = set()
    for k, claim in enumerate(claimed.found):
        key = (int(claim["kind"]), int(claim["subject"]))
        if key not in watches:
            if claim["chance"] < SURE:
                continue
            began_us = int(claim["began_us"]) or scene.tick_us
            watches[key] = Watch(*key, began_us=began_us)
        watch = watches[key]
        _credit(watch, claim, since_us)
        _renew(watch, claim, scene, claimed.members.get(k))
        heard.add(key)
    for key in sorted(watches):
        yield from _judge(watches, key, scene, since_us, claimed=key in heard)


def _credit(watch: Watch, claim: Record, since_us: int) -> None:
    chance = float(claim["chance"])
    watch.weight_s += since_us / 1e6
    watch.chance_s += chance * since_us / 1e6
    if chance >= SURE:
        watch.held_us += since_us
    watch.needed_us = max(round(claim["hold_s"] * 1e6), watch.needed_us - since_us)
    watch.doubted_us = 0 if chance >= UNSURE else watch.doubted_us + since_us


def _renew(watch: Watch, claim: Record, scene: Scene, members: IntArray | None) -> None:
    row = scene.rows[claim["row"]]
    first = [int(row["track_id"])]
    if members is not None:
        others = scene.rows["track_id"][np.sort(members)].tolist()
    else:
        others = [int(scene.rows["track_id"][claim["other"]])] if claim["other"] >= 0 else []
    watch.tracks = first + [one for one in others if one != first[0]]
    watch.severity, watch.radius_m = int(claim["severity"]), float(claim["radius_m"])
    watch.value = float(claim["value"])
    watch.x_m, watch.y_m = float(row["x_m"]), float(row["y_m"])
    watch.segment_id, watch.lane_id = int(row["segment_id"]), int(row["lane_id"])
    watch.own = bool(row["own"])
    watch.incident = duplicate_of(scene, EventKind(watch.kind), int(claim["row"]))


def _judge(
    watches: Watches, key: tuple[int, int], scene: Scene, since_us: int, *, claimed: bool
) -> Iterator[Change]:
    """Open, update, close or forget one watch."""
    watch = watches[key]
    watch.away_us = 0 if watch.own else watch.away_us + since_us
    if not claimed:
        watch.doubted_us += since_us
    if _ends(watch):
        del watches[key]
        if watch.event_id:
            row = row_of(watch, scene.rows)
            over = row >= 0 and not _is_left(watch)
            yield Change(watch, "closed", "over" if over else "unseen", row)
        return
    if not watch.own:  # its cell tells
        return
    if watch.event_id:
        if scene.tick_us - watch.told_us >= UPDATE_US and _differs(watch):
            yield Change(watch, "updated", "", row_of(watch, scene.rows))
    elif claimed and watch.held_us >= watch.needed_us:
        kind = EventKind(watch.kind).text
        watch.event_id = subject_of(kind, scene.key, scene.tick_us, watch.subject)
        watch.opened_us = scene.tick_us
        yield Change(watch, "opened", "", row_of(watch, scene.rows))


def _ends(watch: Watch) -> bool:
    """Whether it is doubted for too long, or left to another cell."""
    rule = RULES[EventKind(watch.kind)]
    patience_s = rule.release_s if watch.event_id else rule.doubt_s
    return _is_left(watch) or watch.doubted_us >= patience_s * 1e6


def _is_left(watch: Watch) -> bool:
    return bool(watch.event_id) and watch.away_us >= HANDOVER_US


def end_all(watches: Watches) -> Iterator[Change]:
    """Close everything: nothing is seen any more. `watches` is emptied."""
    for key in sorted(watches):
        if watches[key].event_id:
            yield Change(watches[key], "closed", "unseen", -1)
    watches.clear()


def row_of(watch: Watch, rows: RecordArray) -> int:
    """Row of the first track, -1 if it is not seen."""
    at, hit = found_in(rows["track_id"], np.array(watch.tracks[:1], np.uint64))
    return int(at[0]) if hit[0] else -1


def _differs(watch: Watch) -> bool:
    moved_m = np.hypot(watch.x_m - watch.told_x_m, watch.y_m - watch.told_y_m)
    graver = watch.severity != watch.told_severity or watch.incident != watch.told_incident
    return bool(graver or moved_m > _MOVED_M or watch.tracks != watch.told_tracks)


def told(watch: Watch, tick_us: int) -> None:
    """Note that a record was made."""
    watch.sequence += 1
    watch.told_us = tick_us
    watch.told_severity, watch.told_tracks = watch.severity, watch.tracks
    watch.told_incident = watch.incident
    watch.told_x_m, watch.told_y_m = watch.x_m, watch.y_m

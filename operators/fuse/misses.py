"""Tracks that a source should have seen in a frame and did not."""

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fuse.account import is_acquainted, was_seen
from operators.fuse.existence import miss
from operators.fuse.quality import look_in_vain
from operators.gaussian import X, Y
from operators.jit import Record, compiled, inlined

# At the rim of what a source looks at nothing can be said about a miss.
CERTAIN_PART = 0.95
# A source that saw something so near a track might have seen the track, too.
BESIDE_M = 8.0
BESIDE_SHARE = 0.25
MEANWHILE_US = 150_000
MOST_VAIN_LOOKS = 3


@compiled
def count_misses(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    circle: FloatArray,
    about: Record,
    source: Record,
) -> None:
    """Count a miss for each track that the source should have seen and did not.

    What a source saw at an instant may come in several messages, and what one lacks another may
    have. So the misses of an instant are counted when the source's next one begins.

    Of a source whose view is known, tracks inside it; of another, those that it saw in the last
    second, wherever they are (so all tracks of the cell are looked at). A probe says nothing of
    what else there is.
    """
    if about.trusted or about.since_us <= 0:
        return
    before_us = about.event_us - about.since_us
    if circle[2] <= 0.0:
        _count_lost(tracks, before_us, about, source)
        _count_beside(tracks, slots, observation_of, ahead, about, source)
        return
    certain_m2 = (CERTAIN_PART * circle[2]) ** 2
    for i in range(slots.shape[0]):
        dx, dy = ahead[i, X] - circle[0], ahead[i, Y] - circle[1]
        track = tracks[slots[i]]
        if dx * dx + dy * dy < certain_m2 and not was_seen(track, about.slot, before_us):
            acquainted = is_acquainted(track, about.slot, about.event_us)
            miss(track, source.detection, acquainted, about.event_us)
            if acquainted:
                look_in_vain(track, source, _miss_share(track, about))


@inlined
def _miss_share(track: Record, about: Record) -> float:
    """What a miss by a source that saw the track lately is worth as evidence of a ghost.

    Little, if another source sees the track meanwhile: something hides it. Nothing, if it was
    missed already three times in a row: what hides it now hid it then.
    """
    if track.vain_looks >= MOST_VAIN_LOOKS:
        return 0.0
    elsewhere = track.last_slot != about.slot
    return BESIDE_SHARE if elsewhere and about.event_us - track.last_us < MEANWHILE_US else 1.0


@compiled
def _count_lost(tracks: RecordArray, before_us: int, about: Record, source: Record) -> None:
    for slot in range(about.n_tracks):
        track = tracks[slot]
        if was_seen(track, about.slot, before_us):
            continue
        if is_acquainted(track, about.slot, about.event_us):
            miss(track, source.detection, True, about.event_us)
            look_in_vain(track, source, _miss_share(track, about))


@compiled
def _count_beside(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    about: Record,
    source: Record,
) -> None:
    """Count a little against tracks beside which the source saw something, but not them."""
    for i in range(slots.shape[0]):
        track = tracks[slots[i]]
        if observation_of[i] >= 0 or is_acquainted(track, about.slot, about.event_us):
            continue
        if _saw_beside(i, tracks, slots, observation_of, ahead):
            look_in_vain(track, source, BESIDE_SHARE)


@compiled
def _saw_beside(
    i: int,
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
) -> bool:
    """Whether the frame saw a confirmed track beside the i-th."""
    for k in range(slots.shape[0]):
        if observation_of[k] >= 0 and tracks[slots[k]].confirmed:
            dx, dy = ahead[k, X] - ahead[i, X], ahead[k, Y] - ahead[i, Y]
            if dx * dx + dy * dy < BESIDE_M**2:
                return True
    return False

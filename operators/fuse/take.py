"""What a frame does to the tracks that it concerns: updates, misses, births."""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.account import introduce, is_acquainted, take_probe_id
from operators.fuse.attributes import take_class, take_heading, take_height, take_size
from operators.fuse.birth import begin, is_double
from operators.fuse.existence import hit, miss
from operators.fuse.kalman import update
from operators.fuse.lifecycle import may_confirm, tell_twins_apart
from operators.fuse.sources import CLUTTER, CREDIT, DETECTION
from operators.fuse.state import N_TRACKS
from operators.gaussian import X, Y, innovation
from operators.jit import KeyArray, Record, compiled
from operators.reasons import Use

# What the kernels need to know of a frame besides its observations.
ABOUT = np.dtype(
    [
        ("event_us", "<i8"),
        ("tick_us", "<i8"),
        ("max_tracks", "<i8"),
        ("source_key", "<u8"),
        ("since_us", "<i8"),  # since the source's previous frame; -1 if it had no slot
        ("slot", "<i8"),  # of the source
        ("inflation", "<f8"),  # factor on the noise, for inputs that are not independent
        ("filtered", "u1"),
        ("fused", "u1"),
        ("trusted", "u1"),  # a probe: it reports itself
        ("role", "<i8"),  # in the registration; see `operators.register.units.enrol`
    ]
)
USED, BIRTH, CLUTTERED, OVERFLOW, QUARANTINED = (
    int(use) for use in (Use.USED, Use.BIRTH, Use.CLUTTER, Use.OVERFLOW, Use.QUARANTINED)
)
# At the rim of what a source looks at nothing can be said about a miss.
CERTAIN_PART = 0.95
# An observation that a confirmed track left over, next to the one that it took.
CROWD_DISTANCE = 9.0
CROWD_M = 2.5


@compiled
def note(link: Record, track_id: np.uint64, use: int, d2: float, weight: float) -> None:
    """Fill one link."""
    link.track_id, link.use = track_id, use
    link.residual, link.weight = np.float32(d2), np.float32(weight)


@compiled
def _take_one(
    track: Record,
    observation: Record,
    ahead: FloatArray,
    seen: FloatArray,
    about: Record,
    kind: FloatArray,
) -> tuple[float, float]:
    """Let a track take one observation; the squared distance and the observation's share."""
    event_us = about.event_us
    d2, determinant, _ = innovation(ahead, seen)
    dt_s = max(event_us - track.last_us, 0) / 1e6
    share = update(track, ahead, seen, event_us, about.inflation)
    hit(track, d2, determinant, kind[DETECTION], kind[CLUTTER])
    track.credit += np.float32(kind[CREDIT])
    track.last_us = max(track.last_us, event_us)
    track.evidence_us = max(track.evidence_us, event_us)
    take_class(track, observation)
    take_size(track, observation)
    take_height(track, observation, dt_s)
    take_heading(track, observation, about.trusted == 1, dt_s)
    return d2, share


@compiled
def update_all(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    seen: FloatArray,
    usable: IntArray,
    keys: KeyArray,
    observations: RecordArray,
    made: RecordArray,
    about: Record,
    kind: FloatArray,
) -> None:
    """Update each track with the observation assigned to it, and confirm what is certain now.

    Parameters
    ----------
    slots, observation_of : ndarrays of shape (n,)
        Candidates, and the prepared observation of each, -1 for none.
    ahead : ndarray of shape (n, PREDICTED)
    seen : ndarray of shape (m, PREPARED)
    usable, keys : ndarrays of shape (m,)
        Number of each prepared observation in the frame; its local key.
    """
    updated = np.empty(slots.shape[0], np.int64)
    size = 0
    for i in range(slots.shape[0]):
        j = observation_of[i]
        if j < 0:
            continue
        track = tracks[slots[i]]
        d2, share = _take_one(track, observations[usable[j]], ahead[i], seen[j], about, kind)
        introduce(track, about.slot, keys[j], about.event_us, about.tick_us)
        if about.trusted:
            take_probe_id(track, observations[usable[j]].local_id, about.event_us)
        note(made[usable[j]], track.track_id, USED, d2, share)
        updated[size] = slots[i]
        size += 1
    tell_twins_apart(tracks, updated[:size])
    for i in range(size):
        if may_confirm(tracks[updated[i]]):
            tracks[updated[i]].confirmed = 1


@compiled
def count_misses(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    circle: FloatArray,
    about: Record,
    detection: float,
) -> None:
    """Count a miss for each track that the frame's source should have seen and did not."""
    certain_m2 = (CERTAIN_PART * circle[2]) ** 2
    for i in range(slots.shape[0]):
        dx, dy = ahead[i, X] - circle[0], ahead[i, Y] - circle[1]
        if observation_of[i] < 0 and dx * dx + dy * dy < certain_m2:
            track = tracks[slots[i]]
            acquainted = is_acquainted(track, about.slot, about.event_us)
            miss(track, detection, acquainted, about.event_us)


@compiled
def crowded(
    ahead: FloatArray,
    seen: FloatArray,
    confirmed: BoolArray,
    degree: IntArray,
    target: IntArray,
    observation_of: IntArray,
) -> BoolArray:
    """Observations very near a confirmed track that took another one from this frame."""
    crowd = np.zeros(seen.shape[0], np.bool_)
    for i in range(degree.shape[0]):
        if observation_of[i] >= 0 and confirmed[i]:
            for k in range(degree[i]):
                d2, _, square_m2 = innovation(ahead[i], seen[target[i, k]])
                if d2 < CROWD_DISTANCE and square_m2 < CROWD_M**2:
                    crowd[target[i, k]] = True
    return crowd


@compiled
def begin_rest(
    tracks: RecordArray,
    counts: IntArray,
    heads: IntArray,
    links: IntArray,
    taken: BoolArray,
    crowd: BoolArray,
    order: IntArray,
    seen: FloatArray,
    usable: IntArray,
    keys: KeyArray,
    observations: RecordArray,
    made: RecordArray,
    about: Record,
    kind: FloatArray,
    motion: FloatArray,
) -> IntArray:
    """Start tracks from observations that nothing explains; their numbers in the frame."""
    rank = np.empty(order.shape[0], np.int64)
    rank[order] = np.arange(order.shape[0])
    born = np.empty(seen.shape[0], np.int64)
    size = 0
    for j in range(seen.shape[0]):
        if taken[j] or crowd[j] or is_double(j, seen, order, rank[j], taken):
            continue
        link, observation = made[usable[j]], observations[usable[j]]
        if counts[N_TRACKS] >= about.max_tracks:
            link.use = OVERFLOW
            continue
        event_us = about.event_us
        at = begin(tracks, counts, heads, links, observation, seen[j], kind, motion, event_us)
        introduce(tracks[at], about.slot, keys[j], event_us, about.tick_us)
        if about.trusted:
            take_probe_id(tracks[at], observation.local_id, event_us)
        note(link, np.uint64(0), BIRTH, np.nan, 1.0)
        taken[j] = True
        born[size] = usable[j]
        size += 1
    return born[:size]

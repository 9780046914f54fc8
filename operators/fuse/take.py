"""What a frame does to the tracks that it concerns: updates and births."""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.account import (
    introduce,
    is_acquainted,
    is_shared,
    next_tick_us,
    take_probe,
)
from operators.fuse.attributes import take_class, take_heading, take_height, take_size
from operators.fuse.birth import begin, is_double
from operators.fuse.existence import density_of_others, hit
from operators.fuse.gaps import keep_time, note_gap
from operators.fuse.kalman import update
from operators.fuse.noise import (
    BULK,
    SEEN_LONG,
    WELL_KNOWN_M2,
    foreseen_trace_m2,
    learn_lasting,
    learn_noise,
    look_apart,
)
from operators.fuse.quality import look_and_see
from operators.fuse.repeats import is_repeat
from operators.fuse.sources import CLUTTER, CREDIT, DETECTION
from operators.fuse.state import N_TRACKS
from operators.fuse.trial import conclude
from operators.fuse.twins import is_on_body, tell_twins_apart
from operators.gaussian import VX, VY, WORTH, X, Y, innovation
from operators.jit import KeyArray, Record, compiled, inlined
from operators.reasons import Use
from operators.register.state import Registry

# What the kernels need to know of a frame besides its observations.
ABOUT = np.dtype(
    [
        ("event_us", "<i8"),
        ("tick_us", "<i8"),
        ("max_tracks", "<i8"),
        ("source_key", "<u8"),
        ("since_us", "<i8"),  # since the source's previous frame; -1 if it had no slot
        ("slot", "<i8"),  # of the source
        ("n_tracks", "<i8"),  # before its births
        ("lasting_m2", "<f8"),  # of the source when the frame was prepared
        ("noise_factor", "<f8"),  # likewise
        ("inflation", "<f8"),  # factor on the noise, for inputs that are not independent
        ("filtered", "u1"),
        ("fused", "u1"),
        ("alone", "u1"),  # the only source of the cell so far
        ("moving", "u1"),  # in a frame that may move
        ("trusted", "u1"),  # a probe: it reports itself
        ("role", "<i8"),  # in the registration; see `operators.register.units.enrol`
    ]
)
USED, BIRTH, CLUTTERED, OVERFLOW, QUARANTINED = (
    int(use) for use in (Use.USED, Use.BIRTH, Use.CLUTTER, Use.OVERFLOW, Use.QUARANTINED)
)
# An observation that a confirmed track left over, next to the one that it took.
CROWD_DISTANCE = 9.0
CROWD_M = 2.5


@inlined
def note(link: Record, track_id: np.uint64, use: int, d2: float, weight: float) -> None:
    """Fill one link."""
    link.track_id, link.use = track_id, use
    link.residual, link.weight = np.float32(d2), np.float32(weight)


@compiled
def note_all(links: RecordArray, use: int) -> None:
    """Fill all links of a frame, with no track."""
    for j in range(links.shape[0]):
        note(links[j], np.uint64(0), use, np.nan, 0.0)


@compiled
def note_some(links: RecordArray, chosen: IntArray, use: int) -> None:
    """Give some links of a frame another use."""
    for j in range(chosen.shape[0]):
        links[chosen[j]].use = use


@inlined
def _learn_errors(
    track: Record,
    sources: RecordArray,
    about: Record,
    ahead: FloatArray,
    seen: FloatArray,
    d2: float,
    square_m2: float,
    registry: Registry,
) -> None:
    """Let sources learn from an innovation, if the track is known well enough to tell."""
    foreseen_m2 = foreseen_trace_m2(ahead, seen)
    if foreseen_m2 > WELL_KNOWN_M2:
        return
    found_m2 = square_m2 * min(BULK / max(d2, BULK), 1.0) - foreseen_m2
    source, last = sources[about.slot], sources[track.last_slot]
    if track.last_slot == about.slot:
        # what is smoothed tells little of its noise; beside others, see `learn_white`
        if about.inflation == 1.0 and (about.alone or about.moving):
            learn_noise(source, about, seen, found_m2)
    else:
        shared = is_acquainted(track, about.slot, about.event_us)
        apart = look_apart(registry, about.slot, track.last_slot, track, ahead[X], ahead[Y])
        learn_lasting(source, last, about, seen, found_m2, shared, apart)


@inlined
def _take_one(
    track: Record,
    observation: Record,
    ahead: FloatArray,
    models: FloatArray,
    seen: FloatArray,
    about: Record,
    kind: FloatArray,
    sources: RecordArray,
    gaps: FloatArray,
    registry: Registry,
    others: float,
) -> tuple[float, float]:
    """Let a track take one observation; the squared distance and the observation's share.

    `others` is the density of other objects that the observation may be of, 1/m2.
    """
    event_us, source = about.event_us, sources[about.slot]
    d2, determinant, square_m2 = innovation(ahead, seen)
    dt_s = max(event_us - track.last_us, 0) / 1e6
    known_m2 = 0.0 if is_shared(track, about.slot, event_us) else about.lasting_m2
    if track.confirmed:
        note_gap(gaps, track, event_us - track.last_us, True)
        if track.looks >= SEEN_LONG:
            _learn_errors(track, sources, about, ahead, seen, d2, square_m2, registry)
    keep_time(track, max(event_us - track.last_us, 0))
    look_and_see(track, source, about.slot, observation, seen[WORTH])
    share = update(track, ahead, models, seen, event_us, about.inflation, known_m2)
    hit(track, d2, determinant, kind[DETECTION], kind[CLUTTER] + others)
    track.credit += np.float32(kind[CREDIT])
    track.last_us = max(track.last_us, event_us)
    track.evidence_us = max(track.evidence_us, event_us)
    take_class(track, observation)
    take_size(track, observation)
    take_height(track, observation, dt_s)
    take_heading(track, observation, about.trusted == 1, about.moving == 1, dt_s)
    return d2, share


@compiled
def update_all(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    models: FloatArray,
    seen: FloatArray,
    order: IntArray,
    rank: IntArray,
    usable: IntArray,
    keys: KeyArray,
    observations: RecordArray,
    made: RecordArray,
    about: Record,
    kind: FloatArray,
    sources: RecordArray,
    gaps: FloatArray,
    registry: Registry,
    heads: IntArray,
    links: IntArray,
) -> IntArray:
    """Update each track with the observation assigned to it, and confirm what is certain now.

    A place that its source sent before is old and no news: the track stays as it is.

    Parameters
    ----------
    slots, observation_of : ndarrays of shape (n,)
        Candidates, and the prepared observation of each, -1 for none.
    ahead : ndarray of shape (n, PREDICTED)
    models : ndarray of shape (n, LENGTH)
        As `foresee` gives them.
    seen : ndarray of shape (m, PREPARED)
    order, rank : ndarrays of shape (m,)
        Observations in ascending x, and the place of each in that order.
    usable, keys : ndarrays of shape (m,)
        Number of each prepared observation in the frame; its local key.

    Returns
    -------
    ndarray of shape (n,)
        `observation_of` without repeats.
    """
    updated, news = np.empty(slots.shape[0], np.int64), observation_of.copy()
    size, until_us = 0, next_tick_us(about.event_us, about.tick_us)
    for i in range(slots.shape[0]):
        j = observation_of[i]
        if j < 0:
            continue
        track, observation = tracks[slots[i]], observations[usable[j]]
        if is_repeat(track, about, observation, ahead[i, VX], ahead[i, VY]):
            note(made[usable[j]], track.track_id, QUARANTINED, np.nan, 0.0)
            news[i] = -1
            continue
        others = 0.0 if track.confirmed else density_of_others(j, seen, order, rank[j])
        d2, share = _take_one(
            track,
            observation,
            ahead[i],
            models[i],
            seen[j],
            about,
            kind,
            sources,
            gaps,
            registry,
            others,
        )
        introduce(track, about.slot, keys[j], about.event_us, until_us)
        if about.trusted:
            take_probe(track, observation, about.event_us)
        note(made[usable[j]], track.track_id, USED, d2, share)
        updated[size] = slots[i]
        size += 1
    tell_twins_apart(tracks, updated[:size])
    for i in range(slots.shape[0]):
        if news[i] >= 0 and not tracks[slots[i]].confirmed:
            link = made[usable[news[i]]]
            conclude(tracks, slots[i], slots, models, about, link, gaps, heads, links)
    return news


@inlined
def _is_beside(track: FloatArray, seen: FloatArray, body_m: float) -> bool:
    """Whether an observation lies next to a predicted track, or on its body."""
    d2, _, square_m2 = innovation(track, seen)
    return bool((d2 < CROWD_DISTANCE and square_m2 < CROWD_M**2) or square_m2 < body_m**2)


@compiled
def crowded(
    tracks: RecordArray,
    slots: IntArray,
    ahead: FloatArray,
    seen: FloatArray,
    confirmed: BoolArray,
    degree: IntArray,
    target: IntArray,
    observation_of: IntArray,
    taken: BoolArray,
    about: Record,
    heads: IntArray,
    links: IntArray,
) -> BoolArray:
    """Free observations on the body of a confirmed track that took another one from this frame.

    A probe reports itself, so it is no part of another's body.
    """
    crowd = np.zeros(seen.shape[0], np.bool_)
    if about.trusted:
        return crowd
    for i in range(degree.shape[0]):
        if observation_of[i] >= 0 and confirmed[i]:
            body_m = 0.5 * float(tracks[slots[i]].size_m[0])  # NaN, if it is unknown: no body
            for k in range(degree[i]):
                j = target[i, k]
                if not taken[j]:
                    crowd[j] |= _is_beside(ahead[i], seen[j], body_m)
    for j in range(seen.shape[0]):
        if not (taken[j] or crowd[j]):
            crowd[j] = is_on_body(seen[j], about.slot, about.event_us, tracks, heads, links)
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
    rank: IntArray,
    seen: FloatArray,
    usable: IntArray,
    keys: KeyArray,
    observations: RecordArray,
    made: RecordArray,
    about: Record,
    kind: FloatArray,
    motion: FloatArray,
    source: Record,
) -> IntArray:
    """Start tracks from observations that nothing explains; their numbers in the frame."""
    born = np.empty(seen.shape[0], np.int64)
    size, until_us = 0, next_tick_us(about.event_us, about.tick_us)
    for j in range(seen.shape[0]):
        if taken[j] or crowd[j] or is_double(j, seen, order, rank[j], taken):
            continue
        link, observation = made[usable[j]], observations[usable[j]]
        if counts[N_TRACKS] >= about.max_tracks:
            link.use = OVERFLOW
            continue
        event_us = about.event_us
        at = begin(tracks, counts, heads, links, observation, seen[j], kind, motion, event_us)
        look_and_see(tracks[at], source, about.slot, observation, seen[j, WORTH])
        introduce(tracks[at], about.slot, keys[j], event_us, until_us)
        if about.trusted:
            take_probe(tracks[at], observation, event_us)
        note(link, np.uint64(0), BIRTH, np.nan, 1.0)
        taken[j] = True
        born[size] = usable[j]
        size += 1
    return born[:size]

"""One frame taken into a cell: the one compiled call behind `operators.tracker.advance`."""

import math

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.associate.assign import assign
from operators.associate.gate import FARTHEST_M, GATE, forbid_other_probes, gate
from operators.associate.order import ascending
from operators.fuse.account import held_by, local_key
from operators.fuse.again import digest_of, is_again, note_frame
from operators.fuse.frame_motion import carry_to, correct_pose, in_frame, to_axes
from operators.fuse.index import gather
from operators.fuse.kalman import foresee, inflation, narrow
from operators.fuse.lifecycle import sweep
from operators.fuse.misses import count_misses
from operators.fuse.noise import first_lasting_m2, learn_white, scale_noise
from operators.fuse.prepare import prepare, usable_ones
from operators.fuse.quality import take_scores, worths
from operators.fuse.repeats import contradicted
from operators.fuse.sources import CLUTTER, DETECTION, claim_slot
from operators.fuse.state import LOCAL_KEYS, N_SOURCES, N_TRACKS, POSED_US
from operators.fuse.take import (
    CLUTTERED,
    QUARANTINED,
    begin_rest,
    crowded,
    note_all,
    note_some,
    update_all,
)
from operators.fuse.trial import leave_to_trial
from operators.gaussian import AFTER, OX, WORTH
from operators.jit import KeyArray, Record, compiled
from operators.register.collect import collect
from operators.register.correct import correct
from operators.register.gross import weigh
from operators.register.solve import solve
from operators.register.state import NO_ROLE, Registry
from operators.register.units import enrol

# Movement and correction of a track since the last sweep filed it: 0.2 s at 60 m/s, and 8 m.
SLACK_M = 20.0
FASTEST_MPS = 60.0
# Confirmed tracks take their pick first: a tentative one must be e^15 times likelier to win.
CONFIRMED_RANK = 30.0
# A track unseen for longer may be anywhere: it has no better claim than a new one.
FRESH_US = 400_000


@compiled
def _miss_costs(
    tracks: RecordArray, slots: IntArray, event_us: int, confirmed: BoolArray, kind: FloatArray
) -> FloatArray:
    """Cost of leaving each track alone: -2 ln(2 pi clutter (1 - Pd) / Pd), and its rank."""
    odds = kind[CLUTTER] * (1.0 - kind[DETECTION]) / kind[DETECTION]
    cost = -2.0 * math.log(2.0 * math.pi * odds)
    made = np.empty(slots.shape[0])
    for i in range(slots.shape[0]):
        fresh = confirmed[i] and event_us - tracks[slots[i]].last_us <= FRESH_US
        made[i] = cost + CONFIRMED_RANK if fresh else cost
    return made


@compiled
def _track_keys(tracks: RecordArray, slots: IntArray, source: int) -> tuple[BoolArray, KeyArray]:
    """Of each track: whether it is confirmed, and its last local key at this source."""
    confirmed = np.empty(slots.shape[0], np.bool_)
    keys = np.empty(slots.shape[0], np.uint64)
    for i in range(slots.shape[0]):
        confirmed[i] = tracks[slots[i]].confirmed == 1
        keys[i] = tracks[slots[i]].local_keys[source % LOCAL_KEYS]
    return confirmed, keys


@compiled
def _observation_keys(
    observations: RecordArray, usable: IntArray, source_key: np.uint64
) -> KeyArray:
    keys = np.empty(usable.shape[0], np.uint64)
    for j in range(usable.shape[0]):
        keys[j] = local_key(observations[usable[j]].local_id, source_key)
    return keys


@compiled
def _probe_ids(
    tracks: RecordArray,
    slots: IntArray,
    observations: RecordArray,
    usable: IntArray,
    event_us: int,
) -> tuple[KeyArray, KeyArray]:
    """Local ids of the probes that the tracks are now, and of the observations."""
    held = np.empty(slots.shape[0], np.uint64)
    ids = np.empty(usable.shape[0], np.uint64)
    for i in range(slots.shape[0]):
        held[i] = held_by(tracks[slots[i]], event_us)
    for j in range(usable.shape[0]):
        ids[j] = observations[usable[j]].local_id
    return held, ids


@compiled
def _pick(chosen: IntArray, target: IntArray, n_seen: int) -> tuple[IntArray, BoolArray]:
    """Observation of each track, -1 for none; and which observations are taken."""
    observation_of = np.full(chosen.shape[0], -1, np.int64)
    taken = np.zeros(n_seen, np.bool_)
    for i in range(chosen.shape[0]):
        if chosen[i] >= 0:
            observation_of[i] = target[i, chosen[i]]
            taken[observation_of[i]] = True
    return observation_of, taken


@compiled
def _is_mixed_up(
    registry: Registry,
    about: Record,
    circle: FloatArray,
    raw: FloatArray,
    tracks: RecordArray,
    heads: IntArray,
    links: IntArray,
    n_sources: int,
) -> bool:
    """Whether the source mixed up datum, unit or axes; a moving frame has none to mix up."""
    if about.moving or n_sources < 2:
        return False
    is_new, at_us = about.since_us < 0, about.event_us
    return weigh(registry, about.slot, is_new, at_us, circle, raw, tracks, heads, links) > 0


@compiled
def _known_for(
    source: Record, observations: RecordArray, usable: IntArray, raw: FloatArray, about: Record
) -> FloatArray:
    """Prepared observations with the noise and the worth that their source is known for."""
    seen = raw.copy()
    if about.since_us < 0:
        source.lasting_m2 = source.least_lasting_m2 = first_lasting_m2(observations)
    scale_noise(source, seen)
    about.lasting_m2, about.noise_factor = source.lasting_m2, source.noise_factor
    take_scores(source, observations, usable)
    worths(source, observations, usable, seen, WORTH)
    return seen


@compiled
def _reach_m(seen: FloatArray) -> float:
    """How far from an observation a track may have been filed that it could be of."""
    reach_m = FARTHEST_M + SLACK_M
    if seen.shape[0]:
        reach_m += FASTEST_MPS * np.abs(seen[:, AFTER]).max()
    return reach_m


@compiled
def take_frame(
    tracks: RecordArray,
    counts: IntArray,
    sources: RecordArray,
    heads: IntArray,
    links: IntArray,
    registry: Registry,
    observations: RecordArray,
    made: RecordArray,
    circle: FloatArray,
    abouts: RecordArray,
    kind: FloatArray,
    motion: FloatArray,
    rates: FloatArray,
    gaps: FloatArray,
    pose: FloatArray,
) -> IntArray:
    """Take one frame; see `advance`.

    Parameters
    ----------
    tracks, counts, sources, heads, links, registry
        Arrays of a `TrackerState` with room for all observations; changed in place.
    observations : structured array of shape (n,), dtype `OBSERVATION`
    made : structured array of shape (n,), dtype `LINK`
        Filled; a birth's track id is left to the caller.
    circle : ndarray of shape (3,)
        Centre and radius of what the source looks at; radius 0 if unknown.
    abouts : structured array of shape (1,), dtype `ABOUT`
        `slot`, `since_us` and `inflation` are filled.
    kind : ndarray of shape (6,)
    motion : ndarray of shape (13, 8)
    rates : ndarray of shape (2, 3, 3)
    gaps, pose
        Of the state; changed in place.

    Returns
    -------
    ndarray of shape (k,)
        Observations that started the last k tracks.
    """
    about = abouts[0]
    event_us = about.event_us
    about.slot, about.since_us = claim_slot(
        sources, counts, tracks, about.source_key, event_us, kind
    )
    source = sources[about.slot]
    about.inflation = inflation(about.filtered == 1, about.fused == 1, about.since_us)
    sweep(tracks, counts, heads, links, event_us, motion, sources, gaps)
    about.n_tracks = counts[N_TRACKS]
    note_all(made, CLUTTERED)
    usable = usable_ones(observations)
    raw = prepare(observations, usable, kind)
    digest = digest_of(raw)
    if is_again(source, digest, about.since_us) or _is_mixed_up(
        registry, about, circle, raw, tracks, heads, links, counts[N_SOURCES]
    ):
        note_some(made, usable, QUARANTINED)
        return np.empty(0, np.int64)
    role = enrol(registry, about.slot, about.source_key, about.role, event_us, circle, raw)
    about.alone = counts[N_SOURCES] < 2
    if about.alone:  # one source has nobody to be compared with
        role = NO_ROLE
    solve(registry, event_us)
    seen = _known_for(source, observations, usable, raw, about)
    correct(seen, registry, role)
    if about.moving:
        counts[POSED_US] = carry_to(pose, about, counts[POSED_US])
        to_axes(seen, usable, observations, pose)
    slots = gather(seen, _reach_m(seen), circle, SLACK_M, heads, links, counts[N_TRACKS])
    if about.trusted:
        wrong = contradicted(
            tracks, slots, about.slot, observations, usable, seen, event_us, motion, rates
        )
        note_some(made, usable[wrong], QUARANTINED)
        usable, raw, seen = usable[~wrong], raw[~wrong], seen[~wrong]
    order = ascending(seen[:, OX].copy())
    rank = np.empty(order.shape[0], np.int64)
    rank[order] = np.arange(order.shape[0])
    slots = narrow(tracks, slots, event_us, seen, order, circle, GATE, FARTHEST_M, motion)
    ahead, models = foresee(tracks, slots, event_us, motion, rates)
    confirmed, track_keys = _track_keys(tracks, slots, about.slot)
    keys = _observation_keys(observations, usable, about.source_key)
    degree, target, cost = gate(ahead, track_keys, seen, keys, order)
    if about.trusted:  # a probe is no other probe
        held, ids = _probe_ids(tracks, slots, observations, usable, event_us)
        forbid_other_probes(degree, target, cost, held, ids)
    leave_to_trial(tracks, slots, event_us, kind[CLUTTER], degree, target, cost)
    chosen = assign(
        degree, target, cost, _miss_costs(tracks, slots, event_us, confirmed, kind), seen.shape[0]
    )
    observation_of, taken = _pick(chosen, target, seen.shape[0])
    in_axes = ahead
    if about.moving:
        correct_pose(
            tracks, slots, observation_of, confirmed, ahead, seen, usable, observations, pose
        )
        in_axes = in_frame(ahead, pose)
    news = update_all(
        tracks,
        slots,
        observation_of,
        ahead,
        models,
        seen,
        order,
        rank,
        usable,
        keys,
        observations,
        made,
        about,
        kind,
        sources,
        gaps,
        registry,
        heads,
        links,
    )
    note_frame(source, digest, news, ahead)
    if role != NO_ROLE and not about.moving:
        learn_white(source, about.slot, event_us, tracks, slots, news, ahead, raw)
    collect(
        registry,
        role,
        about.slot,
        event_us,
        about.inflation,
        about,
        source,
        tracks,
        slots,
        news,
        in_axes,
        raw,
        heads,
        links,
    )
    count_misses(tracks, slots, observation_of, ahead, circle, about, source)
    crowd = crowded(
        tracks,
        slots,
        ahead,
        seen,
        confirmed,
        degree,
        target,
        observation_of,
        taken,
        about,
        heads,
        links,
    )
    return begin_rest(
        tracks,
        counts,
        heads,
        links,
        taken,
        crowd,
        order,
        rank,
        seen,
        usable,
        keys,
        observations,
        made,
        about,
        kind,
        motion,
        source,
    )

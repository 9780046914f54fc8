"""The tracker of one cell: source frames in order of event time -> tracks and links.

The state after some frames depends on those frames in the order given and on nothing else: tracks
are deleted by event times inside `advance`, and `rows` only looks. The caller sorts frames by
`Frame.order`, and goes back to an earlier state when a frame comes late.

One frame: foresee the tracks near it at its own event time, gate, assign, update, count the misses
of what its source should have seen, start tracks from the rest. One compiled call does all that.
"""

import math
import struct
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.associate.assign import assign
from operators.associate.gate import FARTHEST_M, GATE, forbid_other_probes, gate
from operators.frame import OBSERVATION, Frame, FrameFlag, SourceKind, empty_observations
from operators.fuse.account import held_by, local_key, sources_at
from operators.fuse.attributes import class_probability
from operators.fuse.existence import probability
from operators.fuse.frame_motion import carry, carry_to, correct_pose, from_axes, in_frame, to_axes
from operators.fuse.gaps import comes_back
from operators.fuse.index import gather
from operators.fuse.kalman import foresee, inflation, narrow, state_at
from operators.fuse.lifecycle import shown_us, sweep
from operators.fuse.noise import scale_noise
from operators.fuse.prepare import prepare, usable_ones
from operators.fuse.quality import log_odds_of_object, take_scores, worths
from operators.fuse.sources import CLUTTER, DETECTION, claim_slot, source_table
from operators.fuse.state import (
    LOCAL_KEYS,
    N_TRACKS,
    POSED_US,
    TrackerState,
    empty,
    ids_of,
    make_room,
    pack,
    rename,
    sources_of,
    unpack,
)
from operators.fuse.take import (
    ABOUT,
    CLUTTERED,
    QUARANTINED,
    begin_rest,
    count_misses,
    crowded,
    note,
    update_all,
)
from operators.gaussian import AFTER, OX, WORTH
from operators.jit import KeyArray, Record, compiled
from operators.motion import motion_table, rate_table
from operators.parameters import Parameters
from operators.register.collect import collect
from operators.register.correct import correct
from operators.register.gross import weigh
from operators.register.solve import solve
from operators.register.state import ANCHOR, NO_ROLE, Registry
from operators.register.units import enrol
from operators.track import LINK, TRACK_ROW

__all__ = [
    "TrackerState",
    "advance",
    "empty",
    "ids_of",
    "pack",
    "rename",
    "rows",
    "sources_of",
    "unpack",
    "warm_up",
]

# The layout of `ABOUT`: filling a structured array field by field takes longer than the kernel.
_ABOUT = struct.Struct("<qqqQqqqdd????q")
_FILTERED, _FUSED, _MOVING = (
    int(flag) for flag in (FrameFlag.FILTERED, FrameFlag.FUSED, FrameFlag.MAY_MOVE)
)
_PROBE, _ROADSIDE = int(SourceKind.PROBE), int(SourceKind.ROADSIDE)

MOTION = motion_table()
RATES = rate_table()
SOURCES = source_table()
LARGEST_CIRCLE_M = 1e5
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
) -> bool:
    """Whether the source mixed up datum, unit or axes; a moving frame has none to mix up."""
    if about.moving:
        return False
    is_new, at_us = about.since_us < 0, about.event_us
    return weigh(registry, about.slot, is_new, at_us, circle, raw, tracks, heads, links) > 0


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
    motion : ndarray of shape (13, 7)
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
    for j in range(observations.shape[0]):
        note(made[j], np.uint64(0), CLUTTERED, np.nan, 0.0)
    if about.moving:
        counts[POSED_US] = carry_to(pose, about, counts[POSED_US])
    usable = usable_ones(observations)
    seen = prepare(observations, usable, kind)
    raw = seen.copy()
    if _is_mixed_up(registry, about, circle, raw, tracks, heads, links):
        for j in range(usable.shape[0]):
            made[usable[j]].use = QUARANTINED
        return np.empty(0, np.int64)
    role = enrol(registry, about.slot, about.source_key, about.role, event_us, circle, raw)
    solve(registry, event_us)
    scale_noise(source, seen)
    about.lasting_m2 = source.lasting_m2
    correct(seen, registry, role)
    take_scores(source, observations, usable)
    worths(source, observations, usable, seen, WORTH)
    if about.moving:
        to_axes(seen, usable, observations, pose)
    order = np.argsort(seen[:, OX], kind="mergesort")
    reach_m = FARTHEST_M + SLACK_M
    if seen.shape[0]:
        reach_m += FASTEST_MPS * np.abs(seen[:, AFTER]).max()
    slots = gather(seen, reach_m, circle, SLACK_M, heads, links, counts[N_TRACKS])
    slots = narrow(tracks, slots, event_us, seen, order, circle, GATE, FARTHEST_M, motion)
    ahead, weights, means, covariances = foresee(tracks, slots, event_us, motion, rates)
    models = (weights, means, covariances)
    confirmed, track_keys = _track_keys(tracks, slots, about.slot)
    keys = _observation_keys(observations, usable, about.source_key)
    degree, target, cost, nis = gate(ahead, track_keys, seen, keys, order)
    if about.trusted:
        held, ids = _probe_ids(tracks, slots, observations, usable, event_us)
        forbid_other_probes(degree, target, cost, nis, held, ids)
    chosen = assign(
        degree, target, cost, _miss_costs(tracks, slots, event_us, confirmed, kind), seen.shape[0]
    )
    observation_of, taken = _pick(chosen, target, seen.shape[0])
    if about.moving:
        correct_pose(
            tracks, slots, observation_of, confirmed, ahead, seen, usable, observations, pose
        )
    update_all(
        tracks,
        slots,
        observation_of,
        ahead,
        models,
        seen,
        usable,
        keys,
        observations,
        made,
        about,
        kind,
        sources,
        gaps,
    )
    collect(
        registry,
        role,
        about.slot,
        event_us,
        about.inflation,
        tracks,
        slots,
        observation_of,
        in_frame(ahead, pose) if about.moving else ahead,
        raw,
        heads,
        links,
    )
    if not about.trusted:
        count_misses(tracks, slots, observation_of, ahead, circle, about, source)
    crowd = crowded(tracks, slots, ahead, seen, confirmed, degree, target, observation_of)
    return begin_rest(
        tracks,
        counts,
        heads,
        links,
        taken,
        crowd,
        order,
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


@compiled
def _lasting_m2(sources: RecordArray, mask: np.uint64) -> float:
    """Variance an axis that the lasting errors of some sources leave in their mean."""
    total, number = 0.0, 0
    for slot in range(sources.shape[0]):
        if (mask >> np.uint64(slot)) & np.uint64(1):
            total += sources[slot].lasting_m2
            number += 1
    return total / max(number, 1) ** 2


@compiled
def fill_rows(
    tracks: RecordArray,
    n: int,
    at_us: int,
    motion: FloatArray,
    rates: FloatArray,
    gaps: FloatArray,
    sources: RecordArray,
    made: RecordArray,
) -> int:
    """Write a `TRACK_ROW` for each track still to be shown at `at_us`; their number."""
    size = 0
    mean, covariance = np.empty(4), np.empty((4, 4))
    for slot in range(n):
        track, row = tracks[slot], made[size]
        unseen_us = at_us - track.last_us
        if unseen_us > shown_us(track, motion):
            continue
        turn_rps = state_at(track, at_us, motion, rates, mean, covariance)
        row.track_id, row.born_us, row.last_us = track.track_id, track.born_us, track.last_us
        row.x_m, row.y_m, row.z_m = mean[0], mean[1], track.z_m
        row.vx_mps, row.vy_mps = np.float32(mean[2]), np.float32(mean[3])
        row.acceleration_mps2, row.turn_rate_radps = np.float32(np.nan), np.float32(turn_rps)
        row.heading_rad = track.heading_rad
        row.length_m, row.width_m, row.height_m = track.size_m[0], track.size_m[1], track.size_m[2]
        lasting_m2 = _lasting_m2(sources, sources_at(track, track.last_us))
        row.cov_xx_m2 = np.float32(covariance[0, 0] + lasting_m2)
        row.cov_xy_m2 = np.float32(covariance[0, 1])
        row.cov_yy_m2 = np.float32(covariance[1, 1] + lasting_m2)
        row.velocity_variance_m2ps2 = np.float32(0.5 * (covariance[2, 2] + covariance[3, 3]))
        odds = log_odds_of_object(track, at_us)
        row.existence = np.float32(probability(min(track.log_odds, odds)))
        row.class_probability = np.float32(class_probability(track))
        row.object_class = track.object_class
        shown = track.confirmed and probability(odds) * comes_back(gaps, track, unseen_us) > 0.5
        row.confirmed = 1 if shown else 0
        row.observations = track.counted if at_us <= track.counted_until_us else 0
        row.sources = sources_at(track, at_us)
        size += 1
    return size


@lru_cache(maxsize=4096)
def source_key(source_id: str) -> int:
    """64-bit hash of a source id; never 0."""
    digest = blake2b(source_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") | 1


def track_id_of(station_id: str, frame: Frame, index: int, salt: int = 0) -> int:
    """63-bit id of the track that an observation starts; never 0.

    Parameters
    ----------
    index
        Position of the observation in the original message.
    salt
        Tells apart observations that claim the same place in the same message.
    """
    text = f"{station_id}\x1f{frame.source_id}\x1f{frame.event_time_us}\x1f{index}\x1f{salt}"
    digest = blake2b(text.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 1) or 1


def _writable(data: bytes, layout: np.dtype[np.void], n: int) -> RecordArray:
    """Records of `data` in memory of their own (one memcpy, whatever the layout)."""
    return np.frombuffer(bytearray(data), layout, n)


def _circle(frame: Frame) -> FloatArray:
    """Circle in which the absence of an observation means something; radius 0 for none.

    A probe reports itself: it says nothing about what else is there.
    """
    x, y, radius = frame.coverage_x_m, frame.coverage_y_m, frame.coverage_radius_m
    usable = 0.0 < radius <= LARGEST_CIRCLE_M and max(abs(x), abs(y)) <= 1e7
    if frame.kind == _PROBE or not usable:
        return np.zeros(3)
    return np.array([x, y, radius])


def _role_of(frame: Frame, parameters: Parameters) -> int:
    """What the registration makes of a source: measures it (0), measures by it, or neither.

    A feed and what is fused of others' data are no sensors at a place.
    """
    if frame.kind == _PROBE or frame.source_id in parameters.surveyed.split(","):
        return ANCHOR
    registered = frame.kind == _ROADSIDE and not int(frame.flags) & _FUSED
    return 0 if registered else NO_ROLE


def _name_births(
    state: TrackerState,
    frame: Frame,
    born: IntArray,
    links: RecordArray,
    repeated: bool,
    station_id: str,
) -> None:
    """Give the tracks that the frame started their ids.

    Ids can only meet if one message has an index twice, or a source sends one instant twice.
    """
    n = int(state.counts[N_TRACKS])
    first = n - len(born)
    known = set(state.tracks["track_id"][:first].tolist()) if repeated else set()
    for slot, j in zip(range(first, n), born.tolist(), strict=True):
        index, salt = int(frame.observations["index"][j]), 0
        track_id = track_id_of(station_id, frame, index)
        while track_id in known:
            salt += 1
            track_id = track_id_of(station_id, frame, index, salt)
        known.add(track_id)
        state.tracks["track_id"][slot] = track_id
        links["track_id"][j] = track_id


def advance(state: TrackerState, frame: Frame, parameters: Parameters) -> RecordArray:
    """Take a frame into the state.

    Parameters
    ----------
    state
        Changed in place.
    frame
        The next one in order of `Frame.order`. One that is older than what the state has seen is
        taken too, as an observation of the past; nothing is rolled back here.
    parameters
        `station_id`, `tick_us` and `max_tracks` are used.

    Returns
    -------
    structured array of shape (len(frame.observations),), dtype `LINK`
        What became of each observation: USED, BIRTH, CLUTTER, OVERFLOW or, if its source mixed
        something up (`operators.register.gross`), QUARANTINED. The residual of a
        birth is NaN (nothing was expected), its weight 1.
    """
    n = len(frame.observations)
    observations = _writable(frame.observations.tobytes(), OBSERVATION, n)
    make_room(state, min(int(state.counts[N_TRACKS]) + n, max(parameters.max_tracks, 0)))
    links = np.zeros(n, LINK)
    kind = int(frame.kind) if 0 < frame.kind < len(SOURCES) else 0
    flags = int(frame.flags)
    facts = _ABOUT.pack(
        frame.event_time_us,
        parameters.tick_us,
        parameters.max_tracks,
        source_key(frame.source_id),
        -1,
        0,
        0,
        0.0,
        1.0,
        flags & _FILTERED != 0,
        flags & _FUSED != 0,
        flags & _MOVING != 0,
        kind == _PROBE,
        _role_of(frame, parameters),
    )
    about = _writable(facts, ABOUT, 1)
    born = take_frame(
        state.tracks,
        state.counts,
        state.sources,
        state.heads,
        state.links,
        state.registry,
        observations,
        links,
        _circle(frame),
        about,
        SOURCES[kind],
        MOTION,
        RATES,
        state.gaps,
        state.pose,
    )
    since_us = int(about["since_us"][0])
    if since_us < 0:
        state.sources["name"][int(about["slot"][0])] = frame.source_id.encode()
    if len(born):
        _name_births(state, frame, born, links, since_us == 0, parameters.station_id)
    return links


def rows(state: TrackerState, at_us: int) -> RecordArray:
    """All living tracks at an instant; the state is not changed.

    Tracks unseen for too long are left out: tentative ones after 0.5 s, confirmed ones when their
    place has become uncertain by half a lane (`operators.fuse.lifecycle.shown_us`).

    Parameters
    ----------
    at_us
        UTC microseconds. `observations` of a row counts those since the tick before.

    Returns
    -------
    structured array, dtype `TRACK_ROW`
        In order of birth.
    """
    n = int(state.counts[N_TRACKS])
    made = np.zeros(n, TRACK_ROW)
    n = fill_rows(state.tracks, n, at_us, MOTION, RATES, state.gaps, state.sources, made)
    posed_us = int(state.counts[POSED_US])
    if posed_us:
        pose = state.pose.copy()
        carry(pose, (at_us - posed_us) / 1e6)
        from_axes(made, n, pose)
    return made[:n]


def warm_up() -> None:
    """Compile every kernel, or read it from the cache on disk, so that no frame has to wait."""
    state = empty()
    observations = empty_observations(1)
    observations["x_m"] = observations["y_m"] = 0.0
    frame = Frame(
        "warm-up", SourceKind.ROADSIDE, 0, 0, 0, "", 0, 0, 0, 0.0, 0.0, 50.0, observations
    )
    advance(state, frame, Parameters())
    rows(unpack(pack(state)), 0)

"""Life of tracks: tentative, confirmed, coasting, merged, deleted; and the sweep that ends them.

Every 200 ms of event time the sweep looks at all tracks: it deletes what is gone, merges what is
double, and files the rest anew. Between sweeps a frame touches only the tracks near it.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.existence import CONFIRMED_LOG_ODDS, CREDIT_TO_CONFIRM, GONE_LOG_ODDS
from operators.fuse.gaps import note_deaths
from operators.fuse.imm import LENGTH
from operators.fuse.index import SIDE, bucket_of
from operators.fuse.quality import learn_from_the_dead, log_odds_of_object
from operators.fuse.state import N_TRACKS, SWEPT, fill_index
from operators.fuse.twins import find_twin
from operators.jit import Record, compiled, inlined
from operators.motion import COAST_S

SWEEP_US = 200_000
TENTATIVE_SHOWN_US = 500_000
TENTATIVE_KEPT_US = 1_200_000  # a source of 1 Hz can still confirm
# A track no longer shown is kept this much longer, so that what comes out of a shadow has its id.
KEPT_OVER_SHOWN = 4.0
STOPPED_MPS = 0.5
STOPPED_PATIENCE = 2.0  # what stands still is found where it was

SWEEPS_TO_MERGE = 4
# Doubles lie within a body's length of each other, and no farther by a sweep's time than this.
NEIGHBOUR_M = 10.0


@inlined
def shown_us(track: Record, motion: FloatArray) -> int:
    """How long after its last observation a track is still shown, microseconds.

    A confirmed track is shown until its place is uncertain by half a lane (`motion_table`), twice
    as long if it stood still.
    """
    if not track.confirmed:
        return TENTATIVE_SHOWN_US
    patience = motion[track.object_class, COAST_S] * 1e6
    if track.mean[2] ** 2 + track.mean[3] ** 2 < STOPPED_MPS**2:
        patience *= STOPPED_PATIENCE
    return int(patience)


@compiled
def is_gone(track: Record, event_us: int, motion: FloatArray) -> bool:
    """Whether a track is deleted at `event_us`."""
    unseen_us = event_us - track.last_us
    if not track.confirmed:
        return bool(unseen_us > TENTATIVE_KEPT_US or track.log_odds < GONE_LOG_ODDS)
    kept_us = KEPT_OVER_SHOWN * shown_us(track, motion)
    return bool(unseen_us > kept_us or track.log_odds < GONE_LOG_ODDS)


@compiled
def is_certain(track: Record) -> bool:
    """Whether a tentative track is now certain, and was seen often enough."""
    enough = track.log_odds > CONFIRMED_LOG_ODDS and track.credit >= CREDIT_TO_CONFIRM
    return bool(enough and log_odds_of_object(track, track.last_us) > 0)


@compiled
def take_state(track: Record, other: Record) -> None:
    """Let a track go on with the state of another."""
    for i in range(4):
        track.mean[i] = other.mean[i]
    for i in range(10):
        track.covariance[i] = other.covariance[i]
    for i in range(LENGTH):
        track.models[i] = other.models[i]
    track.stood_s = other.stood_s


@compiled
def _absorb(older: Record, younger: Record) -> None:
    """Let the older of two doubles go on with the fresher of their states."""
    if younger.time_us > older.time_us:
        take_state(older, younger)
        older.time_us = younger.time_us
    if younger.probe_us > older.probe_us:
        older.probe_id, older.probe_us = younger.probe_id, younger.probe_us
        older.probe_x_m, older.probe_y_m = younger.probe_x_m, younger.probe_y_m
    older.last_us = max(older.last_us, younger.last_us)
    older.log_odds = max(older.log_odds, younger.log_odds)
    older.credit = max(older.credit, younger.credit)
    older.confirmed = max(older.confirmed, younger.confirmed)


@compiled
def _has_neighbour(slot: int, places: FloatArray, heads: IntArray, links: IntArray) -> bool:
    """Whether another track is near enough to ask whether the two are one.

    It reads places alone, which lie beside each other: most tracks' records stay unread.
    """
    x, y = places[slot]
    bucket = bucket_of(x, y)
    i, j = bucket // SIDE, bucket % SIDE
    for di in range(-1, 2):
        for dj in range(-1, 2):
            other = heads[((i + di) % SIDE) * SIDE + (j + dj) % SIDE]
            while other >= 0:
                near = abs(places[other, 0] - x) < NEIGHBOUR_M
                if near and abs(places[other, 1] - y) < NEIGHBOUR_M and other != slot:
                    return True
                other = links[other]
    return False


@compiled
def _merge(
    tracks: RecordArray,
    n: int,
    places: FloatArray,
    heads: IntArray,
    links: IntArray,
    gone: BoolArray,
) -> None:
    for slot in range(n):
        track, twin = tracks[slot], -1
        if _has_neighbour(slot, places, heads, links):
            twin = find_twin(tracks, slot, heads, links)
        if twin < 0:
            track.twin_sweeps = 0
            continue
        if track.twin_id != tracks[twin].track_id:
            track.twin_id = tracks[twin].track_id
            track.twin_sweeps = 0
        track.twin_sweeps += 1
        if track.twin_sweeps >= SWEEPS_TO_MERGE and not gone[twin]:
            _absorb(tracks[twin], track)
            gone[slot] = True


@compiled
def _close_ranks(tracks: RecordArray, n: int, gone: BoolArray) -> int:
    """Move the living to the front, in their order; their number."""
    kept = 0
    for slot in range(n):
        if not gone[slot]:
            if kept != slot:
                tracks[kept] = tracks[slot]
            kept += 1
    return kept


@compiled
def _file_all(
    tracks: RecordArray, n: int, event_us: int, heads: IntArray, links: IntArray
) -> FloatArray:
    """File all tracks by where they should be at `event_us`; those places, shape (n, 2)."""
    places = np.empty((n, 2))
    for slot in range(n):
        track = tracks[slot]
        dt = max(event_us - track.time_us, 0) / 1e6
        x, y = track.mean[0] + dt * track.mean[2], track.mean[1] + dt * track.mean[3]
        places[slot, 0], places[slot, 1] = x, y
        track.bucket = bucket_of(x, y)
    fill_index(tracks, n, heads, links)
    return places


@compiled
def sweep(
    tracks: RecordArray,
    counts: IntArray,
    heads: IntArray,
    links: IntArray,
    event_us: int,
    motion: FloatArray,
    sources: RecordArray,
    gaps: FloatArray,
) -> None:
    """Delete, merge and file all tracks, if `event_us` opens a new interval."""
    interval = event_us // SWEEP_US
    if interval <= counts[SWEPT]:
        return
    counts[SWEPT] = interval
    n = counts[N_TRACKS]
    gone = np.zeros(n, np.bool_)
    for slot in range(n):
        gone[slot] = is_gone(tracks[slot], event_us, motion)
    learn_from_the_dead(tracks, n, gone, sources)
    note_deaths(gaps, tracks, n, gone, event_us)
    n = _close_ranks(tracks, n, gone)
    places = _file_all(tracks, n, event_us, heads, links)
    gone[:n] = False
    _merge(tracks, n, places, heads, links, gone)
    counts[N_TRACKS] = _close_ranks(tracks, n, gone)
    if counts[N_TRACKS] < n:
        fill_index(tracks, counts[N_TRACKS], heads, links)

"""What comes out of a shadow is on trial before a hidden track goes on by it.

A track that nobody saw for seconds may be in a place of many square metres, where within all those
frames a false box is as likely as the object. So an observation updates a hidden track only if it
is nearly certain to be of it. Another starts a track of its own, tentative as any; once the next
frames have confirmed that, the hidden track whose prediction fits its place and its velocity takes
its state and goes on. What is false is not seen again and dies, and the hidden track is as it was.
"""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.associate.gate import FARTHEST_M
from operators.fuse.existence import CONFIRMED_LOG_ODDS, HIGHEST
from operators.fuse.gaps import note_gap
from operators.fuse.imm import load_models, mixed_motion
from operators.fuse.lifecycle import is_certain
from operators.fuse.state import fill_index
from operators.fuse.twins import find_twin
from operators.jit import Record, compiled, inlined

# A track is hidden if nobody saw it for so long, and for so many of its usual intervals.
HIDDEN_US = 500_000
HIDDEN_INTERVALS = 4.0
SPENT = 100.0  # of what ended: no hit of the last sweep's time makes it begin again
STATES_DISTANCE = 18.5  # chi-square of 4 degrees, 99.9 %


@inlined
def hidden_intervals(track: Record, event_us: int) -> float:
    """For how many of its usual intervals a confirmed track is hidden; 0 if it is not."""
    gap_us = event_us - track.last_us
    if not track.confirmed or gap_us <= HIDDEN_US:
        return 0.0
    intervals = gap_us / max(float(track.rhythm_us), 1.0)
    return float(intervals) if intervals > HIDDEN_INTERVALS else 0.0


@compiled
def leave_to_trial(
    tracks: RecordArray,
    slots: IntArray,
    event_us: int,
    clutter: float,
    degree: IntArray,
    target: IntArray,
    cost: FloatArray,
) -> None:
    """Drop pairs of hidden tracks that are not nearly certain; the lists are changed in place.

    The odds that an observation is of the track, against clutter, are its likelihood (of which the
    cost tells) over the density of clutter, times the chance that the object is seen just now. Who
    was not seen in n frames is seen in the next with 1 / (n + 1) (Laplace's rule of succession).

    Parameters
    ----------
    slots : ndarray of shape (n,)
    clutter
        False observations of the source in a frame and square metre.
    degree, target, cost
        As `operators.associate.gate.gate` gives them.
    """
    for i in range(degree.shape[0]):
        intervals = hidden_intervals(tracks[slots[i]], event_us)
        if intervals == 0.0:
            continue
        most = -2.0 * (CONFIRMED_LOG_ODDS + math.log(2.0 * math.pi * clutter * (intervals + 1.0)))
        kept = 0
        while kept < degree[i] and cost[i, kept] <= most:  # the cheapest come first
            kept += 1
        degree[i] = kept


@compiled
def states_cost(off: FloatArray, a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """Squared distance of two states, and the logarithm of its determinant.

    Parameters
    ----------
    off : ndarray of shape (4,)
        One less the other.
    a, b : ndarrays of shape (10,)
        Upper triangles of their covariances.
    """
    spread = np.empty((4, 4))
    at = 0
    for i in range(4):
        for j in range(i, 4):
            spread[i, j] = spread[j, i] = a[at] + b[at]
            at += 1
    d2, log_determinant = 0.0, 0.0
    for i in range(4):  # forward substitution in the Cholesky factor, which replaces the triangle
        for j in range(i + 1):
            left = spread[i, j]
            for k in range(j):
                left -= spread[i, k] * spread[j, k]
            spread[i, j] = math.sqrt(max(left, 1e-12)) if i == j else left / spread[j, j]
        for k in range(i):
            off[i] -= spread[i, k] * off[k]
        off[i] /= spread[i, i]
        d2 += off[i] * off[i]
        log_determinant += 2.0 * math.log(spread[i, i])
    return d2, log_determinant


@compiled
def hidden_one(
    tracks: RecordArray, slot: int, slots: IntArray, models: FloatArray, event_us: int
) -> int:
    """Hidden track that the track in `slot` goes on with, its state fits best; -1 if there is none.

    Parameters
    ----------
    slots : ndarray of shape (n,)
        Candidates.
    models : ndarray of shape (n, LENGTH)
        As `operators.fuse.kalman.foresee` gives them for `event_us`, the time of `slot`'s state.
    """
    fresh, best, least = tracks[slot], -1, np.inf
    off, spread = np.empty(4), np.empty(10)
    for i in range(slots.shape[0]):
        hidden = tracks[slots[i]]
        if hidden_intervals(hidden, event_us) == 0.0 or hidden.born_us >= fresh.born_us:
            continue
        ahead = load_models(models[i])
        mean, covariance = mixed_motion(ahead[0], ahead)
        for k in range(4):
            off[k] = fresh.mean[k] - mean[k]
        for k in range(10):
            spread[k] = covariance[k]
        if off[0] * off[0] + off[1] * off[1] > FARTHEST_M**2:
            continue
        d2, log_determinant = states_cost(off, fresh.covariance, spread)
        if d2 < STATES_DISTANCE and d2 + log_determinant < least:
            best, least = slots[i], d2 + log_determinant
    return best


@compiled
def go_on(tracks: RecordArray, hidden: int, fresh: int) -> None:
    """Let a hidden track go on as a fresh one, which ends.

    What it is stays: its id, class and size, and how sure it is that it is an object.
    """
    before = tracks[hidden : hidden + 1].copy()[0]
    tracks[hidden] = tracks[fresh]
    track, ended = tracks[hidden], tracks[fresh]
    track.track_id, track.born_us, track.confirmed = before.track_id, before.born_us, 1
    track.class_counts[:] = before.class_counts
    track.size_m[:], track.size_weight[:] = before.size_m, before.size_weight
    track.object_class = before.object_class
    track.prior_odds, track.looks = before.prior_odds, before.looks
    track.quality, track.steadiness = before.quality, before.steadiness
    track.log_odds, track.credit = max(track.log_odds, before.log_odds), before.credit
    track.place_sum, track.placed = before.place_sum, before.placed
    track.placed_slot = before.placed_slot
    track.twin_id, track.twin_sweeps = np.uint64(0), 0
    ended.log_odds, ended.credit, ended.placed = -HIGHEST, -SPENT, 0.0


@compiled
def conclude(
    tracks: RecordArray,
    slot: int,
    slots: IntArray,
    models: FloatArray,
    about: Record,
    link: Record,
    gaps: FloatArray,
    heads: IntArray,
    links: IntArray,
) -> None:
    """Make of a tentative track, once it is certain, what it is: hidden before, new, or a double.

    A double of a track that is in sight stays tentative, until the sweep merges it.

    Parameters
    ----------
    slot
        Of the track, which the frame updated.
    slots, models
        As for `hidden_one`.
    about : record of `operators.fuse.take.ABOUT`
    link
        Of the observation that updated it.
    """
    if not is_certain(tracks[slot]):
        return
    event_us = about.event_us
    hidden = hidden_one(tracks, slot, slots, models, event_us)
    twin = find_twin(tracks, slot, heads, links)
    if hidden >= 0 and (twin < 0 or twin == hidden):
        note_gap(gaps, tracks[hidden], event_us - tracks[hidden].last_us, True)
        go_on(tracks, hidden, slot)
        fill_index(tracks, about.n_tracks, heads, links)  # it may be in another bucket now
        link.track_id = tracks[hidden].track_id
    elif tracks[slot].twin_sweeps == 0:
        tracks[slot].confirmed = twin < 0

"""Observations that no track took: new tracks, doubles within their frame, or too many."""

import math

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.attributes import (
    FIRST_HEADING_VOTES,
    take_class,
    take_heading,
    take_height,
    take_size,
)
from operators.fuse.existence import DOUBLE_M
from operators.fuse.index import bucket_of, file_under
from operators.fuse.kalman import start
from operators.fuse.sources import BIRTH_LOG_ODDS, CREDIT
from operators.fuse.state import N_TRACKS, WITNESSES
from operators.gaussian import OX, OY, RXX, RYY
from operators.jit import Record, compiled
from operators.register.anchors import forget_anchor
from operators.register.remember import forget_raw

DOUBLE_DISTANCE = 4.0  # closer than their accuracy, two observations of a frame are of one object


@compiled
def is_double(j: int, seen: FloatArray, order: IntArray, rank: int, taken: BoolArray) -> bool:
    """Whether an observation already taken from this frame tells of the same object.

    Parameters
    ----------
    j, rank
        The observation, and its place in `order`, which is ascending in x.
    taken : ndarray of shape (m,)
        Observations that updated or started a track.
    """
    for step in (-1, 1):
        at = rank + step
        while 0 <= at < order.shape[0]:
            other = order[at]
            dx, dy = seen[other, OX] - seen[j, OX], seen[other, OY] - seen[j, OY]
            if abs(dx) > DOUBLE_M:
                break
            apart = dx * dx / (seen[j, RXX] + seen[other, RXX])
            apart += dy * dy / (seen[j, RYY] + seen[other, RYY])
            if taken[other] and math.hypot(dx, dy) < DOUBLE_M and apart < DOUBLE_DISTANCE:
                return True
            at += step
    return False


@compiled
def begin(
    tracks: RecordArray,
    counts: IntArray,
    heads: IntArray,
    links: IntArray,
    observation: Record,
    seen: FloatArray,
    kind: FloatArray,
    motion: FloatArray,
    event_us: int,
) -> int:
    """Start a tentative track from an observation, without an id yet; its slot."""
    slot = int(counts[N_TRACKS])
    counts[N_TRACKS] = slot + 1
    track = tracks[slot]
    _blank(track, event_us)
    take_class(track, observation)
    start(track, seen, track.object_class, motion)
    take_size(track, observation)
    take_height(track, observation, 0.0)
    take_heading(track, observation, True, False, 0.0)
    track.log_odds = track.prior_odds = np.float32(kind[BIRTH_LOG_ODDS])
    track.quality = track.steadiness = track.looks = track.rhythm_us = track.place_sum = (
        track.placed
    ) = np.float32(0.0)
    track.placed_slot = 0
    track.credit = np.float32(kind[CREDIT])
    track.bucket = bucket_of(track.mean[0], track.mean[1])
    file_under(track.bucket, slot, heads, links)
    return slot


@compiled
def _blank(track: Record, event_us: int) -> None:
    """Reset every field: the slot may have held another track."""
    track.track_id = track.twin_id = track.probe_id = np.uint64(0)
    track.probe_x_m = track.probe_y_m = np.float32(np.nan)
    track.time_us = track.born_us = track.last_us = track.evidence_us = event_us
    track.counted_until_us = track.recent_quarter = track.probe_us = np.int64(-(2**62))
    track.counted = track.twin_sweeps = track.object_class = track.confirmed = 0
    for k in range(4):
        track.recent[k] = track.local_keys[k] = np.uint64(0)
    track.last_slot = track.vain_looks = 0
    track.stood_s = np.float32(0.0)
    for k in range(WITNESSES):
        track.seen_us[k] = np.int64(-(2**62))
        track.seen_slot[k] = 0
    for k in range(3):
        track.size_m[k] = np.float32(np.nan)
        track.size_weight[k] = np.float32(0.0)
    for k in range(track.class_counts.shape[0]):
        track.class_counts[k] = np.float32(0.0)
    track.z_m = track.heading_rad = np.float32(np.nan)
    track.z_variance_m2 = track.heading_variance_rad2 = np.float32(0.0)
    track.heading_votes = np.float32(FIRST_HEADING_VOTES)
    forget_raw(track)
    forget_anchor(track)

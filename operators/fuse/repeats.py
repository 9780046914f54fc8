"""Reports of probes that are no news: places sent again, and what others see elsewhere.

A receiver without a fix goes on sending its last place with new stamps. Of something that moves a
repeated place is an old one.

Satellite positioning jumps by tens of metres for some seconds where walls reflect it. A probe
reports itself, and the track that it was a moment ago is its own; while other sources see that
track and the report lies far from it, the report is wrong. No other track may take it then, and
none begins there. After a minute, in which such errors are renewed, the probe is believed again.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.kalman import foresee
from operators.fuse.state import WITNESSES
from operators.gaussian import UNNOTICED_M, innovation
from operators.jit import Record, compiled
from operators.register.anchors import BULK

REPEATED_M = 0.005
MOVING_MPS = 2.0  # faster than people walk: of less, a place may be truer than a speed
BELIEVED_US = 60_000_000
MEANWHILE_US = 300_000  # three periods of a unit at 10 Hz


@compiled
def _others_see(track: Record, slot: int, event_us: int) -> bool:
    """Whether a source other than `slot` saw the track just now."""
    for k in range(WITNESSES):
        if track.seen_slot[k] != slot and abs(event_us - track.seen_us[k]) <= MEANWHILE_US:
            return True
    return False


@compiled
def is_repeat(track: Record, about: Record, observation: Record, vx: float, vy: float) -> bool:
    """Whether a probe sends a place again that cannot be that of now.

    What stands is where it was, and receivers hold the place of what stands on purpose. Of the many
    things that a unit tells, some fall on their last place by chance: told to a centimetre, one of
    ten thousand.
    """
    dx, dy = observation.x_m - track.probe_x_m, observation.y_m - track.probe_y_m
    is_same = abs(dx) < REPEATED_M and abs(dy) < REPEATED_M  # not of NaN: no probe was here
    return bool(about.trusted and is_same and vx * vx + vy * vy >= MOVING_MPS**2)


@compiled
def _own_track(tracks: RecordArray, near: IntArray, local_id: np.uint64, event_us: int) -> int:
    """Which of the tracks `near` the probe was last, -1 for none."""
    own = -1
    for i in range(near.shape[0]):
        track = tracks[near[i]]
        if track.probe_id != local_id or event_us - track.probe_us > BELIEVED_US:
            continue
        if own < 0 or track.probe_us > tracks[near[own]].probe_us:
            own = i
    return own


@compiled
def contradicted(
    tracks: RecordArray,
    near: IntArray,
    slot: int,
    observations: RecordArray,
    usable: IntArray,
    seen: FloatArray,
    event_us: int,
    motion: FloatArray,
    rates: FloatArray,
) -> BoolArray:
    """Which reports of probes lie where others see that the probe is not.

    Parameters
    ----------
    near : ndarray of shape (n,)
        Slots of the tracks about the frame.
    slot
        Of the source.
    usable : ndarray of shape (m,)
    seen : ndarray of shape (m, PREPARED)

    Returns
    -------
    ndarray of shape (m,)
    """
    wrong = np.zeros(usable.shape[0], np.bool_)
    for j in range(usable.shape[0]):
        local_id = observations[usable[j]].local_id
        own = _own_track(tracks, near, local_id, event_us) if local_id != 0 else -1
        if own < 0:
            continue
        track = tracks[near[own]]
        if track.confirmed and _others_see(track, slot, event_us):
            ahead, _ = foresee(tracks, near[own : own + 1], event_us, motion, rates)
            d2, _, square_m2 = innovation(ahead[0], seen[j])
            wrong[j] = d2 > BULK and square_m2 > ahead[0, UNNOTICED_M] ** 2
    return wrong

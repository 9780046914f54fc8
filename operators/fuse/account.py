"""Who saw a track: sources of the last second, observations of a tick, local ids."""

import numpy as np

from operators.fuse.state import LOCAL_KEYS, QUARTERS, WITNESSES
from operators.jit import Record, inlined

QUARTER_US = 250_000
HELD_US = 500_000  # five periods of a probe at 10 Hz


@inlined
def take_source(track: Record, slot: int, event_us: int) -> None:
    """Note that source `slot` saw the track."""
    quarter = event_us // QUARTER_US
    ahead = quarter - track.recent_quarter
    if ahead > 0:
        for k in range(QUARTERS - 1, -1, -1):
            track.recent[k] = track.recent[k - ahead] if k >= ahead else np.uint64(0)
        track.recent_quarter = quarter
        ahead = 0
    if ahead > -QUARTERS:
        track.recent[-ahead] |= np.uint64(1) << np.uint64(slot)


@inlined
def sources_at(track: Record, at_us: int) -> np.uint64:
    """Mask of the sources that saw the track in the second before `at_us`, in quarter seconds."""
    seen = np.uint64(0)
    behind = at_us // QUARTER_US - track.recent_quarter
    for k in range(QUARTERS):
        if k + behind < QUARTERS:
            seen |= track.recent[k]
    return seen


@inlined
def is_acquainted(track: Record, slot: int, event_us: int) -> bool:
    """Whether source `slot` saw the track in the last second."""
    return bool((sources_at(track, event_us) >> np.uint64(slot)) & np.uint64(1))


@inlined
def is_shared(track: Record, slot: int, event_us: int) -> bool:
    """Whether a source other than `slot` saw the track in the last second."""
    return bool(sources_at(track, event_us) & ~(np.uint64(1) << np.uint64(slot)))


@inlined
def was_seen(track: Record, slot: int, at_us: int) -> bool:
    """Whether source `slot` saw the track at an instant or later."""
    place = slot % WITNESSES
    return bool(track.seen_slot[place] == slot and track.seen_us[place] >= at_us)


@inlined
def next_tick_us(event_us: int, tick_us: int) -> int:
    """The tick that is next at `event_us`."""
    return -((-event_us) // tick_us) * tick_us


@inlined
def count_observation(track: Record, until_us: int) -> None:
    """Count an observation for the tick `until_us`."""
    if track.counted_until_us != until_us:
        track.counted_until_us, track.counted = until_us, 0
    if track.counted < 65535:
        track.counted += 1


@inlined
def local_key(local_id: np.uint64, source_key: np.uint64) -> np.uint64:
    """Key of a sender's own id; 0 if it gave none."""
    return np.uint64(0) if local_id == 0 else local_id ^ source_key


@inlined
def take_local_id(track: Record, slot: int, key: np.uint64) -> None:
    """Note the local id under which source `slot` last saw the track."""
    if key != 0:
        track.local_keys[slot % LOCAL_KEYS] = key


@inlined
def take_probe(track: Record, observation: Record, event_us: int) -> None:
    """Note that a probe reported itself as the track, and where."""
    track.probe_x_m, track.probe_y_m = np.float32(observation.x_m), np.float32(observation.y_m)
    if observation.local_id != 0:
        track.probe_id, track.probe_us = observation.local_id, event_us


@inlined
def held_by(track: Record, event_us: int) -> np.uint64:
    """Local id of the probe that the track is at an instant; 0 for none.

    A probe reports itself, so while its id is alive no other probe is this track. An id that was
    not heard for `HELD_US` may have been rotated away.
    """
    return track.probe_id if abs(event_us - track.probe_us) <= HELD_US else np.uint64(0)


@inlined
def introduce(track: Record, slot: int, key: np.uint64, event_us: int, until_us: int) -> None:
    """Note in a track which source saw it; `until_us` is the next tick."""
    track.last_slot = slot
    track.seen_slot[slot % WITNESSES] = slot
    track.seen_us[slot % WITNESSES] = event_us
    take_source(track, slot, event_us)
    take_local_id(track, slot, key)
    count_observation(track, until_us)

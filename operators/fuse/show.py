"""What a cell shows of its tracks at an instant."""

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.fuse.account import sources_at
from operators.fuse.attributes import class_probability
from operators.fuse.existence import probability
from operators.fuse.gaps import comes_back
from operators.fuse.imm import no_changes
from operators.fuse.kalman import state_at
from operators.fuse.lifecycle import shown_us
from operators.fuse.quality import log_odds_of_object
from operators.jit import compiled, inlined
from operators.register.anchors import carried_variance
from operators.register.common import is_of_units
from operators.register.state import Registry


@inlined
def _lasting_m2(sources: RecordArray, mask: np.uint64) -> float:
    """Variance an axis that the lasting errors of some sources leave in a track.

    Their mean, not its share by their number: boxes of like detectors are off alike.
    """
    total, number, slot = 0.0, 0, 0
    while mask != np.uint64(0):
        if mask & np.uint64(1):
            total += sources[slot].lasting_m2
            number += 1
        mask >>= np.uint64(1)
        slot += 1
    return total / max(number, 1)


@compiled
def fill_rows(
    tracks: RecordArray,
    n: int,
    at_us: int,
    motion: FloatArray,
    rates: FloatArray,
    gaps: FloatArray,
    sources: RecordArray,
    registry: Registry,
    made: RecordArray,
) -> int:
    """Write a `TRACK_ROW` for each track still to be shown at `at_us`; their number."""
    size = 0
    fades, change = no_changes()
    carried_m2 = carried_variance(sources)
    for slot in range(n):
        track, row = tracks[slot], made[size]
        unseen_us = at_us - track.last_us
        if unseen_us > shown_us(track, motion):
            continue
        mean, spread, turn_rps = state_at(track, at_us, motion, rates, fades, change)
        row.track_id, row.born_us, row.last_us = track.track_id, track.born_us, track.last_us
        row.x_m, row.y_m, row.z_m = mean[0], mean[1], track.z_m
        row.vx_mps, row.vy_mps = np.float32(mean[2]), np.float32(mean[3])
        row.acceleration_mps2, row.turn_rate_radps = np.float32(np.nan), np.float32(turn_rps)
        row.heading_rad = track.heading_rad
        row.length_m, row.width_m, row.height_m = track.size_m[0], track.size_m[1], track.size_m[2]
        seen_by = sources_at(track, track.last_us)
        lasting_m2 = _lasting_m2(sources, seen_by)
        if is_of_units(registry, seen_by):
            lasting_m2 += carried_m2
        row.cov_xx_m2 = np.float32(spread[0] + lasting_m2)
        row.cov_xy_m2 = np.float32(spread[1])
        row.cov_yy_m2 = np.float32(spread[4] + lasting_m2)
        row.velocity_variance_m2ps2 = np.float32(0.5 * (spread[7] + spread[9]))
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

"""What is assumed of a source by its kind, and its slot in a cell."""

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.frame import SourceKind
from operators.fuse.again import forget_frames
from operators.fuse.noise import FIRST_KEPT
from operators.fuse.quality import FIRST_A, FIRST_B
from operators.fuse.state import MAX_SOURCES, N_SOURCES, N_TRACKS, QUARTERS
from operators.jit import Record, compiled
from operators.register.anchors import forget_carried

# Columns of the table that kernels get; one row for each kind.
POSITION_VARIANCE, SPEED_VARIANCE, CLUTTER, DETECTION, CREDIT, BIRTH_LOG_ODDS = range(6)


def source_table() -> FloatArray:
    """Assumptions by kind of source, for the kernels.

    Returns
    -------
    ndarray of shape (4, 6)
        For each `SourceKind` (row 0 stands for unknown kinds):

        - variance of a position without a declared covariance, m² an axis: 0.75 m for a lidar or
          radar unit, 1.5 m for satellite positioning in a street, 3 m for a feed;
        - variance of a velocity without a declared one, m²/s²: 0.3 m/s for a wheel or Doppler
          speed, 1 m/s for a roadside tracker's, 2 m/s for a feed's;
        - false observations a frame and square metre: about one in a unit's field of view, next
          to none for a probe, which reports itself;
        - probability that a frame of a source that looks there contains the object;
        - credit of one update towards confirmation, which takes 3: so 3 updates, or 2 of a probe;
        - log-odds of existence of what a first observation starts: 0.3, probes 0.9.
    """
    table = np.empty((len(SourceKind) + 1, 6))
    table[SourceKind.ROADSIDE] = 0.75**2, 1.0**2, 1e-4, 0.9, 1.0, np.log(0.3 / 0.7)
    table[SourceKind.PROBE] = 1.5**2, 0.3**2, 1e-8, 0.9, 1.5, np.log(0.9 / 0.1)
    table[SourceKind.FEED] = 3.0**2, 2.0**2, 1e-4, 0.7, 1.0, np.log(0.3 / 0.7)
    table[0] = table[SourceKind.FEED]
    return table


@compiled
def claim_slot(
    sources: RecordArray,
    counts: IntArray,
    tracks: RecordArray,
    key: np.uint64,
    event_us: int,
    kind: FloatArray,
) -> tuple[int, int]:
    """Slot of the source `key`, and microseconds since its previous frame.

    A source that has no slot gets the next free one, or the one unheard for longest; the time
    since its previous frame is then -1, and the caller writes its name.
    """
    n = counts[N_SOURCES]
    for slot in range(n):
        if sources[slot].key == key:
            since = max(event_us - sources[slot].heard_us, 0)
            sources[slot].heard_us = max(event_us, sources[slot].heard_us)
            return slot, since
    slot = 0
    if n < MAX_SOURCES:
        slot = n
        counts[N_SOURCES] = n + 1
    else:
        for other in range(1, n):
            if sources[other].heard_us < sources[slot].heard_us:
                slot = other
        _clear_bit(tracks, counts[N_TRACKS], slot)
    _begin_source(sources[slot], key, event_us, kind)
    return slot, -1


@compiled
def _begin_source(source: Record, key: np.uint64, event_us: int, kind: FloatArray) -> None:
    """Give a slot to a source of which nothing is known but its kind."""
    source.key = key
    source.heard_us = event_us
    source.scores = source.score_mean = source.score_variance = 0.0
    source.score_a, source.score_b = FIRST_A, FIRST_B
    source.detection = kind[DETECTION]
    source.noise_count, source.noise_factor = FIRST_KEPT, 1.0
    source.lasting_m2 = source.least_lasting_m2 = 0.0
    source.lasting_found_m2 = source.lasting_count = 0.0
    source.white_count = source.white_m2 = source.white_claimed_m2 = 0.0
    forget_carried(source)
    forget_frames(source)
    source.noise_found = source.noise_claimed = 2.0 * kind[POSITION_VARIANCE]


@compiled
def _clear_bit(tracks: RecordArray, n: int, slot: int) -> None:
    """Let no track carry the bit of a slot's former owner."""
    others = ~(np.uint64(1) << np.uint64(slot))
    for i in range(n):
        for k in range(QUARTERS):
            tracks[i].recent[k] &= others

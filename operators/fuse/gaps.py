"""How likely what went out of sight comes back soon: learned from the cell's own tracks.

A track that nobody sees is shown as long as it is more likely than not to be there and to be seen
again soon. What a detector misses now and then comes back at once, what left the
view does not: which of the two a gap is, the gaps of the past tell. `gaps` has shape (2, 2, 16): of
tracks that were seen for less or more than 2 s, how many gaps reached each length, and how many
ended with a hit at about that length.
"""

import numpy as np

from operators._typing import BoolArray, FloatArray, RecordArray
from operators.jit import Record, compiled, inlined

# Lengths of gaps, microseconds: about 1.4 times the one before.
LENGTHS_US = np.array(
    [0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0]
) * 1e6  # fmt: skip
LENGTHS = 16
REACHED, ENDED = range(2)
OLD_US = 2_000_000
MOST_GAPS = 400.0
RHYTHM_GAIN = 0.1
SOON_US = 500_000
# What is assumed before anything is known, as so many gaps: each second in sight again is worth as
# much as it lasted, half of the gaps end within this.
PRIOR_GAPS = 6.0
PRIOR_HALF_US = 0.25e6


def no_gaps() -> FloatArray:
    """Gaps of a cell that has seen none yet."""
    gaps = np.zeros((2, 2, LENGTHS))
    lasting = 0.5 ** (LENGTHS_US / PRIOR_HALF_US)
    gaps[:, REACHED] = PRIOR_GAPS * lasting
    gaps[:, ENDED] = gaps[:, REACHED] - PRIOR_GAPS * np.append(lasting[1:], 0.0)
    return gaps


@inlined
def _age_of(track: Record) -> int:
    return int(track.last_us - track.born_us >= OLD_US)


@inlined
def note_gap(gaps: FloatArray, track: Record, gap_us: int, ended: bool) -> None:
    """Count a gap that ended with a hit, or with the death of its track."""
    counts, last = gaps[_age_of(track)], -1
    for k in range(LENGTHS):
        if LENGTHS_US[k] > gap_us:
            break
        counts[REACHED, k] += 1.0
        last = k
    if ended and last >= 0:
        counts[ENDED, last] += 1.0
    if counts[REACHED, 1] > MOST_GAPS:  # the first length is any period of 10 Hz
        for k in range(LENGTHS):
            counts[REACHED, k] *= 0.5
            counts[ENDED, k] *= 0.5


@inlined
def keep_time(track: Record, gap_us: int) -> None:
    """Let the track's usual interval between hits follow one gap."""
    if track.looks <= 1.0:
        track.rhythm_us = np.float32(gap_us)
    else:
        track.rhythm_us += np.float32(RHYTHM_GAIN * (gap_us - track.rhythm_us))


@compiled
def note_deaths(
    gaps: FloatArray, tracks: RecordArray, n: int, gone: BoolArray, event_us: int
) -> None:
    """Count the gaps in which confirmed tracks died."""
    for slot in range(n):
        track = tracks[slot]
        if gone[slot] and track.confirmed:
            note_gap(gaps, track, event_us - track.last_us, False)


@inlined
def comes_back(gaps: FloatArray, track: Record, gap_us: int) -> float:
    """Probability that a track unseen for so long will be seen again soon.

    Soon is within half a second, or two of the track's own intervals if it is seen less often.
    """
    rhythm_us = float(track.rhythm_us)
    if gap_us < max(LENGTHS_US[0], 1.5 * rhythm_us):
        return 1.0
    soon_us = max(SOON_US, 2.0 * rhythm_us)
    counts, chance = gaps[_age_of(track)], 1.0
    for first in range(LENGTHS):
        if LENGTHS_US[first] > gap_us:
            break
        ended, k = 0.0, first
        while k < LENGTHS and LENGTHS_US[k] <= LENGTHS_US[first] + soon_us:
            ended += counts[ENDED, k]
            k += 1
        # what was given up once is not shown again before it is seen
        chance = min(chance, ended / max(counts[REACHED, first], 1e-9))
    return chance

"""Coarse clock of a source: a whole offset that its own records show.

Delay and clock cannot be told apart from one source's records; only what exceeds any honest delay
is removed here, the rest is for the cell.
"""

import numpy as np

from operators._typing import IntArray

WINDOW = 100  # records that are looked at
MINIMUM = 20  # records before anything is said
LIMIT_US = 250_000  # offsets below this are left alone: delays of honest sources vary as much
LOW_PERCENTILE = 10  # the least delayed records tell the clock best


def coarse_offset_us(delays_us: IntArray, nominal_delay_us: int, applied_us: int) -> int:
    """Offset to add to a source's event times, microseconds.

    Parameters
    ----------
    delays_us : ndarray of shape (n,)
        Receive time minus uncorrected event time of its last records.
    nominal_delay_us
        Delay that its entry declares.
    applied_us
        Offset applied so far; kept while it is right within `LIMIT_US`, so that event times do
        not jitter with the estimate.
    """
    if len(delays_us) < MINIMUM:
        return applied_us
    rank = len(delays_us) * LOW_PERCENTILE // 100
    seen = int(np.partition(delays_us, rank)[rank]) - nominal_delay_us
    if abs(seen - applied_us) <= LIMIT_US:
        return applied_us
    return seen if abs(seen) > LIMIT_US else 0

"""What is remembered of the tracks of a cell, found again by their ids."""

import numpy as np

from operators._typing import IntArray, RecordArray
from operators.jit import compiled

KEPT = 4  # lanes remembered of a track
# What is remembered of a track: lanes by id, 0 for none, with the averages.
MEMORY = np.dtype([("track_id", "<u8"), ("lane_id", "<u8", KEPT), ("score", "<f4", KEPT)])
NOWHERE, NOTHING = -1, -2  # numbers of a remembered lane that is not here, and of none


@compiled
def recall(
    rows: RecordArray,
    remembered: RecordArray,
    lanes: RecordArray,
    known: RecordArray,
    numbers: IntArray,
) -> bool:
    """Fill `known` and `numbers` for each row; whether tracks come in rising order.

    In one compiled call: in a small cell calls into numpy would cost more than the matching. Whole
    arrays are given, since a column of a single row is of another type to the compiler.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
    remembered : structured array of shape (m,), dtype `MEMORY`
        Sorted by track.
    lanes : structured array of shape (k,), dtype `operators.road.lanes.LANE`
        Of the cell, sorted by id.
    known : structured array of shape (n,), dtype `MEMORY`
        Zeros; those of which nothing is remembered stay so.
    numbers : ndarray of shape (n, `KEPT`)
        Gets the number of each lane of `known`, `NOWHERE` or `NOTHING`.
    """
    rising, lane_ids = True, lanes["lane_id"]
    for r in range(len(rows)):
        track = rows[r].track_id
        rising = rising and (r == 0 or rows[r - 1].track_id <= track)
        at = np.searchsorted(remembered["track_id"], track)
        if at < len(remembered) and remembered[at].track_id == track:
            known[r] = remembered[at]
        for slot in range(KEPT):
            lane_id = known[r].lane_id[slot]
            numbers[r, slot] = NOTHING
            if lane_id != 0:
                place = np.searchsorted(lane_ids, lane_id)
                here = place < len(lane_ids) and lane_ids[place] == lane_id
                numbers[r, slot] = place if here else NOWHERE
    return rising

"""The vehicles on the approaches of an intersection, second by second.

A vehicle *arrives* when it would have reached the stop line at the limit from where it was first
seen; so arrivals do not depend on the queue, and come on green or not. It has left when it is
gone and would be beyond the line at its last speed; one that is gone elsewhere is lost: another
lane, another id, or nobody saw it any more.
"""

from typing import NamedTuple

import numpy as np

from operators._typing import BoolArray, IntArray, RecordArray
from operators.segments.approaches import Approaches

# One vehicle that is on an approach.
VEHICLE = np.dtype(
    [
        ("track_id", "<u8"),
        ("arrival_us", "<i8"),
        ("last_us", "<i8"),  # tick at which it was seen last
        ("lane", "<i8"),  # number of its lane
        ("left_m", "<f4"),  # from its front to the stop line
        ("speed_mps", "<f4"),
        ("arrived", "?"),  # its arrival is counted
        ("queued", "?"),
    ]
)
PATIENCE_US = 3_000_000  # an object is not told on a segment while nobody can say which
UNSEEN_US = 300_000
NEAR_M = 10.0  # so near to the stop line a vehicle that vanished has left


class Change(NamedTuple):
    """What a second did to the vehicles.

    Parameters
    ----------
    before, now : structured arrays, dtype `VEHICLE`
        Vehicles at its start and at its end, sorted by track; those that are gone have left
        ``now``.
    left, arrived : structured arrays, dtype `VEHICLE`
        Those that left over the stop line, and those that arrived.
    lost : structured array, dtype `VEHICLE`
        Those that are gone elsewhere.
    """

    before: RecordArray
    now: RecordArray
    left: RecordArray
    arrived: RecordArray
    lost: RecordArray


def follow(
    before: RecordArray, made: RecordArray, lanes: IntArray, approaches: Approaches, end_us: int
) -> Change:
    """Vehicles after a second.

    Parameters
    ----------
    before : structured array of shape (m,), dtype `VEHICLE`
        Sorted by track.
    made : structured array of shape (n,), dtype `operators.segments.sums.TRACK_SECOND`
        What each did in the second, sorted by track, one row each.
    lanes : ndarray of shape (n,)
        Number of the lane of each.
    approaches
        Of the intersection.
    end_us
        End of the second.
    """
    now = _seen(made, lanes, approaches)
    known = np.isin(now["track_id"], before["track_id"])
    at = np.searchsorted(before["track_id"], now["track_id"][known])
    for name in ("arrival_us", "arrived"):
        now[name][known] = before[name][at]
    new = ~known
    lane = lanes[new]
    ahead_m = (approaches.length_m[lane] - made["first_m"][new]).clip(0.0)
    way_us = ahead_m / approaches.limit_mps[lane] * 1e6
    now["arrival_us"][new] = made["first_us"][new] + way_us.astype(np.int64)
    unseen = before[~np.isin(before["track_id"], now["track_id"])]
    everybody = np.concatenate([now, unseen])
    everybody = everybody[np.argsort(everybody["track_id"], kind="stable")]
    gone, left = _gone(everybody, end_us)
    due = ~everybody["arrived"] & ((everybody["arrival_us"] < end_us) | left) & ~(gone & ~left)
    arrived = everybody[due]
    everybody["arrived"] |= due
    return Change(before, everybody[~gone], everybody[left], arrived, everybody[gone & ~left])


def _seen(made: RecordArray, lanes: IntArray, approaches: Approaches) -> RecordArray:
    now = np.zeros(len(made), VEHICLE)
    for name in ("track_id", "queued", "last_us", "speed_mps"):
        now[name] = made[name]
    now["lane"] = lanes
    now["left_m"] = approaches.length_m[lanes] - made["front_m"]
    return now


def _gone(vehicles: RecordArray, end_us: int) -> tuple[BoolArray, BoolArray]:
    """Who is not on the approaches any more, and who of them left over the stop line."""
    away_us = end_us - vehicles["last_us"]
    way_m = vehicles["speed_mps"] * away_us / 1e6
    beyond = (away_us > UNSEEN_US) & (vehicles["left_m"] <= way_m)
    given_up = away_us >= PATIENCE_US
    left = beyond | (given_up & (vehicles["left_m"] <= NEAR_M))
    return beyond | given_up, left

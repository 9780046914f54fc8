"""Figures of the signal groups of an intersection in a second, as columns of ``approaches.state``.

Terms are those of signal performance measures (Purdue and FHWA, Performance Measures for Traffic
Signal Systems, 2014): arrivals on green, split failure; saturation headway and start-up lost time
are the Highway Capacity Manual's 1,900 vehicles an hour and lane, and 2 s.
"""

from typing import NamedTuple

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.jit import KeyArray
from operators.road.signal import SignalState
from operators.segments.approaches import Approaches
from operators.segments.phases import until_green_s
from operators.segments.vehicles import Change

HEADWAY_S, LOST_S = 3600 / 1900, 2.0
SPACING_M = 7.5  # of vehicles that stand in a queue
# Type of each column of a record.
COLUMNS = {
    "signal_group": "<u2",
    "phase": "u1",
    "seen": "<f4",
    "vehicles": "<u2",
    "queued": "<u2",
    "queue_m": "<f4",
    "queue_end_m": "<f4",
    "spilled": "u1",
    "arrivals": "<u2",
    "arrivals_green": "<u2",
    "departures": "<u2",
    "lost": "<u2",
    "stops": "<u2",
    "delay_s": "<f4",
    "green_s": "<f4",
    "green_used_s": "<f4",
    "greens_over": "u1",
    "split_failures": "u1",
    "left_over": "<u2",
    "discharge_s": "<f4",
}


class Shows(NamedTuple):
    """What a signal group showed in a second.

    Parameters
    ----------
    last
        Its state at the last tick, None if unknown.
    last_us
        That tick.
    green : ndarray of shape (t,)
        At each tick of the second whether it let traffic go.
    before
        Whether it did at the tick before.
    since_us
        When it began to, 0 if it does not at the last tick.
    waiting : ndarray of shape (w,)
        Tracks that were in the queue when its last green began.
    """

    last: SignalState | None
    last_us: int
    green: BoolArray
    before: bool
    since_us: int
    waiting: KeyArray


class Traffic(NamedTuple):
    """What all vehicles did in a second.

    Parameters
    ----------
    change
        Who came and went.
    made : structured array of shape (n,), dtype `operators.segments.sums.TRACK_SECOND`
    lanes : ndarray of shape (n,)
        Number of the lane of each of them.
    near : ndarray of shape (t, lanes)
        At each tick whether a vehicle of a lane was about to cross its stop line.
    """

    change: Change
    made: RecordArray
    lanes: IntArray
    near: BoolArray


def lane_delays_s(traffic: Traffic, approaches: Approaches) -> FloatArray:
    """Time that vehicles lost against the limit in the second, by lane.

    The control delay as it comes about: what a vehicle spends less what its way takes at the
    limit. Who is faster than that has no delay, and takes none from others.
    """
    free_s = traffic.made["distance_m"] / approaches.limit_mps[traffic.lanes]
    lost_s = (traffic.made["time_s"] - free_s).clip(0.0)
    return np.bincount(traffic.lanes, lost_s, len(approaches.lane_ids)).astype(float)


def group_figures(
    number: int, shows: Shows, traffic: Traffic, approaches: Approaches, tick_us: int
) -> dict[str, float]:
    """Figures of one signal group, all but ``seen``.

    Parameters
    ----------
    number
        Of the group, in the order of `approaches`.
    shows, traffic, approaches
        The signal, the vehicles, the lanes.
    tick_us
        Distance of ticks.
    """
    on = approaches.leads[number]
    change, made = traffic.change, traffic.made
    arrived = change.arrived[on[change.arrived["lane"]]]
    first_us = shows.last_us - (len(shows.green) - 1) * tick_us
    at = (arrived["arrival_us"] - first_us) // tick_us
    used = shows.green & traffic.near[:, on].any(axis=1)
    figures = {
        "signal_group": int(approaches.groups[number]),
        "phase": int(shows.last.phase) if shows.last else 0,
        "vehicles": _on(on, change.now),
        "arrivals": len(arrived),
        "arrivals_green": int(shows.green[at.clip(0, len(shows.green) - 1)].sum()),
        "departures": _on(on, change.left),
        "lost": _on(on, change.lost),
        "stops": _on(on, _stopped(change)),
        "delay_s": float(lane_delays_s(traffic, approaches)[on].sum()),
        "green_s": float(shows.green.sum()) * tick_us / 1e6,
        "green_used_s": float(used.sum()) * tick_us / 1e6,
    }
    here = on[traffic.lanes] & made["queued"]
    figures |= _queue(made[here], traffic.lanes[here], approaches)
    most = int(np.bincount(traffic.lanes[here], minlength=1).max())
    return figures | _ended(on, shows, change) | {"discharge_s": _discharge_s(most, shows)}


def _on(on: BoolArray, vehicles: RecordArray) -> int:
    return int(on[vehicles["lane"]].sum())


def _stopped(change: Change) -> RecordArray:
    """Vehicles that joined the queue in the second."""
    waited = change.before["track_id"][change.before["queued"]]
    return change.now[change.now["queued"] & ~np.isin(change.now["track_id"], waited)]


def _queue(made: RecordArray, lanes: IntArray, approaches: Approaches) -> dict[str, float]:
    """The queue of the lanes of a group; lengths are those of the lane where it is longest."""
    nothing = {"queued": 0, "queue_m": 0.0, "queue_end_m": np.nan, "spilled": 0}
    if not len(made):
        return nothing
    end_m = approaches.length_m[lanes] - made["rear_m"]
    front_m = approaches.length_m[lanes] - made["front_m"]
    longest = max(float(np.ptp([*end_m[lanes == k], *front_m[lanes == k]])) for k in set(lanes))
    return {
        "queued": len(made),
        "queue_m": longest,
        "queue_end_m": float(end_m.max()),
        "spilled": int((made["rear_m"] < SPACING_M).any()),
    }


def _ended(on: BoolArray, shows: Shows, change: Change) -> dict[str, float]:
    """Whether a green ended in the second, and whom it left over of those that it found waiting."""
    was = np.append(shows.before, shows.green[:-1])
    over = int((was & ~shows.green).sum())
    waited = np.isin(change.now["track_id"], shows.waiting)
    left_over = _on(on, change.now[waited]) if over else 0
    return {
        "greens_over": over,
        "split_failures": int(left_over > 0),
        "left_over": left_over,
    }


def _discharge_s(most: int, shows: Shows) -> float:
    """Until the last vehicle of the longest queue crosses the line; NaN if no green is in sight.

    It is not asked whether the green is long enough.
    """
    if not most:
        return 0.0
    green_s = (shows.last_us - shows.since_us) / 1e6 if shows.since_us else 0.0
    start_s = max(0.0, LOST_S - green_s)
    return until_green_s(shows.last, shows.last_us) + start_s + HEADWAY_S * most


def near_lines(
    ticks: IntArray, rows: RecordArray, lanes: IntArray, approaches: Approaches,
    second_us: int, tick_us: int, count: int,
) -> BoolArray:  # fmt: skip
    """At which ticks a vehicle of a lane was within a saturation headway of the stop line.

    Parameters
    ----------
    ticks, lanes : ndarray of shape (n,)
        Tick, and number of the lane, of each row.
    rows : structured array of shape (n,), dtype `operators.segments.scene.ROW`
    approaches
        Of the intersection.
    second_us, tick_us, count
        Start of the second, distance and number of its ticks.

    Returns
    -------
    ndarray of shape (count, lanes)
    """
    near = np.zeros((count, len(approaches.lane_ids)), np.bool_)
    ahead_m = approaches.length_m[lanes] - rows["along_m"]
    close = ahead_m <= np.maximum(SPACING_M, HEADWAY_S * rows["speed_mps"])
    near[(ticks[close] - second_us) // tick_us, lanes[close]] = True
    return near

"""What happens on the road now, from `road.events`: the events that are open, whom they concern.

A record tells a whole event, so the newest of each counts, and one that comes again (after a
failure of its sender) is no news. Events of an older run that nobody closed are dropped when a
newer run speaks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.surroundings import WAY_S
from operators.transform.ellipsoid import metres_per_degree

MOVING = "wrong_way"  # goes on while it is told: it is where its track is
ELSEWHERE = "emergency_vehicle"  # who is near is told by the vehicle itself
_CLOSED_KEPT = 10_000
_SIDE_M, _SPREAD = 6.0, 0.02  # a lane and a half, and half a lane at 90 m since turns are unknown

Event = Mapping[str, Any]


class OpenEvents:
    """Events that are open, by id."""

    def __init__(self) -> None:
        self._run = ("", 0)
        self._open: dict[int, Event] = {}
        self._closed: dict[int, int] = {}

    def take(self, record: Event) -> bool:
        """Take a record of `road.events`; False if it tells nothing new."""
        event_id, sequence = record["event_id"], record["sequence"]
        known = self._open.get(event_id)
        last = self._closed.get(event_id, -1) if known is None else known["sequence"]
        if sequence <= last or not self._is_current(record):
            return False
        if record["change"] == "closed":
            self._open.pop(event_id, None)
            self._closed[event_id] = sequence
            if len(self._closed) > _CLOSED_KEPT:
                del self._closed[next(iter(self._closed))]
        else:
            self._open[event_id] = record
        return True

    def _is_current(self, record: Event) -> bool:
        run, tick_us = record["run_id"], record["tick_us"]
        if run != self._run[0]:
            if tick_us < self._run[1]:
                return False
            self._open = {}
        self._run = run, max(tick_us, self._run[1])
        return True

    def listed(self) -> list[Event]:
        """All that are open, in the order of their opening."""
        return sorted(self._open.values(), key=lambda one: (one["opened_us"], one["event_id"]))


def concerned(
    vehicles: RecordArray, happening: Sequence[Event], tracks: Mapping[int, RecordArray]
) -> list[list[dict[str, Any]]]:
    """Warnings of events for each vehicle: those that it comes to if it goes on as it does.

    Closest approach of two points in straight motion; an event stands still, but a wrong-way
    driver, who is where its track is.

    Parameters
    ----------
    vehicles : structured array of shape (n,), dtype `operators.fused.FUSED`
    happening
        Open events.
    tracks
        Rows of the first tracks of those that move, each of shape (1,).

    Returns
    -------
    list of n lists
        ``kind``, ``reach_s``, ``event_id``, ``severity``, and ``track_id`` of the first track.
    """
    found: list[list[dict[str, Any]]] = [[] for _ in range(len(vehicles))]
    told = [one for one in happening if one["kind"] != ELSEWHERE]
    if not told or not len(vehicles):
        return found
    reach_s = _reach_s(vehicles, *_motions(told, tracks))
    for k, n in zip(*np.nonzero(reach_s <= WAY_S), strict=True):
        event = told[n]
        if int(vehicles["track_id"][k]) not in event["track_ids"]:
            found[k].append(_warning(event, float(reach_s[k, n])))
    return found


def moving(happening: Iterable[Event]) -> set[int]:
    """First tracks of the events that move."""
    return {one["track_ids"][0] for one in happening if one["kind"] == MOVING and one["track_ids"]}


def _warning(event: Event, reach_s: float) -> dict[str, Any]:
    told = {"kind": event["kind"], "reach_s": round(reach_s, 2), "severity": event["severity"]}
    told |= {"event_id": str(event["event_id"])}
    return told | ({"track_id": str(event["track_ids"][0])} if event["track_ids"] else {})


def _motions(
    told: Sequence[Event], tracks: Mapping[int, RecordArray]
) -> tuple[FloatArray, FloatArray]:
    """Longitude, latitude and radius of events, and their velocities; shapes (m, 3), (m, 2)."""
    places = np.array([(e["lon_e7"] / 1e7, e["lat_e7"] / 1e7, e["radius_m"]) for e in told])
    velocities = np.zeros((len(told), 2))
    for n, event in enumerate(told):
        row = tracks.get(event["track_ids"][0]) if event["kind"] == MOVING else None
        if row is not None:
            places[n, :2] = row["lon_deg"][0], row["lat_deg"][0]
            velocities[n] = row["velocity_east_mps"][0], row["velocity_north_mps"][0]
    return places, velocities


def _reach_s(vehicles: RecordArray, places: FloatArray, velocities: FloatArray) -> FloatArray:
    """When each vehicle comes to each event, shape (n, m); inf for never, 0 for there already."""
    lon, lat = vehicles["lon_deg"][:, None], vehicles["lat_deg"][:, None]
    east_m, north_m = metres_per_degree((lat + places[:, 1]) / 2)
    x, y = (places[:, 0] - lon) * east_m, (places[:, 1] - lat) * north_m
    vx = velocities[:, 0] - vehicles["velocity_east_mps"][:, None]
    vy = velocities[:, 1] - vehicles["velocity_north_mps"][:, None]
    square = np.maximum(vx * vx + vy * vy, 1e-6)
    nearest_s = np.maximum(-(x * vx + y * vy) / square, 0.0)
    miss_m = np.hypot(x + vx * nearest_s, y + vy * nearest_s)
    reach_m = places[:, 2] + _SIDE_M + _SPREAD * np.hypot(x, y)
    reach_s: FloatArray = np.maximum(nearest_s - places[:, 2] / np.sqrt(square), 0.0)
    return np.where(miss_m <= reach_m, reach_s, np.inf)

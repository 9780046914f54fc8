"""All services to vehicles in memory: what comes in changes what is known, a closed tick sends.

What is sent at a tick is a function of the pictures of that tick, of the entries, subscriptions and
features received before, and of the numbers that tracks have; in whatever order pictures came.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from operators._typing import IntArray, RecordArray
from operators.current import Closed, Current
from operators.enrich.context import context_columns
from operators.enrich.index import FeatureIndex
from operators.enrich.versions import share_feature
from operators.fused import Snapshot
from operators.pipeline import Stage
from operators.routes import VEHICLE
from operators.services.ahead import Ahead
from operators.services.areas import AreaStep, area_at, scene
from operators.services.open_events import OpenEvents, concerned, moving
from operators.services.plain import moment
from operators.services.riders import Riders, Subscription
from operators.services.vehicles import STEPS, Asked, around, warnings, way_ahead
from operators.shared import Shared
from operators.sources import share_source
from operators.step import Output

_ENCODER = msgspec.json.Encoder()


class Services:
    """Everything that the services know.

    Parameters
    ----------
    station_id
        Of this station.
    """

    def __init__(self, station_id: str) -> None:
        self._station_id = station_id
        self.current = Current()
        self.riders = Riders()
        self.entries = Shared()
        self._areas = Stage(AreaStep(station_id), share_source)
        self._features = Shared()
        self._index = FeatureIndex()
        self._ahead = Ahead()
        self._events = OpenEvents()

    def take_source(self, event: bytes) -> None:
        """Take a packed raw record of `station.sources`."""
        self._areas.broadcast(event)
        self.entries.change(share_source(self.entries, event))

    def take_feature(self, event: bytes) -> None:
        """Take a record of `context.features`, as msgpack."""
        self._features.change(share_feature(self._features, event))

    def take_network(self, record: Mapping[str, Any]) -> None:
        """Take a record of `station.network`."""
        self._ahead.ways.take(record)

    def take_signals(self, record: Mapping[str, Any]) -> None:
        """Take a record of `signals.state`."""
        self._ahead.signals.take(record)

    def take_event(self, record: Mapping[str, Any]) -> None:
        """Take a record of `road.events`."""
        self._events.take(record)

    def take_picture(self, given: Snapshot) -> Closed | None:
        """Take a picture; the tick that it closes, None if it closes none."""
        return self.current.close() if self.current.take(given) else None

    def send(self, closed: Closed) -> Iterator[Output]:
        """Everything that is sent at a closed tick."""
        for area_id in sorted(self.entries):
            area = area_at(self.entries, area_id, closed.tick_us)
            if area is not None:
                self._areas.take(area_id, scene(closed, area))
        yield from self._areas.advance(closed.tick_us)
        yield from self._vehicles(closed)

    def _vehicles(self, closed: Closed) -> Iterator[Output]:
        due = self.riders.due(closed.tick_us)
        found = closed.tracks({track_id for _, track_id in due if track_id is not None})
        now = moment(closed)
        vehicles = now.whole.rows[[now.whole.number(part) for part in found.values()]]
        flags = dict(zip(found, self._context(vehicles, closed.tick_us), strict=True))
        signals = dict(zip(found, self._ahead.told(vehicles, closed.tick_us), strict=True))
        events = dict(zip(found, self._happening(closed, vehicles), strict=True))
        asked = {
            one.subscription_id: Asked(found[track_id], one.source_id, one.radius_m, one.sight_m)
            for one, track_id in due
            if track_id is not None and track_id in found
        }
        nearby = dict(zip(asked, around(now, list(asked.values())), strict=True))
        for one, track_id in due:
            near = nearby.get(one.subscription_id)
            told = self._head(one, closed.tick_us, track_id)
            if near is None or track_id is None:
                value = b'{%s,"warnings":[],"signals":[],"vehicle":null,"objects":[]}' % told
            else:
                minded = _ENCODER.encode(warnings(near, flags[track_id], events[track_id]))
                ahead = _ENCODER.encode(signals[track_id])
                value = near.as_json(b'%s,"warnings":%s,"signals":%s' % (told, minded, ahead))
            yield Output(VEHICLE, one.subscription_id, value)

    def _happening(self, closed: Closed, vehicles: RecordArray) -> list[list[dict[str, Any]]]:
        """Events that concern each vehicle."""
        happening = self._events.listed()
        parts = closed.tracks(moving(happening))
        tracks = {track_id: part.held.rows[part.chosen] for track_id, part in parts.items()}
        return concerned(vehicles, happening, tracks)

    def _head(self, one: Subscription, tick_us: int, track_id: int | None) -> bytes:
        head = {
            "station_id": self._station_id,
            "subscription_id": one.subscription_id,
            "tick_us": tick_us,
            "source_id": one.source_id,
            "vehicle_id": one.vehicle_id,
            "track_id": None if track_id is None else str(track_id),
        }
        return _ENCODER.encode(head)[1:-1]

    def _context(self, vehicles: RecordArray, tick_us: int) -> IntArray:
        """Context along the way of each vehicle, `ContextFlag` bits of shape (n, `STEPS`)."""
        if not self._features or not len(vehicles):
            return np.zeros((len(vehicles), STEPS), np.int64)
        self._index.follow(self._features)
        lon, lat = way_ahead(vehicles)
        told = context_columns(self._index, lon.ravel(), lat.ravel(), tick_us)["context_flags"]
        return np.frombuffer(told, "<u4").astype(np.int64).reshape(-1, STEPS)

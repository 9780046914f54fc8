"""All services to vehicles in memory: what comes in changes what is known, a closed tick sends.

What is sent at a tick is a function of the pictures of that tick, of the entries, subscriptions and
features received before, and of the numbers that tracks have; in whatever order pictures came.
"""

from collections.abc import Iterator

import msgspec
import numpy as np

from operators._typing import IntArray
from operators.current import Closed, Current, Part
from operators.enrich.context import context_columns
from operators.enrich.index import FeatureIndex
from operators.enrich.versions import share_feature
from operators.fused import Snapshot
from operators.pipeline import Stage
from operators.routes import VEHICLE
from operators.services.areas import AreaStep, area_at, scene
from operators.services.plain import moment
from operators.services.riders import Riders, Subscription
from operators.services.vehicles import STEPS, around, warnings, way_ahead
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

    def take_source(self, event: bytes) -> None:
        """Take a packed raw record of `station.sources`."""
        self._areas.broadcast(event)
        self.entries.change(share_source(self.entries, event))

    def take_feature(self, event: bytes) -> None:
        """Take a record of `context.features`, as msgpack."""
        self._features.change(share_feature(self._features, event))

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
        flags = self._ahead(found, closed.tick_us)
        now = moment(closed)
        for one, track_id in due:
            part = None if track_id is None else found.get(track_id)
            told = self._head(one, closed.tick_us, track_id)
            if part is None or track_id is None:
                value = b'{%s,"warnings":[],"vehicle":null,"objects":[]}' % told
            else:
                near = around(now, part, one.source_id, one.radius_m, one.sight_m)
                minded = _ENCODER.encode(warnings(near, flags[track_id]))
                value = near.as_json(b'%s,"warnings":%s' % (told, minded))
            yield Output(VEHICLE, one.subscription_id, value)

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

    def _ahead(self, found: dict[int, Part], tick_us: int) -> dict[int, IntArray]:
        """Context along the way of each vehicle, `ContextFlag` bits of shape (`STEPS`,)."""
        if not self._features or not found:
            return dict.fromkeys(found, np.zeros(STEPS, np.int64))
        self._index.follow(self._features)
        lon, lat = way_ahead(np.concatenate([p.held.rows[p.chosen] for p in found.values()]))
        told = context_columns(self._index, lon.ravel(), lat.ravel(), tick_us)["context_flags"]
        flags = np.frombuffer(told, "<u4").astype(np.int64).reshape(-1, STEPS)
        return dict(zip(found, flags, strict=True))

"""Which track a subscribed vehicle is: by the links of its own messages.

A subscription names a source and a vehicle in it. A raw record of that source tells under which of
the sender's ids each observation stands, and a link tells which track took the observation.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from operators.decode.decoded import DecodedFrame
from operators.decode.rows import id_hash
from operators.errors import DecodeError
from operators.reasons import Reason, Use

KEPT_US = 5_000_000  # an observation is linked within the acceptance bound and a restart
LOST_US = 3_000_000  # a vehicle whose messages were not linked for so long is not seen


class Subscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to know what is around which vehicle.

    Parameters
    ----------
    subscription_id
        Name; a later record of the same name replaces this one.
    source_id, vehicle_id
        The vehicle: its source, and the sender's id of it there; empty for a source that is one
        vehicle.
    radius_m, sight_m
        As for `operators.surroundings.surroundings`.
    until_us
        When it ends, UTC microseconds; None for never.
    """

    subscription_id: str
    source_id: str
    vehicle_id: str = ""
    radius_m: float = 150.0
    sight_m: float = 100.0
    until_us: int | None = None


_SUBSCRIPTION = msgspec.json.Decoder(Subscription)
MOST_RADIUS_M = 500.0


def parse_subscription(payload: bytes) -> Subscription:
    """Subscription of one record of `service.subscriptions`.

    Raises
    ------
    DecodeError
        MALFORMED or OUT_OF_RANGE, with what is wrong.
    """
    try:
        made = _SUBSCRIPTION.decode(payload)
    except msgspec.DecodeError as error:
        raise DecodeError(Reason.MALFORMED, str(error)) from None
    if not (0 < made.radius_m <= MOST_RADIUS_M and 0 <= made.sight_m <= MOST_RADIUS_M):
        detail = f"radius_m and sight_m are at most {MOST_RADIUS_M:g}"
        raise DecodeError(Reason.OUT_OF_RANGE, detail)
    return made


_Place = tuple[str, int, int]


class Riders:
    """Subscriptions, and the tracks that their vehicles are."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._sent: dict[_Place, tuple[int, str, dict[int, int]]] = {}
        self._tracks: dict[tuple[str, int], tuple[int, int]] = {}

    def subscribe(self, given: Subscription) -> None:
        """Take or replace a subscription."""
        self._subscriptions[given.subscription_id] = given

    @property
    def sources(self) -> set[str]:
        """Sources of which records are wanted."""
        return {one.source_id for one in self._subscriptions.values()}

    def heard(
        self, place: _Place, source_id: str, frames: tuple[DecodedFrame, ...], received_us: int
    ) -> None:
        """Take a raw record of a wanted source; `place` is topic, partition and offset."""
        ids = {
            int(row["index"]): int(row["local_id"])
            for frame in frames
            for row in frame.observations[["index", "local_id"]]
        }
        self._sent[place] = (received_us, source_id, ids)

    def linked(self, links: Mapping[str, Any]) -> None:
        """Take a record of `fused.links`."""
        wanted = self.sources
        indices = [i for i, name in enumerate(links["sources"]) if name in wanted]
        if not indices:
            return
        columns = {name: np.frombuffer(links[name], kind) for name, kind in _LINK.items()}
        ours = np.isin(columns["source_index"], indices)
        ours &= np.isin(columns["use"], (Use.USED, Use.BIRTH))
        for track_id, topic, partition, offset, index in zip(
            *(columns[name][ours].tolist() for name in _TAKEN), strict=True
        ):
            self._link((links["topics"][topic], partition, offset), index, track_id, links)

    def _link(self, place: _Place, index: int, track_id: int, links: Mapping[str, Any]) -> None:
        heard = self._sent.get(place)
        if heard is None:
            return
        _, source_id, ids = heard
        tick_us = links["tick_us"]
        for local_id in (ids.get(index, 0), 0):  # also as the one vehicle of its source
            if tick_us >= self._tracks.get((source_id, local_id), (0, 0))[1]:
                self._tracks[source_id, local_id] = (track_id, tick_us)

    def due(self, tick_us: int) -> list[tuple[Subscription, int | None]]:
        """Subscriptions that hold at a tick, each with its vehicle's track, None if not seen."""
        self._forget(tick_us)
        found = []
        for one in self._subscriptions.values():
            track_id, at_us = self._track(one)
            found.append((one, track_id if tick_us - at_us <= LOST_US else None))
        return found

    def _track(self, one: Subscription) -> tuple[int, int]:
        """Track and last tick; hexadecimal ids of messages are hashed in capitals."""
        names = (one.vehicle_id, one.vehicle_id.upper())
        known = [self._tracks.get((one.source_id, id_hash(name)), (0, 0)) for name in names]
        return max(known, key=lambda track: track[1])

    def _forget(self, tick_us: int) -> None:
        over = [
            name
            for name, one in self._subscriptions.items()
            if one.until_us is not None and one.until_us <= tick_us
        ]
        for name in over:
            del self._subscriptions[name]
        old = [place for place, heard in self._sent.items() if tick_us - heard[0] > KEPT_US]
        for place in old:
            del self._sent[place]
        lost = [who for who, (_, at) in self._tracks.items() if tick_us - at > LOST_US]
        for who in lost:
            del self._tracks[who]


_LINK = {
    "track_id": "<u8",
    "use": "u1",
    "source_index": "<u2",
    "topic_index": "u1",
    "partition": "<i4",
    "offset": "<i8",
    "index": "<u4",
}
_TAKEN = ("track_id", "topic_index", "partition", "offset", "index")

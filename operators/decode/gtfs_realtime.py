"""Format `gtfs-rt`: GTFS Realtime 2.0 feed with vehicle positions, protobuf.

The bus of a line tells its place every 5 to 30 s, and the feed adds seconds: too late for an
observation (the acceptance bound is 2 s), so a position is a feature of kind ``vehicle``: it stands
in the dataset and applies to nobody.

| field | becomes |
|---|---|
| `entity.id` | feature id ``gtfs-rt/<id>`` |
| `position` (degrees WGS-84, float32: to 0.5 m) | point |
| `speed` (m/s), `bearing` (degrees clockwise from north) | `speed_mps`, `heading_deg` |
| `vehicle.timestamp`, else that of the header (UTC seconds) | start of validity, time of issue |
| `is_deleted` | cancelled |
| trip, route, occupancy | properties |

A position holds for two minutes. Dropped: trip updates, alerts, labels and number plates. A feed
without any vehicle position is WRONG_KIND.
"""

import math

from google.protobuf.message import DecodeError as ProtobufError
from google.transit import gtfs_realtime_pb2 as gtfs

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import place_text
from operators.decode.guard import check_objects
from operators.decode.texts import shortened
from operators.errors import DecodeError
from operators.reasons import Reason

HOLDS_US = 120_000_000
_LAST_SECOND = 253_402_300_799  # of the year 9999


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one feed.

    Raises
    ------
    DecodeError
        MALFORMED, WRONG_KIND, OUT_OF_RANGE, NO_TIME or TOO_MANY_OBJECTS.
    """
    feed = gtfs.FeedMessage()
    try:
        feed.ParseFromString(payload)
    except ProtobufError as error:
        raise DecodeError(Reason.MALFORMED, str(error)[:200]) from error
    check_objects(len(feed.entity))
    told = [one for one in feed.entity if one.is_deleted or one.vehicle.HasField("position")]
    if not told:
        raise DecodeError(Reason.WRONG_KIND, f"{len(feed.entity)} entities, no vehicle position")
    return Decoded(features=tuple(_feature(one, feed.header.timestamp) for one in told))


def _feature(entity: gtfs.FeedEntity, header_s: int) -> Feature:
    vehicle = entity.vehicle
    second = vehicle.timestamp or header_s
    if not 0 < second <= _LAST_SECOND:
        raise DecodeError(Reason.NO_TIME, f"entity {entity.id[:40]!r}")
    at_us = second * 1_000_000
    return Feature(
        feature_id=f"gtfs-rt/{entity.id}",
        kind="vehicle",
        valid_from_us=at_us,
        valid_to_us=at_us + HOLDS_US,
        area="" if entity.is_deleted else _place(vehicle.position),
        radius_m=None,
        cancelled=entity.is_deleted,
        properties=_properties(vehicle),
        issued_us=at_us,
    )


def _place(position: gtfs.Position) -> str:
    lon, lat = position.longitude, position.latitude
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise DecodeError(Reason.NOT_FINITE, "position of a vehicle")
    return place_text(round(lon, 7), round(lat, 7))


def _properties(vehicle: gtfs.VehiclePosition) -> dict[str, str]:
    position = vehicle.position
    found = {"trip_id": vehicle.trip.trip_id, "route_id": vehicle.trip.route_id}
    if position.HasField("speed") and 0.0 <= position.speed < 200.0:
        found["speed_mps"] = f"{position.speed:.2f}"
    if position.HasField("bearing") and 0.0 <= position.bearing <= 360.0:
        found["heading_deg"] = f"{position.bearing:.1f}"
    if vehicle.HasField("occupancy_status"):
        status = gtfs.VehiclePosition.OccupancyStatus.Name(vehicle.occupancy_status)
        found["occupancy"] = status.lower()
    return shortened(found)

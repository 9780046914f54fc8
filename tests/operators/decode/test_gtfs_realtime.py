"""Vehicle positions of GTFS Realtime, written with the published bindings."""

import json

import pytest
from google.transit import gtfs_realtime_pb2 as gtfs

from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.reasons import Reason


def feed(*vehicles, header_s=1_700_000_000):
    message = gtfs.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = header_s
    for k, (lat, lon, fields) in enumerate(vehicles):
        entity = message.entity.add(id=f"bus-{k}")
        entity.vehicle.position.latitude, entity.vehicle.position.longitude = lat, lon
        entity.vehicle.vehicle.license_plate = "B-XY 123"
        for name, value in fields.items():
            setattr(entity.vehicle.position, name, value)
    return message


def reason(payload):
    with pytest.raises(DecodeError) as caught:
        decode("gtfs-rt", payload, 0)
    return caught.value.reason


def test_a_position_by_hand():
    message = feed((52.5, 13.25, {"speed": 12.5, "bearing": 90.0}))
    message.entity[0].vehicle.timestamp = 1_699_999_990
    message.entity[0].vehicle.trip.route_id = "M29"
    (found,) = decode("gtfs-rt", message.SerializeToString(), 0).features
    assert (found.feature_id, found.kind, found.radius_m) == ("gtfs-rt/bus-0", "vehicle", None)
    assert json.loads(found.area)["coordinates"] == [13.25, 52.5]
    assert (found.valid_from_us, found.issued_us) == (1_699_999_990_000_000,) * 2
    assert found.valid_to_us - found.valid_from_us == 120_000_000
    assert found.properties == {"speed_mps": "12.50", "heading_deg": "90.0", "route_id": "M29"}


def test_no_number_plate_gets_in_and_what_is_deleted_is_cancelled():
    message = feed((52.5, 13.25, {}), (0.0, 0.0, {}))
    message.entity[1].is_deleted = True
    first, second = decode("gtfs-rt", message.SerializeToString(), 0).features
    assert "XY" not in str(first.properties)
    assert first.valid_from_us == 1_700_000_000_000_000
    assert (first.cancelled, second.cancelled, second.area) == (False, True, "")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (feed().SerializeToString(), Reason.WRONG_KIND),
        (feed((91.0, 0.0, {})).SerializeToString(), Reason.OUT_OF_RANGE),
        (feed((float("nan"), 0.0, {})).SerializeToString(), Reason.NOT_FINITE),
        (feed((1.0, 0.0, {}), header_s=0).SerializeToString(), Reason.NO_TIME),
        (feed((1.0, 0.0, {}), header_s=2**63).SerializeToString(), Reason.NO_TIME),
        (b"\x0a\x03" * 5000, Reason.MALFORMED),
        (b"\x0b" * 100_000, Reason.MALFORMED),  # groups within groups
        (b"\xff" * 100, Reason.MALFORMED),
        (b"", Reason.EMPTY_BODY),
        (feed(*[(1.0, 1.0, {})] * 10_001).SerializeToString(), Reason.TOO_MANY_OBJECTS),
    ],
)
def test_wrong_feeds_are_named(payload, expected):
    assert reason(payload) is expected

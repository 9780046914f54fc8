import json
from itertools import permutations

import pytest

from operators.errors import DecodeError
from operators.raw import pack_raw
from operators.reasons import Reason
from operators.shared import Shared
from operators.sources import NOTICE_US, effective_us, entry_at, parse_entry, share_source
from tests.builders import SECOND_US, START_US, a_raw_record, a_source_entry

LATER_US = START_US + 100 * SECOND_US


def shared_from(records):
    shared = Shared()
    for record in records:
        shared.change(share_source(shared, pack_raw(record)))
    return shared


def declared(receive_us, offset=0, **fields):
    return a_raw_record(offset, receive_us, a_source_entry(**fields), source="", key="unit-1")


def test_an_entry_holds_from_five_seconds_after_its_receipt_to_the_microsecond():
    shared = shared_from([declared(START_US, owner="a")])
    assert entry_at(shared, "unit-1", START_US + NOTICE_US - 1) is None
    assert entry_at(shared, "unit-1", START_US + NOTICE_US).owner == "a"


def test_an_entry_may_name_a_later_instant_but_no_earlier_one():
    early, late = (
        parse_entry(a_source_entry(valid_from_us=1)),
        parse_entry(a_source_entry(valid_from_us=LATER_US)),
    )
    assert effective_us(early, START_US) == START_US + NOTICE_US
    assert effective_us(late, START_US) == LATER_US


def test_the_entry_of_its_time_holds_at_every_instant():
    shared = shared_from([declared(START_US, owner="a"), declared(LATER_US, 1, owner="b")])
    change_us = LATER_US + NOTICE_US
    assert entry_at(shared, "unit-1", change_us - 1).owner == "a"
    assert entry_at(shared, "unit-1", change_us).owner == "b"
    assert entry_at(shared, "unit-2", change_us) is None


@pytest.mark.parametrize("gap_us", [0, 1000, SECOND_US])
def test_versions_do_not_depend_on_the_order_in_which_they_arrive(gap_us):
    # All three name the same later instant: the one received last holds.
    records = [
        declared(START_US + k * gap_us, k, owner="abc"[k], valid_from_us=LATER_US) for k in range(3)
    ]
    found = [shared_from(order) for order in permutations(records)]
    assert all(shared == found[0] for shared in found)
    assert entry_at(found[0], "unit-1", LATER_US).owner == "c"


@pytest.mark.parametrize(
    "fields",
    [
        {"lat_deg": 91.0, "lon_deg": 0.0},
        {"lat_deg": 0.0, "lon_deg": 181.0},
        {"lat_deg": 1.0},
        {"kind": "satellite"},
        {"datum": "NAD27"},
        {"frame": "EPSG:"},
        {"frame": "EPSG:4509 +nadgrids=x"},
        {"frame": "utm"},
        {"surprise": 1},
        {"source_id": 5},
        {"source_id": ""},
        {"source_id": "x" * 129},
        {"coverage_radius_m": -1.0},
        {"coverage_radius_m": 1e9},
        {"nominal_delay_ms": 1e300},
        {"nominal_delay_ms": -1.0},
        {"nominal_rate_hz": 0.0},
        {"position_sigma_m": 0.0},
        {"valid_from_us": 2**70},
        {"valid_from_us": -1},
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(fields):
    with pytest.raises(DecodeError) as caught:
        parse_entry(a_source_entry(**fields))
    assert caught.value.reason is Reason.BAD_SOURCE_ENTRY
    assert shared_from([declared(START_US, **fields)]) == {}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"datum": "GCJ-02", "frame": "local"}, "frame local has none"),
        ({"datum": "BD-09", "frame": "EPSG:4509"}, "frame EPSG:4509 has none"),
        ({"datum": "GCJ-02", "lat_deg": 48.9, "lon_deg": 2.35}, "not in China"),
        ({"frame": "EPSG:999999"}, "not in the registry"),
        ({"frame": "EPSG:4326"}, "neither a grid nor geocentric"),
        ({"frame": "EPSG:2433"}, "within 1 m"),
        ({"frame": "EPSG:4509", "heading_rad": 0.5}, "axes of its own"),
        ({"frame": "EPSG:4509", "lat_deg": 39.9, "lon_deg": 130.0}, "beyond the area"),
        ({"frame": "EPSG:4509", "lat_deg": -39.9, "lon_deg": 116.4}, "beyond the area"),
    ],
)
def test_datum_frame_and_pose_that_contradict_each_other_are_refused(fields, why):
    with pytest.raises(DecodeError, match=why) as caught:
        parse_entry(a_source_entry(**fields))
    assert caught.value.reason is Reason.BAD_SOURCE_ENTRY


@pytest.mark.parametrize(
    "fields",
    [
        {"datum": "GCJ-02"},
        {"datum": "BD-09", "lat_deg": 31.2, "lon_deg": 121.5},
        {"datum": "CGCS2000", "frame": "EPSG:4549", "lat_deg": 31.2, "lon_deg": 121.5},
        {"frame": "EPSG:32632"},
        {"frame": "EPSG:4978"},
        {"frame": "local"},
    ],
)
def test_every_datum_and_frame_can_be_declared(fields):
    entry = parse_entry(a_source_entry(**fields))
    assert {name: getattr(entry, name) for name in fields} == fields


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"kind": "probe"}', b"\xff"])
def test_an_entry_that_cannot_be_read_is_refused(body):
    with pytest.raises(DecodeError) as caught:
        parse_entry(body)
    assert caught.value.reason is Reason.BAD_SOURCE_ENTRY


def test_a_full_entry_is_taken_as_it_stands():
    given = {
        "source_id": "unit-1",
        "kind": "roadside",
        "format": "rsm.json",
        "datum": "CGCS2000",
        "frame": "wgs84",
        "lat_deg": 39.9,
        "lon_deg": 116.4,
        "heading_rad": 0.5,
        "coverage_radius_m": 150.0,
        "nominal_rate_hz": 10.0,
        "nominal_delay_ms": 40.0,
        "position_sigma_m": 0.5,
        "owner": "city",
        "valid_from_us": START_US,
        "quarantined": True,
    }
    entry = parse_entry(json.dumps(given).encode())
    assert {name: getattr(entry, name) for name in given} == given


def test_a_pulse_shares_nothing():
    assert shared_from([a_raw_record(body=None)]) == {}

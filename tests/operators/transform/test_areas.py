import json
from dataclasses import replace

import pytest

from operators.decode.decoded import Feature
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.sources import add_version, entry_at, parse_entry
from operators.transform.areas import declared_area
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.builders import a_source_entry
from tests.operators.transform.geo import apart_m, columns

RING = [[116.40, 39.90], [116.41, 39.90], [116.41, 39.91], [116.40, 39.90]]


def shifted(place):
    lon, lat = wgs84_to_gcj02(*columns([place[:2]]))
    return [float(lon[0]), float(lat[0]), *place[2:]]


def feature(geometry=None, radius_m=None, datum=None):
    area = json.dumps(geometry) if geometry else ""
    return Feature("f", "work_zone", None, None, area, radius_m, False, {}, datum)


def feed(**fields):
    return parse_entry(a_source_entry("f", kind="feed", **fields))


@pytest.mark.parametrize(
    ("kind", "build"),
    [
        ("Point", lambda move: move(RING[1])),
        ("LineString", lambda move: [move(p) for p in RING]),
        ("Polygon", lambda move: [[move(p) for p in RING]]),
        ("MultiPolygon", lambda move: [[[move(p) for p in RING]], [[move(p) for p in RING]]]),
    ],
)
def test_an_area_of_a_declared_datum_lies_where_it_is(kind, build):
    given = feature({"type": kind, "coordinates": build(shifted)}, 50.0)
    area, radius_m = declared_area(given, feed(datum="GCJ-02"))
    made, wanted = json.loads(area), build(list)
    assert (made["type"], radius_m) == (kind, 50.0)
    found, there = (columns(flat(part)) for part in (made["coordinates"], wanted))
    assert (apart_m(found, there) < 1e-6).all()


def flat(coordinates):
    if not isinstance(coordinates[0], list):
        return [coordinates]
    return [place for part in coordinates for place in flat(part)]


@pytest.mark.parametrize("entry", [None, feed(), feed(datum="CGCS2000")])
def test_an_area_of_wgs84_stays_as_it_was(entry):
    given = feature({"type": "Point", "coordinates": [116.4, 39.9]}, 50.0)
    assert declared_area(given, entry) == (given.area, 50.0)


def test_a_height_stays_beside_its_place():
    given = feature({"type": "Point", "coordinates": shifted([116.4, 39.9, 12.0])})
    area, _ = declared_area(given, feed(datum="GCJ-02"))
    assert json.loads(area)["coordinates"][2] == 12.0


def test_a_report_without_a_place_lies_where_its_station_stands():
    # The pose is surveyed: WGS-84, whatever the messages are in.
    station = {"lat_deg": 39.9, "lon_deg": 116.4, "coverage_radius_m": 8000.0}
    for datum in ("WGS-84", "GCJ-02"):
        area, radius_m = declared_area(feature(), feed(datum=datum, **station))
        assert (json.loads(area)["coordinates"], radius_m) == ([116.4, 39.9], 8000.0)


def test_a_report_of_nobody_knows_where_lies_nowhere():
    assert declared_area(feature(), feed()) == declared_area(feature(), None) == ("", None)


def test_a_datum_that_the_format_says_goes_before_that_of_the_entry():
    given = feature({"type": "Point", "coordinates": shifted([116.4, 39.9])}, 50.0, "GCJ-02")
    for declared in (None, feed(), feed(datum="BD-09")):
        found = columns([json.loads(declared_area(given, declared)[0])["coordinates"]])
        assert (apart_m(found, columns([(116.4, 39.9)])) < 1e-6).all()


BOX = {"type": "Polygon", "coordinates": [RING]}
SPOT = {"type": "Point", "coordinates": [116.6, 40.1]}


def test_regions_and_stations_lie_where_the_entry_says():
    entry = feed(regions={"110105": BOX, "ZBAA": SPOT}, coverage_radius_m=8000.0)
    named = replace(feature(), regions=("110105", "unheard-of"))
    assert json.loads(declared_area(named, entry)[0]) == BOX
    both, radius_m = declared_area(replace(feature(), regions=("ZBAA", "110105")), entry)
    assert json.loads(both) == {"type": "GeometryCollection", "geometries": [SPOT, BOX]}
    assert radius_m == 8000.0
    assert declared_area(replace(feature(), regions=("110108",)), entry) == ("", None)
    drawn = replace(feature(SPOT, 5.0), regions=("110105",))
    assert declared_area(drawn, entry) == (drawn.area, 5.0)


def test_an_entry_keeps_its_regions_from_version_to_version():
    entry = feed(regions={"110105": BOX})
    packed = add_version(None, entry, 0)
    assert entry_at({"f": packed}, "f", 10**15) == entry


@pytest.mark.parametrize(
    "region",
    [
        {"type": "Point", "coordinates": [40.1, 116.6]},
        {"type": "Circle", "coordinates": [116.6, 40.1]},
        {"type": "Polygon", "coordinates": [RING[:2]]},
    ],
)
def test_a_region_that_is_no_geometry_is_refused(region):
    with pytest.raises(DecodeError) as caught:
        feed(regions={"110105": region})
    assert caught.value.reason is Reason.BAD_SOURCE_ENTRY


def test_swapped_coordinates_are_seen_by_the_feeds_place():
    """Pitfall 16: the official WZDx camera example is itself swapped, within both ranges."""
    entry = feed(lat_deg=43.66, lon_deg=-70.26, coverage_radius_m=20_000.0)
    right = feature({"type": "Point", "coordinates": [-70.2563, 43.6768]}, 50.0)
    far = feature({"type": "Point", "coordinates": [-93.7, 41.6]}, 50.0)
    assert declared_area(right, entry) == (right.area, 50.0)
    assert declared_area(far, entry) == (far.area, 50.0)
    with pytest.raises(DecodeError, match="swapped") as caught:
        declared_area(feature({"type": "Point", "coordinates": [43.6768, -70.2563]}, 50.0), entry)
    assert caught.value.reason is Reason.OUT_OF_RANGE

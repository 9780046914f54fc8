import json
from itertools import permutations

import numpy as np
import pytest

from operators.enrich.context import context_columns
from operators.enrich.told import ContextFlag
from operators.shared import Shared
from tests.builders import SECOND_US, START_US, degrees
from tests.operators.enrich.features import SQUARE, a_feature, an_index, area, share

HOLE = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]]


def columns_of(features, places, tick_us=START_US):
    lon, lat = np.array(places, float).reshape(-1, 2).T
    return context_columns(an_index(features), lon, lat, tick_us)


def flags(features, places, tick_us=START_US):
    packed = columns_of(features, places, tick_us)["context_flags"]
    return np.frombuffer(packed, "<u4").tolist()


def test_flags_are_set_inside_a_polygon_only():
    assert flags([a_feature()], [(5, 5), (5, 11), (-1, 5)]) == [ContextFlag.WORK_ZONE, 0, 0]


def test_a_hole_is_outside():
    holed = a_feature(area=area("Polygon", [SQUARE, HOLE]))
    assert flags([holed], [(5, 5), (2, 2), (4.1, 5.9)]) == [0, ContextFlag.WORK_ZONE, 0]


def test_polygons_of_one_feature_that_overlap_are_both_inside():
    shifted = [[x + 5.0, y] for x, y in SQUARE]
    both = a_feature(area=area("MultiPolygon", [[SQUARE], [shifted, HOLE]]))
    assert flags([both], [(2, 2), (7, 2), (12, 2), (16, 2)]) == 3 * [ContextFlag.WORK_ZONE] + [0]
    assert columns_of([both], [(7, 2)])["feature_count"] == b"\x01\x00"


def test_a_circle_is_round_and_in_metres():
    lat, lon = degrees(0.0, 0.0)
    circle = a_feature(area=area("Point", [lon, lat]), radius_m=100.0, kind="emergency")
    places = [degrees(x, y)[::-1] for x, y in ((99.9, 0), (100.1, 0), (70.7, 70.7), (71, 71))]
    assert flags([circle], places) == [ContextFlag.EMERGENCY, 0, ContextFlag.EMERGENCY, 0]


def test_a_line_has_a_width():
    ends = [list(degrees(x, 0.0)[::-1]) for x in (-500.0, 500.0)]
    line = a_feature(area=area("LineString", ends), radius_m=10.0)
    beside = [(0, 9.9), (0, 10.1), (-509.9, 0), (-510.1, 0), (507, 7), (508, 8)]
    places = [degrees(x, y)[::-1] for x, y in beside]
    assert flags([line], places) == [4, 0, 4, 0, 4, 0]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "MultiPoint", "coordinates": [[5, 5], [5.5, 5]]},
        {"type": "MultiLineString", "coordinates": [[[5, 5], [5, 5.1]], [[5.5, 5], [5.6, 5]]]},
        {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Point", "coordinates": [5, 5]},
                {"type": "Polygon", "coordinates": [[[5.5, 5], [5.6, 5], [5.6, 5.1], [5.5, 5]]]},
            ],
        },
    ],
)
def test_every_part_of_a_geometry_counts(geometry):
    several = a_feature(area=json.dumps(geometry), radius_m=50.0)
    assert flags([several], [(5, 5), (5.5, 5), (5.3, 5)]) == [4, 4, 0]


@pytest.mark.parametrize("fields", [{"area": ""}, {"area": area("Point", [5.0, 5.0])}])
def test_a_feature_without_extent_is_nowhere(fields):
    assert flags([a_feature(**fields)], [(5, 5), (5, 5.001)]) == [0, 0]


def test_validity_is_open_at_its_end():
    end_us = START_US + SECOND_US
    feature = a_feature(receive_time_us=0, valid_from_us=START_US, valid_to_us=end_us)
    ticks = (START_US - 1, START_US, end_us - 1, end_us)
    assert [flags([feature], [(5, 5)], t)[0] for t in ticks] == [0, 4, 4, 0]


def test_nothing_is_known_before_its_receipt():
    feature = a_feature(valid_from_us=0)
    ticks = (START_US - 1, START_US)
    assert [flags([feature], [(5, 5)], t)[0] for t in ticks] == [0, 4]


def versions():
    later = a_feature(receive_time_us=START_US + 10, offset=1, kind="weather")
    end = a_feature(receive_time_us=START_US + 20, offset=2, cancelled=True)
    return [a_feature(), later, end]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_update_replaces_and_a_cancellation_ends_by_receive_time_alone(order):
    features = [versions()[k] for k in order]
    seen = [flags(features, [(5, 5)], START_US + t)[0] for t in (0, 9, 10, 19, 20)]
    assert seen == [4, 4, 1, 1, 0]
    assert dict(share(Shared(), *features)) == dict(share(Shared(), *versions()))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_was_issued_earlier_undoes_nothing_when_it_comes_later(order):
    issued = [START_US, START_US + 1, START_US + 2]
    update, end = versions()[1], versions()[2]
    again = a_feature(receive_time_us=START_US + 30, offset=3, issued_us=issued[0])
    log = [a_feature(issued_us=issued[0]), update | {"issued_us": issued[1]}]
    log.append(end | {"issued_us": issued[2]})
    features = [*(log[k] for k in order), again]
    seen = [flags(features, [(5, 5)], START_US + t)[0] for t in (9, 19, 20, 30, 99)]
    assert seen == [4, 1, 0, 0, 0]


def test_flags_of_several_features_add_up():
    other = a_feature(feature_id="g", kind="weather")
    unknown = a_feature(feature_id="h", kind="comet")
    assert flags([a_feature(), other, unknown], [(5, 5)]) == [4 + 1 + 16]


def test_where_a_vehicle_is_applies_to_nobody_else():
    made = columns_of([a_feature(kind="vehicle")], [(5, 5)])
    assert (made["context_flags"], made["features"]) == (bytes(4), [])


def test_no_object_has_no_flags():
    assert flags([a_feature()], []) == []


def test_each_object_has_the_features_that_apply_to_it():
    shifted = [[x + 5.0, y] for x, y in SQUARE]
    both = [a_feature(feature_id="b"), a_feature(feature_id="a", area=area("Polygon", [shifted]))]
    made = columns_of(both, [(2, 2), (7, 2), (12, 2), (16, 2)])
    assert made["features"] == ["a", "b"]
    assert np.frombuffer(made["feature_count"], "<u2").tolist() == [1, 2, 1, 0]
    assert np.frombuffer(made["feature_index"], "<u2").tolist() == [1, 0, 1, 0]


def test_the_report_for_the_smallest_area_tells_the_weather_value_by_value():
    wide = {"visibility_m": "5000", "wind_mps": "3.0", "precipitation": "rain"}
    near = {"visibility_m": "200", "road_surface": "wet", "precipitation": "frogs"}
    inner = [[x / 10.0, y / 10.0] for x, y in SQUARE]
    reports = [
        a_feature(kind="weather", properties=wide),
        a_feature(feature_id="n", kind="weather", properties=near, area=area("Polygon", [inner])),
    ]
    made = columns_of(reports, [(0.5, 0.5), (5, 5), (20, 20), (0.6, 0.6)])
    told = [made["weather"][k] for k in np.frombuffer(made["weather_index"], "<u2")]
    keys = ("visibility_m", "wind_mps", "precipitation", "road_surface", "precipitation_mmph")
    assert [tuple(one[key] for key in keys) for one in told] == [
        (200.0, 3.0, 3, 3, None),
        (5000.0, 3.0, 3, None, None),
        (None, None, None, None, None),
        (200.0, 3.0, 3, 3, None),
    ]


def test_of_two_reports_for_one_area_the_newest_tells_the_weather():
    old = a_feature(kind="weather", properties={"visibility_m": "0"})
    new = a_feature(
        feature_id="a",
        kind="weather",
        properties={"visibility_m": "9"},
        receive_time_us=START_US + 1,
    )
    made = columns_of([old, new], [(5, 5)], START_US + 1)
    assert made["weather"][0]["visibility_m"] == 9.0
    assert columns_of([old, new], [(5, 5)])["weather"][0]["visibility_m"] == 0.0

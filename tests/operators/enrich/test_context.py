from itertools import permutations

import msgspec
import numpy as np
import pytest

from operators.enrich.context import ContextFlag, context_flags, share_feature
from tests.builders import SECOND_US, START_US, degrees

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]
HOLE = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]]


def area(kind, coordinates):
    return msgspec.json.encode({"type": kind, "coordinates": coordinates}).decode()


def a_feature(**fields):
    known = {
        "feature_id": "f",
        "kind": "work_zone",
        "receive_time_us": START_US,
        "valid_from_us": None,
        "valid_to_us": None,
        "area": area("Polygon", [SQUARE]),
        "radius_m": None,
        "cancelled": False,
        "topic": "raw.context",
        "partition": 0,
        "offset": 0,
    }
    return known | fields


def shared_from(features):
    shared = {}
    for feature in features:
        key, packed = share_feature(shared, msgspec.msgpack.encode(feature))
        shared[key] = packed
    return shared


def flags(features, places, tick_us=START_US):
    lon, lat = np.array(places, float).reshape(-1, 2).T
    return context_flags(shared_from(features), lon, lat, tick_us).tolist()


def test_flags_are_set_inside_a_polygon_only():
    assert flags([a_feature()], [(5, 5), (5, 11), (-1, 5)]) == [ContextFlag.WORK_ZONE, 0, 0]


def test_a_hole_is_outside():
    holed = a_feature(area=area("Polygon", [SQUARE, HOLE]))
    assert flags([holed], [(5, 5), (2, 2), (4.1, 5.9)]) == [0, ContextFlag.WORK_ZONE, 0]


def test_polygons_of_one_feature_that_overlap_are_both_inside():
    shifted = [[x + 5.0, y] for x, y in SQUARE]
    both = a_feature(area=area("MultiPolygon", [[SQUARE], [shifted, HOLE]]))
    assert flags([both], [(2, 2), (7, 2), (12, 2), (16, 2)]) == 3 * [ContextFlag.WORK_ZONE] + [0]


def test_a_circle_is_round_and_in_metres():
    lat, lon = degrees(0.0, 0.0)
    circle = a_feature(area=area("Point", [lon, lat]), radius_m=100.0, kind="emergency")
    places = [degrees(x, y)[::-1] for x, y in ((99.9, 0), (100.1, 0), (70.7, 70.7), (71, 71))]
    assert flags([circle], places) == [ContextFlag.EMERGENCY, 0, ContextFlag.EMERGENCY, 0]


@pytest.mark.parametrize("fields", [{"area": ""}, {"area": area("Point", [5.0, 5.0])}])
def test_a_feature_without_extent_is_nowhere(fields):
    assert flags([a_feature(**fields)], [(5, 5.001)]) == [0]


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
    assert shared_from(features) == shared_from(versions())


def test_flags_of_several_features_add_up():
    other = a_feature(feature_id="g", kind="weather")
    unknown = a_feature(feature_id="h", kind="comet")
    assert flags([a_feature(), other, unknown], [(5, 5)]) == [4 + 1 + 16]


def test_no_object_has_no_flags():
    assert flags([a_feature()], []) == []


def test_versions_that_nothing_can_ask_for_go():
    hour_us = 3600 * SECOND_US
    many = [a_feature(receive_time_us=START_US + k * hour_us, offset=k) for k in range(50)]
    assert len(msgspec.msgpack.decode(shared_from(many)["f"])) <= 2
    crowd = [a_feature(receive_time_us=START_US + k * SECOND_US, offset=k) for k in range(50)]
    assert len(msgspec.msgpack.decode(shared_from(crowd)["f"])) == 50

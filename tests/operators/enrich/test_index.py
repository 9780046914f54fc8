import math
import random
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from operators.enrich.index import FeatureIndex
from operators.enrich.shapes import distance_m
from operators.enrich.versions import KEPT_US, unpack
from operators.shared import JOURNAL, Shared
from tests.builders import SECOND_US, START_US
from tests.operators.enrich.features import a_feature, an_index, area, share

GEOD = Geod(ellps="WGS84")


def names_at(index, lon, lat, tick_us=START_US):
    """For each place the ids of the features that hold there."""
    hits = index.at(np.array(lon, float), np.array(lat, float), tick_us)
    found = [set() for _ in lon]
    for place, name in zip(hits.place.tolist(), index.names(hits.row), strict=True):
        found[place].add(name)
    return found


def star(rng, lon, lat, size_deg, corners):
    turns = sorted(rng.uniform(0, math.tau) for _ in range(corners))
    ring = [
        [lon + r * math.cos(t), lat + r * math.sin(t)]
        for t in turns
        for r in [size_deg * rng.uniform(0.3, 1)]
    ]
    return [*ring, ring[0]]


def is_in_ring(ring, lon, lat):
    odd = False
    for (x0, y0), (x1, y1) in pairwise(ring):
        if (y0 > lat) != (y1 > lat) and lon < x0 + (x1 - x0) * (lat - y0) / (y1 - y0):
            odd = not odd
    return odd


@pytest.mark.parametrize("corners", [3, 60, 500])
def test_many_polygons_of_all_sizes_are_found_as_by_looking_at_each(corners):
    rng = random.Random(corners)
    rings = [
        star(rng, rng.uniform(9, 11), rng.uniform(49, 51), 10 ** rng.uniform(-4, 1), corners)
        for _ in range(40)
    ]
    index = an_index(
        a_feature(feature_id=str(k), area=area("Polygon", [ring])) for k, ring in enumerate(rings)
    )
    places = [(rng.uniform(9, 11), rng.uniform(49, 51)) for _ in range(60)]
    places += [(ring[0][0] + 1e-6, ring[0][1] - 1e-6) for ring in rings]
    expected = [
        {str(k) for k, ring in enumerate(rings) if is_in_ring(ring, *place)} for place in places
    ]
    assert names_at(index, *zip(*places, strict=True)) == expected
    assert sum(map(len, expected)) > 40


@settings(deadline=None)
@given(
    st.floats(-180, 180), st.floats(-85, 85), st.floats(1.0, 4.7), st.floats(0, 360),
    st.floats(0.9, 1.1),
)  # fmt: skip
def test_circles_have_their_radius_anywhere_on_the_earth(lon, lat, exponent, azimuth, ratio):
    radius = 10.0**exponent
    index = an_index([a_feature(area=area("Point", [lon, lat]), radius_m=radius)])
    if abs(ratio - 1.0) < 1e-3:
        ratio = 0.5
    to_lon, to_lat, _ = GEOD.fwd(lon, lat, azimuth, ratio * radius)
    assert names_at(index, [to_lon], [to_lat]) == [{"f"} if ratio < 1.0 else set()]


@settings(deadline=None)
@given(
    st.floats(-179, 179), st.floats(-75, 75), st.floats(0, 360), st.floats(1, 2000),
    st.floats(0, 1), st.floats(0, 360), st.floats(0, 500),
)  # fmt: skip
def test_a_distance_from_a_line_is_that_of_its_nearest_point(lon, lat, turn, long, at, way, off):
    lon1, lat1, _ = GEOD.fwd(lon, lat, turn, long)
    on = (lon + at * (lon1 - lon), lat + at * (lat1 - lat))
    place = GEOD.fwd(*on, way, off)
    edges = np.array([[lon, lat, lon1, lat1]])
    found = distance_m(edges, 0, 1, *place[:2])
    along = np.linspace(0, 1, 2001)
    line = lon + along * (lon1 - lon), lat + along * (lat1 - lat)
    count = np.full(2001, 1.0)
    _, _, far = GEOD.inv(*line, place[0] * count, place[1] * count)
    assert abs(found - far.min()) <= 0.01 + 1e-4 * far.min() + long / 4000


def test_the_antimeridian_cuts_no_circle():
    index = an_index([a_feature(area=area("Point", [179.999, 10.0]), radius_m=1000.0)])
    assert names_at(index, [-179.999, 179.995, -179.98], [10.0] * 3) == [{"f"}, {"f"}, set()]


def moving(k, offset):
    place = [10.0 + 0.01 * k, 50.0]
    received = START_US + offset * SECOND_US
    fields = {"receive_time_us": received, "offset": offset, "area": area("Point", place)}
    return a_feature(feature_id=f"f{offset % 7}", radius_m=300.0, **fields)


def test_an_index_that_follows_change_by_change_is_as_one_made_anew():
    rng, shared, followed = random.Random(3), Shared(), FeatureIndex()
    lon, lat = 10.0 + 0.01 * np.arange(20), np.full(20, 50.0)
    for offset in range(150):
        feature = moving(rng.randrange(20), offset) | {"cancelled": rng.random() < 0.1}
        share(shared, feature)
        if offset % 3 == 0:
            followed.follow(shared)
            fresh = FeatureIndex()
            fresh.follow(Shared(dict(shared)))
            for back in (0, 5, 40):
                tick = feature["receive_time_us"] - back * SECOND_US
                assert names_at(followed, lon, lat, tick) == names_at(fresh, lon, lat, tick)


def test_an_index_that_is_too_far_behind_or_of_something_else_is_made_anew():
    index, shared = an_index([moving(1, 0)]), Shared()
    share(shared, moving(2, 1), *(moving(3 + k % 2, k) for k in range(2, 2 + JOURNAL)))
    index.follow(shared)
    assert index.at(np.array([10.01]), np.array([50.0]), START_US * 2).row.tolist() == []
    before = shared.changes
    assert shared.changed_since(before - JOURNAL - 1) is None
    assert len(shared.changed_since(before - JOURNAL)) == JOURNAL
    share(shared, moving(7, JOURNAL + 2))
    index.follow(shared)
    assert len(index.at(np.array([10.07]), np.array([50.0]), START_US * 2).row) == 1


def test_rows_that_are_gone_leave_no_trace():
    shared, index = Shared(), FeatureIndex()
    corners = [[10 + 0.001 * math.cos(t), 50 + math.sin(t)] for t in np.linspace(0, 6, 500)]
    ring = area("Polygon", [[*corners, corners[0]]])
    for offset in range(200):
        received = START_US + offset * KEPT_US * 2
        share(shared, a_feature(receive_time_us=received, offset=offset, area=ring))
        index.follow(shared)
    assert len(index._parts) <= 2
    assert len(index._edges.array) < 40_000
    share(shared, a_feature(receive_time_us=received + 1, offset=999, area=""))
    share(shared, a_feature(receive_time_us=received + 3 * KEPT_US, offset=1000, cancelled=True))
    index.follow(shared)
    assert (index._parts, len(index._tiles), len(index._tiles.table().levels)) == ({}, 0, 0)


def test_versions_that_nothing_can_ask_for_go():
    hour_us = 3600 * SECOND_US
    many = [
        a_feature(receive_time_us=START_US + k * hour_us, offset=k, properties={"k": str(k)})
        for k in range(50)
    ]
    assert len(unpack(share(Shared(), *many)["f"])) <= 2
    crowd = repeated(range(50), kind="weather")
    assert len(unpack(share(Shared(), *crowd)["f"])) == 50


def repeated(seconds, **fields):
    """One message again each second, good for two seconds each time."""
    return [
        a_feature(
            receive_time_us=START_US + k * SECOND_US,
            valid_to_us=START_US + (k + 2) * SECOND_US,
            offset=k,
            **fields,
        )
        for k in seconds
    ]


def test_a_message_repeated_each_second_is_kept_in_short_and_holds_without_a_gap():
    shared, index = Shared(), FeatureIndex()
    seconds = [*range(200), *range(300, 500)]
    seen = []
    for feature in repeated(seconds):
        share(shared, feature)
        index.follow(shared)
        tick = feature["receive_time_us"]
        seen.append([len(names_at(index, [5.0], [5.0], tick + d)[0]) for d in (-1, 0, 1_999_999)])
    assert seen == [[int(k not in (0, 200)), 1, 1] for k in range(400)]
    assert len(unpack(shared["f"])) < 70
    assert len(index._parts) == 2
    for second, expected in ((-1, 0), (0, 1), (100, 1), (200, 1), (201, 0), (299, 0), (300, 1)):
        at_us = START_US + second * SECOND_US
        assert len(names_at(index, [5.0], [5.0], at_us)[0]) == expected


def test_weather_reports_are_kept_apart_since_the_newest_counts():
    shared = share(Shared(), *repeated(range(200), kind="weather"))
    assert len(unpack(shared["f"])) == 200


def test_what_comes_again_unchanged_changes_nothing():
    shared = share(Shared(), a_feature(issued_us=START_US))
    later = a_feature(issued_us=START_US, receive_time_us=START_US + SECOND_US, offset=7)
    before = shared.changes
    share(shared, later)
    assert shared.changes == before
    share(shared, later | {"issued_us": START_US + 1})
    assert shared.changes == before + 1


def test_features_that_have_ended_go():
    shared = Shared()
    for k in range(5000):
        at_us = START_US + k * KEPT_US // 100
        fields = {"valid_to_us": at_us + SECOND_US} if k % 2 else {"cancelled": True}
        share(shared, a_feature(feature_id=f"f{k}", receive_time_us=at_us, **fields))
    share(shared, *(a_feature(feature_id=f"open{k}") for k in range(10)))
    assert len(shared) < 100 + 256 + 10 + 1
    assert "f4999" in shared


def test_state_that_was_kept_before_versions_had_a_head_is_read():
    old = [{k: v for k, v in a_feature().items() if k != "issued_us"}]
    shared, index = Shared({"f": msgspec.msgpack.encode(old)}), FeatureIndex()
    index.follow(shared)
    assert names_at(index, [5.0], [5.0]) == [{"f"}]
    share(shared, a_feature(receive_time_us=START_US + 1, offset=1, cancelled=True))
    index.follow(shared)
    assert names_at(index, [5.0], [5.0], START_US + 1) == [set()]
    assert names_at(index, [5.0], [5.0]) == [{"f"}]

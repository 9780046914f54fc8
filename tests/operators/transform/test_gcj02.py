import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.transform.gcj02 import FADE_DEG, gcj02_to_wgs84, presence, wgs84_to_gcj02
from tests.operators.transform.geo import (
    CHINA_LAT,
    CHINA_LON,
    DEGENERATE,
    WORLD_LAT,
    WORLD_LON,
    apart_m,
    columns,
)

# Published pairs of WGS-84 and GCJ-02: the first three are the vectors that the tests of
# "eviltransform" carry in each of its languages, the fourth the one of "coordtransform".
PUBLISHED = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]
TOLERANCE_M = 1e-6


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_published_pairs_are_met_both_ways(wgs84, gcj02):
    assert apart_m(wgs84_to_gcj02(*columns([wgs84])), columns([gcj02])) < TOLERANCE_M
    assert apart_m(gcj02_to_wgs84(*columns([gcj02])), columns([wgs84])) < TOLERANCE_M


@given(CHINA_LON, CHINA_LAT)
def test_the_inverse_of_the_forward_is_where_it_began(lon, lat):
    there = columns([(lon, lat)])
    assert apart_m(gcj02_to_wgs84(*wgs84_to_gcj02(*there)), there) < TOLERANCE_M


@given(WORLD_LON, WORLD_LAT)
def test_the_forward_of_the_inverse_is_where_it_began_anywhere(lon, lat):
    there = columns([(lon, lat)])
    assert apart_m(wgs84_to_gcj02(*gcj02_to_wgs84(*there)), there) < TOLERANCE_M


def test_degenerate_places_go_there_and_back():
    there = columns(DEGENERATE)
    back = gcj02_to_wgs84(*wgs84_to_gcj02(*there))
    assert (apart_m(back, there) < TOLERANCE_M).all()


@given(WORLD_LON, WORLD_LAT)
def test_outside_china_nothing_moves(lon, lat):
    there = columns([(lon, lat)])
    outside = presence(lon, lat) == 0.0
    assert (wgs84_to_gcj02(*there) == there) == outside
    assert (gcj02_to_wgs84(*there) == there) == outside


@pytest.mark.parametrize(
    "place", [(139.69, 35.69), (-104.99, 39.74), (153.03, -27.47), (2.35, 48.9)]
)
def test_cities_outside_stay_to_the_bit(place):
    assert wgs84_to_gcj02(*columns([place])) == columns([place])


@pytest.mark.parametrize(
    "end",
    [(60.0, 30.0), (150.0, 30.0), (105.0, -5.0), (105.0, 62.0), (60.0, -5.0), (150.0, 62.0)],
)
def test_a_way_out_of_china_has_no_step(end):
    # Steps of some 25 m over each edge and two corners.
    share = np.linspace(0.0, 1.0, 200_001)
    lon, lat = 105.3 + share * (end[0] - 105.3), 30.0 + share * (end[1] - 30.0)
    for change in (wgs84_to_gcj02, gcj02_to_wgs84):
        moved = change(lon, lat)
        plain = apart_m((lon[1:], lat[1:]), (lon[:-1], lat[:-1]))
        steps = apart_m([c[1:] for c in moved], [c[:-1] for c in moved])
        assert np.abs(steps / plain - 1.0).max() < 0.04


def test_inside_the_rectangle_the_whole_shift_applies_and_beyond_the_fade_none():
    assert presence(105.0, 35.0) == presence(72.004, 0.8293) == 1.0
    assert 0.0 < presence(137.8347 + 0.5 * FADE_DEG, 35.0) < 1.0
    assert presence(137.8347 + FADE_DEG, 35.0) == presence(105.0, 0.8293 - FADE_DEG) == 0.0


@given(CHINA_LON, CHINA_LAT)
def test_the_shift_is_of_the_size_that_is_known(lon, lat):
    there = columns([(lon, lat)])
    assert 20.0 < apart_m(wgs84_to_gcj02(*there), there) < 740.0


@pytest.mark.parametrize("change", [wgs84_to_gcj02, gcj02_to_wgs84])
def test_arrays_keep_their_shape_and_what_is_no_place_stays_none(change):
    lon, lat = np.full((2, 3), 116.4), np.full((2, 3), 39.9)
    lon[0, 0], lat[0, 1], lon[1, 2] = np.nan, np.nan, np.inf
    made = change(lon, lat)
    assert made[0].shape == made[1].shape == (2, 3)
    assert np.isfinite(made[0] + made[1]).tolist() == [[False, False, True], [True, True, False]]
    assert [a.shape for a in change(np.zeros(0), np.zeros(0))] == [(0,), (0,)]


@given(st.lists(st.tuples(CHINA_LON, CHINA_LAT), min_size=1, max_size=8))
def test_each_place_of_an_array_moves_as_it_does_alone(places):
    together = np.column_stack(wgs84_to_gcj02(*columns(places)))
    alone = [np.column_stack(wgs84_to_gcj02(*columns([place])))[0] for place in places]
    assert together.tolist() == [one.tolist() for one in alone]

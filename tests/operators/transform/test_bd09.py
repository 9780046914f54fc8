import numpy as np
import pytest
from hypothesis import given

from operators.transform.bd09 import (
    bd09_of_gcj02,
    bd09_to_wgs84,
    gcj02_of_bd09,
    wgs84_to_bd09,
)
from operators.transform.gcj02 import presence
from tests.operators.transform.geo import (
    CHINA_LAT,
    CHINA_LON,
    DEGENERATE,
    WORLD_LAT,
    WORLD_LON,
    apart_m,
    columns,
)

TOLERANCE_M = 1e-6


def test_the_published_pair_of_gcj02_and_bd09_is_met_both_ways():
    # The vector of "coordtransform" and its ports.
    gcj02, bd09 = (116.404, 39.915), (116.41036949371029, 39.92133699351021)
    assert apart_m(bd09_of_gcj02(*gcj02), bd09) < TOLERANCE_M
    assert apart_m(gcj02_of_bd09(*bd09), gcj02) < TOLERANCE_M


def test_the_published_pair_of_wgs84_and_bd09_is_met_both_ways():
    # (116.404, 39.915) as "geocraft" documents it.
    wgs84, bd09 = (116.404, 39.915), (116.41662724378733, 39.922699552216216)
    assert apart_m(wgs84_to_bd09(*columns([wgs84])), columns([bd09])) < TOLERANCE_M
    assert apart_m(bd09_to_wgs84(*columns([bd09])), columns([wgs84])) < TOLERANCE_M


def test_the_published_one_step_inverse_is_met_as_far_as_it_goes():
    # "coordtransform" gives 116.39762729119315, 39.90865673957631 and does not iterate.
    found = gcj02_of_bd09(116.404, 39.915)
    assert 0.01 < apart_m(found, (116.39762729119315, 39.90865673957631)) < 1.0


@given(CHINA_LON, CHINA_LAT)
def test_the_inverse_of_the_forward_is_where_it_began(lon, lat):
    there = columns([(lon, lat)])
    assert apart_m(bd09_to_wgs84(*wgs84_to_bd09(*there)), there) < TOLERANCE_M


@given(WORLD_LON, WORLD_LAT)
def test_the_forward_of_the_inverse_is_where_it_began_anywhere(lon, lat):
    there = columns([(lon, lat)])
    assert apart_m(wgs84_to_bd09(*bd09_to_wgs84(*there)), there) < TOLERANCE_M


def test_degenerate_places_go_there_and_back():
    there = columns(DEGENERATE)
    assert (apart_m(bd09_to_wgs84(*wgs84_to_bd09(*there)), there) < TOLERANCE_M).all()


@given(WORLD_LON, WORLD_LAT)
def test_outside_china_nothing_moves(lon, lat):
    there = columns([(lon, lat)])
    assert (wgs84_to_bd09(*there) == there) == (presence(lon, lat) == 0.0)


def test_a_way_out_of_china_has_no_step():
    share = np.linspace(0.0, 1.0, 200_001)
    lon, lat = 105.3 + share * 45.0, 30.0 + share * 20.0
    moved = wgs84_to_bd09(lon, lat)
    plain = apart_m((lon[1:], lat[1:]), (lon[:-1], lat[:-1]))
    steps = apart_m([c[1:] for c in moved], [c[:-1] for c in moved])
    assert np.abs(steps / plain - 1.0).max() < 0.08


@pytest.mark.parametrize("change", [wgs84_to_bd09, bd09_to_wgs84])
def test_what_is_no_place_stays_none(change):
    made = change(np.array([np.nan, 116.4]), np.array([39.9, 39.9]))
    assert np.isfinite(made[0]).tolist() == [False, True]

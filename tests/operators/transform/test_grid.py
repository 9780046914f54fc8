import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from operators.errors import FrameError
from operators.transform.cells import local_frame
from operators.transform.grid import grid
from tests.operators.transform.geo import apart_m, columns

ZONES = ["EPSG:32650", "EPSG:4509", "EPSG:4548", "EPSG:4527", "EPSG:3857", "EPSG:25832"]
LONG_P = np.array([[100.0, 0.0], [0.0, 1.0]])


@cache
def way_into(code):
    return Transformer.from_crs(4326, code, always_xy=True)


def into(code, lon, lat):
    """Easting and northing of WGS-84 degrees, arrays."""
    way, places = way_into(code), zip(lon.tolist(), lat.tolist(), strict=True)
    points = [way.transform(*place) for place in places]
    return columns(points)


def inside(code):
    west, south, east, north = grid(code).area_deg
    return st.tuples(st.floats(west, east), st.floats(max(south, -80.0), min(north, 80.0)))


@pytest.mark.parametrize("code", ZONES)
@settings(max_examples=20)
@given(data=st.data())
def test_a_place_of_the_area_comes_back(code, data):
    there = columns([data.draw(inside(code))])
    lon, lat, _ = grid(code).to_wgs84(*into(code, *there))
    assert apart_m((lon, lat), there) < 1e-5
    assert grid(code).is_in_area(lon, lat).all()


@pytest.mark.parametrize("code", ZONES)
@settings(max_examples=20)
@given(data=st.data())
def test_the_jacobian_is_that_of_the_plane_about_the_place(code, data):
    there = columns([data.draw(inside(code))])
    east_m, north_m = into(code, *there)
    _, _, jacobian = grid(code).to_wgs84(east_m, north_m)
    steps = np.array([[5.0, 0.0], [-5.0, 0.0], [0.0, 5.0], [0.0, -5.0]])
    lon, lat, _ = grid(code).to_wgs84(east_m + steps[:, 0], north_m + steps[:, 1])
    x, y = local_frame(float(there[0][0]), float(there[1][0])).to_local(lon, lat)
    wanted = np.array([[x[0] - x[1], x[2] - x[3]], [y[0] - y[1], y[2] - y[3]]]) / 10.0
    assert jacobian[0] == pytest.approx(wanted, abs=1e-6)


def test_convergence_and_scale_are_those_of_the_zone():
    # At 116.39 E, 39.9 N in the zone about 120 E the grid turns by 2.3 degrees.
    x, y = into("EPSG:4549", *columns([(116.39, 39.9)]))
    _, _, (jacobian,) = grid("EPSG:4549").to_wgs84(x, y)
    turn = math.degrees(math.atan2(jacobian[1, 0], jacobian[0, 0]))
    assert abs(turn) == pytest.approx(3.61 * math.sin(math.radians(39.9)), abs=0.01)
    # 308 km from the central meridian: 1 + x^2 / 2 R^2.
    assert np.linalg.det(jacobian) ** -0.5 == pytest.approx(1.00117, abs=2e-5)


@pytest.mark.parametrize("code", ["EPSG:4549", "EPSG:32650", "EPSG:3857"])
def test_a_covariance_spreads_as_the_jacobian_says(code):
    rng = np.random.default_rng(5)
    noise = rng.multivariate_normal([0.0, 0.0], LONG_P, 40_000)
    x, y = into(code, *columns([(117.9, 39.9)]))
    _, _, (jacobian,) = grid(code).to_wgs84(x, y)
    lon, lat, _ = grid(code).to_wgs84(x + noise[:, 0], y + noise[:, 1])
    spread = np.cov(local_frame(117.9, 39.9).to_local(lon, lat))
    assert spread == pytest.approx(jacobian @ np.cov(noise.T) @ jacobian.T, rel=1e-4, abs=1e-3)
    assert spread == pytest.approx(jacobian @ LONG_P @ jacobian.T, rel=0.03, abs=0.3)
    assert np.abs(spread - np.cov(noise.T)).max() > 0.1  # unchanged it would not do


@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0), st.floats(-500.0, 9000.0))
def test_geocentric_points_come_back(lon, lat, height):
    there = Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, height)
    found = grid("EPSG:4978").geocentric_to_wgs84(np.array([there]))
    assert apart_m(found[:2], columns([(lon, lat)])) < 1e-5
    assert found[2][0] == pytest.approx(height, abs=1e-5)


def test_a_zone_at_the_date_line_has_a_whole_jacobian():
    x, y = into("EPSG:32601", np.array([-179.99999, 179.99999]), np.array([10.0, 10.0]))
    lon, lat, jacobian = grid("EPSG:32601").to_wgs84(x, y)
    assert np.abs(jacobian - np.eye(2)).max() < 0.02
    assert grid("EPSG:32601").is_in_area(lon, lat).all()


@pytest.mark.parametrize(
    ("code", "x", "y"),
    [
        ("EPSG:4548", 4.4e6, 448_713.0),  # exchanged
        ("EPSG:4548", 39_448_713.0, 4.4e6),  # with a zone number where there is none
        ("EPSG:4527", 448_713.0, 4.4e6),  # without one where there should be
        ("EPSG:32650", 1e9, 1e9),
        ("EPSG:32650", math.nan, 0.0),
        ("EPSG:32650", math.inf, 0.0),
    ],
)
def test_what_is_not_of_the_zone_is_not_in_its_area(code, x, y):
    lon, lat, _ = grid(code).to_wgs84(np.array([x]), np.array([y]))
    assert grid(code).is_in_area(lon, lat).tolist() == [False]


def test_a_city_at_the_edge_of_a_zone_may_go_on_in_it():
    lon, lat = np.array([122.9, 123.1, 117.0]), np.array([31.0, 31.0, 87.1])
    assert grid("EPSG:32650").is_in_area(lon, lat).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("EPSG:999999", "not in the registry"),
        ("EPSG:x", "not in the registry"),
        ("EPSG:4326", "neither a grid nor geocentric"),
        ("EPSG:5773", "neither a grid nor geocentric"),
        ("EPSG:2227", "not in metres"),
        ("EPSG:2433", "within 1 m"),  # Beijing 1954: several operations of 1 to 10 m
        ("EPSG:27700", "within 1 m"),
    ],
)
def test_a_code_that_cannot_be_used_is_refused_with_the_reason(code, why):
    with pytest.raises(FrameError, match=why) as caught:
        grid(code)
    assert code in str(caught.value)


def test_no_places_give_none():
    assert [len(a) for a in grid("EPSG:32650").to_wgs84(np.zeros(0), np.zeros(0))] == [0, 0, 0]
    assert [len(a) for a in grid("EPSG:4978").geocentric_to_wgs84(np.zeros((0, 3)))] == [0, 0, 0]

import h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from operators.transform.cells import cell, cells_touching, local_frame, neighbours, owner
from tests.builders import HOME

LAT, LON = st.floats(-89.0, 89.0), st.floats(-180.0, 180.0)
NEAR_M = st.floats(-3000.0, 3000.0)
GEOD = Geod(ellps="WGS84")


def inside(key, lat, lon):
    one = cell(key)
    x, y = one.frame.to_local(np.array([lon]), np.array([lat]))
    return float(one.inside_m(x, y)[0])


@given(LAT, LON, NEAR_M, NEAR_M)
def test_the_local_frame_goes_there_and_back_within_a_millimetre(lat, lon, x, y):
    frame = local_frame(lon, lat)
    back = frame.to_local(*frame.to_geographic(np.array([x]), np.array([y])))
    assert np.hypot(back[0] - x, back[1] - y) < 1e-3


@given(LAT, LON, NEAR_M, NEAR_M)
def test_distances_from_the_centre_are_those_of_the_geodesic(lat, lon, x, y):
    lon_to, lat_to = local_frame(lon, lat).to_geographic(np.array([x]), np.array([y]))
    azimuth, _, distance = GEOD.inv(lon, lat, lon_to[0], lat_to[0])
    assert distance == pytest.approx(np.hypot(x, y), abs=1e-3)
    if distance > 1.0:
        turn = np.radians(azimuth) - np.arctan2(x, y)
        assert abs(np.sin(turn)) * distance < 1e-3


@given(LAT, LON)
def test_the_owner_is_the_one_cell_that_has_the_point_inside(lat, lon):
    key = owner(lat, lon, 7)
    assert key == h3.latlng_to_cell(lat, lon, 7)
    assert inside(key, lat, lon) > -0.01
    others = [k for k in neighbours(key) if k != key]
    assert all(inside(k, lat, lon) < 0.01 for k in others)


@given(LAT, LON, st.integers(0, 5), st.floats(0.0, 1.0), st.floats(-100.0, 100.0))
def test_neighbours_see_one_border(lat, lon, edge, along, across_m):
    """A point beside the middle of an edge is as deep in one cell as it is outside the other."""
    home = cell(owner(lat, lon, 7))
    a, b, c = home.edges[edge % len(home.edges)]
    foot = -c * np.array([a, b]) + 300.0 * (along - 0.5) * np.array([-b, a])
    x, y = foot + across_m * np.array([a, b])
    if (
        len(home.edges) > 6
        or abs(home.inside_m(foot[:1], foot[1:])[0]) > 0.01
        or abs(across_m) < 0.1
    ):
        return
    lon_at, lat_at = home.frame.to_geographic(np.array([x]), np.array([y]))
    depths = {k: inside(k, lat_at[0], lon_at[0]) for k in neighbours(home.key)}
    best = sorted(depths, key=depths.get)[-2:]
    assert home.key in best
    assert sum(depths[k] for k in best) == pytest.approx(0.0, abs=0.05)


def test_neighbours_are_the_cell_and_those_around_it():
    assert HOME.key in neighbours(HOME.key)
    assert len(neighbours(HOME.key)) == 7
    pentagon = h3.get_pentagons(7)[0]
    assert len(neighbours(pentagon)) == 6
    assert len(cell(pentagon).edges) >= 5


@given(st.floats(0.0, 2 * np.pi), st.floats(0.0, 4000.0), st.floats(1.0, 4000.0))
def test_a_circle_touches_every_cell_that_owns_one_of_its_points(turn, away_m, radius_m):
    lon, lat = HOME.frame.to_geographic(
        np.array([away_m * np.cos(turn)]), np.array([away_m * np.sin(turn)])
    )
    touched = cells_touching(lat[0], lon[0], radius_m, 7)
    rim = local_frame(lon[0], lat[0])
    angles = np.linspace(0, 2 * np.pi, 24)
    x, y = 0.99 * radius_m * np.cos(angles), 0.99 * radius_m * np.sin(angles)
    lons, lats = rim.to_geographic(x, y)
    assert {owner(a, b, 7) for a, b in zip(lats, lons, strict=True)} <= set(touched)
    assert list(touched) == sorted(set(touched))


def test_a_small_circle_in_the_middle_touches_one_cell():
    lat, lon = HOME.frame.lat_deg, HOME.frame.lon_deg
    assert cells_touching(lat, lon, 100.0, 7) == (HOME.key,)


@pytest.mark.parametrize(("lat", "lon"), [(89.9999, 10.0), (-89.9999, 0.0), (0.0, 180.0)])
def test_the_ends_of_the_map_are_places_like_others(lat, lon):
    key = owner(lat, lon, 7)
    assert inside(key, lat, lon) > -0.01
    assert key in cells_touching(lat, lon, 100.0, 7)

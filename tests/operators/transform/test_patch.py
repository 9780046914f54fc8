import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from operators.transform.cells import cell, local_frame, owner
from operators.transform.patch import fitted

LAT, LON, NEAR_M = st.floats(-70.0, 70.0), st.floats(-179.0, 179.0), st.floats(-4900.0, 4900.0)
SQUARE = np.array([[0.0, 10.0], [2.0, 3.0]])
GEOD = Geod(ellps="WGS84")
EXACT = np.full(2, 1e-6)


def waves(first, second):
    return np.sin(first / 8.0), np.cos(second / 8.0) * first


@settings(max_examples=200)
@given(LAT, LON, NEAR_M, NEAR_M)
def test_the_patches_of_a_cell_are_geodesics_to_a_tenth_of_a_micrometre(lat, lon, x, y):
    """The library's projection is not its oracle: within a millimetre of the centre it gives 0."""
    near = cell(owner(lat, lon, 7)).frame
    assert near.there
    assert near.back
    way = np.degrees(np.arctan2(x, y)), np.hypot(x, y)
    lon_to, lat_to, _ = GEOD.fwd(near.lon_deg, near.lat_deg, *way)
    found = near.there.at(np.array([lon_to]), np.array([lat_to]))
    degrees = near.back.at(np.array([x]), np.array([y]))
    assert np.hypot(found[0] - x, found[1] - y) < 1e-7
    assert abs(degrees[0] - lon_to) * 111_320.0 * np.cos(np.radians(lat_to)) < 1e-7
    assert abs(degrees[1] - lat_to) * 111_320.0 < 1e-7


def test_beyond_its_square_a_cell_asks_the_projection():
    near = cell(owner(39.9, 116.4, 7)).frame
    exact = local_frame(near.lon_deg, near.lat_deg)
    far = np.array([0.0, 20_000.0]), np.array([0.0, -9_000.0])
    assert near.back.at(*far) is None
    assert np.array_equal(near.to_geographic(*far), exact.to_geographic(*far))
    assert near.back.at(np.array([np.nan]), np.array([0.0])) is None


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 179.999), (10.0, -179.999), (89.9, 20.0)])
def test_where_longitudes_jump_there_are_no_patches(lat, lon):
    frame = cell(owner(lat, lon, 7)).frame
    assert frame.there is None
    assert frame.back is None


def test_a_smooth_map_is_fitted_within_its_tolerance():
    patch = fitted(waves, SQUARE, np.full(2, 1e-4))
    first, second = np.linspace(-2.0, 2.0, 50), np.linspace(7.0, 13.0, 50)
    made = patch.at(first, second)
    assert np.abs(np.array(made) - np.array(waves(first, second))).max() < 2e-4


def test_a_map_that_is_not_smooth_enough_has_no_patch():
    assert fitted(lambda first, second: (np.abs(first), second), SQUARE, EXACT) is None
    assert fitted(lambda first, second: (first, np.sin(3.0 * second)), SQUARE, EXACT) is None


def test_read_only_and_strided_places_are_taken_too():
    patch = fitted(lambda first, second: (second, first), SQUARE, EXACT)
    places = np.array([[1.0, 9.0], [-1.0, 12.0]])
    places.flags.writeable = False
    made = patch.at(places[:, 0], places[:, 1])
    assert np.allclose(made, places.T[::-1])

import numpy as np
import pytest
from hypothesis import given

from operators.transform.bd09 import bd09_to_wgs84, wgs84_to_bd09
from operators.transform.cells import local_frame
from operators.transform.datum import shift_applies, to_wgs84
from operators.transform.ellipsoid import metres_per_degree
from operators.transform.gcj02 import gcj02_to_wgs84, wgs84_to_gcj02
from tests.operators.transform.geo import CHINA_LAT, CHINA_LON, apart_m, columns

FORWARD = {"GCJ-02": wgs84_to_gcj02, "BD-09": wgs84_to_bd09}
BACK = {"GCJ-02": gcj02_to_wgs84, "BD-09": bd09_to_wgs84}
shifted = pytest.mark.parametrize("datum", FORWARD)
LONG_P = np.array([[100.0, 0.0], [0.0, 1.0]])
SAMPLES = 40_000


def around(lon, lat, east_m, north_m):
    """Degrees of points given in metres about a place."""
    per_east, per_north = metres_per_degree(lat)
    return lon + east_m / per_east, lat + north_m / per_north


@pytest.mark.parametrize("datum", ["WGS-84", "CGCS2000"])
def test_degrees_of_wgs84_and_cgcs2000_stay(datum):
    lon, lat = columns([(116.4, 39.9), (-70.0, -33.0)])
    made = to_wgs84(datum, lon, lat)
    assert (made[0].tolist(), made[1].tolist(), made[2]) == (lon.tolist(), lat.tolist(), None)


@shifted
@given(lon=CHINA_LON, lat=CHINA_LAT)
def test_shifted_degrees_come_back_to_where_they_were_taken(datum, lon, lat):
    there = columns([(lon, lat)])
    found = to_wgs84(datum, *FORWARD[datum](*there))
    assert apart_m(found[:2], there) < 1e-6


@shifted
@given(lon=CHINA_LON, lat=CHINA_LAT)
def test_the_jacobian_is_that_of_the_inverse_itself(datum, lon, lat):
    # Away from the meridian of 105 degrees, where the formula has the root of a distance.
    lon = lon if abs(lon - 105.0) > 0.01 else lon + 0.02
    _, _, jacobian = to_wgs84(datum, *columns([(lon, lat)]))
    step = 5.0
    places = around(lon, lat, np.array([step, -step, 0, 0]), np.array([0, 0, step, -step]))
    found, there = BACK[datum](*places), to_wgs84(datum, *columns([(lon, lat)]))
    x, y = local_frame(float(there[0][0]), float(there[1][0])).to_local(*found)
    wanted = np.array([[x[0] - x[1], x[2] - x[3]], [y[0] - y[1], y[2] - y[3]]]) / (2 * step)
    assert jacobian[0] == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize(
    ("datum", "scale", "turn_rad"), [("GCJ-02", 0.0081, 0.0028), ("BD-09", 0.025, 0.022)]
)
def test_the_distortion_over_china_is_what_the_table_says(datum, scale, turn_rad):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(73.6, 134.8, 50_000), rng.uniform(18.0, 53.6, 50_000)
    _, _, jacobian = to_wgs84(datum, lon, lat)
    most = np.abs(np.linalg.svd(jacobian, compute_uv=False) - 1.0).max()
    turn = np.arctan2(jacobian[:, 1, 0] - jacobian[:, 0, 1], jacobian[:, 0, 0] + jacobian[:, 1, 1])
    assert 0.8 * scale < most < scale
    assert 0.8 * turn_rad < np.abs(turn).max() < turn_rad


@shifted
@pytest.mark.parametrize("place", [(116.4, 39.9), (113.3, 23.1), (87.6, 43.8), (104.06, 30.67)])
def test_a_covariance_spreads_as_the_jacobian_says(datum, place):
    rng = np.random.default_rng(3)
    noise = rng.multivariate_normal([0.0, 0.0], LONG_P, SAMPLES)
    lon, lat, jacobian = to_wgs84(datum, *columns([place]))
    found = BACK[datum](*around(*place, *noise.T))
    spread = np.cov(local_frame(float(lon[0]), float(lat[0])).to_local(*found))
    wanted = jacobian[0] @ LONG_P @ jacobian[0].T
    # Both are of the same samples: what differs is the curvature, not chance.
    sampled = jacobian[0] @ np.cov(noise.T) @ jacobian[0].T
    assert spread == pytest.approx(sampled, rel=1e-3, abs=1e-3)
    assert spread == pytest.approx(wanted, rel=0.03, abs=0.3)


def test_taking_the_covariance_over_unchanged_would_be_seen():
    noise = np.random.default_rng(3).multivariate_normal([0.0, 0.0], LONG_P, SAMPLES)
    lon, lat, _ = to_wgs84("BD-09", *columns([(116.4, 39.9)]))
    found = bd09_to_wgs84(*around(116.4, 39.9, *noise.T))
    spread = np.cov(local_frame(float(lon[0]), float(lat[0])).to_local(*found))
    assert np.abs(spread - np.cov(noise.T)).max() > 0.3


@shifted
def test_a_path_of_degrees_has_the_velocity_that_the_jacobian_gives(datum):
    # 20 m/s each way, as it would be differenced from the shifted degrees.
    path = around(121.5, 31.2, 20.0 * np.array([-0.5, 0.5]), 20.0 * np.array([-0.5, 0.5]))
    lon, lat, jacobian = to_wgs84(datum, *columns([(121.5, 31.2)]))
    x, y = local_frame(float(lon[0]), float(lat[0])).to_local(*BACK[datum](*path))
    assert jacobian[0] @ [20.0, 20.0] == pytest.approx([x[1] - x[0], y[1] - y[0]], abs=1e-4)


@shifted
@pytest.mark.parametrize("place", [(0.0, 90.0), (10.0, -90.0), (180.0, 10.0), (-180.0, 10.0)])
def test_poles_and_date_line_stay(datum, place):
    lon, lat, jacobian = to_wgs84(datum, *columns([place]))
    assert (lon[0], lat[0]) == place
    if abs(place[1]) < 90.0:
        assert jacobian[0] == pytest.approx(np.eye(2), abs=1e-9)


@shifted
def test_no_place_gives_no_place_and_none_give_none(datum):
    lon, _, jacobian = to_wgs84(datum, np.array([np.nan, 116.4]), np.array([39.9, 39.9]))
    assert np.isfinite(lon).tolist() == np.isfinite(jacobian[:, 0, 0]).tolist() == [False, True]
    assert to_wgs84(datum, np.zeros(0), np.zeros(0))[2].shape == (0, 2, 2)


def test_the_shift_applies_in_china_only():
    assert shift_applies(116.4, 39.9)
    assert not shift_applies(2.35, 48.9)

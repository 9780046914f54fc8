"""What is our own, or taken for granted, against the library and against formulas of others."""

import math

import numpy as np
import pytest
from pyproj import Geod, Transformer

from operators.transform.cells import local_frame
from operators.transform.ellipsoid import metres_per_degree
from operators.transform.grid import grid
from tests.operators.transform.geo import apart_m, columns

CITIES = [(116.4, 39.9), (121.5, 31.2), (113.3, 23.1), (87.6, 43.8), (126.6, 45.8)]
LATITUDES = [-89.9, -60.0, -0.1, 0.0, 23.1, 39.9, 67.0, 89.9]


@pytest.mark.parametrize("lat", LATITUDES)
def test_a_degree_is_as_long_as_the_geodesic(lat):
    geod, small = Geod(ellps="WGS84"), 1e-4
    east, north = metres_per_degree(lat)
    _, _, along = geod.inv(10.0, lat, 10.0 + small, lat)
    _, _, across = geod.inv(10.0, lat - small / 2, 10.0, lat + small / 2)
    assert (along / small, across / small) == pytest.approx((east, north), rel=1e-7)


@pytest.mark.parametrize("city", CITIES)
def test_cgcs2000_is_wgs84_to_less_than_a_millimetre_at_one_epoch(city):
    # Through the Earth's centre, so that the two ellipsoids count.
    way = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        "+step +proj=cart +a=6378137 +rf=298.257222101 +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    lon, lat, height = way.transform(*city, 0.0)
    assert apart_m(columns([(lon, lat)]), columns([city])) < 1.1e-4
    assert abs(height) < 1.1e-4


@pytest.mark.parametrize("city", CITIES)
def test_the_plate_has_moved_cgcs2000_by_some_eight_decimetres_until_2026(city):
    # The Eurasian plate of ITRF2014 (Altamimi et al., 2017), as the library's own file has it.
    way = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart "
        "+ellps=WGS84 +step +init=ITRF2014:EURA +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    then, now = (columns([way.transform(*city, 0.0, year)[:2]]) for year in (2000.0, 2026.9))
    assert 0.7 < apart_m(now, then) < 0.9
    assert now[0] > then[0]
    assert now[1] < then[1]


@pytest.mark.parametrize(("reach_m", "most_m"), [(3_000.0, 1.2e-4), (20_000.0, 3.4e-2)])
@pytest.mark.parametrize("city", CITIES)
def test_a_sensors_plane_is_the_tangent_plane_as_far_as_it_looks(city, reach_m, most_m):
    tangent = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart "
        f"+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lon_0={city[0]} +lat_0={city[1]}"
    )
    around = np.linspace(0.0, 2.0 * np.pi, 16)
    x, y = reach_m * np.cos(around), reach_m * np.sin(around)
    lon, lat = local_frame(*city).to_geographic(x, y)
    east, north, _ = tangent.transform(lon, lat, np.zeros(16))
    assert 0.5 * most_m < np.hypot(east - x, north - y).max() < most_m


def test_the_published_point_of_utm_is_met():
    # The oracle of ETSI's message utilities: (50.787467, 6.046498) in zone 32 N.
    lon, lat, _ = grid("EPSG:32632").to_wgs84(np.array([291827.02]), np.array([5630349.72]))
    assert apart_m((lon, lat), columns([(6.046498, 50.787467)])) < 0.01


def test_the_published_point_of_geocentric_axes_is_met():
    # The one that the tests of MATLAB's and pymap3d's conversions share: 42 N, 82 W, 200 m.
    point = np.array([[660675.2518247, -4700948.68316, 4245737.66222]])
    lon, lat, height = grid("EPSG:4978").geocentric_to_wgs84(point)
    assert apart_m((lon, lat), columns([(-82.0, 42.0)])) < 1e-4
    assert height[0] == pytest.approx(200.0, abs=1e-4)


def kruegers_series(lon_deg, lat_deg, central_deg):
    """Northing and easting of an unscaled Gauss-Krueger zone without its false easting.

    Krueger's series in the third flattening n to n^4 (Karney, Journal of Geodesy 85, 2011,
    equations 7 to 11 and 35), on the ellipsoid of CGCS2000.
    """
    a, f = 6378137.0, 1.0 / 298.257222101
    n, e = f / (2.0 - f), math.sqrt(f * (2.0 - f))
    tau = math.tan(math.radians(lat_deg))
    sigma = math.sinh(e * math.atanh(e * tau / math.hypot(1.0, tau)))
    tau_ = tau * math.hypot(1.0, sigma) - sigma * math.hypot(1.0, tau)
    over = math.radians(lon_deg - central_deg)
    xi = math.atan2(tau_, math.cos(over))
    eta = math.asinh(math.sin(over) / math.hypot(tau_, math.cos(over)))
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    radius = a / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    north, east = xi, eta
    for j, one in enumerate(alpha, 1):
        north += one * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        east += one * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    return radius * north, radius * east


@pytest.mark.parametrize(
    ("code", "central_deg", "prefix", "place"),
    [
        ("EPSG:4509", 117.0, 0, (116.4, 39.9)),  # 6 degrees
        ("EPSG:4498", 117.0, 20, (116.4, 39.9)),  # 6 degrees, zone 20
        ("EPSG:4548", 117.0, 0, (116.4, 39.9)),  # 3 degrees
        ("EPSG:4527", 117.0, 39, (116.4, 39.9)),  # 3 degrees, zone 39
        ("EPSG:4526", 114.0, 38, (113.3, 23.1)),
        ("EPSG:4508", 111.0, 0, (113.3, 23.1)),
        ("EPSG:4549", 120.0, 0, (121.5, 31.2)),
    ],
)
def test_gauss_krueger_zones_are_kruegers_own_series(code, central_deg, prefix, place):
    north, east = kruegers_series(*place, central_deg)
    easting = prefix * 1e6 + 500_000.0 + east
    lon, lat, _ = grid(code).to_wgs84(np.array([easting]), np.array([north]))
    assert apart_m((lon, lat), columns([place])) < 1e-4

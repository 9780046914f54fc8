import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from operators.decode.offsets import places_deg

GEOD = Geod(ellps="WGS84")
LAT, LON = st.floats(-80.0, 80.0), st.floats(-180.0, 180.0)
OFFSET_M = st.floats(-20_000.0, 20_000.0)


@settings(max_examples=300)
@given(LON, LAT, OFFSET_M, OFFSET_M)
def test_offsets_are_geodesics_to_a_tenth_of_a_micrometre(lon, lat, east, north):
    ((lon_to, lat_to),) = places_deg(lon, lat, np.array([[east, north]]))
    way = math.degrees(math.atan2(east, north)), math.hypot(east, north)
    lon_there, lat_there, _ = GEOD.fwd(lon, lat, *way)
    assert abs(lon_to) <= 180.0
    turn = math.remainder(lon_to - lon_there, 360.0) * math.cos(math.radians(lat_there))
    assert math.hypot(turn, lat_to - lat_there) * 111_320.0 < 1e-7


def test_each_offset_counts_from_the_one_point():
    both = places_deg(116.4, 39.9, np.array([[30.0, -40.0], [-3000.0, 9.0]]))
    alone = [places_deg(116.4, 39.9, np.array([one]))[0] for one in ([30.0, -40.0], [-3000.0, 9.0])]
    assert np.array_equal(both, alone)
    assert places_deg(116.4, 39.9, np.zeros((0, 2))).shape == (0, 2)

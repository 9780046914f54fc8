"""What tests of places share: distances, and points where transforms are apt to fail."""

import numpy as np
from hypothesis import strategies as st

from operators.transform.ellipsoid import metres_per_degree

DEGENERATE = [
    (0.0, 0.0), (0.0, 90.0), (77.0, -90.0), (180.0, 0.0), (-180.0, 45.0), (105.0, 35.0),
    (105.0 + 1e-12, 35.0), (72.004, 0.8293), (137.8347, 55.8271), (72.0, 56.2), (138.3347, 30.0),
]  # fmt: skip
CHINA_LON, CHINA_LAT = st.floats(73.6, 134.8), st.floats(18.0, 53.6)
WORLD_LON, WORLD_LAT = st.floats(-180.0, 180.0), st.floats(-90.0, 90.0)


def columns(points):
    lon, lat = np.array(points, float).reshape(-1, 2).T
    return lon, lat


def apart_m(a, b):
    """Distance of places of (longitude, latitude), metres; for small ones."""
    east, north = metres_per_degree(np.asarray(a[1], float))
    over = (np.asarray(a[0]) - b[0] + 180.0) % 360.0 - 180.0
    return np.hypot(over * east, (np.asarray(a[1]) - b[1]) * north)

"""Fused objects to encode."""

import numpy as np
from hypothesis import strategies as st

from operators.encode.area import Area
from operators.frame import ObjectClass
from operators.fused import FUSED
from operators.transform.cells import local_frame

TICK_US = 1_790_000_000_300_000
AREA = Area("unit-1", 39.9, 116.4, 500.0)


def a_scene(n, seed=0, **fields):
    """`n` objects in the area, every field known; fields by name override."""
    draw = np.random.default_rng(seed)
    rows = np.zeros(n, FUSED)
    x, y = draw.uniform(-300, 300, (2, n))
    rows["lon_deg"], rows["lat_deg"] = local_frame(AREA.lon_deg, AREA.lat_deg).to_geographic(x, y)
    rows["track_id"] = draw.integers(1, 2**63, n, dtype=np.uint64)
    rows["tick_us"] = TICK_US
    rows["altitude_m"] = draw.uniform(30, 40, n)
    rows["velocity_east_mps"], rows["velocity_north_mps"] = draw.uniform(-30, 30, (2, n))
    rows["heading_rad"] = np.arctan2(rows["velocity_east_mps"], rows["velocity_north_mps"]) % (
        2 * np.pi
    )
    rows["length_m"], rows["width_m"] = draw.uniform(1, 12, n), draw.uniform(0.5, 3, n)
    rows["height_m"] = draw.uniform(1, 4, n)
    rows["cov_ee_m2"], rows["cov_nn_m2"] = draw.uniform(0.01, 4, (2, n))
    rows["velocity_variance_m2ps2"] = draw.uniform(0.001, 0.04, n)
    rows["existence"], rows["class_probability"] = draw.uniform(0.5, 1, (2, n))
    rows["object_class"] = draw.choice(list(ObjectClass), n)
    for name, value in fields.items():
        rows[name] = value
    return rows


scenes = st.builds(a_scene, st.integers(0, 40), st.integers(0, 10_000))

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.frame import empty_observations
from operators.transform.carry import carry, rotation

ANGLE = st.floats(-7.0, 7.0)


def observed(n=1, **fields):
    made = empty_observations(n)
    for name, value in fields.items():
        made[name] = value
    return made


def covariance(one):
    return np.array(
        [[one["cov_xx_m2"], one["cov_xy_m2"]], [one["cov_xy_m2"], one["cov_yy_m2"]]], float
    )


def test_a_stretch_and_a_turn_by_hand():
    # East doubles, then a quarter turn: (x, y) -> (-y, 2 x).
    jacobian = rotation(math.pi / 2) @ np.diag([2.0, 1.0])
    given_ = observed(
        vx_mps=3.0, vy_mps=4.0, heading_rad=0.0, speed_sigma_mps=1.0,
        cov_xx_m2=1.0, cov_xy_m2=0.5, cov_yy_m2=2.0, length_m=4.5,
    )  # fmt: skip
    (one,) = carry(given_, jacobian)
    assert (one["vx_mps"], one["vy_mps"]) == pytest.approx((-4.0, 6.0), abs=1e-6)
    assert one["heading_rad"] == pytest.approx(math.pi / 2)
    assert one["speed_sigma_mps"] == pytest.approx(math.sqrt(2.0))
    assert covariance(one) == pytest.approx(np.array([[2.0, -1.0], [-1.0, 4.0]]), abs=1e-6)
    assert one["length_m"] == 4.5


@given(ANGLE, ANGLE, st.floats(0.0, 40.0))
def test_heading_and_velocity_turn_together(turn, heading, speed):
    fields = {"vx_mps": speed * math.cos(heading), "vy_mps": speed * math.sin(heading)}
    (one,) = carry(observed(heading_rad=heading, **fields), rotation(turn))
    assert math.hypot(one["vx_mps"], one["vy_mps"]) == pytest.approx(speed, abs=1e-4)
    off = (float(one["heading_rad"]) - heading - turn + math.pi) % (2 * math.pi) - math.pi
    assert off == pytest.approx(0.0, abs=1e-5)


@given(ANGLE, st.floats(0.97, 1.03), st.floats(-0.03, 0.03), st.floats(-0.99, 0.99))
def test_a_covariance_stays_one(turn, scale, shear, correlation):
    jacobian = rotation(turn) @ np.array([[scale, shear], [0.0, 1.0]])
    fields = {"cov_xx_m2": 4.0, "cov_yy_m2": 0.25, "cov_xy_m2": correlation}
    given_ = observed(**fields)
    (one,) = carry(given_, jacobian)
    wanted = jacobian @ covariance(given_[0]) @ jacobian.T
    assert covariance(one) == pytest.approx(wanted, abs=1e-5)
    assert np.linalg.eigvalsh(covariance(one)).min() > -1e-6


def plainly(observations, jacobian):
    """The same in plain numpy, column by column."""
    a, b, c, d = (jacobian[:, i, j] for i in (0, 1) for j in (0, 1))
    made = observations.copy()
    vx, vy = observations["vx_mps"].astype(float), observations["vy_mps"].astype(float)
    made["vx_mps"], made["vy_mps"] = a * vx + b * vy, c * vx + d * vy
    cos, sin = (f(observations["heading_rad"].astype(float)) for f in (np.cos, np.sin))
    made["heading_rad"] = np.arctan2(c * cos + d * sin, a * cos + b * sin)
    made["speed_sigma_mps"] = observations["speed_sigma_mps"] * np.sqrt(np.linalg.det(jacobian))
    before = np.stack([covariance(one) for one in observations])
    after = jacobian @ before @ jacobian.transpose(0, 2, 1)
    for name, (i, j) in {"xx": (0, 0), "xy": (0, 1), "yy": (1, 1)}.items():
        made[f"cov_{name}_m2"] = after[:, i, j]
    return made


def test_the_kernel_does_what_plain_numpy_does():
    rng, n = np.random.default_rng(1), 200
    given_ = observed(n)
    for name in given_.dtype.names:
        if given_.dtype[name].kind == "f":
            given_[name] = rng.uniform(0.1, 9.0, n) * rng.choice([1.0, np.nan], n, p=[0.9, 0.1])
    jacobian = np.eye(2) + rng.uniform(-0.3, 0.3, (n, 2, 2))
    found, wanted = carry(given_, jacobian), plainly(given_, jacobian)
    for name in given_.dtype.names:
        assert found[name] == pytest.approx(wanted[name], rel=1e-5, abs=1e-5, nan_ok=True), name


def test_each_object_is_carried_by_its_own_jacobian():
    turns = np.array([0.0, math.pi / 2])
    made = carry(observed(2, vx_mps=1.0, vy_mps=0.0), np.stack([rotation(a) for a in turns]))
    found = np.column_stack([made["vx_mps"], made["vy_mps"]])
    assert found == pytest.approx(np.eye(2), abs=1e-6)


def test_what_is_unknown_stays_unknown_and_the_rest_untouched():
    given_ = observed(x_m=5.0, local_id=7, heading_sigma_rad=0.1)
    (one,) = carry(given_, rotation(1.0))
    assert all(math.isnan(one[name]) for name in ("vx_mps", "heading_rad", "cov_xx_m2"))
    assert (one["x_m"], one["local_id"]) == (5.0, 7)
    assert one["heading_sigma_rad"] == np.float32(0.1)
    assert carry(observed(0), rotation(1.0)).shape == (0,)


def test_the_observations_given_stay_as_they_were():
    given_ = observed(vx_mps=1.0, vy_mps=0.0)
    carry(given_, rotation(1.0))
    assert given_["vx_mps"][0] == 1.0

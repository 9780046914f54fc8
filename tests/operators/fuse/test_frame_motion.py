"""A recording whose frame drives and turns: its tracks must not notice."""

import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, FrameFlag, SourceKind, empty_observations
from operators.fuse.frame_motion import COVARIANCE, UNREST, at_rest, carry, from_axes, to_axes
from operators.gaussian import OVX, OVY, OX, OY, PREPARED, RXX, RXY, RYY
from operators.parameters import Parameters
from operators.track import TRACK_ROW

START_US = 1_700_000_000_000_000


def a_pose(x=3.0, y=-2.0, heading=0.7, vx=4.0, vy=1.0, w=0.3):
    pose = at_rest()
    pose[:6] = x, y, heading, vx, vy, w
    return pose


def test_what_goes_into_the_axes_comes_back():
    rng, pose = np.random.default_rng(1), a_pose()
    seen = np.zeros((5, PREPARED))
    seen[:, [OX, OY, OVX, OVY]] = rng.normal(0, 20, (5, 4))
    seen[:, RXX], seen[:, RXY], seen[:, RYY] = 0.5, 0.1, 0.2
    observations = empty_observations(5)
    observations["heading_rad"] = 0.4
    rows = np.zeros(5, TRACK_ROW)
    moved = seen.copy()
    to_axes(moved, np.arange(5), observations, pose)
    rows["x_m"], rows["y_m"] = moved[:, OX], moved[:, OY]
    rows["vx_mps"], rows["vy_mps"] = moved[:, OVX], moved[:, OVY]
    for name, column in (("cov_xx_m2", RXX), ("cov_xy_m2", RXY), ("cov_yy_m2", RYY)):
        rows[name] = moved[:, column]
    rows["heading_rad"] = observations["heading_rad"]
    from_axes(rows, 5, pose)
    np.testing.assert_allclose(rows["x_m"], seen[:, OX], atol=1e-9)
    np.testing.assert_allclose(rows["vy_mps"], seen[:, OVY], atol=1e-4)
    np.testing.assert_allclose(rows["cov_xy_m2"], 0.1, atol=1e-6)
    np.testing.assert_allclose(rows["heading_rad"], 0.4, atol=1e-6)


def test_a_thing_that_stands_in_the_axes_moves_in_a_frame_that_moves():
    pose, dt = a_pose(w=0.5), 1e-4
    later = pose.copy()
    carry(later, dt)
    rows = np.zeros(2, TRACK_ROW)
    rows["x_m"], rows["y_m"] = (30.0, 30.0), (5.0, 5.0)
    first, second = rows[:1].copy(), rows[:1].copy()
    from_axes(first, 1, pose)
    from_axes(second, 1, later)
    assert (second["x_m"] - first["x_m"]) / dt == pytest.approx(first["vx_mps"], abs=1e-2)
    assert (second["y_m"] - first["y_m"]) / dt == pytest.approx(first["vy_mps"], abs=1e-2)


def test_carrying_keeps_the_covariance_positive_definite():
    pose = a_pose()
    pose[UNREST] = 0.0
    for _ in range(100):
        carry(pose, 0.1)
    P = pose[COVARIANCE:UNREST].reshape(6, 6)
    assert np.linalg.eigvalsh(P).min() > 0.0
    np.testing.assert_allclose(P, P.T)


def ride(flags, turns, seconds=20.0, n=15, sigma_m=0.2):
    """Errors of place and velocity of standing things, seen from a vehicle that turns or not."""
    rng = np.random.default_rng(3)
    things = rng.uniform(-50, 50, (n, 2))
    state, heading, place, errors, ids = tracker.empty(), 0.0, np.zeros(2), [], set()
    for k in range(round(seconds * 10)):
        t = 0.1 * k
        w = 0.5 * np.sin(0.6 * (t - 6.0)) if turns and t > 6.0 else 0.0
        heading += 0.1 * w
        place = place + 0.5 * np.array([np.cos(heading), np.sin(heading)])
        c, s = np.cos(heading), np.sin(heading)
        true = (things - place) @ np.array([[c, -s], [s, c]])
        seen = empty_observations(n)
        seen["index"] = np.arange(n)
        seen["x_m"], seen["y_m"] = (true + rng.normal(0, sigma_m, true.shape)).T
        seen["cov_xx_m2"] = seen["cov_yy_m2"] = sigma_m**2
        seen["cov_xy_m2"] = 0.0
        event_us = START_US + 100_000 * k
        frame = Frame(
            "ego", SourceKind.ROADSIDE, flags, event_us, event_us, "", 0, k, 0, 0, 0, np.nan, seen
        )
        tracker.advance(state, frame, Parameters())
        rows = tracker.rows(state, event_us)
        rows = rows[rows["confirmed"] == 1]
        if t > 6.0:
            ids.update(rows["track_id"].tolist())
            apart = np.hypot(*(true[:, None] - np.column_stack((rows["x_m"], rows["y_m"]))).T)
            errors += np.min(apart, axis=0).tolist()
    return np.sqrt(np.mean(np.square(errors))), len(ids)


def test_turns_of_the_frame_cost_neither_accuracy_nor_ids():
    error_m, ids = ride(int(FrameFlag.MAY_MOVE), turns=True)
    worse_m, _ = ride(0, turns=True)  # the same without following the frame
    assert ids == 15
    assert error_m < 0.18
    assert error_m < 0.75 * worse_m


def test_a_frame_that_goes_straight_is_as_good_as_one_that_stands():
    followed_m, _ = ride(int(FrameFlag.MAY_MOVE), turns=False)
    plain_m, _ = ride(0, turns=False)
    assert followed_m < 1.1 * plain_m

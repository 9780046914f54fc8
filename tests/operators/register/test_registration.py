"""Registration inside the tracker: what it finds, and what it must leave alone."""

import numpy as np
import pytest

from operators import tracker
from operators.parameters import Parameters
from operators.register.state import N_UNITS
from tests.operators.register.scenes import (
    START_US,
    in_order,
    probe_frames,
    told,
    unit_frames,
    vehicles,
)

SITES = {"a": (-40.0, 0.0), "b": (40.0, 10.0), "c": (0.0, -45.0)}
TRUE = {
    "a": (0.12, 0.4, -0.5, np.radians(1.0), 0.0),
    "b": (-0.15, -0.6, 0.2, np.radians(-0.7), 0.0),
    "c": (0.03, 0.1, 0.6, np.radians(0.4), 0.0),
}


def follow(frames, parameters=None, state=None):
    state = tracker.empty() if state is None else state
    for frame in frames:
        tracker.advance(state, frame, parameters or Parameters())
    return state


def found(state):
    """Estimated errors by source, with the standard deviations that they are said to have."""
    registry = state.registry
    n = int(registry.counts[N_UNITS])
    names = {int(s["key"]): s["name"].decode() for s in state.sources}
    sigmas = np.sqrt(np.diag(registry.covariance)).reshape(-1, 5)
    return {
        names[int(key)]: (registry.bias[k], sigmas[k])
        for k, key in enumerate(registry.units["key"][:n])
    }


def scene(seconds=40.0, seed=1, errors=TRUE, probes=range(0, 24, 3)):
    at = vehicles(seed, 24)
    units = [
        unit_frames(name, at, SITES[name], b, seconds, seed, phase_s=0.03 * k)
        for k, (name, b) in enumerate(errors.items())
    ]
    return in_order(*units, probe_frames(at, probes, seconds, seed))


@pytest.fixture(scope="module")
def registered():
    return follow(scene())


def test_clocks_and_poses_are_found_with_probes(registered):
    for name, (b, sigma) in found(registered).items():
        off = np.abs(b - TRUE[name])
        assert (off < (0.03, 0.35, 0.35, np.radians(0.4), 0.006)).all(), name
        assert (off < 5.0 * sigma).all(), name


def test_units_agree_with_each_other_closely(registered):
    places = vehicles(1, 24)(7.0)[0]
    corrected = {}
    for name, (b, _) in found(registered).items():
        wrong = told(places, np.array(SITES[name]), np.array(TRUE[name]))
        back = b.copy()
        cos, sin = np.cos(back[3]), np.sin(back[3])
        off = (wrong - SITES[name] - back[1:3]) / (1.0 + back[4])
        corrected[name] = off @ np.array([[cos, -sin], [sin, cos]]) + SITES[name]
    for one, other in (("a", "b"), ("b", "c")):
        off = np.linalg.norm(corrected[one] - corrected[other], axis=1)
        assert np.sqrt(np.mean(off**2)) < 0.25


def test_a_surveyed_unit_is_an_anchor():
    errors = {"a": np.zeros(5), "b": TRUE["b"]}
    frames = scene(errors=errors, probes=())
    state = follow(frames, Parameters(surveyed="a"))
    ((name, (b, _)),) = found(state).items()
    assert name == "b"
    assert (np.abs(b - TRUE["b"]) < (0.02, 0.15, 0.15, np.radians(0.2), 0.004)).all()


def test_one_unit_alone_is_taken_as_it_is():
    frames = scene(15.0, errors={"a": TRUE["a"]}, probes=())
    alone, surveyed = follow(frames), follow(frames, Parameters(surveyed="a"))
    at_us = frames[-1].event_time_us
    assert len(tracker.rows(alone, at_us)) > 20
    assert tracker.rows(alone, at_us).tobytes() == tracker.rows(surveyed, at_us).tobytes()


def test_units_without_common_objects_are_taken_as_they_are():
    near, far = vehicles(1, 12), vehicles(2, 12)
    frames = in_order(
        unit_frames("a", near, (0.0, 0.0), TRUE["a"], 15.0, 1),
        unit_frames(
            "b", lambda t: (far(t)[0] + 2000.0, far(t)[1]), (2000.0, 2000.0), TRUE["b"], 15.0, 2
        ),
    )
    both, surveyed = follow(frames), follow(frames, Parameters(surveyed="a,b"))
    at_us = frames[-1].event_time_us
    assert tracker.rows(both, at_us).tobytes() == tracker.rows(surveyed, at_us).tobytes()


def test_a_packed_state_goes_on_as_if_unbroken():
    frames = scene(12.0)
    straight, broken = follow(frames), tracker.empty()
    for k, frame in enumerate(frames):
        tracker.advance(broken, frame, Parameters())
        if k % 50 == 7:
            broken = tracker.unpack(tracker.pack(broken))
    assert tracker.pack(broken) == tracker.pack(straight)
    assert tracker.pack(follow(frames)) == tracker.pack(straight)


@pytest.mark.parametrize("tau_s", [-1.0, 1.0])
def test_a_clock_off_by_a_second_is_found(tau_s):
    errors = {"a": np.zeros(5), "b": (tau_s, 0.3, 0.0, 0.0, 0.0)}
    b, _ = found(follow(scene(20.0, errors=errors)))["b"]
    assert abs(b[0] - tau_s) < 0.06


def test_a_step_of_a_clock_is_found_and_counted():
    def stepping(t):
        return np.array((0.3, 0.0, 0.0, 0.0, 0.0)) * (t >= 15.0)

    frames = scene(25.0, errors={"a": np.zeros(5), "b": stepping})
    state = follow(frames)
    assert abs(found(state)["b"][0][0] - 0.3) < 0.04
    assert abs(found(state)["a"][0][0]) < 0.04
    assert state.registry.units["steps"][:2].tolist() == [0, 1]
    stepped_us = int(state.registry.units["step_us"][1])
    assert 0 <= stepped_us - (START_US + 15_000_000) < 10_000_000


def wandering(seconds, seed, memory_s=10.0):
    """Errors of a moving vehicle's pose, 0.35 m and 0.4 deg: first-order Gauss-Markov."""
    rng, sd = np.random.default_rng(seed), (0.0, 0.35, 0.35, np.radians(0.4), 0.0)
    steps = [rng.normal(0.0, sd)]
    keep = np.exp(-0.1 / memory_s)
    for _ in range(round(10 * seconds)):
        steps.append(keep * steps[-1] + np.sqrt(1.0 - keep**2) * rng.normal(0.0, sd))
    return lambda t: steps[int(t * 10)]


def relative_rms_m(state, b_other, places, corrected):
    """How far apart two sources without a declared site put the same objects, without noise."""
    registry, off = state.registry, []
    sites = np.column_stack((registry.units["site_x_m"][:2], registry.units["site_y_m"][:2]))
    wrong = told(places, np.array((25.0, 5.0)), b_other)
    shown = []
    for unit, seen in enumerate((places, wrong)):
        b = registry.bias[unit] * corrected
        cos, sin = np.cos(b[3]), np.sin(b[3])
        lever = (seen - sites[unit] - b[1:3]) / (1.0 + b[4])
        shown.append(lever @ np.array([[cos, -sin], [sin, cos]]) + sites[unit])
    off = np.linalg.norm(shown[0] - shown[1], axis=1)
    return np.sqrt(np.mean(off**2))


def test_a_pose_that_wanders_in_a_moving_frame_is_followed():
    seconds, at = 60.0, vehicles(3, 20)
    errors = wandering(seconds, 4)
    frames = in_order(
        unit_frames("ego", at, (0.0, 0.0), np.zeros(5), seconds, 5, 0.2, circle=False),
        unit_frames("other", at, (25.0, 5.0), errors, seconds, 6, 0.2, circle=False),
    )
    state, before, after = tracker.empty(), [], []
    for frame in frames:
        tracker.advance(state, frame, Parameters())
        t = (frame.event_time_us - START_US) / 1e6
        if frame.source_id == "other" and t > 15.0:
            before.append(relative_rms_m(state, errors(t), at(t)[0], 0.0))
            after.append(relative_rms_m(state, errors(t), at(t)[0], 1.0))
    assert np.mean(after) < 0.65 * np.mean(before)
    assert max(after) < max(before)
    assert np.abs(state.registry.bias[:2]).max() < 1.5

"""The scored part of a scenario starts where it is told to."""

import numpy as np

from infra.simulator.scenario import Scenario, simulate

START_US = 1_790_000_000_000_000


def test_since_keeps_the_messages_and_cuts_the_truth():
    whole = simulate(Scenario(start_us=START_US, duration_s=10.0))
    part = whole.since(START_US + 4_000_000)
    assert part.sent is whole.sent
    assert part.truth.time_us[0] == START_US + 4_000_000
    assert part.truth.time_us[-1] == whole.truth.time_us[-1]
    assert all(len(view) == len(part.truth.time_us) for view in part.views.values())
    assert min(frame.event_time_us for frame in part.frames) >= START_US + 4_000_000


def test_since_the_start_is_the_whole():
    whole = simulate(Scenario(start_us=START_US, duration_s=5.0))
    same = whole.since(START_US)
    assert np.array_equal(same.truth.states.x_m, whole.truth.states.x_m, equal_nan=True)
    assert len(same.frames) == len(whole.frames)

"""What happens on demand is in the truth, and the rest of the traffic reacts to it."""

import numpy as np
import pytest

from infra.simulator.scenario import Scenario, simulate
from infra.simulator.stories import AMBULANCE, BREAKDOWN, WRONG_WAY, Stories, happened
from tests.infra.simulator.conftest import START_US


@pytest.fixture(scope="module")
def simulated():
    return simulate(Scenario(START_US, duration_s=50.0, stories=Stories()))


def of(truth, object_id):
    (at,) = np.nonzero(truth.object_id == object_id)
    return at[0]


def test_each_story_happens_in_its_time(simulated):
    found = {one.object_id: one for one in happened(simulated.truth)}
    assert found.keys() == {BREAKDOWN, AMBULANCE, WRONG_WAY}
    spans = {k: ((one.from_us - START_US) / 1e6, (one.until_us - START_US) / 1e6)
             for k, one in found.items()}  # fmt: skip
    begun, ended = spans[BREAKDOWN]
    assert begun < 30
    assert ended - begun == pytest.approx(20.0, abs=2.0)
    assert spans[AMBULANCE][0] == pytest.approx(10.0, abs=2.0)
    assert 25 <= spans[WRONG_WAY][0] < 40


def test_a_wrong_way_driver_goes_against_the_lane_and_has_room(simulated):
    states, at = simulated.truth.states, of(simulated.truth, WRONG_WAY)
    there = ~np.isnan(states.x_m[:, at])
    assert (np.diff(states.x_m[there, at]) < 0).all()
    away = np.hypot(states.x_m[there] - states.x_m[there, at][:, None],
                    states.y_m[there] - states.y_m[there, at][:, None])  # fmt: skip
    away[:, at] = np.inf
    assert np.nanmin(away) > 2.0


def test_others_queue_behind_the_breakdown(simulated):
    truth = simulated.truth
    states, at = truth.states, of(truth, BREAKDOWN)
    (span,) = [one for one in happened(truth) if one.object_id == BREAKDOWN]
    late = int(np.searchsorted(truth.time_us, span.until_us))
    x, y = states.x_m[late], states.y_m[late]
    behind = (y < states.y_m[late, at]) & (y > -180) & (np.abs(x - 5.0) < 3.5)
    slow = np.hypot(states.vx_mps[late], states.vy_mps[late]) < 5.0
    assert (behind & slow).sum() >= 1


def test_without_stories_there_are_none(run):
    assert happened(run.simulated.truth) == []

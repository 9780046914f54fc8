"""Parked cars."""

import numpy as np
import pytest

from infra.simulator.network import District
from infra.simulator.parked import with_parked
from infra.simulator.sight import houses
from tests.infra.simulator.roads import drive


def test_parked_cars_stand_at_the_kerb_all_the_time_clear_of_lanes_crossings_and_houses():
    district, traffic = District(), drive()
    parked = with_parked(traffic, district, 0.5, np.random.default_rng(1))
    of = slice(len(traffic.object_id), None)
    x, y = parked.states.x_m[:, of], parked.states.y_m[:, of]
    assert x.shape[1] > 100
    assert (x == x[0]).all()
    streets = np.array([-190.0, 0.0, 190.0])
    off_x = np.abs(x[0][:, None] - streets).min(axis=1)
    off_y = np.abs(y[0][:, None] - streets).min(axis=1)
    across = np.minimum(off_x, off_y)
    assert across.min() > 9.5
    assert across.max() < 12.5
    assert np.maximum(off_x, off_y).min() > 20.0
    for x0, y0, x1, y1 in houses(district):
        assert not ((x[0] > x0) & (x[0] < x1) & (y[0] > y0) & (y[0] < y1)).any()
    assert not np.intersect1d(parked.object_id[of], traffic.object_id).size


def test_as_many_places_are_taken_as_asked_for_and_the_traffic_stays_as_it_was():
    traffic = drive()
    some, most = (
        with_parked(traffic, District(), share, np.random.default_rng(1)) for share in (0.2, 0.8)
    )
    ratio = (len(most.object_id) - 6) / (len(some.object_id) - 6)
    assert ratio == pytest.approx(4.0, rel=0.25)
    np.testing.assert_array_equal(some.states.x_m[:, :6], traffic.states.x_m)

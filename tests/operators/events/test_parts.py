"""What the kinds are made of: bodies, components, memory, ground, closed zones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.events.town import EAST_M, HOME, the_town
from operators.events.boxes import separations_m
from operators.events.ground import ground_of, roads_of, to_control_m, waits_at_m
from operators.events.groups import components
from operators.events.memory import MEMORY, SLOT_US, follow, no_slots
from operators.events.rows import ROW
from operators.events.zones import is_closed
from operators.road.lanes import pack_parts
from tests.builders import START_US

LINKS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30)


def rows(*users):
    made = np.zeros(len(users), ROW)
    for k, user in enumerate(users):
        usual = {"length_m": 4.0, "width_m": 2.0, "track_id": k + 1, "heading_rad": np.nan}
        exact = {"cov_xx_m2": 0.01, "cov_yy_m2": 0.01, "sigma_m": 0.1, "speed_sigma_mps": 0.1}
        for name, value in (usual | exact | user).items():
            made[k][name] = value
    return made


@pytest.mark.parametrize(
    ("x_m", "y_m", "turn_rad", "apart_m"),
    [
        (10.0, 0.0, 0.0, 6.0),  # one behind the other: 10 less twice half a length
        (0.0, 3.0, 0.0, 1.0),  # side by side
        (10.0, 0.0, np.pi / 2, 7.0),  # across: half a length and half a width
        (3.0, 0.5, 0.0, -1.0),  # overlapping: a metre along is the least way out
    ],
)
def test_bodies_are_as_far_apart_as_their_edges(x_m, y_m, turn_rad, apart_m):
    one, other = rows({}), rows({"x_m": x_m, "y_m": y_m})
    angles = np.zeros(1), np.array([turn_rad])
    assert separations_m(one, other, *angles, np.zeros(1))[0, 0] == pytest.approx(apart_m)


def test_bodies_that_go_on_meet_when_their_edges_do():
    one, other = rows({"vx_mps": 8.0}), rows({"x_m": 20.0, "vx_mps": 4.0})
    apart = separations_m(one, other, np.zeros(1), np.zeros(1), np.array([3.9, 4.1]))[:, 0]
    assert apart[0] > 0 > apart[1]


@given(LINKS)
def test_components_are_what_links_reach(links):
    one, other = (np.array([pair[k] for pair in links], np.int64) for k in (0, 1))
    number = components(one, other, 20)
    reach = np.eye(20, dtype=bool)
    for a, b in links:
        reach[a, b] = reach[b, a] = True
    for k in range(20):
        reach |= reach[:, k : k + 1] & reach[k : k + 1, :]
    np.testing.assert_array_equal(number[:, None] == number[None, :], reach)


def test_trails_hold_what_was_seen_once_in_each_slot():
    memory, slots = np.zeros(0, MEMORY), no_slots()
    for k in range(9):
        at_us = START_US // SLOT_US * SLOT_US + k * SLOT_US // 3
        memory, slots = follow(memory, rows({"x_m": float(k), "vx_mps": 3.0}), slots, at_us)
    seen = memory["trail_x_m"][0]
    assert seen[~np.isnan(seen)].tolist() == [0.0, 3.0, 6.0]
    assert np.isnan(seen[:-3]).all()


def test_a_track_that_is_not_seen_is_forgotten():
    memory, slots = follow(np.zeros(0, MEMORY), rows({}, {}), no_slots(), START_US)
    memory, _ = follow(memory, rows({"track_id": 2}), slots, START_US + 100_000)
    assert memory["track_id"].tolist() == [2]
    assert memory["first_us"].tolist() == [START_US]


@pytest.fixture(scope="module")
def roads():
    return roads_of(HOME.key, pack_parts(the_town()))


@pytest.mark.parametrize(
    ("course_rad", "with_it", "against"), [(0.0, 1.0, 0.0), (np.pi, 0.0, 1.0), (np.nan, 0.0, 0.0)]
)
def test_ground_tells_lanes_by_direction(roads, course_rad, with_it, against):
    ground = ground_of(rows({"y_m": EAST_M[0]}), np.array([course_rad]), roads)[0]
    assert ground["with_it"] == pytest.approx(with_it, abs=1e-6)
    assert ground["against"] == pytest.approx(against, abs=1e-6)
    assert ground["on_road"] == pytest.approx(1.0, abs=1e-6)


def test_a_vehicle_knows_how_far_its_stop_line_is(roads):
    ground = ground_of(rows({"x_m": -62.0, "y_m": -501.75}), np.zeros(1), roads)
    assert to_control_m(ground, roads)[0] == pytest.approx(50.0, abs=0.5)
    assert waits_at_m(ground, roads)[0] == pytest.approx(50.0, abs=0.5)


@pytest.mark.parametrize(
    ("area", "impact", "closed"),
    [
        ("Polygon", "", True),
        ("Polygon", "some-lanes-closed", False),
        ("LineString", "", False),
        ("LineString", "all-lanes-closed", True),
    ],
)
def test_a_zone_is_closed_if_it_is_drawn_or_says_so(area, impact, closed):
    properties = {"vehicle_impact": impact} if impact else {}
    assert is_closed({"area": f'{{"type":"{area}"}}', "properties": properties}) is closed

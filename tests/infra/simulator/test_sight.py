"""What hides what."""

import numpy as np
import pytest

from infra.simulator.network import District
from infra.simulator.sight import box_corners, houses, lately, look

NO_WALLS = np.zeros((0, 4))


def seen(boxes, walls=NO_WALLS, height_m=1.9):
    """Boxes as x, y, heading, length, width, height."""
    table = np.array(boxes, float)
    corners = box_corners(*table[:, :3].T, (table[:, 3], table[:, 4]))
    return look((0.0, 0.0), height_m, corners, table[:, 5], walls)


CAR = (0.0, 4.6, 1.8, 1.5)


def test_a_lone_box_is_wholly_visible_at_its_range_bearing_and_angle():
    sight = seen([(0.0, 20.0, *CAR)])
    assert sight.visible == pytest.approx([1.0])
    assert sight.range_m == pytest.approx([20.0])
    assert sight.bearing_rad == pytest.approx([np.pi / 2])
    assert sight.width_rad == pytest.approx([2 * np.arctan(2.3 / 19.1)])


def test_a_truck_hides_the_car_behind_it_and_not_the_other_way():
    truck = (20.0, 0.0, 0.0, 9.0, 2.5, 3.4)
    sight = seen([truck, (40.0, 0.0, *CAR)])
    assert sight.visible == pytest.approx([1.0, 0.0])
    assert seen([(20.0, 0.0, *CAR), (40.0, 0.0, *truck[2:])]).visible[1] > 0.4


def test_from_a_roof_the_upper_part_of_a_car_behind_a_car_is_seen():
    # 1.9 m falls to 1.5 m above the nearer car's end (17.7 m), and on to 0.996 m at 40 m
    sight = seen([(20.0, 0.0, *CAR), (42.3, 0.0, *CAR)])
    nearest = (20 - 2.3, 42.3 - 2.3)
    expected = 1 - (1.9 - 0.4 * np.hypot(nearest[1], 0.9) / np.hypot(nearest[0], 0.9)) / 1.5
    assert sight.visible[1] == pytest.approx(expected, abs=1e-6)


def test_a_box_half_behind_another_is_half_seen():
    sight = seen([(10.0, 1.8, 0.0, 0.1, 3.6, 9.0), (20.0, 0.0, 0.0, 0.1, 8.0, 1.5)])
    assert sight.visible[1] == pytest.approx(0.5, abs=0.06)


def test_a_house_between_hides_and_one_beside_does_not():
    car = [(40.0, 0.0, *CAR)]
    assert seen(car, np.array([[15.0, -5.0, 20.0, 5.0]])).visible == pytest.approx([0.0])
    assert seen(car, np.array([[15.0, 5.0, 20.0, 9.0]])).visible == pytest.approx([1.0])
    assert seen(car, np.array([[60.0, -5.0, 70.0, 5.0]])).visible == pytest.approx([1.0])


def test_nothing_to_see_is_no_error():
    assert not len(seen(np.zeros((0, 6))).visible)


def test_houses_leave_the_streets_open():
    district = District()
    streets = [-190.0, 0.0, 190.0]
    for x0, y0, x1, y1 in houses(district):
        assert all(not x0 < street < x1 and not y0 < street < y1 for street in streets)
    assert len(houses(district)) == 16


def test_lately_reaches_that_many_steps_both_ways():
    column = np.zeros((7, 1), bool)
    column[3] = True
    assert np.flatnonzero(lately(column, 2)[:, 0]).tolist() == [1, 2, 3, 4, 5]
    assert np.flatnonzero(lately(column, 0)[:, 0]).tolist() == [3]

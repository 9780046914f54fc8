"""Units and code tables, each number from the standards' own tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.decode.j2735 import (
    POSITION_CONFIDENCE_M,
    POSITION_CONFIDENCE_NAMES,
    SIGMAS_AT_95_RADIAL,
    class_of_vehicle_class,
    ellipse_covariance_m2,
    heading_from_north_rad,
    isotropic_covariance_m2,
    velocity_mps,
)
from operators.frame import ObjectClass


@pytest.mark.parametrize(("north", "east"), [(0, 90), (90, 0), (180, -90), (270, 180), (45, 45)])
def test_heading_turns_from_clockwise_north_to_counter_clockwise_east(
    north: int, east: int
) -> None:
    found = math.degrees(heading_from_north_rad(north))
    assert math.isclose(math.remainder(found - east, 360), 0, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("north", "velocity"), [(0, (0, 10)), (90, (10, 0)), (180, (0, -10)), (270, (-10, 0))]
)
def test_velocity_points_where_the_heading_does(north: int, velocity: tuple[int, int]) -> None:
    assert velocity_mps(10.0, heading_from_north_rad(north)) == pytest.approx(velocity, abs=1e-9)


def test_standing_object_needs_no_heading() -> None:
    assert velocity_mps(0.0, math.nan) == (0.0, 0.0)


@pytest.mark.parametrize("pair", [(math.nan, 1.0), (5.0, math.nan)])
def test_moving_object_without_speed_or_heading_has_no_velocity(pair: tuple[float, float]) -> None:
    assert all(map(math.isnan, velocity_mps(*pair)))


def test_95_percent_radius_of_a_circular_normal_is_2_4477_sigma() -> None:
    assert math.isclose(SIGMAS_AT_95_RADIAL, math.sqrt(-2 * math.log(0.05)), rel_tol=1e-4)


def test_position_confidence_table_is_the_standards() -> None:
    expected = [500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
    assert list(POSITION_CONFIDENCE_M[1:]) == expected
    assert math.isnan(POSITION_CONFIDENCE_M[0])
    assert POSITION_CONFIDENCE_NAMES[10] == "a50cm"
    assert len(POSITION_CONFIDENCE_NAMES) == 16


def test_ellipse_pointing_east_has_its_major_axis_in_x() -> None:
    assert ellipse_covariance_m2(3.0, 1.0, 90.0) == pytest.approx((9.0, 0.0, 1.0), abs=1e-12)


def test_ellipse_pointing_north_has_its_major_axis_in_y() -> None:
    assert ellipse_covariance_m2(3.0, 1.0, 0.0) == pytest.approx((1.0, 0.0, 9.0), abs=1e-12)


def test_ellipse_pointing_north_east_correlates() -> None:
    assert ellipse_covariance_m2(3.0, 1.0, 45.0) == pytest.approx((5.0, 4.0, 5.0))


def test_ellipse_without_orientation_is_the_larger_circle() -> None:
    assert ellipse_covariance_m2(3.0, 1.0, math.nan) == (9.0, 0.0, 9.0)
    assert ellipse_covariance_m2(9.3, 12.05, math.nan) == (12.05**2, 0.0, 12.05**2)


def test_ellipse_of_one_known_axis_is_its_circle() -> None:
    assert ellipse_covariance_m2(2.0, math.nan, 10.0) == (4.0, 0.0, 4.0)
    assert ellipse_covariance_m2(math.nan, 2.0, 10.0) == (4.0, 0.0, 4.0)
    assert all(map(math.isnan, ellipse_covariance_m2(math.nan, math.nan, 10.0)))
    assert all(map(math.isnan, isotropic_covariance_m2(math.nan)))


@given(st.floats(0.1, 12), st.floats(0.1, 12), st.floats(0, 360))
def test_ellipse_keeps_trace_and_determinant(a: float, b: float, turn: float) -> None:
    xx, xy, yy = ellipse_covariance_m2(a, b, turn)
    assert math.isclose(xx + yy, a * a + b * b, rel_tol=1e-9)
    assert math.isclose(xx * yy - xy * xy, (a * b) ** 2, rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0, "UNKNOWN"), (1, "UNKNOWN"), (10, "CAR"), (19, "CAR"), (20, "VAN"), (25, "TRUCK"),
        (39, "TRUCK"), (40, "MOTORCYCLE"), (50, "BUS"), (54, "BUS"), (55, "TRAM"), (56, "BUS"),
        (60, "EMERGENCY"), (69, "EMERGENCY"), (70, "UNKNOWN"), (80, "UNKNOWN"),
        (81, "PEDESTRIAN"), (84, "BICYCLE"), (85, "PEDESTRIAN"), (90, "UNKNOWN"),
        (95, "TRAILER"), (255, "UNKNOWN"),
    ],
)  # fmt: skip
def test_vehicle_class_codes(code: int, expected: str) -> None:
    assert class_of_vehicle_class(code) is ObjectClass[expected]

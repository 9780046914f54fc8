"""What the truth says of events that were told: made truths without any traffic simulator."""

import numpy as np
import pytest

from benchmarks.events.judge import is_real
from infra.simulator.placement import Placement
from infra.simulator.truth import TRUTH_ROW, Truth
from tests.builders import START_US

SECONDS = np.arange(0.0, 70.0, 0.1)
AT_S = 62.0


def body(number, x_m, y_m, heading_rad):
    rows = np.zeros(len(SECONDS), TRUTH_ROW)
    rows["time_us"] = START_US + np.round(SECONDS * 1e6)
    rows["object_id"], rows["object_class"] = number, 1
    rows["length_m"], rows["width_m"] = 4.0, 2.0
    rows["x_m"], rows["y_m"], rows["heading_rad"] = x_m, y_m, heading_rad
    rows["vx_mps"], rows["vy_mps"] = np.gradient(rows["x_m"], 0.1), np.gradient(rows["y_m"], 0.1)
    return rows


def real(kind, *bodies):
    told = {"kind": kind, "opened_us": START_US + round(AT_S * 1e6), "track_ids": [1, 2]}
    return is_real(told, Truth.from_rows(np.concatenate(bodies), Placement()))


def braking(mps2):
    """Drives 15 m/s until the instant, then brakes until it stands."""
    t = (SECONDS - AT_S).clip(0.0, 15.0 / mps2)
    return body(0, 15.0 * (np.minimum(SECONDS, AT_S) + t) - mps2 * t**2 / 2, 0.0, 0.0)


@pytest.mark.parametrize(("mps2", "hard"), [(6.0, True), (4.0, False)])
def test_braking_is_hard_by_the_true_loss_of_speed(mps2, hard):
    assert real("hard_braking", braking(mps2)) is hard


@pytest.mark.parametrize(("stood_s", "stopped"), [(61.0, True), (30.0, False)])
def test_a_stopped_vehicle_stood_for_a_minute(stood_s, stopped):
    moves = body(0, 10.0 * np.minimum(SECONDS, AT_S - stood_s), 0.0, 0.0)
    assert real("stopped_vehicle", moves) is stopped


@pytest.mark.parametrize(("gap_m", "conflict"), [(2.0, True), (60.0, False)])
def test_who_has_to_brake_hard_for_one_who_stands_is_in_conflict(gap_m, conflict):
    car = braking(8.0)
    stands = body(1, car["x_m"][-1] + 4.0 + gap_m, 0.0, 0.0)
    assert real("conflict", car, stands) is conflict


@pytest.mark.parametrize(("later_s", "conflict"), [(0.9, True), (3.0, False)])
def test_ways_that_cross_are_a_conflict_if_bodies_are_there_one_just_after_the_other(
    later_s, conflict
):
    one = body(0, 10.0 * (SECONDS - AT_S), 0.0, 0.0)
    other = body(1, 0.0, 10.0 * (SECONDS - AT_S - later_s), np.pi / 2)
    assert real("conflict", one, other) is conflict


def test_a_way_that_bends_off_is_no_conflict_though_it_points_at_somebody():
    """The first drives north-east until the instant, then on north beside one who comes south."""
    t = SECONDS - AT_S
    first = body(
        0, 5.0 * np.minimum(t, 0.0), 10.0 * t, np.where(t < 0, np.arctan2(10, 5), np.pi / 2)
    )
    second = body(1, 3.0, 12.0 - 10.0 * t, -np.pi / 2)
    assert real("conflict", first, second) is False


def test_nothing_else_is_real():
    assert real("wrong_way", braking(6.0)) is False

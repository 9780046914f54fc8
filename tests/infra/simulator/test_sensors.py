"""Roadside units and probe vehicles as sensor models."""

from dataclasses import replace

import numpy as np
import pytest

from infra.simulator import probes, roadside
from infra.simulator.frames import CLUTTER
from infra.simulator.placement import Placement
from infra.simulator.probes import Fleet
from infra.simulator.roadside import RoadsideUnit, Sensor
from infra.simulator.truth import TRUTH_ROW, Truth
from operators.frame import ObjectClass

PERFECT = RoadsideUnit(
    "RSU-TEST", 0.0, 0.0, sigma_near_m=0.0, sigma_far_m=0.0, detection_probability=1.0,
    clutter_per_frame=0.0, id_breaks_per_s=0.0, speed_sigma_mps=0.0, heading_sigma_deg=0.0,
    size_sigma_m=0.0,
)  # fmt: skip


def standing(*objects, seconds=2.0):
    """Truth of objects (class, x, y, width, height) that stand for some seconds."""
    instants = round(seconds * 10) + 1
    rows = np.zeros((instants, len(objects)), TRUTH_ROW)
    rows["time_us"] = np.arange(instants)[:, None] * 100_000
    for number, (kind, x, y, width, height) in enumerate(objects):
        column = rows[:, number]
        column["object_id"], column["object_class"] = number, kind
        column["x_m"], column["y_m"] = x, y
        column["length_m"], column["width_m"], column["height_m"] = 4.6, width, height
    return Truth.from_rows(rows.ravel(), Placement())


def car(x, y, height=1.5):
    return (ObjectClass.CAR, x, y, 1.8, height)


def bus(x, y):
    return (ObjectClass.BUS, x, y, 2.55, 3.1)


def seen(unit, *objects):
    truth = standing(*objects, seconds=0.1)
    return roadside.in_view(unit, truth, truth.states)[0].tolist()


def test_view_ends_at_its_range():
    assert seen(PERFECT, car(179, 0), car(0, 181)) == [True, False]


def test_sector_looks_clockwise_from_north():
    east = replace(PERFECT, heading_deg=90.0, opening_deg=60.0)
    assert seen(east, car(50, 10), car(10, 50), car(-50, 0)) == [True, False, False]


def test_a_bus_hides_the_car_behind_it_but_not_the_one_beside():
    assert seen(PERFECT, bus(50, 0), car(58, 0), car(58, 8)) == [True, False, True]


def test_a_car_hides_no_bus_and_a_high_mast_looks_over_a_car():
    assert seen(PERFECT, car(50, 0), bus(62, 0)) == [True, True]
    assert seen(replace(PERFECT, mast_m=20.0), car(50, 0), car(58, 0)) == [True, True]


def test_a_perfect_unit_reports_the_truth_ten_times_a_second():
    frames = roadside.observe(replace(PERFECT, phase_ms=30), standing(car(30, 40)), seed=1)
    assert [f.event_time_us for f in frames] == list(range(30_000, 2_000_000, 100_000))
    assert {(*f.x_m, *f.y_m) for f in frames} == {(30.0, 40.0)}


def test_declared_faults_are_in_the_frames():
    unit = replace(PERFECT, bias_x_m=0.5, yaw_bias_deg=1.0, clock_offset_ms=-40)
    one = roadside.observe(unit, standing(car(100, 0)), seed=1)[0]
    assert one.claimed_time_us - one.event_time_us == -40_000
    assert one.x_m[0] == pytest.approx(100 * np.cos(np.radians(1.0)) + 0.5)
    assert one.y_m[0] == pytest.approx(100 * np.sin(np.radians(1.0)))


def test_errors_have_the_sigma_that_is_declared():
    unit = replace(PERFECT, sigma_near_m=0.6, sigma_far_m=0.8)
    frames = roadside.observe(unit, standing(car(90, 0), seconds=200), seed=1)
    errors = np.array([f.x_m[0] - 90 for f in frames])
    assert frames[0].position_sigma_m[0] == pytest.approx(0.7)
    assert errors.std() == pytest.approx(0.7, rel=0.06)  # 2000 samples: 1.6 % at one sigma
    assert abs(errors.mean()) < 0.06


def test_detection_and_clutter_have_their_rates():
    unit = replace(PERFECT, detection_probability=0.8, clutter_per_frame=0.5)
    frames = roadside.observe(unit, standing(car(90, 0), seconds=100), seed=1)
    false = [int((f.object_index == CLUTTER).sum()) for f in frames]
    assert np.mean([int((f.object_index == 0).sum()) for f in frames]) == pytest.approx(
        0.8, abs=0.05
    )
    assert np.mean(false) == pytest.approx(0.5, abs=0.09)


def test_numbers_stay_with_an_object_until_they_break():
    truth = standing(car(30, 0), seconds=100)
    steady = {int(f.local_id[0]) for f in roadside.observe(PERFECT, truth, seed=1)}
    broken = replace(PERFECT, id_breaks_per_s=0.2)
    assert steady == {1}
    assert 10 <= len({int(f.local_id[0]) for f in roadside.observe(broken, truth, seed=1)}) <= 35


def test_a_radar_measures_no_box_and_no_heading_of_what_stands():
    unit = replace(PERFECT, sensor=Sensor.RADAR)
    one = roadside.observe(unit, standing(car(30, 0)), seed=1)[0]
    assert np.isnan([one.length_m[0], one.heading_rad[0]]).all()
    assert one.speed_mps[0] == 0.0


def test_latency_has_its_mean_and_is_never_negative():
    truth = standing(car(30, 0), seconds=100)
    delays = [f.receive_time_us - f.event_time_us for f in roadside.observe(PERFECT, truth, 1)]
    assert np.mean(delays) == pytest.approx(60_000, abs=1_500)
    assert np.std(delays) == pytest.approx(12_000, rel=0.15)
    assert min(delays) > 0


def test_a_place_in_a_fleet_goes_to_the_next_vehicle_when_one_leaves():
    rows = standing(*(car(i, 0) for i in range(3)), seconds=10).rows()
    gone = (rows["object_id"] == 0) & (rows["time_us"] > 4_000_000)
    late = (rows["object_id"] == 2) & (rows["time_us"] < 6_000_000)
    truth = Truth.from_rows(rows[~gone & ~late], Placement())
    fleets = (Fleet("a", vehicles=1), Fleet("b", vehicles=1))
    assert probes.assign(fleets, truth) == {"a": [0, 2], "b": [1]}


def test_pedestrians_and_bicycles_are_no_probes():
    truth = standing(
        (ObjectClass.BICYCLE, 0, 0, 0.6, 1.7), (ObjectClass.PEDESTRIAN, 9, 0, 0.5, 1.7)
    )
    assert probes.assign((Fleet("a"),), truth) == {"a": []}


def test_probe_errors_drift_slowly_and_have_the_declared_sigma():
    fleet = Fleet("a", vehicles=40, bias_time_s=5.0)
    truth = standing(*(car(5.0 * i, 0) for i in range(40)), seconds=60)
    frames = probes.observe(fleet, (fleet,), truth, seed=1)
    errors = np.array([f.x_m[0] - 5.0 * f.object_index[0] for f in frames]).reshape(40, -1)
    assert errors.std() == pytest.approx(fleet.position_sigma_m, rel=0.1)
    neighbours = (errors[:, 1:] * errors[:, :-1]).mean() / errors.var()
    assert neighbours == pytest.approx(0.36 * np.exp(-0.02) / 0.4825, abs=0.05)


def test_temporary_ids_rotate_but_not_within_their_life():
    fleet = Fleet("a", vehicles=1, id_life_s=20.0)
    frames = probes.observe(fleet, (fleet,), standing(car(0, 0), seconds=60), seed=1)
    ids = [int(f.local_id[0]) for f in frames]
    changes = np.flatnonzero(np.diff(ids))
    assert len(set(ids)) == len(changes) + 1 >= 3
    assert set(np.diff(changes)) == {200}


def test_probe_latency_stays_between_30_and_150_ms():
    fleet = Fleet("a", vehicles=1)
    frames = probes.observe(fleet, (fleet,), standing(car(0, 0), seconds=60), seed=1)
    delays = np.array([f.receive_time_us - f.event_time_us for f in frames])
    assert delays.min() >= 30_000
    assert delays.max() <= 150_000
    assert delays.std() > 10_000

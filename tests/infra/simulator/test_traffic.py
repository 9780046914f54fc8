"""Truth made of SUMO's traffic."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from infra.simulator.network import run_sumo_program
from infra.simulator.traffic import ROAD_USERS
from infra.simulator.truth import Truth
from operators.frame import ObjectClass


def straight_cars(folder):
    """SUMO's own records of cars that keep their angle for a second on both sides."""
    by_car = {}
    with (folder / "floating.csv").open(newline="") as file:
        for line in csv.DictReader(file, delimiter=";"):
            if line["vehicle_type"] == "car":
                by_car.setdefault(line["vehicle_id"], []).append(line)
    for lines in by_car.values():
        for i in range(10, len(lines) - 10):
            if len({line["vehicle_angle"] for line in lines[i - 10 : i + 11]}) == 1:
                yield lines[i]


def test_truth_positions_are_box_centres_half_a_length_behind_sumos_front_bumper(run):
    truth, half_side, checked = run.simulated.truth, run.scenario.district.side_m / 2, 0
    for line in straight_cars(run.folder):
        at = round((float(line["timestep_time"]) - run.scenario.demand.warm_up_s) * 10)
        of = int(np.flatnonzero(truth.object_id == int(line["vehicle_id"][1:]))[0])
        north = np.radians(float(line["vehicle_angle"]))  # clockwise from north
        front = np.array([float(line["vehicle_x"]), float(line["vehicle_y"])]) - half_side
        centre = front - ROAD_USERS["car"].length_m / 2 * np.array([np.sin(north), np.cos(north)])
        # braking within the smoothed 0.7 s moves the mean by a few centimetres at most
        assert np.hypot(*(centre - [truth.states.x_m[at, of], truth.states.y_m[at, of]])) < 0.15
        checked += 1
    assert checked > 500


def test_velocities_agree_with_positions(run):
    truth = run.simulated.truth
    moved = truth.states.x_m[2:] - truth.states.x_m[:-2]
    inside = ~np.isnan(moved)
    np.testing.assert_allclose(
        moved[inside] / 0.2, truth.states.vx_mps[1:-1][inside], rtol=0, atol=1e-9
    )


def test_nothing_jumps_and_no_standing_vehicle_slides_sideways(run):
    states = run.simulated.truth.states
    speed = np.hypot(states.vx_mps, states.vy_mps)
    sideways = np.abs(
        -np.sin(states.heading_rad) * states.vx_mps + np.cos(states.heading_rad) * states.vy_mps
    )
    assert np.nanmax(speed) < 25.0
    assert not (sideways[speed < 0.3] > 0.1).any()


def test_every_kind_of_road_user_is_there(run):
    classes = set(run.simulated.truth.object_class.tolist())
    wanted = {ObjectClass.CAR, ObjectClass.TRUCK, ObjectClass.BICYCLE, ObjectClass.PEDESTRIAN}
    assert wanted <= classes


def test_truth_is_stored_and_read_back_whole(run, tmp_path):
    truth = run.simulated.truth
    truth.save(tmp_path / "truth.npz")
    again = Truth.load(tmp_path / "truth.npz")
    np.testing.assert_array_equal(again.rows(), truth.rows())
    assert again.placement == truth.placement


def test_truth_between_instants_is_on_the_line_and_turns_the_short_way(run):
    truth = run.simulated.truth
    rows = truth.rows()[:2].copy()
    rows["time_us"], rows["object_id"] = [0, 100_000], 7
    rows["x_m"], rows["heading_rad"] = [1.0, 3.0], [3.1, -3.1]
    at = Truth.from_rows(rows, truth.placement).at(np.array([25_000, 200_000]))
    assert at.x_m[0, 0] == pytest.approx(1.5)
    assert at.heading_rad[0, 0] == pytest.approx(3.1 + (2 * np.pi - 6.2) / 4)
    assert np.isnan(at.x_m[1, 0])


def test_truth_at_its_own_instants_is_the_truth(run):
    truth = run.simulated.truth
    np.testing.assert_array_equal(truth.at(truth.time_us).x_m, truth.states.x_m)


def test_unevenly_spaced_truth_is_refused(run):
    rows = run.simulated.truth.rows()[:3].copy()
    rows["time_us"] = [0, 100_000, 250_000]
    with pytest.raises(ValueError, match="equally spaced"):
        Truth.from_rows(rows, run.scenario.placement)


def test_failure_of_a_sumo_program_says_what_it_printed(tmp_path):
    with pytest.raises(RuntimeError, match=r"missing\.net\.xml"):
        run_sumo_program("sumo", ["--net-file", str(tmp_path / "missing.net.xml")])


def test_scenario_off_the_ticks_is_refused(run):
    with pytest.raises(ValueError, match="multiple of 100000"):
        replace(run.scenario, start_us=run.scenario.start_us + 1)

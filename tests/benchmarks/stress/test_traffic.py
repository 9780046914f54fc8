import numpy as np

from benchmarks.stress.scenes import bus_shadow, queue
from benchmarks.stress.sensing import Unit, unit_frames
from benchmarks.stress.traffic import STOP_M, crossing
from operators.frame import ObjectClass
from tests.benchmarks.stress.scene import traffic


def test_the_same_seed_gives_the_same_traffic_and_another_one_does_not():
    again, other = crossing(8.0, 3), crossing(8.0, 4)
    np.testing.assert_array_equal(again.place_m, traffic().place_m)
    assert other.place_m.shape != again.place_m.shape


def test_vehicles_of_a_lane_keep_behind_each_other():
    made = traffic()
    motor = made.object_class <= int(ObjectClass.BUS)
    for place in made.place_m[::10, motor]:
        there = place[~np.isnan(place[:, 0])]
        for lane in np.unique(np.round(there[:, 1], 3)):
            along = np.sort(there[np.abs(there[:, 1] - lane) < 1e-3, 0])
            assert len(along) < 2 or np.diff(along).min() > 4.5


def test_nobody_drives_over_the_line_at_red():
    made = crossing(16.0, 3)
    north = (made.object_class <= int(ObjectClass.BUS)) & np.isclose(made.heading_rad[0], np.pi / 2)
    y = made.place_m[:, north, 1]  # north-south has red for the first 21 s
    crossed = (y[:-1] < STOP_M - 2.3) & (y[1:] > STOP_M)
    assert north.sum() > 3
    assert not crossed.any()
    assert (np.nanmax(y, axis=0) > STOP_M - 10.0).any()


def test_a_place_between_two_steps_lies_on_the_line_between_them():
    made = traffic()
    view = made.at(np.array([1.0, 1.05, 1.1]))
    middle = (view.place_m[0] + view.place_m[2]) / 2.0
    there = ~np.isnan(middle[:, 0])
    assert there.sum() > 20
    np.testing.assert_allclose(view.place_m[1, there], middle[there])
    moved = (view.place_m[2] - view.place_m[0])[there]
    np.testing.assert_allclose(view.velocity_mps[1, there] * 0.1, moved, atol=1e-9)


def test_a_queue_stands_two_metres_apart_and_then_starts_from_its_head():
    made = queue(5.0, 10.0, lanes=1, cars=4)
    assert (made.place_m[50] == made.place_m[0]).all()
    np.testing.assert_allclose(np.diff(made.place_m[0, :, 0]), -6.5)
    moved = made.place_m[75, :, 0] - made.place_m[0, :, 0]
    assert (np.diff(moved) < 0.0).sum() >= 1
    assert moved[-1] == 0.0


def test_a_bus_hides_the_cars_behind_it_from_one_side_only():
    made = bus_shadow(14.0)
    seen = {}
    for name, y_m, height_m in (("near", -12.0, 2.5), ("far", 18.0, 2.5), ("near", -12.0, None)):
        unit = Unit(name, 0.0, y_m, 60.0, detection=1.0, clutter=0.0, height_m=height_m)
        last = unit_frames(unit, made, 1)[-50:]
        behind = [
            ((np.abs(f.observations["x_m"]) < 5.0) & (f.observations["y_m"] > 0.0)).sum()
            for f in last
        ]
        seen[name, height_m] = sum(map(int, behind))
    assert seen["near", 2.5] == 0
    assert seen["far", 2.5] > 50
    assert seen["near", None] > 50

"""Where road users get to along their lanes, and that a bend is no course to collide."""

import numpy as np
import pytest

from benchmarks.events.town import a_lane
from operators.events.ahead import lane_ways
from operators.events.ground import ground_of, roads_of
from operators.events.kinds import SURE
from operators.events.meeting import meeting
from operators.events.memory import MEMORY, follow, no_slots
from operators.events.scene import Applied, Scene, near_pairs
from operators.road.lanes import pack_parts
from operators.road.network import RoadPart, Segment, Turn
from tests.builders import HOME, START_US
from tests.operators.events.test_parts import rows

# A street to the east that turns north by 45 degrees in its middle, where its second lane begins.
BEND_RAD = np.pi / 4
ON = 60.0 * np.array([np.cos(BEND_RAD), np.sin(BEND_RAD)])


def beside(points, left_m):
    return [(x - left_m * np.sin(BEND_RAD / 2), y + left_m * np.cos(BEND_RAD / 2))
            for x, y in points]  # fmt: skip


def the_bend():
    there = [("D:1", [(-60.0, 0.0), (0.0, 0.0)], (Turn("D:2"),)), ("D:2", [(0.0, 0.0), ON], ())]
    back = [("D:3", beside([ON, (0.0, 0.0), (-60.0, 0.0)], 3.8), ())]
    lanes = [a_lane(name, points, 3.5, "vehicle", *turns) for name, points, turns in there + back]
    return RoadPart("bend", tuple(Segment(lane.name, (lane,), 13.9) for lane in lanes))


def scene_of(*users, part=None):
    """A second after the users were seen first."""
    seen = rows(*[{"object_class": 1, "sigma_m": 0.1} | user for user in users])
    seen["speed_mps"] = np.hypot(seen["vx_mps"], seen["vy_mps"])
    memory, slots = follow(np.zeros(0, MEMORY), seen, no_slots(), START_US)
    known = roads_of(HOME.key, pack_parts([part])) if part else None
    ground = ground_of(seen, memory["course_rad"].astype(float), known)
    nothing = Applied([], np.zeros(0, np.int64), np.zeros(0, np.int64), {})
    tick_us = START_US + 2_000_000
    pairs = near_pairs(seen)
    return Scene(HOME.key, tick_us, 0.1, seen, memory, ground, slots, known, pairs, nothing)


def test_who_is_on_a_lane_goes_on_along_it_and_what_follows_it_where_he_is_across():
    scene = scene_of({"x_m": -10.0, "y_m": 0.5, "vx_mps": 10.0}, part=the_bend())
    (way,), sure = lane_ways(scene, 0, np.array([0.0, 0.5, 2.0]))
    assert sure > 0.95
    left = 0.5 * np.array([-np.sin(BEND_RAD), np.cos(BEND_RAD)])
    assert way[0] == pytest.approx([-10.0, 0.5, 0.0], abs=0.01)
    assert way[1] == pytest.approx([-5.0, 0.5, 0.0], abs=0.01)
    assert way[2, :2] == pytest.approx(ON / 6.0 + left, abs=0.05)
    assert way[2, 2] == pytest.approx(BEND_RAD, abs=0.01)


def test_who_walks_or_is_on_no_lane_has_no_lane_to_go_along():
    walker = {"x_m": -10.0, "vx_mps": 1.5, "object_class": 7}
    scene = scene_of(walker, {"x_m": -10.0, "y_m": 30.0, "vx_mps": 10.0}, part=the_bend())
    (way,), sure = lane_ways(scene, 0, np.array([2.0]))
    assert (way[0, 0], sure) == (pytest.approx(-7.0), 1.0)
    assert lane_ways(scene, 1, np.array([2.0])) == ([], 0.0)


def oncoming(aside_m):
    """Two who come towards each other about the bend, the second so far to the left."""
    x, y = beside([ON / 20.0], aside_m)[0]
    there = {"x_m": -9.0, "y_m": 0.0, "vx_mps": 10.0}
    back = 10.0 * -ON / 60.0
    return there, {"x_m": x, "y_m": y, "vx_mps": back[0], "vy_mps": back[1]}


@pytest.mark.parametrize(
    ("aside_m", "roads", "found"), [(3.8, True, 0), (3.8, False, 1), (0.0, True, 1)]
)
def test_oncoming_traffic_in_a_bend_is_a_conflict_only_on_one_lane(aside_m, roads, found):
    assert (
        len(meeting(scene_of(*oncoming(aside_m), part=the_bend() if roads else None)).found)
        == found
    )


# A street to the east whose lane leads on straight into a pocket, and past it by its left.
def the_pocket(*turns):
    lanes = [
        a_lane("E:1", [(-60.0, 0.0), (0.0, 0.0)], 3.5, "vehicle", *map(Turn, turns)),
        a_lane("E:pocket", [(0.0, 0.0), (60.0, 0.0)]),
        a_lane("E:past", [(0.0, 0.0), (8.0, 3.5), (60.0, 3.5)]),
    ]
    return RoadPart("pocket", tuple(Segment(lane.name, (lane,), 13.9) for lane in lanes))


@pytest.mark.parametrize(
    ("turns", "at_m", "found"),
    [
        (("E:pocket", "E:past"), -4.0, 0),
        (("E:pocket",), -4.0, 1),
        (("E:pocket", "E:past"), 1.0, 1),  # he took the pocket
    ],
)
def test_who_may_still_pass_somebody_who_waits_is_in_no_conflict(turns, at_m, found):
    comes = {"x_m": at_m, "vx_mps": 14.0}
    waits = {"x_m": at_m + 16.0, "heading_rad": 0.0}
    claimed = meeting(scene_of(comes, waits, part=the_pocket(*turns))).found
    assert sum(claimed["chance"] >= SURE) == found


def test_what_stands_on_wheels_does_not_drift_across_its_body():
    drifts = {"x_m": -10.0, "vx_mps": 0.1, "vy_mps": 0.6, "heading_rad": 0.0}
    scene = scene_of(drifts, drifts | {"y_m": 20.0, "object_class": 7})
    (car, walker), after_s = (0, 1), np.array([1.0])
    assert lane_ways(scene, car, after_s)[0][0][0] == pytest.approx([-9.9, 0.0, 0.0])
    assert lane_ways(scene, walker, after_s)[0][0][0, :2] == pytest.approx([-9.9, 20.6])


@pytest.mark.parametrize(("heading_rad", "found"), [(-np.pi / 2, 0), (np.nan, 1)])
def test_the_front_of_a_turning_bus_is_where_its_body_points(heading_rad, found):
    """Its course lags by a third of a radian, towards where a car was half a second ago."""
    south = {"vy_mps": -5.0, "object_class": 4, "length_m": 12.0, "width_m": 2.5}
    car = {"x_m": 6.0, "y_m": -9.0, "vx_mps": 8.0, "heading_rad": 0.0}
    scene = scene_of(south | {"heading_rad": heading_rad}, car)
    bus, turned = scene.memory
    bus["course_rad"] = -np.pi / 2 + 0.35
    ago_s = np.arange(len(scene.slots))[::-1] * 0.1 + 0.1
    turned["trail_x_m"], turned["trail_y_m"] = 3.6, -9.0 + 8.0 * ago_s
    scene.slots[:] = [scene.tick_us - round(s * 1e6) for s in ago_s.tolist()]
    assert len(meeting(scene).found) == found

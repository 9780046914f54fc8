"""What a vehicle meets: places and times by hand, and sight against a slow oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.encode.quantise import heading_of_motion
from operators.frame import ObjectClass
from operators.fused import FUSED
from operators.surroundings import Fleet, Sight, crosses, heading_of, surroundings
from operators.transform.cells import local_frame
from tests.operators.encode.builders import scenes

LAT, LON = 39.9, 116.4


def objects(*places, **fields):
    """Cars at metres east and north of a point, standing, heading north."""
    rows = np.zeros(len(places), FUSED)
    x, y = np.array(places, float).T
    rows["lon_deg"], rows["lat_deg"] = local_frame(LON, LAT).to_geographic(x, y)
    rows["track_id"] = np.arange(len(places))
    rows["object_class"] = ObjectClass.CAR
    rows["length_m"], rows["width_m"], rows["height_m"] = 4.0, 2.0, 1.5
    for name, value in fields.items():
        rows[name] = value
    return rows


def near(rows, radius_m=200.0, sight_m=100.0, reported=None):
    """Surroundings of the first of the objects."""
    rows["sources"] = 0 if reported is None else reported
    known, limits_m = np.ones((1, 1), np.uint64), np.array([[radius_m], [sight_m]])
    fleet = Fleet(np.array([0]), known, *limits_m)
    found, starts = surroundings(fleet, rows, np.zeros(len(rows), np.int64))
    assert starts.tolist() == [0, len(found)]
    return found


def test_place_and_time_of_what_is_ahead():
    rows = objects((0, 0), (0, 54), velocity_north_mps=[10, 5])
    (one,) = near(rows)
    assert one["index"] == 1
    assert one["ahead_m"] == pytest.approx(54, abs=0.01)
    assert one["right_m"] == pytest.approx(0, abs=0.01)
    assert one["on_way"]
    assert one["closing_mps"] == pytest.approx(5, abs=0.01)
    assert one["reach_s"] == pytest.approx((54 - 4) / 5, abs=0.01)


def test_axes_turn_with_the_vehicle():
    rows = objects((0, 0), (30, 1), (0, 20), velocity_east_mps=[10, 0, 0], heading_rad=np.pi / 2)
    left, ahead = near(rows)
    assert (ahead["index"], bool(ahead["on_way"])) == (1, True)
    assert (ahead["ahead_m"], ahead["right_m"]) == pytest.approx((30, -1), abs=0.01)
    assert (left["right_m"], bool(left["on_way"])) == (pytest.approx(-20, abs=0.01), False)
    assert np.isnan(left["reach_s"])


def test_crossing_paths_have_a_closest_approach():
    rows = objects((0, 0), (50, 50), velocity_north_mps=[10, 0], velocity_east_mps=[0, -10])
    (one,) = near(rows)
    assert (one["approach_s"], one["approach_m"]) == pytest.approx((5, 0), abs=0.01)


def test_what_goes_away_approaches_no_more():
    rows = objects((0, 0), (0, 50), velocity_north_mps=[10, 20])
    (one,) = near(rows)
    assert np.isnan(one["approach_s"])
    assert np.isnan(one["reach_s"])


def test_far_on_the_way_is_told_and_far_aside_is_not():
    rows = objects((0, 0), (0, 250), (250, 0), velocity_north_mps=[30, 0, 0])
    assert near(rows)["index"].tolist() == [1]


def test_sight():
    rows = objects((0, 0), (0, 20), (0, 40), (30, 30), (0, -150), (20, 0))
    told = near(rows, reported=[False, False, False, False, False, True])
    sight = {int(one["index"]): Sight(one["sight"]) for one in told}
    assert sight == {
        1: Sight.OPEN, 2: Sight.HIDDEN, 3: Sight.OPEN, 4: Sight.FAR, 5: Sight.REPORTED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("blocker", "expected"),
    [({"height_m": 0.5}, Sight.OPEN), ({"object_class": ObjectClass.PEDESTRIAN}, Sight.OPEN),
     ({"width_m": 0.5}, Sight.OPEN), ({}, Sight.HIDDEN)],
)  # fmt: skip
def test_what_is_low_or_thin_hides_nothing(blocker, expected):
    rows = objects((0, 0), (0, 20), (0, 40))
    for name, value in blocker.items():
        rows[name][1] = value
    assert Sight(near(rows)["sight"][1]) == expected


def test_an_unknown_heading_leaves_nothing_ahead():
    rows = objects((0, 0), (0, 20), heading_rad=np.nan)
    (one,) = near(rows)
    assert np.isnan(one["ahead_m"])
    assert not one["on_way"]


@given(st.integers(0, 10_000))
def test_many_vehicles_at_once_are_told_what_each_alone_is(seed):
    draw = np.random.default_rng(seed)
    rows = objects(*draw.uniform(-150, 150, (40, 2)), sources=draw.integers(0, 4, 40))
    rows["velocity_east_mps"], rows["velocity_north_mps"] = draw.uniform(-15, 15, (2, 40))
    cell, numbers = draw.integers(0, 2, 40), draw.integers(0, 40, 5)
    known = draw.integers(0, 3, (5, 2)).astype(np.uint64)
    fleet = Fleet(numbers, known, *draw.uniform(0, 200, (2, 5)))
    found, starts = surroundings(fleet, rows, cell)
    for k in range(5):
        alone, _ = surroundings(Fleet(*(one[k : k + 1] for one in fleet)), rows, cell)
        told = found[starts[k] : starts[k + 1]]
        assert told.tobytes() == alone.tobytes()
        theirs = rows["sources"][told["index"]] & known[k, cell[told["index"]]] > 0
        assert ((told["sight"] == Sight.REPORTED) == theirs).all()


def test_more_may_be_told_than_there_are_objects():
    rows = objects(*((x, 0) for x in range(60)))
    numbers, limits_m = np.arange(60), np.full((2, 60), 100.0)
    fleet = Fleet(numbers, np.zeros((60, 1), np.uint64), *limits_m)
    found, starts = surroundings(fleet, rows, np.zeros(60, np.int64))
    assert np.diff(starts).tolist() == [59] * 60
    assert (found["distance_m"] > 0).all()


@given(st.integers(0, 10_000))
def test_crosses_equals_a_walk_along_the_line_of_sight(seed):
    draw = np.random.default_rng(seed)
    x, y, box_x, box_y = draw.uniform(-40, 40, 4)
    heading, long_m, wide_m = draw.uniform(0, 2 * np.pi), draw.uniform(1, 9), draw.uniform(0.5, 4)
    t = np.linspace(0, 1, 4001)
    px, py = t * x - box_x, t * y - box_y
    along = np.abs(px * np.sin(heading) + py * np.cos(heading)) - long_m
    across = np.abs(px * np.cos(heading) - py * np.sin(heading)) - wide_m
    depth = np.maximum(along, across).min()
    if abs(depth) > 0.05:  # not a graze
        assert crosses(x, y, box_x, box_y, heading, long_m, wide_m) == (depth < 0)


@given(scenes)
def test_the_heading_is_that_of_messages(rows):
    rows["heading_rad"][::3] = np.nan
    rows["velocity_variance_m2ps2"][::2] = 400.0
    told = [heading_of(row) for row in rows]
    np.testing.assert_allclose(told, heading_of_motion(rows), atol=1e-6)

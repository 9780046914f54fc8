"""What is on the road now: largest tick of each cell, ticks closed when they are complete."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.current import FORGET_US, PATIENCE_US, Box, Current
from operators.fused import FUSED, Snapshot
from operators.transform.cells import local_frame

TICK = 100_000
LAT, LON = 39.9, 116.4


def a_snapshot(cell="a", tick=10, places=((0.0, 0.0),), first_id=1, sources=("unit-1",)):
    """Objects at metres east and north of a point."""
    rows = np.zeros(len(places), FUSED)
    if len(places):
        x, y = np.array(places, float).T
        rows["lon_deg"], rows["lat_deg"] = local_frame(LON, LAT).to_geographic(x, y)
    rows["track_id"] = first_id + np.arange(len(places))
    rows["tick_us"], rows["sources"] = tick * TICK, 1
    return Snapshot(tick * TICK, cell, "run-1", list(sources), [], [], rows)


def ids(parts):
    return sorted(i for p in parts for i in p.held.rows["track_id"][p.chosen].tolist())


def test_a_tick_is_closed_when_all_cells_with_objects_have_it():
    now = Current()
    now.take(a_snapshot("a", 10))
    now.take(a_snapshot("b", 10, first_id=5))
    assert now.close().tick_us == 10 * TICK
    now.take(a_snapshot("a", 11))
    assert now.close() is None
    now.take(a_snapshot("b", 11, first_id=5))
    closed = now.close()
    assert (closed.tick_us, len(closed.cells)) == (11 * TICK, 2)
    assert now.close() is None


def test_an_empty_cell_holds_nobody_up():
    now = Current()
    now.take(a_snapshot("a", 10))
    now.take(a_snapshot("b", 10, places=()))
    now.close()
    now.take(a_snapshot("a", 11))
    assert now.close().tick_us == 11 * TICK


def test_a_cell_that_is_far_behind_is_not_waited_for_and_still_shown():
    now = Current()
    now.take(a_snapshot("slow", 10, first_id=5))
    late = 10 + PATIENCE_US // TICK
    now.take(a_snapshot("a", late))
    assert now.close().tick_us == 10 * TICK
    now.take(a_snapshot("a", late + 1))
    closed = now.close()
    assert closed.tick_us == (late + 1) * TICK
    assert closed.tracks([5])[5].held.tick_us == 10 * TICK


def test_a_cell_that_says_nothing_any_more_is_forgotten():
    now = Current()
    now.take(a_snapshot("gone", 10, first_id=5))
    now.take(a_snapshot("a", 11 + FORGET_US // TICK))
    assert now.close().tracks([5]) == {}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 8)), max_size=30))
def test_repeats_and_old_pictures_change_nothing(arrivals):
    now, newest, repeats = Current(), {}, 0
    for cell, tick in arrivals:
        news = tick > newest.get(cell, 0)
        assert now.take(a_snapshot(cell, tick)) is news
        newest[cell] = max(tick, newest.get(cell, 0))
        repeats += not news
    assert now.repeats == repeats
    closed = now.close()
    if newest:
        assert {h.cell: h.tick_us // TICK for h in closed.cells} == newest


def test_boxes_and_circles_hold_what_is_in_them():
    now = Current()
    now.take(a_snapshot("a", 10, places=((0, 0), (90, 0), (0, 500)), first_id=1))
    now.take(a_snapshot("b", 10, places=((-90, 10), (5000, 5000)), first_id=4))
    closed = now.close()
    assert ids(closed.around(LAT, LON, 100.0)) == [1, 2, 4]
    lon, lat = local_frame(LON, LAT).to_geographic(np.array([-50.0, 95.0]), np.array([-5.0, 5.0]))
    box = Box(float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1]))
    assert ids(closed.in_box(box)) == [1, 2]
    assert ids(closed.in_box(Box(0, 0, 1, 1))) == []


@given(st.floats(-80, 80), st.floats(-179, 179), st.floats(0, 2 * np.pi), st.floats(10, 20_000))
def test_no_circle_reaches_beyond_its_box(lat, lon, bearing, radius_m):
    """A point just inside a circle is found, in every direction and at every latitude."""
    rows = np.zeros(1, FUSED)
    x, y = np.array([np.sin(bearing)]), np.array([np.cos(bearing)])
    place = local_frame(lon, lat).to_geographic(x * radius_m * 0.999, y * radius_m * 0.999)
    rows["lon_deg"], rows["lat_deg"] = place
    now = Current()
    now.take(Snapshot(TICK, "a", "run-1", [], [], [], rows))
    assert len(now.close().around(lat, lon, radius_m)) == 1

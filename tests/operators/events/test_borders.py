"""What goes on over the border of cells is one event with one id, wherever it is and goes."""

import pytest

from operators.events import join
from operators.segments import sort
from tests.operators.events.borders import (
    CELLS,
    FIRST_M,
    SECOND_M,
    WEST_M,
    a_car,
    late_by_chance,
    of_kind,
    pictures,
    told,
)


def one_event(records, kind):
    """The records of the one event of a kind."""
    found = of_kind(records, kind)
    assert [one["sequence"] for one in found] == list(range(len(found)))
    assert len({one["event_id"] for one in found}) == 1
    changes = [one["change"] for one in found]
    assert changes == ["opened", *["updated"] * (len(found) - 2), "closed"]
    return found


def closes_up(t):
    """A car comes up to one that stands just beyond the border, and stops a metre behind."""
    gone_m = 20.0 * min(t, 4.0)
    brakes_s = min(max(t - 4.0, 0.0), 2.5)
    x_m = FIRST_M - 107.4 + gone_m + 20.0 * brakes_s - 4.0 * brakes_s**2
    return [a_car(1, x_m, 20.0 - 8.0 * brakes_s), a_car(2, FIRST_M + 3.0)]


def test_two_in_two_cells_are_one_conflict():
    opened, *_ = one_event(told(pictures(8.0, closes_up)), "conflict")
    assert opened["track_ids"] == [1, 2]
    assert opened["cell_key"] == CELLS[0]


def test_without_strips_nobody_sees_it(monkeypatch):
    monkeypatch.setattr(sort, "strips_of", lambda picture: {})
    assert of_kind(told(pictures(8.0, closes_up)), "conflict") == []


def stands_beyond(t):
    v = 15.0 if t < 2.0 else 0.0
    return [a_car(1, FIRST_M - 15.0 + 15.0 * min(t, 2.0), v)] if t < 15.0 else []


def test_a_vehicle_that_stands_beyond_the_border_is_told_once():
    opened, closed = one_event(told(pictures(18.0, stands_beyond)), "stopped_vehicle")
    assert opened["opened_us"] - opened["began_us"] < 11_000_000
    assert (opened["cell_key"], closed["reason"]) == (CELLS[1], "unseen")


def test_a_vehicle_whose_row_moves_from_cell_to_cell_stays_one_event():
    def shows(user, t):
        return CELLS[round(t) // 3 % 2]

    found = one_event(told(pictures(18.0, stands_beyond, shows)), "stopped_vehicle")
    assert {one["cell_key"] for one in found} == set(CELLS[:2])


def wrong_way(t):
    """Through three cells on the lane that comes back."""
    x_m = FIRST_M - 140.0 + 30.0 * t
    return [a_car(1, x_m, 30.0, WEST_M)] if x_m < SECOND_M + 60.0 else []


def test_a_wrong_way_driver_through_three_cells_is_one_event():
    found = one_event(told(pictures(20.0, wrong_way)), "wrong_way")
    assert [one["cell_key"] for one in found if one["change"] != "closed"] == sorted(
        (one["cell_key"] for one in found if one["change"] != "closed"), key=CELLS.index
    )
    assert {one["cell_key"] for one in found} == set(CELLS)
    assert found[0]["began_us"] == found[-1]["began_us"]


def test_without_the_joining_it_is_one_in_each_cell(monkeypatch):
    monkeypatch.setattr(join, "_same", lambda held, record: None)
    found = of_kind(told(pictures(20.0, wrong_way)), "wrong_way")
    assert len({one["event_id"] for one in found if one["change"] == "opened"}) == 3


def a_queue(t):
    """Cars join a queue at its end, which goes back over the border; then all leave."""
    joined = min(5 + int(t), 16)
    v = min(2.0 * max(t - 12.0, 0.0), 10.0)
    gone_m = max(t - 12.0, 0.0) ** 2 if t < 17.0 else 25.0 + 10.0 * (t - 17.0)
    return [a_car(k + 1, FIRST_M + 60.0 - 7.5 * k + gone_m, v) for k in range(joined)]


def test_a_queue_whose_end_goes_over_the_border_is_one_event():
    found = one_event(told(pictures(26.0, a_queue)), "queue_end")
    cells = [one["cell_key"] for one in found]
    assert (cells[0], cells.index(CELLS[0]) > 0) == (CELLS[1], True)
    assert max(one["measures"]["queue_m"] for one in found) == pytest.approx(117.1, abs=0.1)


def test_groups_that_share_no_track_are_two_events():
    def both(t):
        there = a_queue(t)
        return there + [one | {"track_id": one["track_id"] + 100, "x_m": one["x_m"] + 300.0}
                        for one in there]  # fmt: skip

    found = of_kind(told(pictures(26.0, both)), "queue_end")
    assert len({one["event_id"] for one in found}) == 2


@pytest.mark.parametrize("scene", [closes_up, wrong_way])
def test_what_is_told_depends_on_no_delay_of_a_cell(scene):
    """Cells speak up to 0.25 s later than each other: only the instants of append time differ."""
    shown = list(pictures(20.0 if scene is wrong_way else 8.0, scene))
    in_step = told(shown)
    assert in_step
    key = lambda one: (one["event_id"], one["sequence"])  # noqa: E731
    other = told(shown, late_us=late_by_chance(1), step_us=300_000)
    assert sorted(other, key=key) == sorted(in_step, key=key)

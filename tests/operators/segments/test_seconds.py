"""Seconds of segments that lie in several cells, whose pictures come interleaved."""

from operators.routes import SEGMENT_STATES
from operators.transform.cells import neighbours
from tests.builders import HOME, SECOND_US, content
from tests.operators.segments.roads import BEGIN_US, TENTH_US, States, a_road, states, table

OTHER = next(key for key in neighbours(HOME.key) if key != HOME.key)


def a_car(made, track_id=1, along_m=50.0):
    return {"track_id": track_id, "segment_id": made.ids["road"], "along_m": along_m,
            "velocity_east_mps": 5.0}  # fmt: skip


def two_cells(delay_us=0, seconds=8, other=(OTHER,)):
    """A road in two cells, each with a car on it; the second cell falls behind after a second."""
    made = States(a_road(length_m=3000.0))
    made.look(radius_m=5000.0)
    for k in range(10 * seconds):
        at_us = BEGIN_US + k * TENTH_US
        made.show(at_us, [a_car(made)])
        for cell in other:
            made.show(at_us, [a_car(made, 2, 900.0)], cell=cell, partition=1,
                      late_us=150_000 + (delay_us if k >= 10 else 0))  # fmt: skip
    return made


def vehicles(outputs):
    found = states(outputs, SEGMENT_STATES)
    return {k: int(table(value)["vehicles"].sum()) for k, value in found.items()}


def test_a_second_waits_for_the_slower_cell():
    found = vehicles(two_cells(delay_us=3 * SECOND_US).outputs())
    assert {found[k] for k in range(5)} == {2}


def test_rows_do_not_depend_on_how_the_cells_interleave():
    whole = [content(two_cells(delay).outputs()) for delay in (0, 70_000, 5 * SECOND_US)]
    assert whole[0] == whole[1] == whole[2]


def test_a_cell_that_is_silent_for_long_holds_nobody_up_and_its_objects_are_counted():
    made = two_cells(seconds=40, other=())
    made.show(BEGIN_US, [a_car(made, 2)], cell=OTHER, partition=1)
    late_us = BEGIN_US + TENTH_US
    made.show(late_us, [a_car(made, 2)], cell=OTHER, partition=1, late_us=39 * SECOND_US)
    found = states(made.outputs(), SEGMENT_STATES)
    assert int(table(found[5])["vehicles"].sum()) == 1
    assert sum(value["late"] for value in found.values()) == 1


def test_a_tick_of_a_cell_that_comes_again_counts_once():
    made = two_cells()
    again = BEGIN_US + 5 * TENTH_US
    made.show(again, [a_car(made)], late_us=400_000)
    found = states(made.outputs(), SEGMENT_STATES)
    assert table(found[0])["time_s"].tolist() == [2.0]

"""States of signal groups through the steps of the segment job: a platoon by hand."""

import numpy as np
import pytest

from operators.routes import APPROACH, APPROACH_STATES
from operators.segments.approach import ApproachStates
from operators.segments.service import COLUMNS, HEADWAY_S, LOST_S
from operators.step import State
from tests.builders import SECOND_US, content, kept
from tests.operators.segments.roads import (
    BEGIN_US,
    CROSSING,
    PARAMETERS,
    States,
    an_approach,
    states,
    table,
)

RED, GREEN = 3, 6
SLOTS = (97.75, 90.25, 82.75)  # centres of cars of 4.5 m in a queue, the first at the line


def place(k, t, green_s):
    """Place and speed of car k, which comes at 10 m/s, 2 s behind the one before.

    It stands in its slot from when it reaches it, and goes at 10 m/s from its turn on.
    """
    reached_s = 2.0 * k + SLOTS[k] / 10.0
    turn_s = max(reached_s, green_s + 2.0 * (k + 1))
    if t < reached_s:
        return 10.0 * (t - 2.0 * k), 10.0
    if t < turn_s:
        return SLOTS[k], 0.0
    return SLOTS[k] + 10.0 * (t - turn_s), 10.0


def a_platoon(green_s=20.0, red_s=60.0, seconds=40.0, cars=3):
    """Three cars that stop at a red light and discharge two seconds apart."""
    made = States(an_approach())
    made.look()

    def objects(t):
        where = [(k, *place(k, t, green_s)) for k in range(cars)]
        return [
            {"track_id": k + 1, "segment_id": made.ids["in"], "lane_id": made.lane_id,
             "along_m": x, "velocity_east_mps": v, "length_m": 4.5}
            for k, x, v in where if 0.0 <= x <= 100.0
        ]  # fmt: skip

    for k in range(round(seconds)):
        shown = GREEN if green_s <= k < red_s else RED
        end = {1: BEGIN_US + int((green_s if k < green_s else red_s) * SECOND_US)}
        made.signal(BEGIN_US + k * SECOND_US, {1: shown}, end)
    made.drive(seconds, objects)
    return made


def told(made):
    """Columns by second, of the one group."""
    found = states(made.outputs(), APPROACH_STATES)
    return {
        second: {name: column[0].item() for name, column in table(value, COLUMNS).items()}
        for second, value in found.items()
    }


def total(found, name):
    return sum(one[name] for one in found.values())


def test_a_platoon_stands_in_a_queue_until_green():
    found = told(a_platoon())
    assert [found[k]["queued"] for k in (5, 10, 16, 21)] == [0, 1, 3, 3]
    assert found[16]["queue_m"] == pytest.approx(19.5, abs=0.01)
    assert found[16]["queue_end_m"] == pytest.approx(19.5, abs=0.01)
    assert (found[16]["phase"], found[21]["phase"]) == (RED, GREEN)
    assert found[35]["queued"] == 0
    assert np.isnan(found[35]["queue_end_m"])


def test_everybody_arrives_stops_and_leaves_once():
    found = told(a_platoon())
    sums = {name: total(found, name) for name in ("arrivals", "stops", "departures", "lost")}
    assert sums == {"arrivals": 3, "stops": 3, "departures": 3, "lost": 0}
    assert total(found, "arrivals_green") == 0


def test_delay_is_what_they_spend_beyond_free_travel():
    found = told(a_platoon())
    by_hand = sum(20.0 + 2.0 * (k + 1) - (2.0 * k + SLOTS[k] / 10.0) for k in range(3))
    assert total(found, "delay_s") == pytest.approx(by_hand, abs=0.5)


def test_arrivals_on_green_are_told_apart():
    found = told(a_platoon(green_s=0.0))
    assert (total(found, "arrivals"), total(found, "arrivals_green")) == (3, 3)
    assert total(found, "stops") == 0


def test_green_is_used_while_somebody_is_about_to_cross():
    found = told(a_platoon())
    assert found[15]["green_s"] == 0.0
    assert found[21]["green_s"] == pytest.approx(1.0)
    assert found[21]["green_used_s"] == pytest.approx(1.0)
    assert found[35]["green_used_s"] == 0.0


def test_the_queue_is_predicted_to_discharge_after_the_green_comes():
    found = told(a_platoon())
    assert found[16]["discharge_s"] == pytest.approx(20 - 16.9 + LOST_S + 3 * HEADWAY_S, abs=0.01)
    assert found[35]["discharge_s"] == 0.0


def test_who_waits_longer_than_a_green_is_a_split_failure():
    made = a_platoon(green_s=20.0, red_s=23.0)
    found = told(made)
    assert {second: one["left_over"] for second, one in found.items() if one["greens_over"]} == {
        23: 2
    }
    assert total(found, "split_failures") == 1


def test_a_green_that_serves_all_who_waited_is_none():
    found = told(a_platoon(green_s=20.0, red_s=32.0))
    assert (total(found, "greens_over"), total(found, "split_failures")) == (1, 0)


def test_without_signals_the_phase_is_unknown_and_so_is_the_discharge():
    made = a_platoon()
    made.records = [one for one in made.records if one.topic != "signals.state"]
    found = told(made)
    assert (found[16]["phase"], found[16]["queued"]) == (0, 3)
    assert np.isnan(found[16]["discharge_s"])


def test_a_car_that_changes_to_another_way_is_lost_and_has_not_left():
    made = States(an_approach())
    made.look()
    one = {"track_id": 1, "segment_id": made.ids["in"], "lane_id": made.lane_id,
           "along_m": 20.0, "velocity_east_mps": 5.0}  # fmt: skip
    made.drive(20, lambda t: [one | {"along_m": 20.0 + 5.0 * t}] if t < 3 else [])
    found = told(made)
    assert (total(found, "departures"), total(found, "lost"), total(found, "arrivals")) == (0, 1, 0)


def test_no_row_depends_on_how_often_the_watermark_passes():
    made = a_platoon()
    assert content(made.outputs(20_000)) == content(made.outputs(7 * SECOND_US))


def test_signals_of_a_crossing_that_nobody_looks_at_do_not_pile_up():
    made = States(an_approach())
    for k in range(300):
        made.signal(BEGIN_US + k * SECOND_US, {1: RED})
    events = [value for key, value in made.waiting()[APPROACH] if key == CROSSING]
    step, state, sizes = ApproachStates(PARAMETERS), State(), []
    for event in sorted(events, key=step.wake_for):
        state = kept(state, step.on_wake(CROSSING, state, [event], {}, step.wake_for(event)))
        sizes.append(len(state.value or b""))
    assert max(sizes[150:]) <= max(sizes[:150])

"""States of segments through the steps of the segment job, by hand."""

import numpy as np
import pytest

from operators.routes import SEGMENT_STATES
from tests.builders import SECOND_US, content
from tests.operators.segments.roads import (
    BEGIN_US,
    MINUTE_US,
    States,
    a_road,
    states,
    table,
)


def a_car(made, along_m, speed_mps, name="road", track_id=1, **fields):
    return {"track_id": track_id, "segment_id": made.ids[name], "along_m": along_m,
            "velocity_east_mps": speed_mps} | fields  # fmt: skip


def one_car():
    """A car that enters at 10 m/s, goes through in ten seconds, and leaves an empty road."""
    made = States(a_road())
    made.look()
    made.drive(75, lambda t: [a_car(made, 10 * t, 10.0)] if t < 10 else [])
    return made


def test_a_car_at_constant_speed_is_flow_density_and_speed():
    outputs = one_car().outputs()
    second = table(states(outputs, SEGMENT_STATES)[3])
    assert second["vehicles"].tolist() == [1]
    assert second["speed_mps"].tolist() == pytest.approx([10.0])
    assert second["density_vpkm"].tolist() == pytest.approx([10.0], rel=1e-4)
    assert second["flow_vph"].tolist() == pytest.approx([360.0], rel=1e-4)
    minute = table(states(outputs, SEGMENT_STATES, MINUTE_US)[0])
    assert minute["time_s"].tolist() == pytest.approx([10.0])
    assert minute["distance_m"].tolist() == pytest.approx([100.0])
    assert minute["flow_vph"].tolist() == pytest.approx([60.0], rel=1e-4)
    assert minute["vehicles"].tolist() == [1]
    assert minute["seen"].tolist() == [1.0]


def test_an_empty_road_that_is_looked_at_has_a_flow_of_nothing():
    second = table(states(one_car().outputs(), SEGMENT_STATES)[20])
    assert (second["vehicles"].tolist(), second["flow_vph"].tolist()) == ([0], [0.0])
    assert np.isnan(second["speed_mps"][0])


def test_an_unseen_road_is_not_told_as_an_empty_one():
    made = States(a_road(), a_road("far", x_m=500.0))
    made.look(radius_m=300.0)
    made.drive(5, lambda t: [])
    second = table(states(made.outputs(), SEGMENT_STATES)[1])
    assert second["segment_id"].tolist() == [made.ids["road"]]


def test_half_a_road_that_is_seen_has_the_flow_of_that_half():
    made = States(a_road())
    made.look(radius_m=50.0)
    made.drive(5, lambda t: [a_car(made, 10 * t, 10.0)])
    second = table(states(made.outputs(), SEGMENT_STATES)[1])
    assert second["seen"][0] == pytest.approx(0.5, abs=0.03)
    assert second["flow_vph"][0] == pytest.approx(720.0, rel=0.05)


def test_who_is_seen_where_nobody_looks_has_a_speed_and_no_flow():
    made = States(a_road())
    made.drive(5, lambda t: [a_car(made, 10 * t, 10.0)])
    second = table(states(made.outputs(), SEGMENT_STATES)[1])
    assert second["speed_mps"][0] == pytest.approx(10.0)
    assert np.isnan([second["flow_vph"][0], second["density_vpkm"][0]]).all()


def test_a_queue_has_vehicles_a_length_and_an_end():
    made = States(a_road())
    made.look()
    places = {1: 95.0, 2: 87.5, 3: 80.0}
    made.drive(
        5,
        lambda t: (
            [a_car(made, x, 0.2, track_id=k, length_m=5.0) for k, x in places.items()]
            + [a_car(made, 10 * t, 10.0, track_id=9)]
        ),
    )
    second = table(states(made.outputs(), SEGMENT_STATES)[2])
    assert second["queued"].tolist() == [3]
    assert second["queue_m"].tolist() == pytest.approx([20.0])
    assert second["queue_end_m"].tolist() == pytest.approx([77.5])


def test_who_creeps_up_stays_in_the_queue():
    made = States(a_road())
    made.look()
    made.drive(8, lambda t: [a_car(made, 50.0, {0: 0.0, 1: 2.0}.get(int(t) // 2, 4.0))])
    found = states(made.outputs(), SEGMENT_STATES)
    assert [int(table(found[k])["queued"][0]) for k in range(6)] == [1, 1, 1, 1, 0, 0]


def test_errors_of_who_stands_are_no_way():
    made = States(a_road())
    made.look()
    made.drive(70, lambda t: [a_car(made, 50.0, 0.3 if int(t) % 2 else -0.3)])
    minute = table(states(made.outputs(), SEGMENT_STATES, MINUTE_US)[0])
    assert minute["distance_m"].tolist() == pytest.approx([0.0], abs=1e-3)


def test_small_errors_of_who_stands_are_no_way_whatever_their_sign():
    made = States(a_road())
    made.look()
    made.drive(75, lambda t: [a_car(made, 50.0, 0.3)])
    minute = table(states(made.outputs(), SEGMENT_STATES, MINUTE_US)[0])
    assert minute["distance_m"].tolist() == [0.0]
    assert minute["time_s"].tolist() == pytest.approx([60.0])


def untold(made, hidden):
    """A car at 10 m/s whose segment is not told where `hidden` says so of its place."""
    return lambda t: [] if hidden(10 * t) or t >= 10 else [a_car(made, 10 * t, 10.0)]


@pytest.mark.parametrize(
    ("hidden", "way_m"),
    [
        (lambda x: x < 1.8 or x > 98.3, 100.0),  # nobody says on which segment it is near ends
        (lambda x: 52.3 < x < 55.8, 100.0),
        (lambda x: x < 14.8 or x > 84.8, 70.0),  # it came from beside the road, and left it there
    ],
)
def test_a_way_goes_on_where_nothing_is_told_for_a_moment(hidden, way_m):
    made = States(a_road())
    made.look()
    made.drive(75, untold(made, hidden))
    minute = table(states(made.outputs(), SEGMENT_STATES, MINUTE_US)[0])
    assert minute["distance_m"].tolist() == pytest.approx([way_m], abs=0.6)
    assert minute["time_s"].tolist() == pytest.approx([way_m / 10], abs=0.06)


def test_who_drives_the_wrong_way_goes_a_distance_too():
    made = States(a_road())
    made.look()
    made.drive(5, lambda t: [a_car(made, 90 - 10 * t, -10.0)])
    assert table(states(made.outputs(), SEGMENT_STATES)[2])["speed_mps"].tolist() == [10.0]


def test_classes_are_summed_apart():
    made = States(a_road())
    made.look()
    made.drive(
        5,
        lambda t: [
            a_car(made, 10 * t, 10.0),
            a_car(made, 5 * t, 5.0, track_id=2, object_class=3),
            a_car(made, 5 * t, 5.0, track_id=3, object_class=3),
        ],
    )
    second = table(states(made.outputs(), SEGMENT_STATES)[1])
    assert second["class_count"].tolist() == [2]
    assert second["object_class"].tolist() == [1, 3]
    assert second["class_vehicles"].tolist() == [1, 2]
    assert second["class_distance_m"].tolist() == pytest.approx([10.0, 10.0])
    assert second["speed_p50_mps"][0] == pytest.approx(5.0)
    assert second["speed_p85_mps"][0] == pytest.approx(8.5)


def test_no_row_depends_on_how_often_the_watermark_passes():
    made = one_car()
    assert content(made.outputs(20_000)) == content(made.outputs(7 * SECOND_US))


def test_the_last_minute_of_a_road_that_falls_asleep_is_told():
    made = States(a_road())
    made.look()
    made.drive(20, lambda t: [a_car(made, t, 1.0)])
    made.drive(10, lambda t: [], since_us=BEGIN_US + 20 * SECOND_US, live=())
    minutes = states(made.outputs(), SEGMENT_STATES, MINUTE_US)
    assert table(minutes[0])["time_s"].tolist() == pytest.approx([20.0])
    assert table(minutes[0])["seen"].tolist() == pytest.approx([20 / 60])

"""Signals ahead of vehicles, and the speeds that bring them over the line while it is green."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.fused import snapshot
from operators.road.network import Lane
from operators.services.ahead import LOOK_M, Ahead
from operators.services.riders import Subscription
from operators.services.signals import SILENT_US
from operators.services.speeds import CHANGE_MPS2, LEAST_MPS, MARGIN_S, advised
from operators.services.together import Services
from tests.builders import START_US, a_log, an_observation, outputs_of, values
from tests.operators.road.signals import GREEN, RED, a_part, a_spat, an_approach, declared, say
from tests.operators.services.test_vehicles import a_linked, a_road

TICK = 100_000
AT_US = 100 * TICK


def lane_id(name):
    return Lane(name, ((0, 0), (1, 1)), 3.0).lane_id


def a_lane(name, length_m, signals=(), onward=(), limit_mps=13.9):
    return {
        "lane_id": lane_id(name), "lane": name, "length_m": length_m, "limit_mps": limit_mps,
        "signals": list(signals), "next_lanes": list(onward),
    }  # fmt: skip


def a_state(group, phase, ends_us=(None, None, None), next_us=None, at_us=AT_US):
    least, likely, most = ends_us
    entry = {
        "signal_group": group, "phase": phase, "start_us": None, "min_end_us": least,
        "max_end_us": most, "likely_end_us": likely, "next_us": next_us, "confidence": None,
    }  # fmt: skip
    return {"intersection": "1/7", "event_time_us": at_us, "entries": [entry]}


def seconds(*after):
    return tuple(None if one is None else AT_US + round(one * 1e6) for one in after)


def told(state, *lanes, along_m=20.0, lane="in", speed_mps=10.0):
    made = Ahead()
    made.ways.take({"part": "p", "entries": list(lanes)})
    made.signals.take(state)
    fields = {"lane_id": lane_id(lane), "along_m": along_m, "velocity_north_mps": speed_mps}
    (found,) = made.told(a_road((0, 0), **fields).rows, AT_US)
    return found


def test_a_green_that_lasts_is_passed_at_ones_own_speed():
    state = a_state(3, GREEN, seconds(20, None, None))
    (one,) = told(state, a_lane("in", 122.0, ["1/7#3"]))
    assert one["stop_line_m"] == 100.0  # of the front: half of 4 m ahead of the middle
    assert (one["phase"], one["least_s"]) == ("protected_movement", 20.0)
    assert (one["advised_mps"], one["reach_s"]) == (10.0, 10.0)


def test_a_green_that_ends_soon_is_caught_within_the_limit_or_not_at_all():
    lane = a_lane("in", 122.0, ["1/7#3"])
    (one,) = told(a_state(3, GREEN, seconds(9.5, None, None)), lane)
    assert 10.0 < one["advised_mps"] <= 13.9
    assert one["reach_s"] <= 9.5 - MARGIN_S
    (one,) = told(a_state(3, GREEN, seconds(7.0, None, None)), lane)
    assert (one["advised_mps"], one["reach_s"]) == (None, None)


def test_a_green_that_is_missed_comes_again():
    state = a_state(3, GREEN, seconds(7.0, None, None), AT_US + 11_000_000)
    (one,) = told(state, a_lane("in", 122.0, ["1/7#3"]))
    assert one["advised_mps"] < 10.0
    assert one["reach_s"] >= 11.0 + MARGIN_S


def test_red_is_reached_when_it_surely_ends():
    state = a_state(3, RED, seconds(5, 8, 12))
    (one,) = told(state, a_lane("in", 122.0, ["1/7#3"]))
    assert (one["least_s"], one["likely_s"], one["most_s"]) == (5.0, 8.0, 12.0)
    assert LEAST_MPS <= one["advised_mps"] < 10.0
    assert one["reach_s"] >= 12.0 + MARGIN_S


@pytest.mark.parametrize(
    "state",
    [
        a_state(3, RED),
        a_state(3, RED, seconds(60, 60, 60)),
        a_state(3, 8, seconds(3, 3, 3), AT_US + 90_000_000),
        a_state(3, 0, seconds(3, 3, 3)),
    ],
)
def test_no_speed_is_advised_where_none_helps_or_nothing_is_known(state):
    (one,) = told(state, a_lane("in", 122.0, ["1/7#3"]))
    assert (one["advised_mps"], one["reach_s"]) == (None, None)


def test_no_speed_is_advised_where_the_limit_is_not_known():
    (one,) = told(
        a_state(3, GREEN, seconds(20, None, None)), a_lane("in", 122.0, ["1/7#3"], limit_mps=None)
    )
    assert one["advised_mps"] is None


def test_a_signal_beyond_the_lanes_that_follow():
    state = a_state(3, GREEN, seconds(30, None, None))
    lanes = a_lane("in", 50.0, onward=["next"]), a_lane("next", 80.0, ["1/7#3"], limit_mps=8.0)
    (one,) = told(state, *lanes)
    assert one["stop_line_m"] == 108.0
    assert one["advised_mps"] <= 8.0
    far = a_lane("in", 50.0, onward=["next"]), a_lane("next", LOOK_M + 1, ["1/7#3"])
    assert told(state, *far) == []
    ring = a_lane("in", 10.0, onward=["in"])
    assert told(state, ring) == []


def test_silent_signals_and_lanes_that_are_not_known_are_not_told():
    lane = a_lane("in", 122.0, ["1/7#3"])
    assert told(a_state(3, GREEN, at_us=AT_US - SILENT_US - 1), lane) == []
    assert told(a_state(3, GREEN), lane, lane="other") == []
    assert told(a_state(4, GREEN), lane) == []


def test_a_piece_is_replaced_as_a_whole():
    made = Ahead()
    made.ways.take({"part": "p", "entries": [a_lane("in", 50.0, ["1/7#3"])]})
    assert [one.group for one in made.ways.reached(lane_id("in"))] == [3]
    made.ways.take({"part": "p", "entries": []})
    assert made.ways.reached(lane_id("in")) == []
    assert math.isnan(made.ways.length_m(lane_id("in")))


@given(st.floats(0, 400), st.floats(0, 25), st.floats(2, 35), st.floats(-1, 60), st.floats(0, 60))
def test_who_does_as_advised_is_at_the_line_within_the_green(way, own, limit, opens, lasts):
    """The motion itself, in small steps."""
    given_ = (np.array([value]) for value in (way, own, limit, opens, opens + lasts))
    (speed,), (reach_s,) = advised(*given_)
    if math.isnan(speed):
        assert math.isnan(reach_s)
        return
    assert LEAST_MPS <= speed <= limit
    assert opens + MARGIN_S <= reach_s <= opens + lasts - MARGIN_S
    steps = np.linspace(0, reach_s, 20_001)
    sign = np.sign(speed - own)
    now = own + sign * np.minimum(CHANGE_MPS2 * steps, abs(speed - own))
    assert np.trapezoid(now, steps) == pytest.approx(way, abs=0.05)


def test_a_vehicle_is_told_through_the_whole_pipeline():
    log = declared(a_log("unit-1"))
    say(log, START_US - 2_000_000, a_part(an_approach()), "network.json")
    for k in range(30):
        at_us = START_US + k * TICK
        say(log, at_us, a_spat(at_us, {1: RED, 2: GREEN}))
        log.see(at_us, [an_observation(-100.0 + k, -1.75)])
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet"))
    out = outputs_of(log)
    picture = values(out, "fused.objects")[25]
    for output in out:
        record = msgspec.msgpack.decode(output.value) if output.route in TAKEN else {}
        if output.route == "station.network":
            made.take_network(record)
        elif output.route == "signals.state" and record["event_time_us"] <= picture["tick_us"]:
            made.take_signals(record)
    (row,) = snapshot(picture).rows
    a_linked(made, track_id=int(row["track_id"]), tick=picture["tick_us"] // TICK)
    (sent,) = made.send(made.take_picture(snapshot(picture)))
    (one,) = json.loads(sent.value)["signals"]
    assert (one["intersection"], one["signal_group"]) == ("250/7", 1)
    assert one["phase"] == "stop_and_remain"


TAKEN = ("station.network", "signals.state")

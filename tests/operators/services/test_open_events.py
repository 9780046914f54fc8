"""Events that are open, and the vehicles that they concern."""

import json

import numpy as np
import pytest

from operators.frame import ObjectClass
from operators.services.open_events import OpenEvents
from operators.services.riders import Subscription
from operators.services.together import Services
from operators.transform.cells import local_frame
from tests.operators.services.test_vehicles import a_linked, a_road
from tests.operators.test_current import LAT, LON

TICK_US = 10_000_000


def places(x_m, y_m):
    lon, lat = local_frame(LON, LAT).to_geographic(np.array([x_m]), np.array([y_m]))
    return float(lon[0]), float(lat[0])


def an_event(kind="queue_end", x_m=0.0, y_m=60.0, change="opened", sequence=0, **fields):
    lon, lat = places(x_m, y_m)
    known = {
        "event_id": 7, "kind": kind, "change": change, "sequence": sequence, "reason": "",
        "cell_key": "a", "tick_us": TICK_US, "began_us": TICK_US, "opened_us": TICK_US,
        "lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7), "radius_m": 4.0,
        "area": json.dumps({"type": "Point", "coordinates": [lon, lat]}), "severity": 2,
        "confidence": 0.95, "measures": {}, "segment_id": 0, "lane_id": 0, "track_ids": [99],
        "features": [], "context_flags": 0, "weather": {}, "incident": None,
        "station_id": "station", "run_id": "run-1",
    }  # fmt: skip
    return known | fields


def ids(events):
    return [one["event_id"] for one in events.listed()]


def test_an_event_is_open_until_it_closes():
    events = OpenEvents()
    assert events.take(an_event())
    assert events.take(an_event(change="updated", sequence=1, severity=3))
    assert [one["severity"] for one in events.listed()] == [3]
    assert events.take(an_event(change="closed", sequence=2))
    assert ids(events) == []


def test_what_comes_again_is_no_news():
    events = OpenEvents()
    events.take(an_event())
    events.take(an_event(change="updated", sequence=1))
    assert not events.take(an_event())
    events.take(an_event(change="closed", sequence=2))
    assert not events.take(an_event(change="updated", sequence=1))
    assert ids(events) == []


def test_a_newer_run_takes_over():
    events = OpenEvents()
    events.take(an_event())
    events.take(an_event(event_id=8, run_id="run-2", tick_us=TICK_US + 1))
    assert ids(events) == [8]
    assert not events.take(an_event(event_id=9))
    assert ids(events) == [8]


def warnings(*happening, road=None):
    """What a car is told that drives north at 10 m/s."""
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet"))
    a_linked(made)
    for one in happening:
        made.take_event(one)
    (sent,) = made.send(made.take_picture(a_road((0, 0)) if road is None else road))
    return json.loads(sent.value)["warnings"]


def test_a_vehicle_is_warned_of_what_it_comes_to():
    (one,) = warnings(an_event(y_m=64.0))
    assert (one["kind"], one["event_id"], one["track_id"]) == ("queue_end", "7", "99")
    assert one["reach_s"] == pytest.approx(6.0, abs=0.05)  # at its edge


@pytest.mark.parametrize(
    "event",
    [
        an_event(y_m=-30.0),
        an_event(x_m=30.0),
        an_event(y_m=140.0),
        an_event(track_ids=[1]),
        an_event(kind="emergency_vehicle"),
        an_event(change="closed"),
    ],
    ids=["behind", "beside", "far", "itself", "told otherwise", "over"],
)
def test_a_vehicle_is_not_warned_of_what_it_does_not_come_to(event):
    assert warnings(event) == []


def test_a_wrong_way_driver_is_where_its_track_is():
    road = a_road((0, 0), (3, 200), velocity_north_mps=[10.0, -15.0])
    event = an_event(kind="wrong_way", y_m=900.0, track_ids=[2])
    minded = [one for one in warnings(event, road=road) if one["kind"] == "wrong_way"]
    assert [one["track_id"] for one in minded] == ["2"]
    assert minded[0]["reach_s"] == pytest.approx((200 - 4) / 25, abs=0.1)
    away = a_road((0, 0), (3, 200), velocity_north_mps=[10.0, 15.0])
    assert warnings(event, road=away) == []


def test_warnings_of_events_and_objects_are_in_one_order():
    kinds = [ObjectClass.CAR, ObjectClass.PEDESTRIAN]
    told = warnings(an_event(y_m=64.0), an_event(event_id=8, y_m=24.0, kind="stopped_vehicle"),
                    road=a_road((0, 0), (0, 40), object_class=kinds))  # fmt: skip
    assert [one["kind"] for one in told] == [
        "stopped_vehicle", "vulnerable_road_user", "queue_end",
    ]  # fmt: skip

"""What a subscribed vehicle is told, and which track it is."""

import json

import msgspec
import numpy as np
import pytest

from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectClass
from operators.fused import FUSED, Snapshot, snapshot
from operators.services.riders import LOST_US, Subscription, parse_subscription
from operators.services.together import Services
from operators.transform.cells import local_frame
from tests.builders import HOME, PROBE, START_US, a_log, an_observation, outputs_of, values
from tests.operators.test_current import LAT, LON, TICK


def a_road(*objects, tick=100, sources=("unit-1", "fleet"), **fields):
    """Snapshot of cars at metres east and north; the first drives north at 10 m/s."""
    rows = np.zeros(len(objects), FUSED)
    x, y = np.array(objects, float).T
    rows["lon_deg"], rows["lat_deg"] = local_frame(LON, LAT).to_geographic(x, y)
    rows["track_id"] = np.arange(1, len(objects) + 1)
    rows["tick_us"], rows["object_class"] = tick * TICK, ObjectClass.CAR
    rows["length_m"], rows["width_m"], rows["height_m"] = 4.0, 2.0, 1.5
    rows["velocity_north_mps"][0], rows["sources"] = 10.0, 1
    for name, value in fields.items():
        rows[name] = value
    return Snapshot(tick * TICK, "a", "run-1", list(sources), [], [], rows)


def a_linked(made, source_id="fleet", track_id=1, tick=100):
    """Tell that a vehicle is a track."""
    made.riders._tracks[source_id, 0] = (track_id, tick * TICK)


def told(road, features=(), **subscription):
    """The record of one vehicle."""
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet", **subscription))
    a_linked(made)
    for feature in features:
        made.take_feature(msgspec.msgpack.encode(feature))
    (sent,) = made.send(made.take_picture(road))
    assert (sent.route, sent.key) == ("service.vehicle", "s")
    return json.loads(sent.value)


def a_feature(kind, x_m, y_m, radius_m=20.0):
    lon, lat = local_frame(LON, LAT).to_geographic(np.array([x_m]), np.array([y_m]))
    area = {"type": "Point", "coordinates": [float(lon[0]), float(lat[0])]}
    return {
        "feature_id": kind, "kind": kind, "source_id": "feed", "receive_time_us": 0,
        "valid_from_us": None, "valid_to_us": None, "area": json.dumps(area),
        "radius_m": radius_m, "cancelled": False, "properties": {},
        "topic": "raw.context", "partition": 0, "offset": 0,
    }  # fmt: skip


def test_surroundings_with_what_is_beyond_its_sight():
    record = told(a_road((0, 0), (0, 20), (0, 40), (0, 900), sources=("fleet", "unit-1")))
    assert (record["vehicle"]["track_id"], record["track_id"]) == ("1", "1")
    around = {one["track_id"]: one for one in record["objects"]}
    assert around.keys() == {"2", "3"}
    assert (around["2"]["sight"], around["2"]["beyond_sight"]) == ("reported", False)
    record = told(a_road((0, 0), (0, 20), (0, 40)))
    sights = [(one["sight"], one["beyond_sight"]) for one in record["objects"]]
    assert sights == [("open", False), ("hidden", True)]


def test_warnings_are_ordered_by_the_time_to_reach():
    kinds = [ObjectClass.CAR, ObjectClass.CAR, ObjectClass.PEDESTRIAN, ObjectClass.EMERGENCY]
    road = a_road(
        (0, 0), (0, 64), (0, 34), (-80, 0), object_class=kinds,
        velocity_east_mps=[0, 0, 0, 20], height_m=[1.5, 1.5, 1.7, 2.5],
    )  # fmt: skip
    record = told(road, [a_feature("work_zone", 0, 90), a_feature("weather", 0, 0, 1000)])
    minded = [(one["kind"], one["reach_s"]) for one in record["warnings"]]
    assert minded == [
        ("weather", 0.0),
        ("vulnerable_road_user", pytest.approx(3.0, abs=0.1)),
        ("emergency_vehicle", pytest.approx(3.2, abs=0.1)),
        ("standing_ahead", pytest.approx(6.0, abs=0.1)),
        ("work_zone", 7.0),
    ]


def test_a_vehicle_that_is_not_seen_gets_an_empty_record():
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet"))
    (sent,) = made.send(made.take_picture(a_road((0, 0))))
    record = json.loads(sent.value)
    assert (record["vehicle"], record["track_id"], record["objects"]) == (None, None, [])


def test_a_vehicle_is_lost_when_its_messages_are_no_longer_linked():
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet"))
    a_linked(made, tick=100)
    assert made.riders.due(100 * TICK + LOST_US)[0][1] == 1
    assert made.riders.due(100 * TICK + LOST_US + 1)[0][1] is None


def test_a_subscription_ends_and_is_replaced():
    made = Services("station")
    made.riders.subscribe(Subscription("s", "fleet", until_us=500))
    assert [one for one, _ in made.riders.due(499)] == [Subscription("s", "fleet", until_us=500)]
    made.riders.subscribe(Subscription("s", "other"))
    assert [one.source_id for one, _ in made.riders.due(500)] == ["other"]
    made.riders.subscribe(Subscription("s", "other", until_us=600))
    assert made.riders.due(600) == []


@pytest.mark.parametrize(
    "body", [b"{", b"{}", b'{"subscription_id": "a", "source_id": "b", "radius_m": 501}',
             b'{"subscription_id": "a", "source_id": "b", "sight_m": -1}',
             b'{"subscription_id": "a", "source_id": "b", "plate": "x"}'],
)  # fmt: skip
def test_a_wrong_subscription_is_refused(body):
    with pytest.raises(DecodeError):
        parse_subscription(body)


def test_a_probe_is_the_track_that_took_its_messages():
    """Two vehicles of one fleet and a bystander, through the whole pipeline."""
    log = a_log("unit-1")
    log.declare("fleet", kind="probe")
    places = {"V1": 0.0, "v2": 30.0, None: 60.0}
    for k in range(20):
        at_us = START_US + k * TICK
        log.see(at_us, [an_observation(10.0, y + 0.1) for y in places.values()])
        for name in ("V1", "v2"):
            told_ = [an_observation(10.0, places[name], local_id=name)]
            log.see(at_us + 1000, told_, source="fleet", topic=PROBE)
    made = Services("station")
    for name in ("v1", "v2", "v3"):
        made.riders.subscribe(Subscription(name, "fleet", name))
    for one in log.in_order():
        if one.topic == PROBE:
            frames = decode("recording.json", one.record.body, one.record.receive_time_us).frames
            place = (PROBE, one.partition, one.record.offset)
            made.riders.heard(place, "fleet", frames, one.record.receive_time_us)
    out = outputs_of(log)
    picture = values(out, "fused.objects")[15]
    for links in values(out, "fused.links"):
        if links["tick_us"] <= picture["tick_us"]:
            made.riders.linked(links)
    (held,) = made.current.take(snapshot(picture)) and made.current.close().cells
    _, y = HOME.frame.to_local(held.rows["lon_deg"], held.rows["lat_deg"])
    tracks = {s.subscription_id: t for s, t in made.riders.due(picture["tick_us"])}
    found = {name: float(y[held.rows["track_id"] == tracks[name]][0]) for name in ("v1", "v2")}
    assert found == {"v1": pytest.approx(0, abs=1.0), "v2": pytest.approx(30, abs=1.0)}
    assert tracks["v3"] is None

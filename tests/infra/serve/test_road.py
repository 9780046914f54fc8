"""Events and traffic over HTTP: what is open, what changed since, how segments and signals are."""

import asyncio
import json

import numpy as np
import pytest

import schemas
from infra.serve.road_events import MARGIN_US, EventFeed
from tests.infra.serve.builders import parts_with
from tests.infra.serve.test_app import AROUND, get
from tests.operators.services.test_open_events import TICK_US, an_event

SECOND_US = 1_000_000


def a_feed(*records, kept=100):
    feed = EventFeed(kept)
    for record in records:
        feed.take(record)
    return feed


def changes(n, first=0):
    """Events that open one a second, each another."""
    return [
        an_event(event_id=k + 1, tick_us=TICK_US + k * SECOND_US) for k in range(first, first + n)
    ]


async def streamed(feed, n, since_us=0):
    """The first events of a stream: ids of road events, and kinds of all else."""
    found = []
    async for event in feed.after(since_us):
        fields = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
        known = "id" in fields
        found.append(int(json.loads(fields["data"])["event_id"]) if known else fields.get("event"))
        if len(found) == n:
            break
    return found


def test_events_that_are_open_by_kind_and_area():
    parts = parts_with()
    parts.events.take(an_event())
    parts.events.take(an_event(event_id=8, kind="wrong_way", y_m=900.0))
    parts.events.take(an_event(event_id=9))
    parts.events.take(an_event(event_id=9, sequence=1, change="closed"))

    def ids(**asked):
        return [one["event_id"] for one in get("/v1/events", parts, **asked)[1]["events"]]

    assert ids() == ["7", "8"]
    assert ids(kind="wrong_way") == ["8"]
    assert ids(**AROUND) == ["7"]
    lon, lat = AROUND["lon"], AROUND["lat"]
    assert ids(box=f"{lon - 0.01},{lat + 0.005},{lon + 0.01},{lat + 0.01}") == ["8"]
    assert get("/v1/events", parts, lat=lat)[0] == 400
    (one, _) = get("/v1/events", parts)[1]["events"]
    assert (one["track_ids"], one["area"]["type"]) == (["99"], "Point")
    (feature, _) = get("/v1/events", parts, form="geojson")[1]["features"]
    assert (feature["id"], feature["geometry"]["type"]) == ("7", "Point")
    assert feature["geometry"]["coordinates"] == pytest.approx([one["lon_deg"], one["lat_deg"]])


def test_a_new_stream_begins_with_what_is_open_and_goes_on():
    async def watch():
        feed = a_feed(*changes(3), an_event(event_id=2, sequence=1, change="closed"))
        reading = asyncio.create_task(streamed(feed, 4))
        for record in changes(2, first=3):
            await asyncio.sleep(0)
            feed.take(record)
        return await reading

    assert asyncio.run(watch()) == [1, 3, 4, 5]


def test_a_client_that_was_away_gets_every_change_since():
    feed = a_feed(*changes(20))
    last_us = TICK_US + 16 * SECOND_US
    missed = asyncio.run(streamed(feed, 8, last_us))
    assert missed == list(range(13, 21))  # some of them again
    assert MARGIN_US == 5 * SECOND_US


def test_what_is_not_kept_is_a_gap_and_all_that_is_open():
    feed = a_feed(*changes(20), kept=5)
    assert asyncio.run(streamed(feed, 4, TICK_US)) == ["gap", 1, 2, 3]


def test_a_slow_client_loses_nothing_that_is_open():
    async def watch():
        feed = a_feed(kept=5)
        stream = feed.after(0)
        first = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        for record in changes(20):
            feed.take(record)
        opening = await first
        rest = [await anext(stream) for _ in range(20)]
        return opening, rest

    opening, rest = asyncio.run(watch())
    assert b"event: gap" in opening
    assert all(b"event: opened" in one for one in rest)


# -- traffic -------------------------------------------------------------------------------------


def packed(schema, count, **values):
    """Columns of a record, zeros but those given."""
    found = {}
    for field in schemas.load(schema)["fields"]:
        if "element" in field:
            given = values.get(field["name"], np.zeros(0 if "counts" in field else count))
            found[field["name"]] = np.asarray(given, field["element"]).tobytes()
    return found


def a_segment_record(start_us, period_us=SECOND_US, cell="a"):
    head = {"cell_key": cell, "start_us": start_us, "period_us": period_us, "count": 2}
    return head | packed(
        "segment_state", 2, segment_id=[5, 1 << 62], speed_mps=[12.34567, np.nan],
        class_count=[2, 0], object_class=[1, 4], class_vehicles=[7, 1], class_time_s=[0, 0],
        class_distance_m=[0, 0],
    )  # fmt: skip


def test_segments_of_the_newest_second_and_minute(monkeypatch):
    parts = parts_with()
    parts.traffic.take_segments(a_segment_record(3 * SECOND_US))
    parts.traffic.take_segments(a_segment_record(2 * SECOND_US))
    parts.traffic.take_segments(a_segment_record(0, 60 * SECOND_US))
    monkeypatch.setattr("infra.serve.road_routes.now_us", lambda: 61 * SECOND_US)
    assert get("/v1/segments", parts)[1]["segments"] == []  # that second is long over
    assert len(get("/v1/segments", parts, period="minute")[1]["segments"]) == 2
    monkeypatch.setattr("infra.serve.road_routes.now_us", lambda: 5 * SECOND_US)
    one, other = get("/v1/segments", parts)[1]["segments"]
    assert (one["segment_id"], one["start_us"], one["speed_mps"]) == ("5", 3 * SECOND_US, 12.346)
    assert [c["class_vehicles"] for c in one["classes"]] == [7, 1]
    assert (other["segment_id"], other["speed_mps"]) == (str(1 << 62), None)
    assert other["classes"] == []


def test_segments_on_a_map(monkeypatch):
    parts = parts_with()
    parts.traffic.take_segments(a_segment_record(0))
    line = '{"type":"LineString","coordinates":[[1,2],[3,4]]}'
    lanes = [{"segment_id": 5, "line": line}, {"segment_id": 5, "line": line}]
    parts.traffic.take_network({"part": "p", "entries": lanes})
    monkeypatch.setattr("infra.serve.road_routes.now_us", lambda: SECOND_US)
    one, other = get("/v1/segments", parts, form="geojson")[1]["features"]
    assert [g["coordinates"] for g in one["geometry"]["geometries"]] == [[[1, 2], [3, 4]]] * 2
    assert other["geometry"] is None


def test_approaches_of_an_intersection(monkeypatch):
    parts = parts_with()
    for name in ("1/7", "1/8"):
        columns = packed("approach_state", 1, signal_group=[3], phase=[6], queue_end_m=[np.nan])
        parts.traffic.take_approaches({"intersection": name, "start_us": 0, "count": 1} | columns)
    monkeypatch.setattr("infra.serve.road_routes.now_us", lambda: SECOND_US)
    assert len(get("/v1/approaches", parts)[1]["approaches"]) == 2
    (one,) = get("/v1/approaches", parts, intersection="1/7")[1]["approaches"]
    told = (one["intersection"], one["signal_group"], one["phase"], one["queue_end_m"])
    assert told == ("1/7", 3, "protected_movement", None)
    assert get("/v1/approaches", parts, intersection="9")[1]["approaches"] == []

"""What the HTTP service answers: the objects of the area asked for, or what is wrong and why."""

import asyncio
from dataclasses import replace

import pytest

from infra.serve.tokens import Caller, new_token
from tests.builders import a_source_entry
from tests.infra.serve.builders import LAT, LON, TICK, a_snapshot, asking, parts_with

AROUND = {"lat": LAT, "lon": LON}


def get(path, parts=None, token="", **parameters):
    """Status and JSON of one answer."""

    async def ask():
        async with asking(parts or parts_with(a_snapshot()), token) as client:
            answer = await client.get(path, params=parameters)
            return answer.status_code, answer.json()

    return asyncio.run(ask())


def ids(told):
    return sorted(int(one["track_id"]) for one in told["objects"])


def test_objects_of_a_circle_and_a_box():
    parts = parts_with(
        *(
            one
            for tick in (9, 10)
            for one in (
                a_snapshot("a", tick, places=((0, 0), (150, 0)), first_id=1),
                a_snapshot("b", tick, places=((300, 0),), first_id=9),
            )
        )
    )
    status, told = get("/v1/objects", parts, **AROUND)
    assert (status, told["tick_us"], ids(told)) == (200, 10 * TICK, [1, 2])
    box = f"{LON - 0.001},{LAT - 0.001},{LON + 0.01},{LAT + 0.001}"
    assert ids(get("/v1/objects", parts, box=box)[1]) == [1, 2, 9]
    one = told["objects"][0]
    assert one["lat_deg"] == pytest.approx(LAT, abs=1e-6)
    assert (one["class"], one["sources"], one["context"]) == ("unknown", ["unit-1"], [])


def test_geojson_has_the_longitude_first():
    _, told = get("/v1/objects", form="geojson", **AROUND)
    (feature,) = told["features"]
    assert told["type"] == "FeatureCollection"
    assert feature["geometry"]["coordinates"] == pytest.approx([LON, LAT], abs=1e-6)
    assert feature["properties"]["track_id"] == feature["id"] == "1"


def test_one_object_and_its_surroundings():
    parts = parts_with(a_snapshot("a", 10, places=((0, 0), (0, 20), (0, 400)), first_id=1))
    assert ids(get("/v1/objects/2", parts)[1]) == [2]
    status, told = get("/v1/objects/1/surroundings", parts, radius_m=100)
    assert (status, told["vehicle"]["track_id"], ids(told)) == (200, "1", [2])
    assert told["objects"][0]["distance_m"] == pytest.approx(20, abs=0.1)
    assert get("/v1/objects/77/surroundings", parts)[0] == 404


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({}, "give either"),
        ({"lat": LAT}, "give either"),
        ({"box": "1,2,3,4,5", **AROUND}, "give either"),
        ({"box": "1,2,3"}, "west,south"),
        ({"box": "a,b,c,d"}, "west,south"),
        ({"box": "nan,0,0.1,0.1"}, "degrees"),
        ({"box": "0,0,1,0.1"}, "degrees"),
        ({"box": "0.1,0,0,0.1"}, "degrees"),
        ({"lat": "north", "lon": 0}, "lat"),
        ({"lat": 91, "lon": 0}, "lat"),
        ({**AROUND, "radius_m": 1e9}, "radius_m"),
        ({**AROUND, "form": "xml"}, "form"),
    ],
)
def test_a_wrong_area_is_refused_by_name(parameters, word):
    status, told = get("/v1/objects", **parameters)
    assert status == 400
    assert word in told["detail"]


def test_too_many_objects_are_refused_not_cut():
    places = tuple((i % 100, i // 100) for i in range(10_001))
    status, told = get("/v1/objects", parts_with(a_snapshot(places=places)), **AROUND)
    assert status == 413
    assert "10001 objects" in told["detail"]


def test_before_the_first_picture_there_is_none():
    assert get("/v1/objects", parts_with(), **AROUND)[0] == 503
    assert get("/health", parts_with())[0] == 503


def test_an_old_picture_is_not_healthy():
    status, told = get("/health", parts_with(a_snapshot()))
    assert (status, told["objects"]) == (503, 1)


def test_sources_with_their_entries_and_whether_they_are_heard():
    parts = parts_with()
    parts.directory.take(a_source_entry("declared"), 0, 0)
    parts.directory.take(b"{", 0, 1)
    snapshot = a_snapshot()
    parts.hub.take([replace(snapshot, sources=[], live=["heard"], missing=["lost"])])
    _, answer = get("/v1/sources", parts)
    states = {one["source_id"]: one["state"] for one in answer["sources"]}
    assert states == {"declared": "silent", "heard": "live", "lost": "missing"}
    assert answer["sources"][0]["declared"]["kind"] == "roadside"


def a_signal(event_us, *phases, intersection="1/7"):
    """A record of `signals.state` with groups 1, 2, ... in these phases."""
    entry = dict.fromkeys(("start_us", "max_end_us", "likely_end_us", "next_us", "confidence"))
    entries = [
        entry | {"signal_group": n, "phase": phase, "min_end_us": event_us + 4_000_000}
        for n, phase in enumerate(phases, 1)
    ]
    return {"intersection": intersection, "event_time_us": event_us, "entries": entries}


def test_signals_show_the_newest_phase_of_each_group(monkeypatch):
    parts = parts_with()
    parts.signals.take(a_signal(1_000_000, 6, 3))
    parts.signals.take(a_signal(2_000_000, 8))
    parts.signals.take(a_signal(1_500_000, 5))
    parts.signals.take(a_signal(2_000_000, 6, intersection="9"))
    monkeypatch.setattr("infra.serve.app.now_us", lambda: 3_000_000)
    _, told = get("/v1/signals", parts, intersection="1/7")
    ((where, groups),) = [(one["intersection"], one["groups"]) for one in told["intersections"]]
    phases = [(g["signal_group"], g["phase"], g["least_s"]) for g in groups]
    assert where == "1/7"
    assert phases == [(1, "protected_clearance", 3.0), (2, "stop_and_remain", 2.0)]
    assert len(get("/v1/signals", parts)[1]["intersections"]) == 2
    monkeypatch.setattr("infra.serve.app.now_us", lambda: 60_000_000)
    assert get("/v1/signals", parts)[1]["intersections"] == []


# -- who may ask ---------------------------------------------------------------------------------


def test_a_token_opens_what_its_roles_say():
    token, digest = new_token()
    parts = parts_with(a_snapshot(), callers={"map": Caller(digest, ("live",))})
    assert get("/v1/objects", parts, token, **AROUND)[0] == 200
    status, told = get("/v1/tracks/1/history", parts, token, start_us=0, end_us=1)
    assert (status, told["title"]) == (403, "not allowed")


@pytest.mark.parametrize("token", ["", "guess", "0" * 64])
def test_without_a_valid_token_nothing_is_told(token):
    parts = parts_with(a_snapshot(), callers={"map": Caller(new_token()[1], ("live",))})
    status, told = get("/v1/objects", parts, token, **AROUND)
    assert (status, told["title"]) == (401, "no valid token")
    assert "objects" not in told


def test_the_hash_is_no_token():
    _, digest = new_token()
    parts = parts_with(a_snapshot(), callers={"map": Caller(digest, ("live",))})
    assert get("/v1/objects", parts, digest, **AROUND)[0] == 401


def test_who_asks_too_often_has_to_wait_and_others_do_not():
    (busy, first), (calm, second) = new_token(), new_token()
    callers = {"busy": Caller(first, ("live",), 0.001), "calm": Caller(second, ("live",), 0.001)}
    parts = parts_with(a_snapshot(), callers=callers)
    assert get("/v1/objects", parts, busy, **AROUND)[0] == 200
    assert get("/v1/objects", parts, busy, **AROUND)[0] == 429
    assert get("/v1/objects", parts, calm, **AROUND)[0] == 200


def test_guesses_are_limited_too(monkeypatch):
    monkeypatch.setattr("infra.serve.access.time.monotonic", lambda: 0.0)
    parts = parts_with(a_snapshot(), callers={"map": Caller(new_token()[1], ("live",))})
    assert {get("/v1/objects", parts, f"guess-{n}", **AROUND)[0] for n in range(8)} == {401, 429}


def test_only_reading_methods_are_there():
    async def methods():
        async with asking(parts_with()) as client:
            told = (await client.get("/openapi.json")).json()
        return {method for path in told["paths"].values() for method in path}

    assert asyncio.run(methods()) == {"get"}


def test_a_warehouse_that_is_away_is_named():
    status, told = get("/v1/tracks/1/history", start_us=0, end_us=1)
    assert (status, told["title"]) == (503, "no warehouse")

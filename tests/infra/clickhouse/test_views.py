"""What analysts see: one run, one id for each object, each row once."""

import math
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from infra.clickhouse.migrate import migrate
from infra.clickhouse.runs import choose
from jobs.io.clickhouse import Block, Warehouse
from operators.transform.bd09 import wgs84_to_bd09
from operators.transform.gcj02 import wgs84_to_gcj02
from tests.infra.clickhouse.engine import client_of, warehouse_at
from tests.infra.clickhouse.pictures import (
    CELL,
    NEXT_CELL,
    START_US,
    drive,
    event,
    picture,
    pictures,
)
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine

DAY = datetime.fromtimestamp(START_US / 1e6, UTC).date()
METRE_E7 = 1 / 0.011_087
FROM = f"first='{DAY} 00:00:00', last='{DAY} 23:59:59'"
# Two cells; the object of ids 1 and 2 drives from one to the other, 3 stands, 4 is of another run.


@pytest.fixture(scope="module")
def client(engine_port):
    with client_of(engine_port) as client:
        migrate(client, "views")
        warehouse = Warehouse(warehouse_at(engine_port, database="views"))
        here, there = drive(1, 8.0), drive(2, 4.0, start_us=START_US + 8_000_000, speed_mps=5.0)
        moved = [(t, one | {"lat_e7": one["lat_e7"] + round(80 * METRE_E7)}) for t, one in there]
        standing = drive(3, 12.0, speed_mps=0.0, lat_e7=312_001_000, object_class=7)
        blocks = [
            ("fused.objects", pictures(here, standing)),
            ("fused.objects", pictures(moved, cell=NEXT_CELL, sources=("rsu-2",))),
            ("fused.objects", pictures(drive(4, 30.0), run="other")),
            ("track.events", [event(1, 2, START_US + 8_000_000), event(5, 1, run="other")]),
        ]
        for k, (topic, records) in enumerate(blocks):
            for again in range(2):  # a second token: rows are there twice until a merge
                warehouse.insert(Block(topic, records, f"{k}:{again if k < 2 else 0}"))
        choose(client, "views", "run-1", (DAY, DAY), "test")
        yield client
        warehouse.close()


def test_current_objects_have_the_name_of_their_alias_and_display_degrees(client):
    rows = client.execute(
        "SELECT track_id, cell_key, lat_deg, lon_deg, gcj02, bd09, speed_mps"
        " FROM views.current_objects ORDER BY track_id"
    )
    assert [row[:2] for row in rows] == [(2, NEXT_CELL), (3, CELL)]
    for row in rows:
        lon, lat = np.array([row[3]]), np.array([row[2]])
        np.testing.assert_allclose(np.ravel(row[4]), np.ravel(wgs84_to_gcj02(lon, lat)), atol=1e-9)
        np.testing.assert_allclose(np.ravel(row[5]), np.ravel(wgs84_to_bd09(lon, lat)), atol=1e-9)


def test_display_degrees_are_those_of_the_operators_everywhere(client):
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(70, 140, 500), rng.uniform(-1, 57, 500)
    sent = ",".join(f"({a!r},{b!r})" for a, b in zip(lon.tolist(), lat.tolist(), strict=True))
    rows = client.execute(
        "SELECT gcj02OfWgs84(p.1, p.2) AS g, bd09OfGcj02(g.1, g.2)"
        f" FROM (SELECT arrayJoin([{sent}]) AS p)"
    )
    gcj02, bd09 = (np.array([row[k] for row in rows]).T for k in (0, 1))
    np.testing.assert_allclose(gcj02, wgs84_to_gcj02(lon, lat), atol=1e-9)
    np.testing.assert_allclose(bd09, wgs84_to_bd09(lon, lat), atol=1e-9)


def test_picture_of_a_cell_is_its_newest(client):
    rows = client.execute(
        "SELECT shown_id, toUnixTimestamp64Micro(tick)"
        f" FROM views.picture_of_cell(cell='{NEXT_CELL}')"
    )
    assert rows == [(2, START_US + 11_900_000)]


@pytest.mark.parametrize(("radius_m", "found"), [(10_000, [3, 2]), (20, [3]), (5, [])])
def test_objects_around_a_place_are_within_the_radius(client, radius_m, found):
    lat = 31.2 + 20 * METRE_E7 / 1e7
    rows = client.execute(
        "SELECT track_id, distance_m FROM"
        f" views.objects_around(lat={lat}, lon=121.4, radius_m={radius_m})"
    )
    assert [track for track, _ in rows] == found
    assert all(distance <= radius_m for _, distance in rows)


@pytest.mark.parametrize("track", [1, 2])
def test_path_of_a_track_goes_on_under_its_alias(client, track):
    rows = client.execute(
        "SELECT shown_id, toUnixTimestamp64Micro(tick), lat_deg"
        f" FROM views.path_of_track(track={track}) ORDER BY tick"
    )
    assert [row[1] for row in rows] == [START_US + k * 100_000 for k in range(120)]
    assert [row[0] for row in rows] == [1] * 80 + [2] * 40
    assert all(math.isclose(row[2], 31.2, abs_tol=0.01) for row in rows)


@pytest.mark.parametrize("track", [0, 1, 2])
def test_digital_track_tells_the_life_of_an_object(client, track):
    columns = "track_id, duration_s, round(length_m), sources, cells, aliases, length(stops)"
    rows = client.execute(
        f"SELECT {columns}, arrayMap(p -> p.1, path), class_name"
        f" FROM views.digital_track(track={track}) ORDER BY track_id"
    )
    start_s = START_US // 1_000_000
    assert rows[0][:6] == (2, 11.9, 95.0, ["rsu-1", "rsu-2"], [CELL, NEXT_CELL], [1])
    assert rows[0][7] == [start_s, start_s + 8, start_s + 11]  # where the speed changed
    if track == 0:
        assert rows[1][:7] == (3, 11.9, 0.0, ["rsu-1"], [CELL], [], 1)
        assert rows[1][8] == "pedestrian"
    assert len(rows) == (2 if track == 0 else 1)


def test_path_is_simplified_to_two_metres(client):
    second = np.arange(60)
    a = 312_000_000 + np.round(40 * np.sin(second / 8) * METRE_E7).astype(int)
    b = np.round(1_214_000_000 + second * 8 * METRE_E7 / math.cos(math.radians(31.2))).astype(int)
    points = list(zip(second.tolist(), a.tolist(), b.tolist(), [800] * 60, strict=True))
    typed = "Array(Tuple(UInt32, Int32, Int32, UInt16))"
    (kept,) = client.execute(f"SELECT pathSimple(CAST({points}, '{typed}'), 'wgs84')")[0]
    kept = np.array(kept)
    assert kept[0, 0] == 0
    assert kept[-1, 0] == 59
    assert 5 < len(kept) < 50
    off_a = np.interp(second, kept[:, 0], kept[:, 1]) - a
    off_b = (np.interp(second, kept[:, 0], kept[:, 2]) - b) * math.cos(math.radians(31.2))
    assert np.hypot(off_a, off_b).max() < 2.0 * METRE_E7


def test_speeds_on_a_polygon_are_of_the_shown_run(client):
    square = [(121.39, 31.19), (121.41, 31.19), (121.41, 31.21), (121.39, 31.21)]
    rows = client.execute(
        "SELECT class_name, sum(seconds), sum(still), round(avg(mean_mps), 3), max(objects)"
        f" FROM views.speeds_on(polygon={square}, {FROM}) GROUP BY class_name ORDER BY class_name"
    )
    # each block came under two tokens: sums can not tell, sets of tracks can
    assert rows == [("car", 24, 0, 8.333, 2), ("pedestrian", 24, 24, 0.0, 1)]
    elsewhere = [(lon + 1, lat) for lon, lat in square]
    assert client.execute(f"SELECT * FROM views.speeds_on(polygon={elsewhere}, {FROM})") == []


@pytest.mark.parametrize("zoom", [15, 18, 21])
def test_tiles_hold_each_place_once_in_its_pixel(client, zoom):
    """The pixel of the object that stands is known by formula; others may pass through it."""
    lat, size = 31.2001, 2.0**zoom
    x = (121.4 + 180) / 360 * size
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * size
    rows = client.execute(
        "SELECT px, py, share, seconds FROM"
        f" views.map_tile(zoom={zoom}, x={int(x)}, y={int(y)}, {FROM}) ORDER BY seconds DESC"
    )
    pixel = (int(x % 1 * 256), int(y % 1 * 256))
    (share, seconds) = {row[:2]: row[2:] for row in rows}[pixel]
    assert share == 1
    assert seconds == 12 if zoom == 21 else seconds >= 12


def test_coarse_tiles_are_of_whole_sampled_tracks(client):
    rows = client.execute(
        f"SELECT sum(seconds), any(share) FROM views.map_tile(zoom=13, x=6858, y=3348, {FROM})"
    )
    assert rows == [(24 / (1 / 16), 1 / 16)]  # ids 1 to 3 are small, so in every sample


def test_account_of_an_hour_closes_and_shows_what_is_open(client, engine_port):
    ledger = packed_example("record_ledger", "accepted-late-and-rejected")
    links = packed_example("links", "used-and-clutter")
    warehouse = Warehouse(warehouse_at(engine_port, database="views"))
    for again in range(2):
        warehouse.insert(Block("ledger.records", [ledger], f"ledger {again}"))
        warehouse.insert(Block("fused.links", [links], f"links {again}"))
    warehouse.close()
    hour = datetime.fromtimestamp(ledger["second_us"] / 1e6, UTC)
    run = ledger["run_id"]
    choose(client, "views", run, (hour.date(), hour.date()), "test")
    (row,) = client.execute(
        "SELECT offsets_missing, pulses, dispositions, records_open, observations"
        f" FROM views.account_of_hour(hour='{hour:%Y-%m-%d %H:%M:%S}')"
    )
    records = {e["disposition"]: e["records"] for e in ledger["entries"]}
    offsets = ledger["last_offset"] - ledger["first_offset"] + 1
    assert row[:3] == (0, ledger["pulses"], records)
    assert row[3] == offsets - ledger["pulses"] - sum(records.values())
    assert row[4] == sum(e["observations"] for e in ledger["entries"])


def test_a_new_choice_changes_what_every_view_shows(client):
    choose(client, "views", "other", (DAY, DAY), "test")
    try:
        assert client.execute("SELECT DISTINCT track_id FROM views.current_objects") == [(4,)]
        in_cell = f"SELECT shown_id FROM views.picture_of_cell(cell='{CELL}')"
        assert client.execute(in_cell) == [(4,)]
        assert client.execute("SELECT track_id FROM views.digital_track(track=0)") == [(4,)]
        assert client.execute("SELECT count() FROM views.path_of_track(track=1)") == [(0,)]
    finally:
        choose(client, "views", "run-1", (DAY, DAY), "test")


# Views read what a day shows from `run_day`, at once or through another. These say of which run
# a row is, or are asked by an id that one run alone has.
OF_ALL_RUNS = {"track_name", "aliases_of_track", "current_lanes"}


def test_every_view_of_rows_of_runs_shows_the_chosen_one(client):
    of_runs = {
        name
        for (name,) in client.execute(
            "SELECT table FROM system.columns WHERE database = 'views' AND name = 'run_id'"
        )
    }
    queries = client.execute(
        "SELECT name, create_table_query FROM system.tables"
        " WHERE database = 'views' AND engine = 'View'"
    )
    reads = {name: set(re.findall(r"\bviews\.(\w+)", text)) - {name} for name, text in queries}

    def reached(name):
        return {name}.union(*(reached(other) for other in reads.get(name, ())))

    mixed = {name for name in reads if reached(name) & of_runs and "run_day" not in reached(name)}
    assert mixed == OF_ALL_RUNS
    assert len(reads) > 15


def test_empty_pictures_hide_what_was_there(client, engine_port):
    warehouse = Warehouse(warehouse_at(engine_port, database="views"))
    warehouse.insert(Block("fused.objects", [picture(START_US + 12_000_000, [])], "empty"))
    warehouse.close()
    assert client.execute("SELECT track_id FROM views.current_objects") == [(2,)]


PLACE = "[(-122.3805, 37.7645), (-122.3760, 37.7645), (-122.3760, 37.7675), (-122.3805, 37.7675)]"


def test_nothing_there_and_nobody_looked_are_two_answers(engine_port):
    told = packed_example("source_quality", "two-sources-and-nobody")
    minute = datetime.fromtimestamp(told["minute_us"] / 1e6, UTC)
    beyond = told | {"cell_key": "beside", "cell": 1, "watched_s": bytes(3), "looked_s": bytes(6)}
    with client_of(engine_port) as client:
        migrate(client, "areas")
        warehouse = Warehouse(warehouse_at(engine_port, database="areas"))
        for token in ("once", "twice"):  # rows are there twice until a merge
            warehouse.insert(Block("source.quality", [told, beyond], token))
        warehouse.insert(Block("source.quality", [told | {"run_id": "other"}], "other"))
        driving = drive(1, 0.1, start_us=told["minute_us"])  # without a picture no run is chosen
        warehouse.insert(Block("fused.objects", pictures(driving), "driving"))
        warehouse.close()
        choose(client, "areas", "run-1", (minute.date(), minute.date()), "test")
        rows = client.execute(
            "SELECT answer, count(), max(watched_s), max(redundancy), sum(track_s), sum(births)"
            f" FROM areas.coverage_on(polygon={PLACE}, first=%(first)s, last=%(last)s)"
            " GROUP BY answer ORDER BY answer",
            {"first": minute, "last": minute + timedelta(seconds=90)},
        )
    nobody, nothing, something = rows
    assert nobody[0] == "nobody looked"
    assert nothing == ("nothing there", 1, 31, 31 / 60, 0, 0)
    assert something == ("something there", 2, 60, 91 / 60, 2 * 47, 2)
    assert sum(row[1] for row in rows) == 2 * 60  # every area in each of two minutes


def test_an_event_is_one_row_until_it_is_over_and_has_the_links_of_its_tracks(client, engine_port):
    first = packed_example("road_event", "stopped-vehicle-of-an-incident") | {
        "run_id": "run-1", "cell_key": CELL, "began_us": START_US, "opened_us": START_US + 100_000,
        "tick_us": START_US + 100_000,
    }  # fmt: skip
    closed = {"change": "closed", "sequence": 1, "tick_us": START_US + 500_000, "reason": "over"}
    closed |= {"cell_key": NEXT_CELL}
    of_track = {"used-and-clutter": START_US + 200_000, "no-observation": START_US + 900_000}
    links = [
        packed_example("links", case) | {"run_id": run, "cell_key": key, "tick_us": tick_us}
        for run in ("run-1", "other")
        for (case, tick_us), key in zip(of_track.items(), (NEXT_CELL, CELL), strict=True)
    ]
    warehouse = Warehouse(warehouse_at(engine_port, database="views"))
    warehouse.insert(Block("fused.links", links, "links of an event"))
    warehouse.insert(Block("road.events", [first, first | {"run_id": "other"}], "opened"))
    asked = "SELECT event_id, closed, changes, track_ids FROM views.{}"
    assert client.execute(asked.format("open_events")) == [(first["event_id"], None, 1, [42])]
    over_of_all = [first | closed, first | closed | {"run_id": "other"}]
    warehouse.insert(Block("road.events", over_of_all, "closed"))
    warehouse.close()
    assert client.execute(asked.format("open_events")) == []
    ((_, over, changes, _),) = client.execute(asked.format("event_history"))
    assert over == datetime.fromtimestamp(START_US / 1e6 + 0.5, UTC)
    assert changes == 2
    evidence = f"SELECT run_id, track_id FROM views.links_of_event(event={first['event_id']})"
    try:
        for run in ("other", "run-1"):  # a replay gives the event the same id
            choose(client, "views", run, (DAY, DAY), "test")
            assert client.execute(evidence) == [(run, 42), (run, 42)]
    finally:
        choose(client, "views", "run-1", (DAY, DAY), "test")

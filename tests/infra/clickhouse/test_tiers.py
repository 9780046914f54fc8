"""Tables that are made of others as rows come in."""

import h3
import pytest

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, InsertError, Warehouse
from tests.infra.clickhouse.engine import client_of, warehouse_at
from tests.infra.clickhouse.pictures import NEXT_CELL, START_US, drive, event, pictures
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine

TIERS = ("fused_object_second", "track_minute", "road_minute")
OF_ACCOUNTS = ("source_contribution", "source_contribution_day")


@pytest.fixture(scope="module")
def database(engine_port):
    with client_of(engine_port) as client:
        migrate(client, "tiers")
    return "tiers"


@pytest.fixture
def insert(client, database, engine_port):
    of_aliases = ("track_event", "track_alias", "track_family")
    of_tracks = ("fused_object_state", "picture", *TIERS, *of_aliases)
    for table in (*of_tracks, *OF_ACCOUNTS, "fused_object_now"):
        client.execute(f"TRUNCATE TABLE {database}.{table} SYNC")
    warehouse = Warehouse(warehouse_at(engine_port, database=database))

    def send(records, token, topic="fused.objects"):
        warehouse.insert(Block(topic, records, token))

    yield send
    warehouse.close()


def sums(client):
    """What the tiers hold, however their parts are merged."""
    return client.execute(
        "SELECT sum(track_seconds), sum(still_seconds), round(sum(speed_sum_mps), 3),"
        " uniqMerge(tracks),"
        " (SELECT count() FROM tiers.fused_object_second),"
        " (SELECT sum(length(path)) FROM tiers.track_minute)"
        " FROM tiers.road_minute"
    )[0]


def test_second_tier_has_the_whole_seconds(client, insert):
    insert(pictures(drive(7, 3.0)), "seconds")
    rows = client.execute(
        "SELECT toUnixTimestamp64Micro(tick), track_id, velocity_north_mps, sources"
        " FROM tiers.fused_object_second ORDER BY tick"
    )
    assert rows == [(START_US + k * 1_000_000, 7, 10.0, ["rsu-1"]) for k in range(3)]


def test_second_tier_keeps_the_weather(client, insert):
    rain = {"visibility_m": 800.0, "wind_mps": 4.5, "precipitation": 3}
    weather = rain | {"precipitation_mmph": 2.5, "road_surface": 3}
    insert(pictures(drive(7, 1.0), weather=[weather]), "rain")
    rows = client.execute(
        "SELECT visibility_m, wind_mps, precipitation_name, precipitation_mmph, road_surface_name"
        " FROM tiers.fused_object_second"
    )
    assert rows == [(800.0, 4.5, "rain", 2.5, "wet")]


def test_now_has_the_last_picture_of_each_cell_of_a_block(client, insert):
    beside = pictures(drive(8, 0.4), cell=NEXT_CELL) + pictures(drive(9, 0.2), run="other")
    for _ in range(2):
        insert(pictures(drive(7, 1.0)) + beside, "block")
    insert(pictures(drive(7, 1.0, start_us=START_US + 1_000_000)), "next block")
    rows = client.execute(
        "SELECT track_id, toUnixTimestamp64Micro(tick), lat_e7 = (SELECT lat_e7 FROM"
        " tiers.fused_object_state AS s WHERE s.track_id = now.track_id AND s.tick = now.tick)"
        " FROM tiers.fused_object_now AS now ORDER BY ALL"
    )
    last_us = [(7, 900_000), (7, 1_900_000), (8, 300_000), (9, 100_000)]
    assert rows == [(track, START_US + after_us, 1) for track, after_us in last_us]


def test_roll_up_counts_track_seconds_in_their_cell(client, insert):
    standing = drive(8, 4.0, speed_mps=0.0)
    insert(pictures(standing, drive(9, 4.0, speed_mps=0.0)), "standing")
    rows = client.execute(
        "SELECT h3, track_seconds, still_seconds, uniqMerge(tracks) FROM tiers.road_minute"
        " GROUP BY ALL"
    )
    assert rows == [(int(h3.latlng_to_cell(31.2, 121.4, 11), 16), 8, 8, 2)]


def test_block_that_is_sent_again_counts_once(client, insert):
    for _ in range(3):
        insert(pictures(drive(7, 5.0)), "again")
    assert sums(client) == (5, 0, 50.0, 1, 5, 5)


def test_without_tokens_it_would_count_again(client, insert):
    for k in range(2):
        insert(pictures(drive(7, 5.0)), f"other token {k}")
    assert sums(client)[0] == 10


@pytest.mark.parametrize("table", TIERS)
def test_block_that_failed_in_a_tier_is_completed(client, insert, table):
    records = pictures(drive(7, 5.0))
    client.execute(f"RENAME TABLE tiers.{table} TO tiers.away")
    with pytest.raises(InsertError):
        insert(records, f"half {table}")
    client.execute(f"RENAME TABLE tiers.away TO tiers.{table}")
    for _ in range(2):
        insert(records, f"half {table}")
    assert sums(client) == (5, 0, 50.0, 1, 5, 5)


def test_minute_of_a_track_is_the_same_however_often_it_comes(client, insert):
    records = pictures(drive(7, 70.0))
    for k in range(2):
        insert(records, f"tracks {k}")
    client.execute("OPTIMIZE TABLE tiers.track_minute FINAL")
    rows = client.execute(
        "SELECT toUnixTimestamp(minute), toUnixTimestamp64Micro(first.tick),"
        " toUnixTimestamp64Micro(last.tick), length(path), sources FROM tiers.track_minute"
        " ORDER BY minute"
    )
    start_s = START_US // 1_000_000
    assert rows == [
        (start_s, START_US, START_US + 59_900_000, 60, ["rsu-1"]),
        (start_s + 60, START_US + 60_000_000, START_US + 69_900_000, 10, ["rsu-1"]),
    ]


def test_chain_of_aliases_ends_in_one_name(client, insert):
    chain = [event(1, 2), event(2, 3), event(3, 4), event(9, 4), event(5, None, kind="birth")]
    insert(chain, "aliases", "track.events")
    insert([event(1, 2)], "aliases again", "track.events")
    rows = client.execute("SELECT track_id, name FROM tiers.track_name ORDER BY track_id")
    assert rows == [(1, 4), (2, 4), (3, 4), (9, 4)]


@pytest.mark.parametrize("asked", [1, 2, 3, 4, 9])
def test_any_id_of_an_object_finds_the_others(client, insert, asked):
    insert([event(3, 4), event(7, 8), event(1, 2, run="other")], "late", "track.events")
    for token in ("aliases", "under another token"):  # rows are there twice until a merge
        insert([event(1, 2), event(2, 3), event(9, 4)], token, "track.events")
    rows = client.execute(
        f"SELECT run_id, track_id FROM tiers.aliases_of_track(track={asked}) ORDER BY ALL"
    )
    others = sorted({1, 2, 3, 4, 9} - {asked})
    of_other_run = {1: 2, 2: 1}.get(asked)
    assert [track for run, track in rows if run == "run-1"] == others
    assert [track for run, track in rows if run == "other"] == [of_other_run] * (asked < 3)
    assert client.execute("SELECT * FROM tiers.aliases_of_track(track=5)") == []


ADDED = (
    "SELECT source_id, sum(seen_s), sum(share_s), sum(used) FROM tiers.{} GROUP BY ALL ORDER BY ALL"
)


def test_days_of_contribution_count_a_block_once(client, insert):
    told = packed_example("source_quality", "two-sources-and-nobody")
    for _ in range(2):
        insert([told], "minute", "source.quality")
    insert([told | {"cell_key": "beside"}], "beside", "source.quality")
    of_day = client.execute(ADDED.format("source_contribution_day"))
    assert of_day == client.execute(ADDED.format("source_contribution"))
    assert len(of_day) == 3


def test_what_was_there_is_in_tables_that_are_made_later(client, engine_port):
    told = packed_example("source_quality", "two-sources-and-nobody")
    migrate(client, "before")
    migrate(client, "before", 35)
    warehouse = Warehouse(warehouse_at(engine_port, database="before"))
    for token in ("minute", "under another token"):
        warehouse.insert(Block("source.quality", [told], token))
    for alias in (event(1, 2), event(2, 3)):  # by hand, as a writer of that release had it
        client.execute(
            "INSERT INTO before.track_event (run_id, kind, track_id, other_track_id, tick) VALUES",
            [(alias["run_id"], "alias", alias["track_id"], alias["other_track_id"], 0)],
        )
    warehouse.insert(Block("fused.objects", pictures(drive(7, 1.0)), "objects"))
    warehouse.close()
    migrate(client, "before")
    now = client.execute(
        "SELECT track_id, toUnixTimestamp64Micro(tick) FROM before.current_objects"
    )
    assert now == [(7, START_US + 900_000)]
    seen = client.execute("SELECT sum(seen_s) FROM before.source_contribution_day")
    twice = client.execute("SELECT sum(seen_s) FROM before.source_contribution")
    assert seen[0][0] == twice[0][0] / 2 > 0
    family = client.execute("SELECT track_id, other FROM before.track_family ORDER BY ALL")
    assert family == [(one, other) for one in (1, 2, 3) for other in (1, 2, 3) if one != other]

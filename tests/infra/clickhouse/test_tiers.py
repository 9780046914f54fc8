"""Tables that are made of others as rows come in."""

import h3
import pytest

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, InsertError, Warehouse
from tests.infra.clickhouse.engine import client_of, warehouse_at
from tests.infra.clickhouse.pictures import START_US, drive, event, pictures

pytestmark = pytest.mark.engine

TIERS = ("fused_object_second", "track_minute", "road_minute")


@pytest.fixture(scope="module")
def database(engine_port):
    with client_of(engine_port) as client:
        migrate(client, "tiers")
    return "tiers"


@pytest.fixture
def insert(client, database, engine_port):
    for table in ("fused_object_state", "picture", *TIERS, "track_event", "track_alias"):
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

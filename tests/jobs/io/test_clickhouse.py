import socket

import pytest

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, InsertError, Warehouse, WarehouseSettings
from tests.infra.clickhouse.engine import warehouse_at
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine

OBJECTS = [
    packed_example("picture", c)
    for c in ("two-objects-of-two-sources", "empty-cell", "local-recording")
]


def block(token="u:0:0-2:v0:run-1"):
    return Block("fused.objects", OBJECTS, token)


def count(client, table):
    return client.execute(f"SELECT count() FROM {table}")[0][0]


def unmerged(client, database, window):
    """Tables that show every row that came in, with or without a memory for tokens."""
    migrate(client, database)
    for table in ("fused_object_state", "picture"):
        client.execute(f"DROP TABLE IF EXISTS {database}.{table} SYNC")
        client.execute(
            f"CREATE TABLE {database}.{table} AS station.{table} ENGINE = MergeTree ORDER BY tick"
            f" SETTINGS non_replicated_deduplication_window = {window}"
        )


@pytest.mark.parametrize(("window", "rows"), [(10000, 4), (0, 8)])
def test_block_sent_twice_is_there_once_where_tokens_are_remembered(
    client, engine_port, warehouse, window, rows
):
    unmerged(client, "tokens", window)
    own = Warehouse(warehouse_at(engine_port, database="tokens"))
    for _ in range(2):
        own.insert(block(f"window-{window}"))
    own.close()
    assert count(client, "tokens.fused_object_state") == rows


def test_states_arrive_as_they_were_sent(client, warehouse):
    warehouse.insert(block("states"))
    rows = client.execute(
        "SELECT toUnixTimestamp64Micro(tick), track_id, lat_e7, x_m, isNaN(heading_rad), sources,"
        " class_name, segment_id, cov_ee_m2 FROM station.fused_object_state ORDER BY track_id"
    )
    tick = OBJECTS[0]["tick_us"]
    assert rows[0][:3] == (tick, 42, 377750001)
    assert rows[1][1:4] == (43, 0, 10.5)
    assert rows[0][4:] == (1, ["rsu-2"], "pedestrian", 11, 1.5)
    assert rows[3][1] == 2**63 - 1


TABLES = [
    ("fused.links", "links", {"station.fused_link": 3}),
    ("track.events", "track_event", {"station.track_event": 2}),
    ("context.features", "road_context", {"station.road_context": 2}),
    ("ledger.records", "record_ledger", {"station.record_span": 2, "station.record_ledger": 3}),
    ("ledger.observations", "observation_ledger", {"station.observation_ledger": 3}),
    ("dead.letters", "dead_letter", {"station_raw.dead_letter": 2}),
    ("signals.state", "signal_state", {"station.signal_state": 2}),
    (
        "segments.state",
        "segment_state",
        {"station.segment_second": 2, "station.segment_minute": 1},
    ),
    ("approaches.state", "approach_state", {"station.approach_second": 2}),
    ("station.network", "road_part", {"station.road_part": 2, "station.road_lane": 2}),
    ("road.events", "road_event", {"station.event": 3}),
]
CASES = {
    "approach_state": ("a-queue-at-red-and-a-green",),
    "segment_state": ("a-queue-and-an-empty-road", "a-minute-with-late-objects"),
    "links": ("used-and-clutter", "no-observation"),
    "track_event": ("birth", "alias-across-a-border"),
    "road_context": ("work-zone-with-validity", "open-ended-cancellation"),
    "record_ledger": ("accepted-late-and-rejected", "only-pulses"),
    "observation_ledger": ("two-sources",),
    "dead_letter": ("malformed-json", "bytes-that-are-no-text"),
    "signal_state": ("two-groups",),
    "road_event": (
        "stopped-vehicle-of-an-incident",
        "closed-with-nothing-around",
        "conflict-of-two",
    ),
    "road_part": ("two-lanes-of-an-approach", "taken-away"),
}


@pytest.mark.parametrize(("topic", "record", "expected"), TABLES)
def test_examples_of_every_topic_reach_their_tables(client, warehouse, topic, record, expected):
    records = [packed_example(record, case) for case in CASES[record]]
    assert warehouse.insert(Block(topic, records, f"{topic}:0:0-1:v0:run-1")) == sum(
        expected.values()
    )
    assert {table: count(client, table) for table in expected} == expected


def test_dead_letters_keep_their_bytes_and_stay_out_of_the_main_database(client, warehouse):
    warehouse.insert(
        Block("dead.letters", [packed_example("dead_letter", "bytes-that-are-no-text")], "raw")
    )
    query = "SELECT DISTINCT hex(raw) FROM station_raw.dead_letter WHERE reason = 'NOT_UTF8'"
    assert client.execute(query) == [("FFFE00",)]


def test_current_objects_are_the_newest_picture_of_each_cell(client, warehouse):
    later = OBJECTS[0] | {"tick_us": OBJECTS[0]["tick_us"] + 100_000}
    warehouse.insert(Block("fused.objects", [*OBJECTS, later], "current"))
    rows = client.execute(
        "SELECT cell_key, track_id, toUnixTimestamp64Micro(tick), lat_deg"
        " FROM station.current_objects ORDER BY cell_key, track_id"
    )
    assert [(r[0][:5], r[1]) for r in rows] == [
        ("87283", 42),
        ("87283", 2**63 - 1),
        ("local", 43),
        ("local", 44),
    ]
    assert rows[0][2] == later["tick_us"]
    assert rows[2][3] is None


def test_missing_table_is_named_with_the_servers_code(client, engine_port):
    lost = Warehouse(warehouse_at(engine_port, database="nowhere"))
    with pytest.raises(InsertError) as caught:
        lost.insert(block("lost"))
    lost.close()
    assert (caught.value.table, caught.value.code) in {("fused_object_state", c) for c in (60, 81)}


def test_block_that_failed_half_way_is_completed_by_the_next_call(client, warehouse):
    client.execute("RENAME TABLE station.picture TO station.away")
    with pytest.raises(InsertError):
        warehouse.insert(block("after"))
    client.execute("RENAME TABLE station.away TO station.picture")
    assert warehouse.insert(block("after")) == 7
    assert count(client, "station.fused_object_state") == 4


def test_silent_server_ends_the_one_attempt_in_time():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = WarehouseSettings("127.0.0.1", port, connect_timeout_s=0.2, timeout_s=0.2)
        with pytest.raises(InsertError) as caught:
            Warehouse(settings).insert(block("silent"))
    assert caught.value.code in {0, 209}

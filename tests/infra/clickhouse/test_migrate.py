import pytest
from typer.testing import CliRunner

import schemas
from infra.cli.main import app
from infra.clickhouse.migrate import MigrationError, digest, migrate, statements
from infra.clickhouse.retention import retain
from jobs.io.rows import column_of, rows_of
from jobs.sections import Retention

pytestmark = pytest.mark.engine

# The tables that each record feeds.
TABLES_OF = {
    topic.record: [rows.table for rows in rows_of(topic.name, [])]
    for topic in schemas.topics().values()
    if topic.record
}
# Fields that are the means of a record, not facts of a row.
MEANS = {"count", "entries", "source_count", "source_index", "topic_index", "topics"}
MEANS |= {"feature_count", "feature_index", "weather", "weather_index"}
MEANS |= {"class_count", "late", "period"}
# Columns that stand for such means, or are not known yet.
MADE = {"loaded_at", "class_name", "use_name", "segment_id", "lane_id", "source_id", "topic"}
MADE |= {"precipitation_name", "road_surface_name", "links", "phase_name", "weather"}
TYPES = {"<u8": "UInt64", "<i8": "Int64", "<i4": "Int32", "<u4": "UInt32", "<u2": "UInt16"}
TYPES |= {"u1": "UInt8", "<f4": "Float32", "<f8": "Float64"}


def columns(client, database):
    rows = client.execute(
        "SELECT database, table, name, type FROM system.columns WHERE database IN %(of)s",
        {"of": (database, f"{database}_raw")},
    )
    found = {}
    for _, table, name, type_ in rows:
        found.setdefault(table, {})[name] = type_
    return found


def test_up_down_up_gives_the_same_tables(client):
    migrate(client, "updown")
    first = columns(client, "updown")
    migrate(client, "updown", 0)
    assert set(columns(client, "updown")) == {"schema_migrations"}
    migrate(client, "updown")
    assert columns(client, "updown") == first


def test_second_run_has_nothing_to_do(client):
    assert migrate(client, "twice")
    assert migrate(client, "twice") == []


def test_target_stops_half_way_and_goes_back(client):
    assert len(migrate(client, "half", 3)) == 3
    assert [str(c) for c in migrate(client, "half", 2)] == ["down 0003 create_fused_link"]


def test_dry_run_leaves_no_trace(client):
    assert len(migrate(client, "dry", dry_run=True)) == len(schemas.migrations())
    assert client.execute("SELECT count() FROM system.databases WHERE name = 'dry'") == [(0,)]


def test_every_migration_can_be_repeated(client):
    migrate(client, "again")
    for migration in (m for m in schemas.migrations() if not m.grants):
        for statement in statements(migration.up, "again"):
            client.execute(statement)


def test_newer_database_is_refused(client):
    migrate(client, "newer")
    client.execute(
        "INSERT INTO newer.schema_migrations (step, number, name, direction, digest)"
        " SELECT 99, 99, 'from_the_future', 'up', ''"
    )
    with pytest.raises(MigrationError, match="at 99"):
        migrate(client, "newer")


def test_changed_file_is_refused(client):
    migrate(client, "changed", 1)
    client.execute(
        "INSERT INTO changed.schema_migrations (step, number, name, direction, digest)"
        " SELECT 2, 1, 'create_fused_object_state', 'up', 'of another text'"
    )
    with pytest.raises(MigrationError, match="another text"):
        migrate(client, "changed")
    assert [str(c) for c in migrate(client, "changed", 0)] == [
        "down 0001 create_fused_object_state"
    ]


def test_command_line_reports_each_change(engine_port, tmp_path):
    config = tmp_path / "station.toml"
    config.write_text(
        f'[clickhouse]\nurl = "clickhouse://127.0.0.1:{engine_port}"\ndatabase = "cli"'
    )

    def run(*words):
        ended = CliRunner().invoke(app, ["migrate", "--config", str(config), *words])
        assert ended.exit_code == 0, ended.output
        return ended.output.splitlines()

    assert run("--target", "1", "--dry-run") == ["up 0001 create_fused_object_state", "1 changes"]
    assert run("--target", "1") == ["up 0001 create_fused_object_state", "1 changes"]
    assert run("--target", "1") == ["nothing to do"]


def test_tables_keep_their_rows_as_long_as_the_settings_say(client):
    migrate(client, "kept")
    assert retain(client, "kept", Retention()) == []
    longer = Retention(states_days=8, raw_days=1)
    done = ["keep fused_object_state for 8 days", "keep dead_letter for 1 days"]
    assert retain(client, "kept", longer, dry_run=True) == done
    assert retain(client, "kept", longer) == done
    assert retain(client, "kept", longer) == []


def test_digest_follows_the_text():
    first, second = schemas.migrations()[:2]
    assert digest(first) == digest(first) != digest(second)


@pytest.mark.parametrize("record", sorted(TABLES_OF))
def test_tables_hold_every_field_of_their_record(client, record):
    migrate(client, "drift")
    live = columns(client, "drift")
    fields = schemas.load(record)["fields"]
    items = [f["type"].get("items") for f in fields if isinstance(f["type"], dict)]
    entries = [e for one in items if isinstance(one, dict) for e in one["fields"]]
    due = {column_of(f["name"]) if "age" not in f["name"] else f["name"] for f in fields + entries}
    held = {name for table in TABLES_OF[record] for name in live[table]}
    assert due - MEANS - held <= {"sources"}
    assert held - due <= MADE


@pytest.mark.parametrize(
    ("record", "table"),
    [("picture", "fused_object_state"), ("links", "fused_link"), ("source_quality", "coverage")],
)
def test_packed_columns_have_the_tables_types(client, record, table):
    migrate(client, "drift")
    live = columns(client, "drift")[table]
    for field in schemas.load(record)["fields"]:
        if "element" in field and field["name"] in live:
            assert live[field["name"]] == TYPES[field["element"]], field["name"]


def test_every_table_remembers_tokens(client):
    migrate(client, "window")
    rows = client.execute(
        "SELECT name FROM system.tables WHERE database IN ('window', 'window_raw')"
        " AND (engine = 'ReplacingMergeTree' OR engine = 'AggregatingMergeTree')"
        " AND create_table_query NOT LIKE '%non_replicated_deduplication_window = 10000%'"
    )
    assert rows == []

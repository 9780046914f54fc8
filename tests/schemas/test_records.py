import re
from pathlib import Path

import fastavro
import pytest

import schemas
from tests.schemas.packing import all_examples, packed_example

RECORDS = schemas.records()
UNITS = {"us", "s", "hz", "m", "m2", "mps", "mps2", "rad", "radps", "e7", "m2ps2", "mmph"}
UNITS |= {"vph", "vpkm"}  # vehicles an hour, vehicles a kilometre
# Pure numbers, names and texts; a quantity with a unit has no business in this list.
WITHOUT_UNIT = {
    "cell",
    "cell_key",
    "frame",
    "sequence",
    "station_id",
    "run_id",
    "live_sources",
    "missing_sources",
    "sources",
    "count",
    "track_id",
    "object_class",
    "class_probability",
    "existence",
    "observations",
    "context_flags",
    "features",
    "feature_count",
    "feature_index",
    "weather",
    "weather_index",
    "precipitation",
    "road_surface",
    "source_count",
    "source_index",
    "topics",
    "use",
    "topic_index",
    "partition",
    "offset",
    "index",
    "residual",
    "weight",
    "kind",
    "other_track_id",
    "evidence",
    "feature_id",
    "source_id",
    "area",
    "cancelled",
    "properties",
    "topic",
    "first_offset",
    "last_offset",
    "pulses",
    "entries",
    "disposition",
    "reason",
    "records",
    "refused",
    "sentence",
    "detail",
    "stage",
    "format",
    "raw",
    "raw_size",
    "owner",
    "faults",
    "frames",
    "instants",
    "clock_corrected",
    "completeness",
    "h3",
    "used",
    "births",
    "deaths",
    "clutter",
    "quarantined",
    "overflow",
    "ghosts",
    "looks",
    "hits",
    "residuals",
    "residual_mean",
    "stretch",
    "stretch_sigma",
    "noise_factor",
    "detection",
    "anchor",
    "registered",
    "steps",
    "intersection",
    "revision",
    "status",
    "signal_group",
    "signal_phase",
    "phase",
    "confidence",
    "part",
    "segments",
    "segment_id",
    "segment",
    "lane_id",
    "lane",
    "both_ways",
    "stop_line",
    "line",
    "next_lanes",
    "signals",
    "event_id",
    "change",
    "severity",
    "measures",
    "track_ids",
    "incident",
    "late",
    "seen",
    "vehicles",
    "queued",
    "class_count",
    "class_vehicles",
    "spilled",
    "arrivals",
    "arrivals_green",
    "departures",
    "lost",
    "stops",
    "greens_over",
    "split_failures",
    "left_over",
}


def fields_of(record, version):
    for field in schemas.load(record, version)["fields"]:
        yield field
        items = field["type"].get("items") if isinstance(field["type"], dict) else None
        if isinstance(items, dict):
            yield from items["fields"]


@pytest.mark.parametrize(("record", "version"), RECORDS)
def test_schema_is_valid_and_says_who_it_is(record, version):
    schema = schemas.load(record, version)
    fastavro.parse_schema(schema)
    assert (schema["namespace"], schema["name"], schema["version"]) == ("station", record, version)


@pytest.mark.parametrize(("record", "version"), RECORDS)
def test_versions_have_no_gaps(record, version):
    assert version == 0 or (record, version - 1) in RECORDS


@pytest.mark.parametrize(("record", "version"), RECORDS)
def test_every_field_is_described(record, version):
    assert [f["name"] for f in fields_of(record, version) if not f.get("doc")] == []


@pytest.mark.parametrize(("record", "version"), RECORDS)
def test_quantities_carry_their_unit(record, version):
    names = [f["name"] for f in fields_of(record, version)]
    assert [n for n in names if n.rpartition("_")[2] not in UNITS and n not in WITHOUT_UNIT] == []


@pytest.mark.parametrize(("record", "version"), RECORDS)
def test_every_record_has_an_example(record, version):
    assert schemas.examples(record, version)


def test_no_example_is_orphaned():
    root = Path(schemas.__file__).parent / "examples"
    found = {tuple(f.relative_to(root).parts[:2]) for f in root.rglob("*.json")}
    assert found == {(record, str(version)) for record, version in RECORDS}


@pytest.mark.parametrize(("record", "case"), all_examples())
def test_example_validates_and_has_every_field_in_order(record, case):
    example = packed_example(record, case)
    schema = schemas.load(record)
    assert fastavro.validate(example, fastavro.parse_schema(schema), strict=True)
    assert list(schemas.examples(record)[case]) == [f["name"] for f in schema["fields"]]


@pytest.mark.parametrize(("record", "case"), all_examples())
def test_example_is_named_for_what_it_shows(record, case):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", case)


def test_migrations_count_without_gaps_and_have_both_ways():
    migrations = schemas.migrations()
    assert [m.number for m in migrations] == list(range(1, len(migrations) + 1))
    assert all(m.up.strip() and m.down.strip() for m in migrations)


def test_no_sql_file_is_orphaned():
    folder = Path(schemas.__file__).parent / "clickhouse"
    names = {
        f"{m.number:04d}_{m.name}.{way}.sql" for m in schemas.migrations() for way in ("up", "down")
    }
    assert {f.name for f in folder.iterdir()} == names

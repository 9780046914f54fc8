"""What the station publishes is what the pipeline makes of the same log, row by row."""

import json
import re
from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from clickhouse_driver import Client
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from typer.testing import CliRunner

import schemas
from infra.cli.errors import console
from infra.cli.main import app
from infra.local import paths
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.rows import rows_of
from operators.routes import OBJECTS, TOPICS
from schemas.reader import ColumnReader
from tests.accounts import assert_accounts_close
from tests.station.hostile import hostile
from tests.station.oracle import (
    await_account,
    await_count,
    await_equal,
    differences,
    expected,
    published,
)
from tests.waiting import wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(4800)]


@pytest.fixture(scope="module")
def sent(station, vehicles, district, entries_for):
    """Send everything, bad records between good ones."""
    messages, sources = district
    first = messages[0].receive_time_us
    everything = [*messages, *hostile(first + 5_000_000)]
    producer = producer_of(station.resolved.kafka)
    send_live(everything, [*sources, *entries_for(vehicles)], producer)
    send_live(vehicles, [], producer)
    return station.resolved


@pytest.fixture(scope="module")
def told(sent):
    """What the pipeline makes of the same log, the log, and what is published in the end."""
    return await_equal(sent)


@pytest.fixture(scope="module")
def made(told):
    """What the pipeline makes of the same log, and the log."""
    return told[:2]


def test_kafka_holds_the_rows_of_the_pipeline(told):
    oracle, log, found = told
    assert len(oracle[OBJECTS]) > 100
    assert differences(oracle, found) == {}
    assert_accounts_close(found, log)


def test_bad_records_are_dead_letters_that_a_person_understands(told):
    letters = told[2]["dead.letters"]
    assert len(letters) >= 200
    reasons = {letter["reason"] for letter in letters}
    assert {"EMPTY_BODY", "MALFORMED", "TOO_DEEP", "NOT_UTF8", "UNKNOWN_FORMAT", "UNKNOWN_SOURCE",
            "CLOCK_FAR_OFF"} <= reasons  # fmt: skip
    assert all(letter["sentence"].endswith((".", "?")) for letter in letters)
    assert max(letter["raw_size"] for letter in letters) > 10_000_000


def test_two_recorded_vehicles_are_two_tracks(told):
    records = told[2][OBJECTS]
    reader = ColumnReader(schemas.load("picture"), np.frombuffer)
    seen = [r for r in records if "gateway/bsmLogDuringEvent" in r["sources"] and r["count"]]
    ids = {i for record in seen for i in reader.columns(record)["track_id"].tolist()}
    assert len(ids) == 2


@pytest.fixture
def warehouse(sent):
    client = Client(**sent.clickhouse.client(), database=sent.clickhouse.database)
    yield client
    client.disconnect()


def test_the_warehouse_holds_the_same_rows(sent, made, warehouse):
    oracle, _ = made
    for topic in TOPICS:
        for table in rows_of(topic, oracle[topic]):
            place = f"{sent.clickhouse.database}_raw" if table.raw else sent.clickhouse.database
            names = ", ".join(f"`{name}`" for name in table.columns)
            await_count(lambda t=f"{place}.{table.table}": rows_in(warehouse, t), len(table))
            found = warehouse.execute(
                f"SELECT {names} FROM {place}.{table.table} FINAL",
                columnar=True,
                settings={"use_numpy": table.packed, "strings_as_bytes": not table.packed},
            )
            there, due = as_rows(found), as_rows(list(table.columns.values()))
            # the first row that differs: to show all that do takes longer than the test
            other = next((pair for pair in zip(there, due, strict=True) if pair[0] != pair[1]), ())
            assert not other, table.table


def test_the_account_of_the_tables_closes(sent, told, warehouse):
    _, log, found = told
    records = sum(entry.record.body is not None for entry in log)
    await_account(warehouse, sent, records)
    first, last = warehouse.execute("SELECT min(second), max(second) FROM record_ledger")[0]
    league = warehouse.execute(
        "SELECT source_id, all_records, accepted_records, all_observations,"
        " used_observations + births FROM source_league(first=%(first)s, last=%(last)s)",
        {"first": first, "last": last + timedelta(seconds=5)},  # ticks come after records
    )
    assert {row[0]: row[1:] for row in league} == leagues(found)
    for hour in {at.replace(minute=0, second=0) for at in (first, last)}:
        of_hour = warehouse.execute(
            "SELECT sum(offsets_missing), sum(records_open), sum(observations_open)"
            " FROM account_of_hour(hour=%(hour)s)",
            {"hour": hour},
        )
        assert of_hour == [(0, 0, 0)]


def leagues(records):
    """By source: records, those accepted, observations, those that were of use."""
    made = defaultdict(lambda: [0, 0, 0, 0])
    for ledger in records["ledger.records"]:
        for e in ledger["entries"]:
            good = e["disposition"] in ("ACCEPTED", "EMPTY", "CONTEXT", "SOURCE")
            made[e["source_id"]][0] += e["records"]
            made[e["source_id"]][1] += e["records"] * good
    for ledger in records["ledger.observations"]:
        for e in ledger["entries"]:
            made[e["source_id"]][2] += e["observations"]
            made[e["source_id"]][3] += e["observations"] * (e["use"] in ("USED", "BIRTH"))
    return {source: tuple(counts) for source, counts in made.items()}


@pytest.fixture
def command(sent, station, monkeypatch):
    """Runs `station` as its operator does; gives what it said, a line for each row of a table."""
    monkeypatch.setattr(console, "width", 20_000)

    def run(*words):
        config = ("--config", str(station.state_dir / "settings.toml"))
        done = CliRunner().invoke(app, [*map(str, words), *config])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_a_row_leads_back_to_the_bytes_that_it_was_made_of(made, warehouse, command):
    _, log = made
    raw = {(e.topic, e.partition, e.record.offset): e.record.body for e in log}
    track, tick_us, links = warehouse.execute(
        "SELECT track_id, toUnixTimestamp64Micro(tick) AS at,"
        " groupArray((topic, partition, offset, `index`, source_id))"
        " FROM fused_link WHERE (track_id, tick) IN (SELECT track_id, tick FROM fused_object_state)"
        " GROUP BY track_id, tick ORDER BY uniqExact(source_id) DESC, track_id, tick LIMIT 1"
    )[0]
    assert len({link[4] for link in links}) > 1
    row, *told = map(cells, re.split(r"link \d+ of \d+", command("trace", track, tick_us)))
    assert row["shown_id"] == str(track)
    of = ("topic", "partition", "offset", "index", "source_id")
    assert sorted(tuple(one[name] for name in of) for one in told) == sorted(
        tuple(map(str, link)) for link in links
    )
    for one in told:
        body = raw[one["topic"], int(one["partition"]), int(one["offset"])]
        assert one["raw"][:1000] == body.decode()[:1000]
        line = json.loads(one["object"])
        assert line["source"] == one["source_id"]
        (observed,) = line["objects"]
        assert abs(observed["lat_deg"] - float(row["lat_deg"])) < 1e-4
        assert abs(observed["lon_deg"] - float(row["lon_deg"])) < 1e-4


def cells(text):
    """Names and values of a table of two columns."""
    rows = (line.strip("│ ").split(" │ ", 1) for line in text.splitlines() if "│" in line)
    return {name.strip(): value.strip() for name, value in rows}


def test_a_unit_gets_its_grade_and_its_page_from_the_tables(made, warehouse, command, tmp_path):
    unit, minutes = warehouse.execute(
        "SELECT source_id, uniqExact(minute) FROM source_quality WHERE registered"
        " GROUP BY source_id ORDER BY sum(observations) DESC LIMIT 1"
    )[0]
    page = tmp_path / "unit.html"
    said = command("grade", unit, "--out", page)
    for profile in ("assisted", "automated"):
        assert re.search(rf"{profile}: [a-z ]+, by [a-z_]+ = \S+ \(\d+ samples, \d\d:\d\d", said)
    text = page.read_text()
    assert f"{minutes} minutes with an account" in text
    assert text.count("<svg") > 3
    assert "http" not in text


def rows_in(client, table):
    return client.execute(f"SELECT count() FROM {table}")[0][0]


def as_rows(columns):
    """Sorted rows; times as integers, NaN as text, so that rows compare."""
    return sorted(zip(*(map(plain, column) for column in columns), strict=True), key=repr)


def plain(value):
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[us]").astype(np.int64))
    if hasattr(value, "timestamp"):
        return round(value.timestamp() * 1e6)
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float | np.floating):
        return "nan" if np.isnan(value) else float(value)
    if isinstance(value, dict):
        return tuple(sorted((plain(k), plain(v)) for k, v in value.items()))
    if isinstance(value, list | tuple | np.ndarray):
        return tuple(plain(v) for v in value)
    return value.item() if isinstance(value, np.generic) else value


def test_a_service_reads_pictures_with_stock_clients(sent):
    topic = schemas.topics()[OBJECTS]
    consumer = Consumer(
        {**sent.kafka.client(), "group.id": "service", "isolation.level": "read_committed",
         "auto.offset.reset": "earliest"}
    )  # fmt: skip
    consumer.assign([TopicPartition(OBJECTS, p, 0) for p in range(topic.partitions)])
    with SchemaRegistryClient({"url": sent.registry.url}) as registry:
        deserialize = AvroDeserializer(registry, schemas.text("picture"))
        context = SerializationContext(OBJECTS, MessageField.VALUE)
        reader = ColumnReader(schemas.load("picture"))
        rows = 0
        while not rows:
            message = wait_for(lambda: consumer.poll(1.0))
            picture = deserialize(message.value(), context)
            rows += len(list(reader.rows(picture))) if picture is not None else 0
    consumer.close()
    assert rows > 0


def test_another_interleaving_and_parallelism_give_equal_rows(sent, station):
    """Catching up reads partitions in another order than live, and one TaskManager does it all."""
    run_id = "again"
    file = paths.ROOT / "jobs" / "fusion.py"
    words = ("--run", run_id, "--parallelism", "1")
    station.submit("fusion", file, words)
    oracle, _, found = await_equal(
        sent, lambda given: expected(given, run_id), lambda given: published(given, run_id)
    )
    assert differences(oracle, found) == {}

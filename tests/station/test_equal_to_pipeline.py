"""What the station publishes is what the pipeline makes of the same log, row by row."""

import time

import numpy as np
import pytest
from clickhouse_driver import Client
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

import schemas
from infra.local import paths
from infra.replay.messages import RecordedMessage
from infra.replay.send import producer_of, send_live
from jobs.io.rows import rows_of
from operators.routes import OBJECTS, TOPICS
from schemas.reader import ColumnReader
from tests.accounts import assert_accounts_close
from tests.station.oracle import (
    await_accounts,
    differences,
    expected,
    published,
)

pytestmark = [pytest.mark.station, pytest.mark.timeout(900)]

QUIET_S = 16.0  # cells fall silent 10 s after the last input, ledgers close a second later


def hostile(start_us):
    """Records of every kind that must not stop a job, 10 ms apart."""
    large = b'{"x": "' + b"a" * (10 * 1024 * 1024 - 1024) + b'"}'
    bodies = [
        b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b"[" * 10_000 + b"]" * 10_000,
        b'{"metadata":{},"payload":{"data":{"coreData":{"position":{"latitude":NaN}}}}}',
        b'{"payload":{"data":{"coreData":{"id":"a","secMark":1,"position":'
        b'{"latitude":1e400,"longitude":0}}}}}',
        b'{"payload":{"data":{"coreData":{"id":5,"secMark":"x"}}}}',
        b'{"payload":{"data":{"coreData":{"id":"a","secMark":1,"position":'
        b'{"latitude":200.0,"longitude":0.0}}}}}',
    ]  # fmt: skip
    far_off = (
        b'{"source":"far","event_time_us":%d,"frame":"wgs84","objects":[{"lat_deg":1,"lon_deg":2}]}'
    )
    made = []
    for k in range(210):
        at = start_us + k * 10_000
        if k == 100:
            made.append(RecordedMessage(at, "raw.probe", "bad", "bsm.json", large))
        elif k % 12 == 10:
            made.append(RecordedMessage(at, "raw.probe", "bad", "no.such.format", b"{%d}" % k))
        elif k % 12 == 11:
            made.append(RecordedMessage(at, "raw.roadside", "nobody", "rsm.json", b"{%d}" % k))
        elif k % 12 == 9:
            body = far_off % (at - 28_800_000_000)
            made.append(RecordedMessage(at, "raw.probe", "far", "recording.json", body))
        else:
            body = bodies[k % len(bodies)] and bodies[k % len(bodies)] + b" " * k  # none repeats
            made.append(RecordedMessage(at, "raw.probe", "bad", "bsm.json", body))
    return made


@pytest.fixture(scope="module")
def sent(station, vehicles, district, entries_for):
    """Send everything, bad records between good ones, and wait until it is through."""
    messages, sources = district
    first = messages[0].receive_time_us
    everything = [*messages, *hostile(first + 5_000_000)]
    producer = producer_of(station.resolved.kafka)
    send_live(everything, [*sources, *entries_for(vehicles)], producer)
    send_live(vehicles, [], producer)
    time.sleep(QUIET_S)
    await_accounts(station.resolved)
    return station.resolved


def test_kafka_holds_the_rows_of_the_pipeline(sent):
    oracle, log = expected(sent)
    found = published(sent)
    assert len(oracle[OBJECTS]) > 100
    assert differences(oracle, found) == {}
    assert_accounts_close(found, log)


def test_bad_records_are_dead_letters_that_a_person_understands(sent):
    letters = published(sent)["dead.letters"]
    assert len(letters) >= 200
    reasons = {letter["reason"] for letter in letters}
    assert {"EMPTY_BODY", "MALFORMED", "TOO_DEEP", "NOT_UTF8", "UNKNOWN_FORMAT", "UNKNOWN_SOURCE",
            "CLOCK_FAR_OFF"} <= reasons  # fmt: skip
    assert all(letter["sentence"].endswith((".", "?")) for letter in letters)
    assert max(letter["raw_size"] for letter in letters) > 10_000_000


def test_two_recorded_vehicles_are_two_tracks(sent):
    records = published(sent)[OBJECTS]
    reader = ColumnReader(schemas.load("picture"), np.frombuffer)
    seen = [r for r in records if "gateway/bsmLogDuringEvent" in r["sources"] and r["count"]]
    ids = {i for record in seen for i in reader.columns(record)["track_id"].tolist()}
    assert len(ids) == 2


@pytest.fixture
def warehouse(sent):
    client = Client(**sent.clickhouse.client(), database=sent.clickhouse.database)
    yield client
    client.disconnect()


def test_the_warehouse_holds_the_same_rows(sent, warehouse):
    oracle, _ = expected(sent)
    for topic in TOPICS:
        for table in rows_of(topic, oracle[topic]):
            place = f"{sent.clickhouse.database}_raw" if table.raw else sent.clickhouse.database
            names = ", ".join(f"`{name}`" for name in table.columns)
            rows = wait_for_rows(warehouse, f"{place}.{table.table}", len(table))
            assert rows == len(table), table.table
            found = warehouse.execute(
                f"SELECT {names} FROM {place}.{table.table} FINAL",
                columnar=True,
                settings={"use_numpy": table.packed, "strings_as_bytes": not table.packed},
            )
            assert as_rows(found) == as_rows(list(table.columns.values())), table.table


def wait_for_rows(client, table, count):
    for _ in range(120):
        rows = client.execute(f"SELECT count() FROM {table}")[0][0]
        if rows >= count:
            break
        time.sleep(0.5)
    return rows


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
            message = consumer.poll(10.0)
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
    oracle, _ = expected(sent, run_id)
    found = {}
    for _ in range(60):
        time.sleep(2.0)
        found = differences(oracle, published(sent, run_id))
        if not found:
            break
    assert found == {}

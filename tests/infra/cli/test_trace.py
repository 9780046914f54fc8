"""From fused rows back to the records that they were made of, over whole replays."""

import json
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

import schemas
from infra.cli.tracing import TraceError, seen, trace
from infra.clickhouse.migrate import migrate
from infra.replay.messages import read_messages
from infra.replay.sources import source_entries_for
from jobs.io.clickhouse import Block, Warehouse
from operators.decode.registry import decode
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord, pack_raw
from operators.sources import share_source
from schemas.reader import ColumnReader
from tests.infra.clickhouse.engine import client_of, running_engine, warehouse_at

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
FILES = ("jpo-ode/bsmLogDuringEvent.json", "openv2x/rsm.dawnline.json", "openv2x/msg58.json")


def log_of(name):
    """A recorded file as a log: its source entries, then its messages."""
    messages = list(read_messages(DATA / name))
    first_us = messages[0].receive_time_us // 1000 * 1000
    sent = [
        ("station.sources", first_us - 6_000_000, "", e["source_id"], json.dumps(e).encode())
        for e in source_entries_for(messages)
    ] + [
        (m.topic, m.receive_time_us // 1000 * 1000, m.format, m.source_id, m.payload)
        for m in messages
    ]
    offsets, log = Counter(), []
    for topic, received, form, source, payload in sent:
        record = RawRecord(offsets[topic], received, 0, form, "", source, payload)
        log.append(LogRecord(topic, 0, record))
        offsets[topic] += 1
    return log


@pytest.fixture(scope="module")
def replays():
    """Log and outputs of each file."""
    found = {}
    for name in FILES:
        log = log_of(name)
        outputs = list(run(log, Pipeline(Parameters())))
        found[name] = (log, [(o.route, msgspec.msgpack.decode(o.value)) for o in outputs])
    return found


def entries_of(log):
    shared = {}
    for one in log:
        if one.topic == "station.sources":
            shared |= share_source(shared, pack_raw(one.record))
    return shared


@pytest.mark.parametrize("name", FILES)
def test_each_observation_of_an_accepted_record_has_exactly_one_link(replays, name):
    log, outputs = replays[name]
    reader = ColumnReader(schemas.load("links"), np.frombuffer)
    links = Counter()
    for route, record in outputs:
        if route == "fused.links":
            columns = reader.columns(record)
            for topic, *place in zip(
                *(columns[c].tolist() for c in ("topic_index", "partition", "offset", "index")),
                strict=True,
            ):
                links[record["topics"][topic], *place] += 1
    assert set(links.values()) == {1}
    accepted = sum(
        entry["observations"]
        for route, record in outputs if route == "ledger.records"
        for entry in record["entries"] if entry["disposition"] == "ACCEPTED"
    )  # fmt: skip
    assert sum(links.values()) == accepted > 0
    records = {(one.topic, one.partition, one.record.offset): one.record for one in log}
    for topic, partition, offset, index in links:
        record = records[topic, partition, offset]
        decoded = decode(record.format, record.body, record.receive_time_us)
        observed = [int(i) for frame in decoded.frames for i in frame.observations["index"]]
        assert observed.count(index) == 1


@pytest.fixture(scope="module")
def warehouse(replays, tmp_path_factory):
    _, outputs = replays[FILES[0]]
    with (
        running_engine(tmp_path_factory.mktemp("trace")) as port,
        client_of(port) as client,
    ):
        migrate(client)
        writer = Warehouse(warehouse_at(port))
        for topic in ("fused.objects", "fused.links"):
            writer.insert(Block(topic, [r for route, r in outputs if route == topic], topic))
        writer.close()
        yield client


def traced(replays, client, track, tick_us, lost=()):
    log, _ = replays[FILES[0]]
    records = {(one.topic, one.partition, one.record.offset): one.record for one in log}
    return trace(
        client,
        "station",
        (track, tick_us),
        lambda places: {p: records[p] for p in places if p not in lost},
        lambda: entries_of(log),
    )


def a_row(client, condition):
    return client.execute(
        "SELECT track_id, toUnixTimestamp64Micro(tick) FROM station.fused_object_state"
        f" WHERE {condition} ORDER BY tick DESC LIMIT 1"
    )[0]


@pytest.mark.engine
def test_row_leads_to_the_object_that_it_was_made_of(replays, warehouse):
    track, tick_us = a_row(warehouse, "observations > 0")
    row, found = traced(replays, warehouse, track, tick_us)
    assert (row["shown_id"], found[0].link["track_id"]) == (track, track)
    assert found
    for one in found:
        assert not one.problem
        (observed,) = one.frame["objects"]
        assert abs(observed["lat_deg"] - row["lat_deg"]) < 1e-4
        assert one.record.offset == one.link["offset"]


@pytest.mark.engine
def test_row_that_nobody_saw_leads_to_what_was_seen_last(replays, warehouse):
    track, tick_us = a_row(warehouse, "age_us > 300000")
    row, found = traced(replays, warehouse, track, tick_us)
    assert found
    assert all(one.link["tick"] < row["tick"] for one in found)


@pytest.mark.engine
def test_what_is_gone_is_said(replays, warehouse):
    track, tick_us = a_row(warehouse, "observations > 0")
    _, found = traced(replays, warehouse, track, tick_us)
    place = tuple(found[0].link[name] for name in ("topic", "partition", "offset"))
    _, again = traced(replays, warehouse, track, tick_us, lost=(place,))
    assert again[0].problem == "the topic no longer has the record"
    with pytest.raises(TraceError, match="no row of track 1 "):
        traced(replays, warehouse, 1, tick_us)


def test_bytes_that_do_not_hold_the_object_are_named(replays):
    record = replays[FILES[0]][0][-1].record
    link = {"source_id": record.key, "topic": "raw.probe", "index": 0}
    assert not seen(link, record, {}).problem
    assert seen(link | {"index": 9}, record, {}).problem == "the message has no object 9"
    assert seen(link, record._replace(body=b"{"), {}).problem.startswith("MALFORMED")

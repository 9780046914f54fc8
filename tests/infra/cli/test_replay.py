"""`station replay`: what is sent from a file, with which entries, and to a real broker."""

import msgspec
import pytest
import typer
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from infra.cli.errors import CommandError
from infra.cli.main import app as main
from infra.cli.replay import entries_of, read, replay
from infra.kafka.topics import create_topics
from infra.local.station import LocalStation
from infra.replay.log import read_log
from infra.replay.outbox import producer_of
from operators.sources import parse_entry
from tests.waiting import PATIENCE_S

START_US = 1_763_850_000_000_000
app = typer.Typer()
app.command()(replay)


def run(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(a) for a in arguments])


def line(k):
    at_us = START_US + k * 100_000
    head = {"source": f"unit-{k % 2}", "event_time_us": at_us, "receive_time_us": at_us}
    return msgspec.json.encode(head | {"frame": "local", "objects": [{"x": k, "y": 0}]}) + b"\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "recording.jsonl"
    path.write_bytes(b"".join(map(line, range(6))))
    return path


def test_entries_are_made_from_the_messages_if_there_are_none(file):
    entries = entries_of(file, read(file, None), None)
    assert [parse_entry(msgspec.json.encode(e)).source_id for e in entries] == ["unit-0", "unit-1"]


@pytest.mark.parametrize("named", [True, False])
def test_entries_are_taken_from_the_file_that_is_named_or_lies_beside(file, named):
    path = file.with_name("mine.jsonl" if named else "sources.jsonl")
    path.write_bytes(b'{"source_id":"unit-0","kind":"roadside","frame":"local"}\n\n')
    (entry,) = entries_of(file, read(file, None), path if named else None)
    assert entry == {"source_id": "unit-0", "kind": "roadside", "frame": "local"}


def test_broken_entry_is_named_with_its_line(file):
    path = file.with_name("mine.jsonl")
    path.write_bytes(b'{"source_id":"unit-0","kind":"roadside"}\n{"source_id":"unit-1"}\n')
    with pytest.raises(CommandError, match=r"mine\.jsonl:2: .*kind"):
        entries_of(file, read(file, None), path)


def test_messages_of_an_unknown_format_go_without_an_entry(tmp_path):
    path = tmp_path / "messages.jsonl"
    one = {"topic": "raw.roadside", "source": "s", "format": "morse", "receive_time_us": 1}
    path.write_bytes(msgspec.json.encode(one | {"payload": "..."}))
    messages = read(path, None)
    assert (len(messages), entries_of(path, messages, None)) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["none.jsonl"], "cannot be read"),
        (["recording.jsonl", "--format", "morse"], "morse"),
        (["recording.jsonl", "--backfill", "x", "--speed", "2"], "--speed"),
        (["noise"], "--format"),
    ],
)
def test_what_cannot_be_sent_is_said(config, file, arguments, word):
    file.with_name("noise").write_bytes(b"neither this nor that")
    result = run(file.with_name(arguments[0]), *arguments[1:], "--config", config("127.0.0.1:9"))
    assert isinstance(result.exception, CommandError)
    assert word in str(result.exception)


@pytest.fixture
def config(tmp_path):
    """Write settings for a broker: config(bootstrap) -> path."""

    def write(bootstrap):
        path = tmp_path / "station.toml"
        path.write_text(
            f'[kafka]\nbootstrap = "{bootstrap}"\n[registry]\nurl = "http://127.0.0.1:9"\n'
            '[clickhouse]\nurl = "clickhouse://127.0.0.1:9"\n'
        )
        return path

    return write


def count(kafka, topic):
    consumer = Consumer(kafka.client() | {"group.id": "test"})
    numbers = consumer.list_topics(timeout=PATIENCE_S).topics[topic].partitions
    marks = [consumer.get_watermark_offsets(TopicPartition(topic, n), PATIENCE_S) for n in numbers]
    consumer.close()
    return sum(high - low for low, high in marks)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    state = tmp_path_factory.mktemp("station") / "state"
    with LocalStation(state, parts=("broker",), jobs=()) as station:
        create_topics(station.resolved.kafka, {})
        yield station.resolved.kafka


@pytest.mark.station
def test_file_arrives_live_and_as_a_backfill(kafka, file, config):
    settings = config(kafka.bootstrap)
    live = run(file, "--config", settings)
    assert live.exit_code == 0
    assert "6 records to raw.roadside\n" in live.stdout
    assert count(kafka, "raw.roadside") == 6
    old = run(file, "--backfill", "old", "--config", settings)
    assert old.exit_code == 0
    assert "jobs/fusion.py --backfill old" in old.stdout
    assert count(kafka, "raw.roadside.old") == 6 + 4  # and a pulse in each partition
    again = run(file, "--backfill", "old", "--config", settings)
    assert isinstance(again.exception, CommandError)


@pytest.mark.station
def test_a_network_arrives_and_withdraws_what_it_has_no_more(kafka, tmp_path, config):
    line = {"type": "LineString", "coordinates": [[11.0, 48.0], [11.001, 48.0]]}
    lane = {"type": "Feature", "geometry": line, "properties": {"lane": "a"}}
    path = tmp_path / "town.geojson"
    path.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": [lane]}))
    producer = producer_of(kafka)
    producer.produce("station.network", b"told before", b"town/gone")
    producer.flush(PATIENCE_S)
    settings = str(config(kafka.bootstrap))
    done = CliRunner().invoke(main, ["network", "import", str(path), "--config", settings])
    assert done.exit_code == 0, done.output
    assert "1 pieces that it had before are withdrawn" in done.stdout
    sent = [one.record for one in read_log(kafka.client(), ("raw.signal",))]
    assert [(r.source, r.format) for r in sent] == [("network/town", "network.json")] * 2
    first, gone = (msgspec.json.decode(r.body) for r in sent)
    assert [one["name"] for one in first["segments"]] == ["town/a"]
    assert gone == {"part": "town/gone"}

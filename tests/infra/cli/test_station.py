"""The `station` command as a user meets it: one line on every error, no trace."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from infra.cli import status
from infra.cli.health import Health, TopicHealth, _add_lag
from infra.local.state import PartState, State
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path):
    def station(*words, settings=""):
        (tmp_path / "station.toml").write_text(settings)
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-m", "infra.cli.main", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    return station


@pytest.mark.parametrize("command", [["up"], ["down"], ["status"], ["doctor"], ["sql", "SELECT 1"]])
def test_bad_settings_end_every_command_with_78_and_one_line(run, command):
    ended = run(*command, settings='[kafka]\nbootstrap = "here"')
    assert ended.returncode == 78
    assert ended.stderr.startswith("station: station.toml:2: kafka.bootstrap: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["status"], ["sql", "SELECT 1"], ["reload"], ["backfill", "x"]]
)
def test_question_without_a_station_says_how_to_start_one(run, command):
    ended = run(*command)
    assert ended.returncode == 1
    assert "station up" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_down_without_a_station_is_no_error(run):
    ended = run("down")
    assert ended.returncode == 0
    assert "No station runs" in ended.stdout


@pytest.mark.station  # a start looks for the jars first
def test_taken_port_ends_the_start_with_a_remedy(run):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run("up", settings=f"[local]\nkafka_port = {port}")
    assert ended.returncode == 1
    assert f"port {port} for broker is taken" in ended.stderr


def test_real_address_that_does_not_answer_is_what_is_wrong_first(run):
    settings = (
        '[kafka]\nbootstrap = "127.0.0.1:9"\n[registry]\nurl = "http://127.0.0.1:9"\n'
        '[clickhouse]\nurl = "clickhouse://127.0.0.1:9"\n[flink]\nrest_url = "http://127.0.0.1:9"'
    )
    ended = run("status", settings=settings)
    assert ended.returncode == 1
    assert ended.stdout.startswith("What is wrong")
    for part in ("Kafka", "ClickHouse", "Flink"):
        assert f"• {part}" in ended.stdout


def test_doctor_names_what_it_looked_at(run):
    said = run("doctor").stdout
    assert all(word in said for word in ("Java 17", "Maven", "memory", "disk", "chdb-core"))


def test_part_in_trouble_is_named_with_its_note():
    parts = {"engine": PartState("restarting", note="ended"), "broker": PartState("ready")}
    assert status._wrong_parts(State(parts=parts)) == ["engine is restarting: ended"]


def test_what_retention_took_before_it_was_read_is_wrong():
    health = Health({"raw.probe": TopicHealth(300)})
    places = [("raw.probe", 0), ("raw.probe", 1)]
    first, last = dict.fromkeys(places, 100), dict.fromkeys(places, 250)
    _add_lag(health, "fusion", dict(zip(places, (40, 100), strict=True)), first, last)
    assert health.topics["raw.probe"].lag == {"fusion": 360}
    assert len(health.wrong) == 1
    assert health.wrong[0].startswith("60 records of raw.probe/0 were deleted before fusion")


def test_tables_of_an_empty_station_are_empty():
    console = Console(record=True, width=100)
    console.print(status._topics(Health()))
    assert "topic" in console.export_text()

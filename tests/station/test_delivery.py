"""What dies while the warehouse job loads; the tables hold every row once."""

import random
import time
from contextlib import suppress

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from typer.testing import CliRunner

from infra.cli.main import app
from infra.demo.watch import committed
from infra.local import paths
from infra.local.engine.folder import hold
from infra.local.state import StationError
from infra.local.station import LocalStation
from jobs.io.rows import rows_of
from jobs.runtime.clock import now_us
from jobs.settings import Settings
from operators.routes import OBJECTS
from tests.station.fused_sender import FusedSender
from tests.station.oracle import MOST_S, await_count, codec_of
from tests.waiting import wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(4800)]

TASK_MANAGER = "warehouse.taskmanager-1"
KILLS = 10
ABSENCE_S = 60.0
TABLES = ("picture", "fused_object_state")


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """Everything but the fusion job; its topics are written by the test."""
    parts = ("broker", "registry", "engine", "pulse", "warehouse")
    chosen = Settings(partitions={OBJECTS: 2})
    with LocalStation(tmp_path_factory.mktemp("delivery"), parts, chosen) as running:
        yield running


@pytest.fixture(scope="module")
def client(station):
    """A client of tables that merge nothing away, so that a row which came twice is seen twice."""
    with Client(**station.resolved.clickhouse.client(), database="station") as made:
        for table in TABLES:
            made.execute(f"CREATE TABLE plain AS {table} ENGINE = MergeTree ORDER BY tick"
                         " SETTINGS non_replicated_deduplication_window = 10000")  # fmt: skip
            made.execute(f"DROP TABLE {table} SYNC")
            made.execute(f"RENAME TABLE plain TO {table}")
        yield made


def ask(client, query):
    """An answer, or nothing if the engine is away."""
    try:
        return client.execute(query)[0][0]
    except (Error, OSError, EOFError):
        client.disconnect()
        return None


def loaded_us(client, table="picture"):
    return ask(client, f"SELECT toUnixTimestamp64Micro(max(tick)) FROM {table}") or 0


def seconds_to_load(client, table="picture"):
    """Seconds until a picture of a tick from now on is in the table."""
    since_us, began_s = now_us(), time.monotonic()
    wait_for(
        lambda: loaded_us(client, table),
        lambda tick_us: tick_us > since_us,
        patience_s=MOST_S,
        every_s=0.2,
    )
    return time.monotonic() - began_s


def kill_task_manager(station, chance):
    """Kill it and wait until another runs the job."""
    old = station.pid(TASK_MANAGER)
    station.kill(TASK_MANAGER)
    station.wait_for(TASK_MANAGER, MOST_S, after_pid=old)
    time.sleep(chance.uniform(0.0, 2.0))  # the next kill comes at any point


class AbsentEngine:
    """The engine is killed and cannot come back, since its folder is held."""

    def __init__(self, station):
        self.station = station

    def __enter__(self):
        self.station.kill("engine")
        wait_for(self.held, every_s=0.001)
        return self

    def held(self):
        """Whether the folder is ours; an engine that was quicker is killed too."""
        with suppress(BlockingIOError):
            self.lock = hold(self.station.state_dir / "engine", "engine.lock")
            return True
        with suppress(StationError, ProcessLookupError):
            self.station.kill("engine")
        return False

    def __exit__(self, *_):
        self.lock.close()


def station_says(station, *words):
    done = CliRunner().invoke(app, [*words, "--config", str(station.state_dir / "settings.toml")])
    return done.exit_code, done.output


def counted(client, table, since_us=0):
    """Rows, and different rows."""
    keys = "cell_key, tick" + ", track_id" * (table == "fused_object_state")
    return client.execute(
        f"SELECT count(), uniqExact({keys}) FROM {table}"
        f" WHERE tick >= fromUnixTimestamp64Micro({since_us})"
    )[0]


def test_a_second_reading_changes_nothing_where_tokens_are_remembered(station, client):
    """And it shows where they are not: the control of the comparison below."""
    window = (
        "ALTER TABLE fused_object_state MODIFY SETTING non_replicated_deduplication_window = {}"
    )
    client.execute(window.format(0))
    sender = FusedSender(station.resolved.kafka, codec_of(station.resolved))
    sender.start()
    for _ in range(3):
        seconds_to_load(client)
    station.submit("warehouse", paths.ROOT / "jobs" / "warehouse.py")  # without what it knew
    for table in TABLES:
        seconds_to_load(client, table)
    sender.end()
    client.execute(window.format(10_000))
    rows, different = counted(client, "picture")
    assert rows == different
    rows, different = counted(client, "fused_object_state")
    assert rows > different


def test_every_row_is_there_once_whatever_dies(station, client, capsys):
    settings, chance, since_us = station.resolved, random.Random(5), now_us()
    sender = FusedSender(settings.kafka, codec_of(settings))
    sender.start()
    seconds_to_load(client)
    client.execute("ALTER TABLE picture ADD CONSTRAINT no_cell_7 CHECK cell_key != 'cell-07'")
    for _ in range(KILLS // 2):
        kill_task_manager(station, chance)
    parked_s = seconds_to_load(client, "fused_object_state")
    wait_for(
        lambda: station_says(station, "status")[1].splitlines()[1],
        lambda first_line: "blocks of fused.objects are parked" in first_line,
        patience_s=MOST_S,
    )
    client.execute("ALTER TABLE picture DROP CONSTRAINT no_cell_7")
    began = time.monotonic()
    with AbsentEngine(station):
        for _ in range(KILLS - KILLS // 2):
            kill_task_manager(station, chance)
        station.kill("broker")
        time.sleep(max(0.0, ABSENCE_S - (time.monotonic() - began)))
        absent_s = time.monotonic() - began
    back_s = seconds_to_load(client)
    assert station_says(station, "reload")[0] == 0
    sender.end()
    with capsys.disabled():
        print(f"\nloaded {parked_s:.1f} s after the last of {KILLS // 2} kills, a table refusing;"
              f" {back_s:.1f} s after {absent_s:.0f} s without the engine")  # fmt: skip
    compare(settings, client, since_us)


def compare(settings, client, since_us):
    everything = committed(settings.kafka.client(), codec_of(settings), (OBJECTS,))
    records = [record for _, record in everything if record["tick_us"] >= since_us]
    assert len(records) > 1000
    for table in rows_of(OBJECTS, records):
        due = len(table)
        await_count(lambda t=table.table: counted(client, t, since_us)[0], due)
        assert counted(client, table.table, since_us) == (due, due), table.table
    assert client.execute("SELECT count() FROM station_raw.parked_block") == [(0,)]

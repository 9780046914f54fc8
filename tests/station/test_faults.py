"""Parts die in the middle of a replay; afterwards every row is there, and there once."""

import threading
import time

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.demo.watch import LiveReader
from infra.local import paths
from infra.replay.send import producer_of, send_live
from jobs.io.rows import rows_of
from jobs.runtime.clock import now_us
from operators.routes import OBJECTS
from tests.accounts import assert_accounts_close
from tests.station.oracle import await_account, codec_of, differences, expected, published

pytestmark = [pytest.mark.station, pytest.mark.timeout(1500)]

PATIENCE_S = 240.0
FORGETFUL = paths.ROOT / "tests" / "station" / "forgetful_job.py"
# A picture of a tick so long after the kill cannot have been on its way.
AFTER_US = 1_000_000
PARTS = ("fusion.taskmanager-1", "engine", "broker", "fusion.jobmanager")


class Replay(threading.Thread):
    """Sends the district again and again until told to stop, each time as new."""

    def __init__(self, kafka, messages, sources):
        super().__init__(daemon=True)
        self.kafka, self.messages, self.sources = kafka, messages, sources
        self.ended = threading.Event()
        self.failure = None

    def run(self):
        try:
            send_live(self.messages[:200], self.sources, producer_of(self.kafka))
            while not self.ended.is_set():
                send_live(self.messages[:1500], [], producer_of(self.kafka))
        except Exception as error:  # told to the test, which fails
            self.failure = error


def wait_for(what, patience_s=PATIENCE_S):
    """Seconds until `what` is true."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > patience_s:
            pytest.fail(f"not within {patience_s} s")
        time.sleep(0.2)
    return time.monotonic() - began


def seconds_until(conditions):
    """Seconds from now until each condition is true for the first time."""
    began, found = time.monotonic(), {}

    def all_seen():
        for number, condition in enumerate(conditions):
            if number not in found and condition():
                found[number] = time.monotonic() - began
        return len(found) == len(conditions)

    wait_for(all_seen)
    return [found[number] for number in range(len(conditions))]


def newest_loaded(client, database):
    try:
        return client.execute(f"SELECT toUnixTimestamp64Micro(max(tick)) FROM {database}.picture")[
            0
        ][0]
    except (Error, OSError, EOFError):
        client.disconnect()
        return 0


@pytest.fixture
def client(station):
    settings = station.resolved.clickhouse
    made = Client(**settings.client(), database=settings.database)
    yield made
    made.disconnect()


def test_kills_lose_nothing_and_double_nothing(station, district, client, capsys):
    settings = station.resolved
    replay = Replay(settings.kafka, *district)
    readers = [
        LiveReader(settings.kafka.client(), codec_of(settings), settings.run.cut_us, isolation)
        for isolation in ("read_uncommitted", "read_committed")
    ]
    for reader in readers:
        reader.start()
    replay.start()
    for reader in readers:
        wait_for(lambda r=reader: r.ages.ticks_us)
    for part in PARTS:
        time.sleep(8.0)
        killed_us = now_us()
        station.kill(part)
        seen = [
            lambda r=reader, at=killed_us: r.ages.ticks_us[-1] > at + AFTER_US for reader in readers
        ]
        seen.append(
            lambda at=killed_us: newest_loaded(client, settings.clickhouse.database) > at + AFTER_US
        )
        fresh_s, committed_s, loaded_s = seconds_until(seen)
        with capsys.disabled():
            print(
                f"\nkill -9 of {part}: next fresh picture after {fresh_s:.1f} s, "
                f"committed after {committed_s:.1f} s, in the warehouse after {loaded_s:.1f} s"
            )
    replay.ended.set()
    replay.join(120.0)
    for reader in readers:
        reader.end()
    assert replay.failure is None
    compare_when_quiet(settings, client)


def compare_when_quiet(settings, client):
    time.sleep(16.0)
    oracle, log = expected(settings)
    found = {}

    def equal():
        found.clear()
        found.update(published(settings))
        return differences(oracle, found) == {}

    wait_for(equal)
    assert_accounts_close(found, log)
    await_account(client, settings, sum(entry.record.body is not None for entry in log))
    for topic in (OBJECTS, "fused.links", "ledger.records"):
        for table in rows_of(topic, oracle[topic]):
            wait_for(lambda t=table: count(client, t.table) >= len(t))
            time.sleep(2.0)
            assert count(client, table.table) == len(table), table.table


def count(client, table):
    """Rows as they lie there, repeats included: nothing is merged away by FINAL."""
    return client.execute(f"SELECT count() FROM {table}")[0][0]


def test_stop_with_savepoint_and_go_on_with_another_parallelism(station, district, client):
    messages, sources = district
    settings = station.resolved
    sending = Replay(settings.kafka, messages, sources)
    sending.start()
    time.sleep(15.0)
    savepoint = station.stop_with_savepoint("fusion")
    station.submit("fusion", paths.ROOT / "jobs" / "fusion.py", ("--parallelism", "1"), savepoint)
    time.sleep(10.0)
    sending.ended.set()
    sending.join(120.0)
    assert sending.failure is None
    compare_when_quiet(settings, client)


def test_a_job_that_forgets_its_state_shows(station, district):
    """The control of the tests before: everything was equal until now."""
    settings = station.resolved
    sending = Replay(settings.kafka, *district)
    sending.start()
    time.sleep(15.0)
    savepoint = station.stop_with_savepoint("fusion")
    station.submit("fusion", FORGETFUL, (), savepoint)
    time.sleep(10.0)
    sending.ended.set()
    sending.join(120.0)
    assert sending.failure is None
    time.sleep(16.0)
    oracle, _ = expected(settings)
    # the front forgot nothing: when its ledgers are there, so is what the cells made
    wait_for(lambda: "ledger.records" not in differences(oracle, published(settings)))
    time.sleep(3.0)
    assert OBJECTS in differences(oracle, published(settings))

"""Parts die in the middle of a replay; afterwards every row is there, and there once."""

import threading
import time

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from infra.demo.watch import LiveReader
from infra.local import paths
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.rows import rows_of
from jobs.runtime.clock import now_us
from operators.routes import OBJECTS
from tests.accounts import assert_accounts_close
from tests.station.oracle import (
    MOST_S,
    QUIET_S,
    await_account,
    await_count,
    await_equal,
    codec_of,
    differences,
    expected,
    published,
)
from tests.waiting import wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(4800)]

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

    def end(self):
        self.ended.set()
        self.join(MOST_S)
        assert not self.is_alive()
        assert self.failure is None


def seconds_until(conditions):
    """Seconds from now until each condition is true for the first time."""
    began, found = time.monotonic(), {}

    def seen():
        for number, condition in enumerate(conditions):
            if number not in found and condition():
                found[number] = time.monotonic() - began
        return found

    wait_for(seen, lambda _: len(found) == len(conditions), patience_s=MOST_S, every_s=0.2)
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
        wait_for(lambda r=reader: r.ages.ticks_us or not r.is_alive(), patience_s=MOST_S)
    say_how_soon_a_track_is_shown(client, settings.clickhouse.database, capsys)
    for part in PARTS:
        time.sleep(8.0)  # some checkpoints; the kill may come at any point
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
    replay.end()
    for reader in readers:
        reader.end()
    compare_when_quiet(settings, client)


def say_how_soon_a_track_is_shown(client, database, capsys):
    """A track that lives on is in `digital_track`.

    It waits for a commit of the fusion job, for the cut of its block, and for the time of the
    partition to pass that: a second at the most for each, where nothing lags.
    """
    since_us = now_us()
    query = f"SELECT toUnixTimestamp64Micro(max(ended)) FROM {database}.digital_track(track=0)"
    (shown_s,) = seconds_until([lambda: client.execute(query)[0][0] > since_us])
    with capsys.disabled():
        print(f"\na track is in digital_track {shown_s:.1f} s after its tick")


def compare_when_quiet(settings, client):
    oracle, log, found = await_equal(settings)
    assert differences(oracle, found) == {}
    assert_accounts_close(found, log)
    await_account(client, settings, sum(entry.record.body is not None for entry in log))
    for topic in (OBJECTS, "fused.links", "ledger.records"):
        for table in rows_of(topic, oracle[topic]):
            await_count(lambda t=table: count(client, t.table), len(table))


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
    sending.end()
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
    sending.end()
    time.sleep(QUIET_S)

    def cells_to_their_end():
        """Cells whose last picture is there, and so all of theirs; how many is decided by both."""
        oracle, found = expected(settings)[0][OBJECTS], published(settings)[OBJECTS]
        last = last_ticks(found)
        cells = {cell for cell, tick in last_ticks(oracle).items() if last.get(cell) == tick}
        return [[one for one in side if one["cell_key"] in cells] for side in (oracle, found)]

    oracle, found = wait_for(
        cells_to_their_end, lambda sides: sides[1], patience_s=MOST_S, every_s=5.0
    )
    assert differences({OBJECTS: oracle}, {OBJECTS: found})


def last_ticks(pictures):
    """Tick of the last picture of each cell."""
    last = {}
    for one in pictures:
        last[one["cell_key"]] = max(one["tick_us"], last.get(one["cell_key"], 0))
    return last

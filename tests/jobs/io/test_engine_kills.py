"""The engine is killed again and again while blocks are loaded by the parts of the job.

What stands in for Flink is a loader that goes back to its last checkpoint after every failure and
starts with new connections, as the job does.
"""

import random
import threading
from functools import cache

import msgspec
import numpy as np
import pytest

from infra.clickhouse.migrate import migrate
from jobs.io.block_log import BlockLog
from jobs.io.clickhouse import InsertError, Warehouse
from jobs.io.delivery import Delivery
from jobs.io.joined import TableRows
from operators.blocks import PackedBlock, Span
from operators.routes import OBJECTS
from tests.infra.clickhouse.engine import client_of, warehouse_at
from tests.infra.local.conftest import Service
from tests.jobs.io.packed import CODEC, token
from tests.schemas.packing import packed_example

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PICTURES, OBJECTS_OF_ONE = 100, 40
ROWS = {"picture": PICTURES, "fused_object_state": PICTURES * OBJECTS_OF_ONE}
# Track-seconds, in the table of seconds and, from there, in the roll-up of the road.
ROLLED = {"fused_object_second": "count()", "road_minute": "sum(track_seconds)"}
SECONDS = PICTURES * OBJECTS_OF_ONE // 10
CHECKPOINT = 4  # blocks
DELAYS_S = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18)  # after a block that is new
BLOCK_OF = "intDiv(toUnixTimestamp64Micro(tick) - {start}, 10000000)"


def crowd():
    """A picture of many objects."""
    made = packed_example("picture", "two-objects-of-two-sources")
    for name, value in made.items():
        if isinstance(value, bytes):
            made[name] = value * (OBJECTS_OF_ONE // 2)
    made["count"] = OBJECTS_OF_ONE
    made["track_id"] = np.arange(OBJECTS_OF_ONE, dtype="<u8").tobytes()
    return made


CROWD = crowd()
START_US = CROWD["tick_us"] // 86_400_000_000 * 86_400_000_000


@cache
def block_of(number):
    """Block `number`: pictures of ten seconds of their own."""
    records = []
    for k in range(PICTURES):
        record = CROWD | {"tick_us": START_US + number * 10_000_000 + k * 100_000}
        records.append(CODEC.encode(OBJECTS, msgspec.msgpack.encode(record)))
    first = number * PICTURES
    return PackedBlock(OBJECTS, [Span(0, first, first + PICTURES - 1)], records)


class PieceWarehouse(Warehouse):
    """The fault of a control: inserts a block in two pieces, each remembered on its own."""

    def __init__(self, settings, between):
        super().__init__(settings)
        self.between = between

    def insert_rows(self, rows, token):
        half = len(rows) // 2
        for piece in (slice(half), slice(half, None)):
            columns = {name: column[piece] for name, column in rows.columns.items()}
            super().insert_rows(TableRows(rows.table, columns, rows.raw), f"{token}:{piece}")
            self.between()
        return len(rows)


class Loader:
    """Loads blocks in turn; what it has beyond its checkpoint it sends again after a failure."""

    def __init__(self, database, warehouse=Warehouse, *, goes_back=True):
        self.database, self.make, self.goes_back = database, warehouse, goes_back
        self.next = self.done = self.sent = self.failures = 0

    def load(self, port, until, on_new_block=lambda: None):
        where = warehouse_at(port, database=self.database)
        log = BlockLog(where.client(), self.database)
        delivery = Delivery(self.make(where), log, CODEC)
        try:
            while self.next < until:
                block = block_of(self.next)
                self.sent = max(self.sent, self.next + 1)
                delivery.take(block, token(block))
                self.next += 1
                if self.next > self.done:
                    self.done = self.next
                    on_new_block()
        except InsertError as error:
            self.failures += not error.refused
            self.next = self.next // CHECKPOINT * CHECKPOINT if self.goes_back else self.next + 1
        finally:
            delivery.close()


def prepare(client, database, window):
    """Tables of which every row that came in can be seen: nothing is merged away."""
    migrate(client, database)
    setting = f"non_replicated_deduplication_window = {window}"
    for table in ROWS:
        client.execute(f"DROP TABLE IF EXISTS {database}.{table} SYNC")
        client.execute(
            f"CREATE TABLE {database}.{table} AS station.{table} ENGINE = MergeTree"
            f" PARTITION BY toDate(tick) ORDER BY tick SETTINGS {setting}"
        )
    for table in ROLLED:
        client.execute(f"ALTER TABLE {database}.{table} MODIFY SETTING {setting}")


def halves(client, database):
    """Blocks of which a table has some rows and not all."""
    block = BLOCK_OF.format(start=START_US)
    return sum(
        client.execute(
            f"SELECT count() FROM (SELECT {block} AS block, uniqExact(tick, track_id) AS n"
            f" FROM {database}.{table} GROUP BY block HAVING n != {rows})".replace(
                "tick, track_id", "tick" if table == "picture" else "tick, track_id"
            )
        )[0][0]
        for table, rows in ROWS.items()
    )


class Outcome:
    """What the tables hold in the end, beside what is due."""

    def __init__(self, client, loader, halves):
        self.halves = halves
        database = loader.database
        self.found = {
            table: client.execute(f"SELECT {counted} FROM {database}.{table}")[0][0]
            for table, counted in (dict.fromkeys(ROWS, "count()") | ROLLED).items()
        }
        due = ROWS | dict.fromkeys(ROLLED, SECONDS)
        self.due = {table: rows * loader.sent for table, rows in due.items()}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Service("infra.local.engine", tmp_path_factory.mktemp("engine"))
    with connected(made) as client:
        migrate(client, "station")
    yield made
    made.stop()


def connected(engine):
    return client_of(engine.port)


def kill_while_loading(engine, loader, kills, window=10_000):
    with connected(engine) as client:
        prepare(client, loader.database, window)
    halved = 0
    for delay_s in random.Random(loader.database).choices(DELAYS_S, k=kills):
        killer = threading.Timer(delay_s, engine.process.kill)
        # once: a thread cannot be started twice
        loader.load(engine.port, 10**9, lambda k=killer: k.ident or k.start())
        killer.join()
        engine.kill()
        engine.start()
        with connected(engine) as client:
            halved += halves(client, loader.database)
    loader.load(engine.port, loader.sent)
    with connected(engine) as client:
        return Outcome(client, loader, halved)


def kill_at(engine, loader, block, window=10_000):
    """Kill the engine once, as soon as it has so many blocks: what a control shows is no chance."""
    with connected(engine) as client:
        prepare(client, loader.database, window)
    loader.load(engine.port, block + 1, lambda: loader.next == block and engine.kill())
    assert loader.failures == 1
    engine.start()
    with connected(engine) as client:
        halved = halves(client, loader.database)
    loader.load(engine.port, block + 1)
    with connected(engine) as client:
        return Outcome(client, loader, halved)


def digests(engine, database):
    with connected(engine) as client:
        return [
            client.execute(f"SELECT count(), sum(sipHash64(*)) FROM {database}.{table}")
            for table in (*ROWS, "fused_object_second")
        ]


def test_thirty_kills_lose_double_and_halve_nothing(engine):
    loader = Loader("thirty")
    found = kill_while_loading(engine, loader, 30)
    assert loader.failures == 30
    assert loader.sent > 30
    assert (found.found, found.halves) == (found.due, 0)
    before, loader.next = digests(engine, "thirty"), 0
    loader.load(engine.port, loader.sent)  # the same log from its start
    assert digests(engine, "thirty") == before


def test_without_a_memory_for_tokens_rows_are_there_twice(engine):
    loader = Loader("forgetful")
    found = kill_at(engine, loader, CHECKPOINT + 2, window=0)
    assert found.found["picture"] == found.due["picture"] + 2 * PICTURES
    assert found.found["road_minute"] == found.due["road_minute"] + 2 * SECONDS
    before, loader.next = digests(engine, "forgetful"), 0
    loader.load(engine.port, loader.sent)
    assert digests(engine, "forgetful") != before


def test_a_loader_that_does_not_go_back_loses_rows(engine):
    found = kill_at(engine, Loader("hasty", goes_back=False), CHECKPOINT + 2)
    assert (
        found.found["fused_object_state"]
        == found.due["fused_object_state"] - ROWS["fused_object_state"]
    )


def test_a_block_in_pieces_is_seen_halved(engine):
    kills = iter([engine.kill])  # between the two pieces of the first block
    found = kill_at(
        engine, Loader("pieces", lambda at: PieceWarehouse(at, next(kills, lambda: None))), 1
    )
    assert found.halves > 0

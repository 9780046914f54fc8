import math
import random
import threading

import pytest
from clickhouse_driver import errors

pytestmark = pytest.mark.engine

ROWS_PER_BLOCK = 500
BLOCKS_PER_CHECKPOINT = 8


class Loader:
    """Sends numbered blocks; after a fault it goes back to its last checkpoint, as a job does."""

    def __init__(self, client):
        self.client, self.next_block, self.sent, self.resent = client, 0, 0, 0

    def send_until(self, end):
        while self.next_block < end:
            first = self.next_block * ROWS_PER_BLOCK
            token = {"insert_deduplication_token": f"block {self.next_block}"}
            rows = [(i,) for i in range(first, first + ROWS_PER_BLOCK)]
            self.client.execute("INSERT INTO t VALUES", rows, settings=token)
            self.next_block += 1
            self.sent = max(self.sent, self.next_block)

    def go_back(self):
        checkpoint = self.next_block - self.next_block % BLOCKS_PER_CHECKPOINT
        self.resent += self.next_block - checkpoint
        self.next_block = checkpoint


def load_under_kills(engine, loader, kills, seed):
    for delay_s in random.Random(seed).choices([0.15, 0.2, 0.27, 0.35], k=kills):
        killer = threading.Timer(delay_s, engine.process.kill)
        killer.start()
        with pytest.raises((errors.Error, EOFError, OSError)):
            loader.send_until(math.inf)
        killer.join()
        engine.kill()
        engine.start()
        loader.go_back()
    loader.send_until(loader.sent + 1)


def make_tables(client, window):
    options = f"SETTINGS non_replicated_deduplication_window = {window}"
    client.execute(f"CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a {options}")
    client.execute(f"CREATE TABLE m (n UInt64) ENGINE = MergeTree ORDER BY n {options}")
    client.execute("CREATE MATERIALIZED VIEW v TO m AS SELECT count() AS n FROM t")


def counted(client):
    rows, distinct, last = client.execute("SELECT count(), uniqExact(a), max(a) FROM t")[0]
    (seen,) = client.execute("SELECT sum(n) FROM m")[0]
    return rows, distinct, last + 1, seen


def test_kills_lose_and_double_nothing_with_a_window(engine, client):
    make_tables(client, window=10_000)
    loader = Loader(client)
    load_under_kills(engine, loader, kills=5, seed=1)
    rows, distinct, sent, seen = counted(client)
    assert loader.resent > 0
    assert rows == distinct == sent == loader.sent * ROWS_PER_BLOCK
    assert seen == sent


def test_kills_double_rows_without_a_window(engine, client):
    make_tables(client, window=0)
    loader = Loader(client)
    load_under_kills(engine, loader, kills=2, seed=2)
    rows, distinct, sent, _ = counted(client)
    assert distinct == sent
    assert rows > distinct


def test_a_clean_stop_keeps_everything(engine, client):
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t VALUES", [(1,)])
    assert engine.stop() == 0
    engine.start()
    assert client.execute("SELECT a FROM t") == [(1,)]


def test_a_spooled_insert_of_a_killed_engine_is_dropped(engine, client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")

    def rows():
        yield from ((i,) for i in range(1000))
        assert list((engine.folder / "spool").iterdir())
        engine.kill()
        yield from ((i,) for i in range(1000))

    with pytest.raises((errors.Error, EOFError, OSError)):
        client.execute("INSERT INTO t VALUES", rows(), settings={"insert_block_size": 100})
    engine.start()
    assert client.execute("SELECT count() FROM t") == [(0,)]
    assert not list((engine.folder / "spool").iterdir())

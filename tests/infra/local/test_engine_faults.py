import pytest
from clickhouse_driver import errors

from tests.waiting import wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def test_a_clean_stop_keeps_everything(engine, client):
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t VALUES", [(1,)])
    assert engine.stop() == 0
    engine.start()
    assert client.execute("SELECT a FROM t") == [(1,)]


def test_a_spooled_insert_of_a_killed_engine_is_dropped(engine, client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")

    spool = engine.folder / "spool"

    def rows():
        yield from ((i,) for i in range(10_000))
        # What is sent may still be on its way.
        wait_for(lambda: [file for file in spool.iterdir() if file.stat().st_size])
        engine.kill()
        yield from ((i,) for i in range(1000))

    with pytest.raises((errors.Error, EOFError, OSError)):
        client.execute("INSERT INTO t VALUES", rows(), settings={"insert_block_size": 100})
    assert list(spool.iterdir())  # the killed engine has left it
    engine.start()
    assert client.execute("SELECT count() FROM t") == [(0,)]
    assert not list(spool.iterdir())

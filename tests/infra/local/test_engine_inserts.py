import datetime as dt
import sys
import types
import uuid
from decimal import Decimal

import numpy as np
import pytest
import zstandard
from clickhouse_driver.errors import ServerException

from tests.waiting import wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

UTC = dt.UTC
COLUMNS = {
    "i8": "Int8", "i16": "Int16", "i32": "Int32", "i64": "Int64", "u8": "UInt8", "u16": "UInt16",
    "u32": "UInt32", "u64": "UInt64", "i128": "Int128", "f32": "Float32", "f64": "Float64",
    "d": "Date", "t": "DateTime", "ts": "DateTime64(6, 'UTC')", "s": "String",
    "ls": "LowCardinality(String)", "lns": "LowCardinality(Nullable(String))",
    "fs": "FixedString(5)", "u": "UUID", "als": "Array(LowCardinality(String))",
    "au": "Array(UInt64)", "aas": "Array(Array(String))", "ns": "Nullable(String)",
    "nf": "Nullable(Float64)", "b": "Bool", "e": "Enum8('a b' = 1, 'c,d' = 2)",
    "tp": "Tuple(UInt8, String)", "tn": "Tuple(x UInt8, y String)", "m": "Map(String, UInt64)",
    "mls": "Map(LowCardinality(String), Array(UInt8))", "dec": "Decimal(18, 4)",
}  # fmt: skip


def row(i):
    now = dt.datetime(2024, 1, 2, 3, 4, 5, 678901 + i, tzinfo=UTC)
    none = None if i % 2 else 1.5
    return (
        -1, -2, -3, -4, 1, 2, 3, 2**64 - 1 - i, -(2**100), 1.5, 2.5 * i,
        now.date(), now.replace(microsecond=0, tzinfo=None), now, "é" * (i * 100),
        f"l{i % 3}", None if i % 2 else "q", "abcde", uuid.UUID(int=i), ["a", "b"] * i,
        list(range(i)), [["a"], []] * i, none and "n", none, bool(i % 2), "c,d",
        (i, "t"), (i, "u"), {"k": i, "l": 2}, {"p": [1, 2], "z": []}, Decimal("1.5"),
    )  # fmt: skip


def test_compressed_zstd_works_both_ways(engine, connect, monkeypatch):
    shim = types.ModuleType("zstd")  # what the driver imports; the same codec by another name
    shim.compress, shim.decompress = zstandard.compress, zstandard.decompress
    monkeypatch.setitem(sys.modules, "zstd", shim)
    client = connect(engine, compression="zstd", settings={"network_compression_method": "zstd"})
    client.execute("CREATE OR REPLACE TABLE z (a UInt64) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO z VALUES", [(i,) for i in range(10_000)])
    assert len(client.execute("SELECT * FROM z")) == 10_000


@pytest.mark.parametrize("compression", [False, "lz4"])
def test_every_type_comes_back_as_it_went(engine, client, connect, compression):
    other = connect(engine, database="test", compression=compression)
    declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    client.execute(f"CREATE TABLE w ({declared}) ENGINE = MergeTree ORDER BY u64")
    rows = [row(i) for i in range(7)]
    assert other.execute("INSERT INTO w VALUES", rows) == 7
    assert other.execute("SELECT * FROM w ORDER BY u64 DESC") == rows


@pytest.mark.parametrize("compression", [False, "lz4"])
def test_numpy_columns_come_back_as_they_went(engine, client, connect, compression):
    options = {"database": "test", "compression": compression, "settings": {"use_numpy": True}}
    columnar = connect(engine, **options)
    client.execute(
        "CREATE TABLE n (a UInt64, ts DateTime64(6), v Float64, s LowCardinality(String), t String)"
        " ENGINE = MergeTree ORDER BY a"
    )
    a = np.arange(100_000, dtype=np.uint64)
    names = np.array(["a", "b", "c", "d"] * 25_000, dtype=object)
    columns = [a, a.astype("datetime64[us]"), a / 3, names, names]
    columnar.execute("INSERT INTO n VALUES", columns, columnar=True)
    got = columnar.execute("SELECT * FROM n ORDER BY a", columnar=True)
    assert all(np.array_equal(x, y) for x, y in zip(got, columns, strict=True))


def test_defaults_fill_columns_that_are_not_named(client):
    client.execute(
        "CREATE TABLE t (a UInt8, b UInt8 DEFAULT a + 1, c UInt8 MATERIALIZED a * 2)"
        " ENGINE = MergeTree ORDER BY a"
    )
    client.execute("INSERT INTO t (a) VALUES", [(1,)])
    client.execute("INSERT INTO t VALUES", [(5, 5)])
    client.execute("INSERT INTO t (b, a) VALUES (9, 8)")
    client.execute("INSERT INTO t SELECT 20, 21")
    expected = [(1, 2, 2), (5, 5, 10), (8, 9, 16), (20, 21, 40)]
    assert client.execute("SELECT a, b, c FROM t ORDER BY a") == expected


def test_an_insert_of_nothing_is_no_error(client):
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    assert client.execute("INSERT INTO t VALUES", []) == 0
    assert client.execute("SELECT count() FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO nowhere VALUES", 60),
        ("INSERT INTO t (zz) VALUES", 16),
        ("INSERT INTO t VALUES", 469),
        ("INSERT INTO viewed VALUES", 395),
    ],
)
def test_a_failed_insert_is_told(client, sql, code):
    client.execute("CREATE TABLE t (a UInt8, CONSTRAINT c CHECK a < 5) ENGINE = Memory")
    client.execute("CREATE TABLE viewed (a UInt8) ENGINE = Null")
    client.execute("CREATE TABLE seen (a UInt8) ENGINE = Memory")
    client.execute("CREATE MATERIALIZED VIEW v TO seen AS SELECT throwIf(a = 9) AS a FROM viewed")
    with pytest.raises(ServerException) as refused:
        client.execute(sql, [(9,)])
    assert refused.value.code == code
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_a_client_that_leaves_amid_an_insert_leaves_nothing(engine, client, connect):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    leaver = connect(engine, database="test", settings={"insert_block_size": 1000})
    spool = engine.folder / "spool"

    def rows():
        yield from ((i,) for i in range(5000))
        wait_for(lambda: list(spool.iterdir()))
        leaver.connection.socket.close()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        leaver.execute("INSERT INTO t VALUES", rows())
    wait_for(lambda: list(spool.iterdir()), lambda files: not files)
    client.execute("INSERT INTO t VALUES", [(7,)])
    assert client.execute("SELECT count(), sum(a) FROM t") == [(1, 7)]


def test_an_insert_in_many_blocks_is_whole(client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    rows = [(i,) for i in range(5000)]
    client.execute("INSERT INTO t VALUES", rows, settings={"insert_block_size": 700})
    assert client.execute("SELECT count(), sum(a) FROM t") == [(5000, 4999 * 5000 // 2)]
    assert client.execute("SELECT count() FROM system.parts WHERE table = 't' AND active") == [(1,)]


def make_deduplicated(client, window):
    options = f"SETTINGS non_replicated_deduplication_window = {window}"
    client.execute(f"CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a {options}")
    client.execute(
        f"CREATE TABLE m (a UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY a {options}"
    )
    client.execute(
        "CREATE MATERIALIZED VIEW v TO m AS SELECT 1 AS a, count() AS n FROM t GROUP BY a"
    )


@pytest.mark.parametrize(("window", "times"), [(100, 1), (0, 3)])
@pytest.mark.parametrize("async_insert", [0, 1])
def test_a_token_counts_once_where_the_table_has_a_window(client, window, times, async_insert):
    make_deduplicated(client, window)
    settings = {
        "async_insert": async_insert,
        "deduplicate_insert": "enable",
        "deduplicate_blocks_in_dependent_materialized_views": 1,
        "insert_deduplication_token": "first",
    }
    for _ in range(3):
        client.execute("INSERT INTO t VALUES", [(i,) for i in range(10)], settings=settings)
    assert client.execute("SELECT count() FROM t") == [(10 * times,)]
    assert client.execute("SELECT sum(n) FROM m") == [(10 * times,)]


def test_a_token_counts_once_for_an_insert_of_many_blocks(engine, client, connect):
    make_deduplicated(client, 100)
    columnar = connect(engine, database="test", settings={"use_numpy": True})
    token = {"insert_deduplication_token": "large", "insert_block_size": 300_000}
    for _ in range(2):
        rows = [np.arange(2_500_000, dtype=np.uint64)]
        columnar.execute("INSERT INTO t VALUES", rows, columnar=True, settings=token)
    assert client.execute("SELECT count(), uniqExact(a) FROM t") == [(2_500_000, 2_500_000)]
    assert client.execute("SELECT sum(n) FROM m") == [(2_500_000,)]


def test_a_token_outranks_the_rows_and_ends_with_its_query(client):
    make_deduplicated(client, 100)
    first = {"insert_deduplication_token": "first"}
    client.execute("INSERT INTO t VALUES", [(1,)], settings=first)
    client.execute("INSERT INTO t VALUES", [(2,)], settings=first)
    client.execute("INSERT INTO t VALUES", [(3,)])
    client.execute("INSERT INTO t VALUES", [(3,)])  # deduplicated by content, as on a server
    assert client.execute("SELECT a FROM t ORDER BY a") == [(1,), (3,)]

import select
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from clickhouse_driver.errors import ServerException

from tests.waiting import PATIENCE_S, wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(100000000000000)"
RUNNING = "SELECT count() FROM system.processes WHERE startsWith(query, %(text)s)"


def wait_until_running(client, text, count=1):
    """Wait until so many statements that begin with a text run in the engine."""
    ask = (RUNNING, {"text": text})
    wait_for(lambda: client.execute(*ask), lambda found: found == [(count,)])


def code_of(client, sql, data=None, **options):
    with pytest.raises(ServerException) as refused:
        client.execute(sql, data, **options)
    return refused.value.code


def test_the_engine_greets_and_answers_pings(engine, client):
    assert client.connection.ping()
    assert client.connection.server_info.version_major >= 26
    assert client.connection.server_info.used_revision == 54429


@pytest.mark.parametrize("compression", [False, "lz4"])
def test_a_large_result_arrives_in_blocks(engine, connect, compression):
    client = connect(engine, compression=compression)
    rows = client.execute_iter("SELECT number FROM numbers(300000)")
    assert sum(value for (value,) in rows) == 299_999 * 300_000 // 2
    progress = client.execute_with_progress("SELECT number FROM numbers(300000)")
    assert sum(1 for _ in progress) >= 2


@pytest.mark.parametrize("sql", ["SELECT 1 AS a, 'x' AS b", "SHOW TABLES FROM system LIKE 'one'"])
def test_a_result_tells_its_columns(client, sql):
    rows, columns = client.execute(sql, with_column_types=True)
    assert len(rows) == 1
    assert columns in ([("a", "UInt8"), ("b", "String")], [("name", "String")])


def test_an_empty_result_still_has_its_columns(client):
    client.execute("CREATE TABLE t (a UInt8, b String) ENGINE = MergeTree ORDER BY a")
    described = [("a", "UInt8"), ("b", "String")]
    assert client.execute("SELECT * FROM t", with_column_types=True) == ([], described)
    assert client.execute("SHOW TABLES LIKE 'x'", with_column_types=True)[1] == [("name", "String")]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM nowhere", 60),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT no_such_function(1)", 46),
        ("DROP DATABASE nowhere", 81),
        ("SELECT throwIf(number = 200000) FROM numbers(300000)", 395),
        ("INSERT INTO nowhere SELECT 1", 60),
    ],
)
def test_an_error_has_the_engines_code(client, sql, code):
    assert code_of(client, sql) == code
    assert client.execute("SELECT 1") == [(1,)]


def test_an_error_does_not_show_what_was_added_to_the_query(client):
    with pytest.raises(ServerException) as refused:
        client.execute("SELEC 1")
    assert "engine" not in refused.value.message


def test_a_connection_survives_an_error(client):
    connection = client.connection
    connection.send_query("SELECT * FROM nowhere")
    connection.send_external_tables(())
    assert connection.receive_packet().exception.code == 60
    assert connection.ping()


def test_hello_chooses_the_database(engine, client, connect):
    assert connect(engine, database="test").execute("SELECT currentDatabase()") == [("test",)]
    assert code_of(connect(engine, database="nowhere"), "SELECT 1") == 81


def test_sessions_are_apart(engine, client, connect):
    other = connect(engine)
    client.execute("CREATE TEMPORARY TABLE mine (x UInt8)")
    client.execute("SET max_threads = 1")
    assert other.execute("SELECT currentDatabase()") == [("default",)]
    assert code_of(other, "SELECT * FROM mine") == 60


def test_settings_hold_for_one_query(client):
    ask = "SELECT getSetting('max_block_size')"
    default = client.execute(ask)
    assert client.execute(ask, settings={"max_block_size": 7}) == [(7,)]
    assert client.execute(ask) == default


def test_a_session_setting_comes_back_after_a_query_setting(client):
    ask = "SELECT getSetting('max_block_size')"
    client.execute("SET max_block_size = 11")
    assert client.execute(ask, settings={"max_block_size": 7}) == [(7,)]
    assert client.execute(ask) == [(11,)]


def test_a_read_only_query_does_not_lock_the_session(client):
    assert client.execute("SELECT 1", settings={"readonly": 1}) == [(1,)]
    client.execute("CREATE TABLE t (a UInt8) ENGINE = Memory")
    assert client.execute("SELECT currentDatabase()") == [("test",)]


def test_unknown_settings_matter_only_when_important(engine, client, connect):
    assert client.execute("SELECT 1", settings={"no_such_setting": 1}) == [(1,)]
    strict = connect(engine, settings_is_important=True)
    assert code_of(strict, "SELECT 1", settings={"no_such_setting": 1}) == 115


def test_a_query_ends_at_its_time_limit(client):
    assert code_of(client, ENDLESS, settings={"max_execution_time": 0.2}) == 159


@pytest.mark.parametrize("sql", ["SELECT number FROM system.numbers", ENDLESS])
def test_a_cancelled_query_stops(client, sql):
    """Neither would come to an end by itself before the client gives up."""
    connection = client.connection
    connection.send_query(sql)
    connection.send_external_tables(())
    client.cancel()
    assert connection.ping()


def test_the_query_of_a_client_that_left_is_killed(engine, client, connect):
    leaver = connect(engine)
    leaver.execute("SELECT 1")
    leaver.connection.send_query(ENDLESS)
    leaver.connection.send_external_tables(())
    wait_until_running(client, ENDLESS)
    leaver.disconnect()
    wait_until_running(client, ENDLESS, 0)


def test_a_client_that_does_not_read_hinders_nobody(engine, client, connect):
    idler = connect(engine)
    idler.execute("SELECT 1")
    large = "SELECT repeat('x', 1000) FROM numbers(100000000)"
    idler.connection.send_query(large)
    idler.connection.send_external_tables(())
    wait_for(lambda: select.select((idler.connection.socket,), (), (), 0)[0])
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t VALUES", [(1,)])
    assert client.execute("SELECT * FROM t") == [(1,)]
    wait_until_running(client, large)  # it has waited for its reader all the while


def test_many_clients_work_at_once(engine, client, connect):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    clients = [connect(engine, database="test") for _ in range(6)]

    def work(number):
        for step in range(10):
            clients[number].execute("INSERT INTO t VALUES", [(number * 10 + step,)])
            clients[number].execute("SELECT sum(a) FROM t")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert client.execute("SELECT count(), sum(a) FROM t") == [(60, 59 * 60 // 2)]


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff", b"\xff" * 64, b""])
def test_noise_on_the_port_harms_nobody(engine, client, noise):
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_S) as stranger:
        stranger.sendall(noise)
        stranger.shutdown(socket.SHUT_WR)
        while stranger.recv(4096):
            pass
    assert client.execute("SELECT 1") == [(1,)]


def test_a_folder_is_held_by_one_engine_only(engine):
    command = [sys.executable, "-m", "infra.local.engine", "--data", str(engine.folder)]
    second = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert second.returncode == 1
    assert "another engine" in second.stderr


def test_system_tables_can_be_read(client):
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t VALUES (1), (2)")
    ask = "SELECT name, total_rows FROM system.tables WHERE database = 'test'"
    assert client.execute(ask) == [("t", 2)]
    parts = "SELECT sum(rows) FROM system.parts WHERE active AND database = 'test'"
    assert client.execute(parts) == [(2,)]


def test_a_stop_ends_running_queries(service, connect):
    engine = service("infra.local.engine")
    client, watcher = connect(engine), connect(engine)
    client.execute("SELECT 1")
    failed = []

    def run():
        try:
            client.execute(ENDLESS)
        except (ServerException, EOFError, OSError) as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until_running(watcher, ENDLESS)
    assert engine.stop() == 0
    thread.join(PATIENCE_S)
    assert failed

"""A local engine of our own, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from clickhouse_driver import Client

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import WarehouseSettings

DATABASE = "station"


@contextmanager
def engine(folder: Path) -> Iterator[tuple[Client, WarehouseSettings, psutil.Process]]:
    """A client, the settings of a writer and the process; the engine ends with the block."""
    command = [sys.executable, "-m", "infra.local.engine", "--data", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline().split()[1])
            settings = WarehouseSettings("127.0.0.1", port, timeout_s=600.0)
            with settings.client() as client:
                migrate(client, DATABASE)
                yield client, settings, psutil.Process(process.pid)
        finally:
            process.terminate()


def core_s(process: psutil.Process) -> float:
    """Seconds of one core that the engine has spent."""
    times = process.cpu_times()
    return float(times.user + times.system)


def merge(client: Client) -> None:
    """Bring every table to as few parts as it can have."""
    names = client.execute(
        "SELECT name FROM system.tables WHERE database = %(of)s AND engine LIKE '%%MergeTree'",
        {"of": DATABASE},
    )
    for (name,) in names:
        client.execute(f"OPTIMIZE TABLE {DATABASE}.{name} FINAL")


def sizes(client: Client) -> dict[str, tuple[int, int]]:
    """Rows and bytes on disk of each table: data, marks, indexes, everything."""
    rows = client.execute(
        "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts"
        " WHERE active AND database = %(of)s GROUP BY table",
        {"of": DATABASE},
    )
    return {table: (count, size) for table, count, size in rows}


def column_bytes(client: Client, table: str) -> dict[str, float]:
    """Compressed bytes a row of each column."""
    rows = client.execute(
        "SELECT column, sum(column_data_compressed_bytes) / sum(rows) FROM system.parts_columns"
        " WHERE active AND database = %(of)s AND table = %(table)s GROUP BY column",
        {"of": DATABASE, "table": table},
    )
    return dict(rows)

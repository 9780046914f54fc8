"""A local engine for the tests of whatever needs a warehouse."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_driver import Client

from jobs.io.clickhouse import WarehouseSettings

# Nothing here is to be quick: an engine that a busy machine stopped for a while is no fault.
PATIENT = {"connect_timeout": 180, "send_receive_timeout": 600, "sync_request_timeout": 180}


@contextmanager
def running(module: str, *arguments: str) -> Iterator[int]:
    """Port of a server that prints `ready <port>`; it is ended at the end."""
    command = [sys.executable, "-m", module, *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split()[1])
        finally:
            process.terminate()


def client_of(port: int, **options: object) -> Client:
    """A client that waits; one that asks in vain would go on in a new session."""
    return Client("127.0.0.1", port=port, **PATIENT, **options)


def warehouse_at(port: int, **options: object) -> WarehouseSettings:
    """Settings of a warehouse that is waited for."""
    return WarehouseSettings("127.0.0.1", port, connect_timeout_s=180.0, timeout_s=600.0, **options)


@contextmanager
def running_engine(data: Path) -> Iterator[int]:
    """Port of a new local engine that keeps its state in `data`."""
    with running("infra.local.engine", "--data", str(data)) as port:
        yield port

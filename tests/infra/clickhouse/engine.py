"""A local engine for the tests of whatever needs a warehouse."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(module: str, *arguments: str) -> Iterator[int]:
    """Port of a server that prints `ready <port>`; it is ended at the end."""
    command = [sys.executable, "-m", module, *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline().split()[1])
        finally:
            process.terminate()


@contextmanager
def running_engine(data: Path) -> Iterator[int]:
    """Port of a new local engine that keeps its state in `data`."""
    with running("infra.local.engine", "--data", str(data)) as port:
        yield port

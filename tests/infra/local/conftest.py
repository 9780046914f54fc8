import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.clickhouse.engine import client_of
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[3]


class Service:
    """A module of the project in a process of its own, on a folder that outlives it."""

    def __init__(self, module, folder):
        self.module, self.folder, self.port = module, folder, 0
        self.start()

    def start(self):
        command = [sys.executable, "-m", self.module, "--data", str(self.folder)]
        command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        word, port = self.process.stdout.readline().split()
        assert word == "ready"
        self.port = int(port)

    def kill(self):
        self.process.kill()
        return self._reaped()

    def stop(self):
        self.process.terminate()
        return self._reaped()

    def _reaped(self):
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return status


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Starts a module: service(name) -> Service."""
    started = []

    def start(module):
        started.append(Service(module, tmp_path_factory.mktemp("service")))
        return started[-1]

    yield start
    for one in started:
        if one.process.returncode is None:
            one.stop()


@pytest.fixture(scope="module")
def engine(service):
    return service("infra.local.engine")


@pytest.fixture
def connect():
    """Opens a client: connect(engine, **options) -> Client."""
    clients = []

    def open_client(engine, **options):
        clients.append(client_of(engine.port, **options))
        return clients[-1]

    yield open_client
    for client in clients:
        client.disconnect()


@pytest.fixture
def client(engine, connect):
    """A client in a database of its own."""
    client = connect(engine)
    client.execute("DROP DATABASE IF EXISTS test")
    client.execute("CREATE DATABASE test")
    client.execute("USE test")
    return client

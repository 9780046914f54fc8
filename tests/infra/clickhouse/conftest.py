import pytest
from clickhouse_driver import Client

from tests.infra.clickhouse.engine import running_engine


@pytest.fixture(scope="module")
def engine_port(tmp_path_factory):
    with running_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture
def client(engine_port):
    client = Client("127.0.0.1", port=engine_port, send_receive_timeout=30)
    yield client
    client.disconnect()

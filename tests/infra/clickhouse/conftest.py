import pytest

from tests.infra.clickhouse.engine import client_of, running_engine


@pytest.fixture(scope="module")
def engine_port(tmp_path_factory):
    with running_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture
def client(engine_port):
    client = client_of(engine_port)
    yield client
    client.disconnect()

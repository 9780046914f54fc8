import pytest

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Warehouse
from tests.infra.clickhouse.engine import client_of, running_engine, warehouse_at


@pytest.fixture(scope="module")
def engine_port(tmp_path_factory):
    with running_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture(scope="module")
def client(engine_port):
    client = client_of(engine_port)
    migrate(client, "station")
    yield client
    client.disconnect()


@pytest.fixture
def warehouse(client, engine_port):
    tables = ("fused_object_state", "picture", "fused_link", "record_span", "record_ledger")
    for table in (*tables, "track_event", "track_alias", "track_family"):
        client.execute(f"TRUNCATE TABLE station.{table} SYNC")
    client.execute("TRUNCATE TABLE station_raw.block_log SYNC")
    warehouse = Warehouse(warehouse_at(engine_port))
    yield warehouse
    warehouse.close()

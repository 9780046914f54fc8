import pytest
from clickhouse_driver import Client

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Warehouse, WarehouseSettings
from tests.infra.clickhouse.engine import running_engine


@pytest.fixture(scope="module")
def engine_port(tmp_path_factory):
    with running_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture(scope="module")
def client(engine_port):
    client = Client("127.0.0.1", port=engine_port, send_receive_timeout=30)
    migrate(client, "station")
    yield client
    client.disconnect()


@pytest.fixture
def warehouse(client, engine_port):
    tables = ("fused_object_state", "picture", "fused_link", "record_span", "record_ledger")
    for table in (*tables, "track_event", "track_alias"):
        client.execute(f"TRUNCATE TABLE station.{table} SYNC")
    client.execute("TRUNCATE TABLE station_raw.block_log SYNC")
    warehouse = Warehouse(WarehouseSettings("127.0.0.1", engine_port))
    yield warehouse
    warehouse.close()

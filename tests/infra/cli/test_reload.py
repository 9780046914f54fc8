"""`station status` and `station reload` on a warehouse that has refused a block."""

from contextlib import suppress

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.clickhouse.migrate import migrate
from jobs.io.avro import AvroCodec
from jobs.io.block_log import BlockLog
from jobs.io.clickhouse import Warehouse
from jobs.io.delivery import BlockRefusedError, Delivery
from jobs.io.registry import register_all
from tests.infra.clickhouse.engine import client_of, running, running_engine, warehouse_at
from tests.jobs.io.packed import pictures, token

pytestmark = pytest.mark.engine


@pytest.fixture
def servers(tmp_path):
    folder = str(tmp_path / "registry")
    with (
        running_engine(tmp_path / "engine") as engine,
        running("infra.local.registry", "--data", folder) as registry,
    ):
        yield engine, f"http://127.0.0.1:{registry}"


def test_what_is_parked_is_named_first_and_reloaded(servers, tmp_path):
    engine, registry = servers
    config = tmp_path / "station.toml"
    config.write_text(
        '[kafka]\nbootstrap = "127.0.0.1:9"\n[flink]\nrest_url = "http://127.0.0.1:9"\n'
        f'[registry]\nurl = "{registry}"\n[clickhouse]\nurl = "clickhouse://127.0.0.1:{engine}"\n'
    )

    def station(*words):
        done = CliRunner().invoke(app, [*words, "--config", str(config)])
        return done.exit_code, done.output

    with client_of(engine) as client:
        migrate(client, "station")
        client.execute("ALTER TABLE station.picture ADD CONSTRAINT small CHECK count < 2")
        where = warehouse_at(engine)
        codec = AvroCodec(register_all(registry))
        delivery = Delivery(Warehouse(where), BlockLog(where.client(), "station"), codec)
        for _ in range(3):
            with suppress(BlockRefusedError):
                delivery.take(pictures(0, codec=codec), token(pictures(0)))
        delivery.close()

        assert "blocks of fused.objects are parked: 1" in station("status")[1].splitlines()[1]
        status, said = station("reload")
        assert (status, "refused again" in said) == (1, True)
        client.execute("ALTER TABLE station.picture DROP CONSTRAINT small")
        assert station("reload", "--table", "fused_link") == (0, "blocks reloaded: 0\n")
        assert station("reload") == (0, "blocks reloaded: 1\n")
        assert client.execute("SELECT count() FROM station.picture") == [(3,)]
        assert "parked" not in station("status")[1]

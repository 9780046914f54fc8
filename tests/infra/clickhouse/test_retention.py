"""Rows go when the days of their table are over, and not a day before."""

import pytest

from infra.clickhouse.migrate import migrate
from infra.clickhouse.retention import days_of
from jobs.sections import Retention
from tests.infra.clickhouse.engine import client_of

pytestmark = pytest.mark.engine

DATABASE = "aging"


@pytest.fixture(scope="module")
def kept(engine_port):
    """The tables that keep rows for days only."""
    with client_of(engine_port) as client:
        migrate(client, DATABASE)
        return client.execute(
            "SELECT database, name FROM system.tables WHERE startsWith(database, %(home)s)"
            " AND engine_full LIKE '%%TTL loaded_at + toIntervalDay%%' ORDER BY ALL",
            {"home": DATABASE},
        )


def left_of(client, where, days):
    """Rows left of one that was loaded so many days ago, after a merge."""
    client.execute(f"TRUNCATE TABLE {where} SYNC")
    client.execute(
        f"INSERT INTO {where} (loaded_at) SELECT now() - INTERVAL {days} DAY",
        settings={"insert_allow_materialized_columns": 1},
    )
    client.execute(f"OPTIMIZE TABLE {where} FINAL")
    return client.execute(f"SELECT count() FROM {where}")[0][0]


def test_rows_go_after_the_days_of_their_table(client, kept):
    assert len(kept) > 20  # of the settings' days; what shows the present has its own day
    left = {}
    for home, table in kept:
        days, where = days_of(table, Retention()), f"{home}.{table}"
        left[table] = (left_of(client, where, days - 1), left_of(client, where, days + 1))
    assert left == {table: (1, 0) for _, table in kept}

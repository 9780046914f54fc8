"""Grades of the sources of a run, as the tables give them."""

from datetime import UTC, datetime, timedelta

from infra.clickhouse.migrate import migrate
from jobs.io.clickhouse import Block, Warehouse
from tests.builders import values
from tests.infra.clickhouse.engine import client_of, warehouse_at

TOPICS = ("fused.objects", "source.quality", "ledger.records")


def grades_of(engine_port, database, outputs, minute_us):
    """Rows of `source_grade` over one minute, by profile and source."""
    minute = datetime.fromtimestamp(minute_us / 1e6, UTC)
    with client_of(engine_port) as client:
        migrate(client, database)
        warehouse = Warehouse(warehouse_at(engine_port, database=database))
        for topic in TOPICS:
            warehouse.insert(Block(topic, values(outputs, topic), topic))
        warehouse.close()
        rows, names = client.execute(
            f"SELECT * FROM {database}.source_grade(first=%(first)s, last=%(last)s)",
            {"first": minute, "last": minute + timedelta(minutes=1)},
            with_column_types=True,
        )
    told = (dict(zip([name for name, _ in names], row, strict=True)) for row in rows)
    return {(one["profile"], one["source_id"]): one for one in told}


def lowered(grade):
    """Dimensions in which a source is less than good."""
    return {name for name, of in grade["grades"].items() if of != "good"}

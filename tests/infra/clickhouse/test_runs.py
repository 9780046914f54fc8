from datetime import UTC, date, datetime

import pytest

from infra.clickhouse.migrate import migrate
from infra.clickhouse.runs import choose, chosen, follow_live
from jobs.io.clickhouse import Block, Warehouse
from tests.infra.clickhouse.engine import warehouse_at
from tests.schemas.packing import packed_example

pytestmark = pytest.mark.engine

PICTURE = packed_example("picture", "two-objects-of-two-sources")
DAY_US = 86_400_000_000
DAY = datetime.fromtimestamp(PICTURE["tick_us"] / 1e6, UTC).date()
NEXT = date.fromordinal(DAY.toordinal() + 1)


@pytest.fixture
def load(client, engine_port, request):
    """Loads a picture of a run on one of two days: load(run_id, days_later)."""
    database = request.node.name
    migrate(client, database)
    warehouse = Warehouse(warehouse_at(engine_port, database=database))

    def send(run_id, days_later=0):
        record = PICTURE | {"run_id": run_id, "tick_us": PICTURE["tick_us"] + days_later * DAY_US}
        warehouse.insert(Block("fused.objects", [record], f"{run_id}:{days_later}"))

    yield database, send
    warehouse.close()


def test_without_a_choice_a_day_shows_what_was_there_first(client, load):
    database, send = load
    assert chosen(client, database) == {}
    send("b")
    client.execute(f"OPTIMIZE TABLE {database}.run_day FINAL")
    client.execute(f"INSERT INTO {database}.run_day SELECT * REPLACE ('a' AS run_id,"
                   f" first_loaded + 1 AS first_loaded) FROM {database}.run_day")  # fmt: skip
    assert chosen(client, database) == {DAY: "b"}


def test_the_newest_choice_of_a_run_that_is_there_counts(client, load):
    database, send = load
    send("live")
    send("live", 1)
    send("backfill")
    choose(client, database, "backfill", (DAY, DAY), "better")
    assert chosen(client, database) == {DAY: "backfill", NEXT: "live"}
    choose(client, database, "nowhere", (DAY, NEXT), "it has no rows")
    assert chosen(client, database) == {DAY: "backfill", NEXT: "live"}
    choose(client, database, "live", (DAY, DAY), "taken back")
    assert chosen(client, database) == {DAY: "live", NEXT: "live"}


def test_a_new_live_run_is_followed_once_and_from_its_day_on(client, load):
    database, send = load
    for run in ("one", "two"):
        send(run)
        send(run, 1)
    follow_live(client, database, "one", DAY)
    follow_live(client, database, "one", NEXT)
    assert client.execute(f"SELECT count() FROM {database}.run_choice") == [(1,)]
    follow_live(client, database, "two", NEXT)
    assert chosen(client, database) == {DAY: "one", NEXT: "two"}

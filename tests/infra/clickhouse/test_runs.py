import random
import re
from datetime import UTC, date, datetime, timedelta

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
    database = re.sub(r"\W", "_", request.node.name)
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


def test_a_choice_of_a_run_that_comes_later_counts_when_it_is_there(client, load):
    database, send = load
    send("live")
    choose(client, database, "newer", (DAY, NEXT), "before it has rows")
    assert chosen(client, database) == {DAY: "live"}
    send("newer", 1)
    assert chosen(client, database) == {DAY: "live", NEXT: "newer"}
    send("newer")
    assert chosen(client, database) == {DAY: "newer", NEXT: "newer"}


def by_the_rule(client, database):
    """What each day shows and the run of now, from the choices and the days alone."""
    choices = client.execute(
        f"SELECT run_id, first_day, last_day FROM {database}.run_choice ORDER BY number DESC"
    )
    loaded = client.execute(
        f"SELECT day, min(first_loaded), run_id FROM {database}.run_day GROUP BY day, run_id"
    )
    shown = {}
    for day in {row[0] for row in loaded}:
        there = sorted(row[1:] for row in loaded if row[0] == day)
        wanted = [run for run, first, last in choices if first <= day <= last]
        runs = [run for run in wanted if run in {run for _, run in there}]
        shown[day] = [*runs, there[0][1]][0]
    return shown, shown[max(shown)]


@pytest.mark.parametrize("seed", range(3))
def test_days_show_what_the_rule_says_whatever_came_first(client, load, seed):
    database, send = load
    drawn, rule = random.Random(seed), []
    send("a")
    for _ in range(25):
        run, first = drawn.choice("abc"), drawn.randrange(4)
        if drawn.random() < 0.5:
            send(run, first)
        else:
            span = DAY + timedelta(first), DAY + timedelta(first + drawn.randrange(3))
            choose(client, database, run, span, "test")
        shown, now = by_the_rule(client, database)
        assert chosen(client, database) == shown
        assert client.execute(f"SELECT run FROM {database}.current_run") == [(now,)]
        rule.append(tuple(sorted(shown.items())))
    assert len(set(rule)) > 3

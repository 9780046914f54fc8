"""What the warehouse says of a track: its states under every id that it had, of one run."""

import pytest

from infra.clickhouse.migrate import migrate
from infra.serve.history import History
from jobs.io.clickhouse import Block, Warehouse
from jobs.sections import ClickHouse
from tests.infra.clickhouse.engine import client_of, running_engine, warehouse_at
from tests.infra.clickhouse.graded import grades_of
from tests.infra.clickhouse.pictures import START_US, drive, picture
from tests.operators.account.world import EAST, FIRST_MINUTE_US, a_world, told, with_fault

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with running_engine(tmp_path_factory.mktemp("engine")) as at:
        yield at


@pytest.fixture(scope="module")
def history(port):
    """One object that was 5 and became 7, another that is 9, and a second run of the same."""
    with client_of(port) as client:
        migrate(client, "station")
        client.execute(
            "INSERT INTO station.track_alias (run_id, track_id, other_track_id, tick) VALUES",
            [("run-1", 5, 7, 0)],
        )
    one = [*drive(5, 1), *drive(7, 1, start_us=START_US + 1_000_000)]
    records = [picture(tick, [made]) for tick, made in one]
    records += [picture(tick, [made], cell="873099596ffffff") for tick, made in drive(9, 2)]
    warehouse = Warehouse(warehouse_at(port))
    warehouse.insert(Block("fused.objects", records, "a"))
    again = [picture(tick, [made], run="run-2") for tick, made in drive(7, 2)]
    warehouse.insert(Block("fused.objects", again, "b"))
    warehouse.close()
    return History(ClickHouse(url=f"clickhouse://127.0.0.1:{port}"))


def test_a_track_has_its_states_under_all_its_ids_and_of_one_run(history):
    states = history.track(7, START_US, START_US + 10_000_000, 1000)
    assert [s["tick_us"] for s in states] == [START_US + k * 100_000 for k in range(20)]
    assert {s["run_id"] for s in states} == {"run-1"}
    assert [s["track_id"] for s in states] == ["5"] * 10 + ["7"] * 10
    assert states[0]["lat_deg"] == pytest.approx(31.2)
    assert states[0]["class"] == "car"


def test_an_interval_and_a_limit_are_kept(history):
    states = history.track(7, START_US + 500_000, START_US + 800_000, 1000)
    assert [s["tick_us"] - START_US for s in states] == [500_000, 600_000, 700_000]
    assert len(history.track(7, START_US, START_US + 10_000_000, 3)) == 3
    assert history.track(1, START_US, START_US + 10_000_000, 3) == []


@pytest.fixture(scope="module")
def graded(port):
    """A minute of two units, one of which is late."""
    outputs = told(a_world(with_fault(EAST, delay_ms=220), warm_up_s=-36, seconds=60))
    grades_of(port, "grades_over_http", outputs, FIRST_MINUTE_US)
    url = f"clickhouse://127.0.0.1:{port}"
    return History(ClickHouse(url=url, database="grades_over_http"))


def test_grades_name_the_worst_dimension_of_each_source(graded):
    found = {(one["source_id"], one["profile"]): one for one in graded.grades("", 60)}
    late = found["east", "assisted"]
    assert (late["grade"], late["worst"]) == ("poor", "delay_s")
    assert late["from_us"] == FIRST_MINUTE_US
    assert len({source for source, _ in found}) > 1


def test_grades_of_one_source_are_of_that_source(graded):
    found = graded.grades("east", 60)
    assert {one["source_id"] for one in found} == {"east"}
    assert {one["profile"] for one in found} == {"assisted", "automated"}


def test_no_minute_is_no_grade(history):
    assert history.grades("", 60) == []

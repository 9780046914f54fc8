"""`station replay --backfill` and `station backfill`: a run of its own, equal to its oracle."""

import pytest
from clickhouse_driver import Client
from typer.testing import CliRunner

from infra.cli.main import app
from infra.clickhouse.compare import compare
from infra.clickhouse.runs import chosen, days_of
from infra.local.station import LocalStation
from infra.simulator.files import write_files
from infra.simulator.scenario import Scenario, simulate
from operators.routes import OBJECTS
from tests.accounts import assert_accounts_close
from tests.station.conftest import START_US
from tests.station.oracle import differences, expected, made_of, published

pytestmark = [pytest.mark.station, pytest.mark.timeout(2400)]

NAME, SUFFIX = "district", ".district"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """Everything but the fusion job: a backfill brings its own."""
    parts = ("broker", "registry", "engine", "pulse", "warehouse")
    with LocalStation(tmp_path_factory.mktemp("backfill"), parts=parts) as running:
        yield running


@pytest.fixture(scope="module")
def command(station):
    """Runs `station` as its operator does; gives what it said."""

    def run(*words):
        done = CliRunner().invoke(
            app, [*words, "--config", str(station.state_dir / "settings.toml")]
        )
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture(scope="module")
def replayed(station, command, tmp_path_factory):
    """Settings of the station, after a simulated district went through it as a backfill."""
    folder = tmp_path_factory.mktemp("files")
    for _ in write_files(simulate(Scenario(start_us=START_US, duration_s=20.0, seed=3)), folder):
        pass
    command("replay", str(folder / "messages.jsonl"), "--backfill", NAME)
    command("backfill", NAME)
    return station.resolved


def test_backfill_equals_the_pipeline_row_by_row(replayed):
    oracle, log = expected(replayed, NAME, SUFFIX)
    found = published(replayed, NAME)
    assert len(oracle[OBJECTS]) > 100
    assert {record["tick_us"] // 60_000_000 for record in found[OBJECTS]} == {
        START_US // 60_000_000
    }  # the recorded time, not today's
    assert differences(oracle, found) == {}
    assert_accounts_close(found, log)


def test_one_message_less_would_show(replayed):
    """The control: the comparison sees a single frame that is not there."""
    _, log = expected(replayed, NAME, SUFFIX)
    bodies = [k for k, entry in enumerate(log) if entry.record.body is not None]
    del log[bodies[len(bodies) // 2]]
    assert OBJECTS in differences(made_of(log, replayed, NAME, SUFFIX), published(replayed, NAME))


def test_the_same_log_again_has_equal_hashes_and_is_shown_when_it_is_swapped_in(replayed, command):
    with Client(**replayed.clickhouse.client()) as client:
        days = days_of(client, "station", NAME)
        assert chosen(client, "station") == dict.fromkeys(days, NAME)
        said = command("backfill", NAME, "--run", "again", "--swap")
        assert "other rows" not in said
        found = compare(client, "station", "again", dict.fromkeys(days, NAME))
        assert {d.table for d in found if d.new and d.new.rows} >= {
            "station.fused_object_state", "station.picture", "station.fused_link",
            "station.record_ledger", "station.observation_ledger", "station.track_event",
        }  # fmt: skip
        assert [d.table for d in found if not d.equal] == []
        assert chosen(client, "station") == dict.fromkeys(days, "again")
        command("backfill", NAME, "--swap")  # taken back, without fusing again
        assert chosen(client, "station") == dict.fromkeys(days, NAME)

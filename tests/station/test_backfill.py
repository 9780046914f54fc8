"""`station replay --backfill` and a bounded job: a run of its own, equal to its oracle."""

import time

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local import paths
from infra.local.state import JobPlan
from infra.local.station import LocalStation
from infra.simulator.files import write_files
from infra.simulator.scenario import Scenario, simulate
from operators.routes import OBJECTS
from tests.station.conftest import START_US
from tests.station.oracle import assert_ledgers_close, differences, expected, made_of, published

pytestmark = [pytest.mark.station, pytest.mark.timeout(600)]

NAME, SUFFIX = "district", ".district"


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """Broker, registry and a Flink without a job: nothing of a backfill is live."""
    job = JobPlan("fusion", None, (), task_managers=2)
    folder = tmp_path_factory.mktemp("backfill")
    with LocalStation(folder, parts=("broker", "registry", "engine"), jobs=(job,)) as running:
        yield running


@pytest.fixture(scope="module")
def replayed(station, tmp_path_factory):
    """Settings of the station, after a simulated district went through it as a backfill."""
    folder = tmp_path_factory.mktemp("files")
    messages = folder / "messages.jsonl"
    for _ in write_files(simulate(Scenario(start_us=START_US, duration_s=20.0, seed=3)), folder):
        pass
    config = station.state_dir / "settings.toml"
    words = ["replay", str(messages), "--backfill", NAME, "--config", str(config)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    jid = station.submit("fusion", paths.ROOT / "jobs" / "fusion.py", ("--backfill", NAME))
    manager, state = station.flink_rest("fusion"), ""
    while state != "FINISHED":
        state = next(job.state for job in manager.jobs() if job.jid == jid)
        assert state in ("RUNNING", "FINISHED"), manager.failure(jid)
        time.sleep(0.2)
    return station.resolved


def test_backfill_equals_the_pipeline_row_by_row(replayed):
    oracle, log = expected(replayed, NAME, SUFFIX)
    found = published(replayed, NAME)
    assert len(oracle[OBJECTS]) > 100
    assert {record["tick_us"] // 60_000_000 for record in found[OBJECTS]} == {
        START_US // 60_000_000
    }  # the recorded time, not today's
    assert differences(oracle, found) == {}
    assert_ledgers_close(found, log)


def test_one_message_less_would_show(replayed):
    """The control: the comparison sees a single frame that is not there."""
    _, log = expected(replayed, NAME, SUFFIX)
    bodies = [k for k, entry in enumerate(log) if entry.record.body is not None]
    del log[bodies[len(bodies) // 2]]
    assert OBJECTS in differences(made_of(log, replayed, NAME, SUFFIX), published(replayed, NAME))

"""The supervisor and the Flink of one job."""

from contextlib import suppress

import psutil
import pytest

from infra.local.paths import ROOT
from infra.local.process import strays
from infra.local.rest import FlinkError
from infra.local.state import JobPlan, StationError
from infra.local.station import LocalStation
from tests.waiting import wait_for

JOB = ROOT / "tests" / "infra" / "local" / "endless_job.py"
pytestmark = [pytest.mark.station, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    job = JobPlan("fusion", str(JOB))
    folder = tmp_path_factory.mktemp("station")
    with LocalStation(folder, parts=(), jobs=(job,)) as started:
        yield started
    assert strays(folder) == []


def resumed_from(station, old=""):
    """Path of the snapshot that a running job other than `old` started from, and its id."""
    manager = station.flink_rest("fusion")

    def found():
        with suppress(FlinkError):  # it is being started anew
            runs = [job.jid for job in manager.active() if job.runs and job.jid != old]
            if runs:
                restored = manager.ask(f"/jobs/{runs[0]}/checkpoints")["latest"]["restored"]
                return restored and restored["external_path"], runs[0]
        return None

    return wait_for(found)


def test_everything_listens_on_the_loopback_only(station):
    resumed_from(station)
    addresses = set()
    for process in strays(station.state_dir):
        with suppress(psutil.NoSuchProcess):  # one that had its task to do
            addresses |= {
                link.laddr.ip
                for link in process.net_connections("tcp")
                if link.status == psutil.CONN_LISTEN
            }
    assert addresses
    assert addresses <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_lost_job_manager_costs_no_state(station):
    snapshot, first = resumed_from(station)
    assert snapshot is None  # the control: the first start had nothing to resume from
    wait_for(lambda: station.flink_rest("fusion").checkpoint(first))
    workers = station.pid("fusion.taskmanager-1")
    station.kill("fusion.jobmanager")
    snapshot, _ = resumed_from(station, first)
    assert f"/checkpoints/{first}/chk-" in snapshot
    assert station.pid("fusion.taskmanager-1") != workers


def test_stopped_job_goes_on_from_its_savepoint(station):
    savepoint = station.stop_with_savepoint("fusion")
    assert (savepoint / "_metadata").is_file()
    with pytest.raises(StationError, match="no job runs"):
        station.stop_with_savepoint("fusion")
    jid = station.submit("fusion", JOB, snapshot=savepoint)
    assert resumed_from(station)[1] == jid
    assert savepoint.name in resumed_from(station)[0]

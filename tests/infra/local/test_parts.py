"""What a station starts, and in which order."""

import pytest

from infra.local.parts import parts, ports_wanted
from infra.local.state import JobPlan, Plan
from jobs.settings import Settings

FUSION = JobPlan("fusion", "fusion.py", (), 2)
WAREHOUSE = JobPlan("warehouse", "warehouse.py")


@pytest.fixture
def made(tmp_path):
    """Parts by name of a plan: made(servers, jobs)."""

    def of(servers, jobs):
        plan, settings = Plan(servers, jobs), Settings()
        ports = dict.fromkeys(ports_wanted(plan, settings), 1)
        return {part.name: part for part in parts(tmp_path, plan, ports, settings, "cluster")}

    return of


def test_first_job_is_submitted_as_soon_as_its_cluster_and_the_contracts_are_there(made):
    found = made(("broker", "registry", "engine", "pulse"), (FUSION, WAREHOUSE))
    assert set(found["fusion.submit"].needs) == {"fusion.jobmanager", "contracts"}
    assert set(found["contracts"].needs) == {"broker", "registry", "engine"}
    early = ("broker.format", "registry", "engine", "fusion.jobmanager", "fusion.taskmanager-1")
    assert all(not found[name].needs and not found[name].after for name in early)


def test_nothing_takes_cores_or_time_before_the_first_job_runs(made):
    found = made(("broker", "registry", "engine", "pulse"), (FUSION, WAREHOUSE))
    for name in ("pulse", "warehouse.jobmanager", "warehouse.taskmanager-1"):
        assert found[name].after == ("fusion.submit",)
    assert "fusion.submit" not in found["warehouse.submit"].needs  # only the start is in turns


def test_pulses_wait_for_no_job_that_is_not_submitted(made):
    found = made(("broker", "pulse"), (JobPlan("fusion", None),))
    assert found["pulse"].after == ()
    assert "fusion.submit" not in found

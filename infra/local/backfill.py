"""Runs the fusion job over the topics of a backfill, on a Flink of its own beside the station's."""

import time
from collections.abc import Callable
from pathlib import Path

from infra.local import paths
from infra.local.state import JobPlan, StationError
from infra.local.station import LocalStation
from jobs.settings import Settings

JOB = "fusion"
_LOOK_S = 0.5


def run_backfill(
    given: Settings, state_dir: Path, name: str, run_id: str, tell: Callable[[str], None]
) -> None:
    """Run a bounded fusion job to its end; its Flink is started before and ended after.

    Parameters
    ----------
    given
        Settings with the addresses of broker, registry and warehouse.
    state_dir
        Folder for the state of this Flink.
    name
        The backfill.
    run_id
        Run of its rows.
    tell
        Told what is going on.

    Raises
    ------
    StationError
        If the job fails, or its Flink does not come up.
    """
    plan = JobPlan(JOB, None, (), task_managers=given.flink.parallelism)
    tell("starting a Flink of its own")
    with LocalStation(state_dir, parts=(), chosen=given, jobs=(plan,)) as station:
        file = paths.ROOT / "jobs" / "fusion.py"
        jid = station.submit(JOB, file, ("--backfill", name, "--run", run_id))
        tell("fusing")
        manager, state = station.flink_rest(JOB), ""
        while state != "FINISHED":
            time.sleep(_LOOK_S)
            state = next(job.state for job in manager.jobs() if job.jid == jid)
            if state in ("FAILED", "CANCELED"):
                msg = f"the job of backfill {name} is {state}: {manager.failure(jid)}"
                raise StationError(msg)

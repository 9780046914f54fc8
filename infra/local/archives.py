"""Makes what lets the processes of a station start faster: archives of classes, compiled modules.

    python -m infra.local.archives

It runs a station with the fusion job once. Each JVM writes an archive of the classes that it
loaded when it ends; Python keeps each module that it compiled. The planner of SQL is taken out of
the jar that wraps it first, for what comes by a loader of its own cannot lie in an archive.
"""

import shutil
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from infra.local import paths
from infra.local.java import ARCHIVES, HALF
from infra.local.state import JobPlan, StationError
from infra.local.station import LocalStation

_SETTLE_S = 5.0  # the job runs, and loads the classes that it needs for that


def unpack_planner() -> None:
    """Take the planner's jar out of its loader's."""
    paths.PLANNER.parent.mkdir(parents=True, exist_ok=True)
    half = paths.PLANNER.with_suffix(HALF)
    with (
        zipfile.ZipFile(paths.planner_loader()) as loader,
        loader.open(paths.PLANNER.name) as inner,
        half.open("wb") as out,
    ):
        shutil.copyfileobj(inner, out)
    half.rename(paths.PLANNER)


def run_once(folder: Path) -> None:
    """Run a station with one job, so that all of its processes load what they need.

    Raises
    ------
    StationError
        If it did not come up.
    """
    job = JobPlan("fusion", str(paths.ROOT / "jobs" / "fusion.py"), ("--parallelism", "1"))
    parts = ("broker", "registry", "engine", "pulse")
    with LocalStation(folder, parts, jobs=(job,), archive=True):
        time.sleep(_SETTLE_S)


def main() -> int:
    """Make all archives anew; exit status 1 if the station did not come up."""
    shutil.rmtree(ARCHIVES, ignore_errors=True)
    ARCHIVES.mkdir(parents=True)
    unpack_planner()
    with tempfile.TemporaryDirectory() as folder:
        try:
            run_once(Path(folder))
        except StationError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    for half in ARCHIVES.glob(f"*{HALF}"):
        half.rename(half.with_suffix(""))
    return 0


if __name__ == "__main__":
    sys.exit(main())

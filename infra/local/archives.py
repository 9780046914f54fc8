"""Makes the archives of classes with which the Java processes of a station start faster.

    python -m infra.local.archives

It runs a small station with an empty job once; each JVM writes its archive when it ends.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from infra.local.java import ARCHIVES, HALF
from infra.local.paths import ROOT
from infra.local.state import JobPlan, StationError
from infra.local.station import LocalStation


def main() -> int:
    """Make all archives anew; exit status 1 if the station did not come up."""
    shutil.rmtree(ARCHIVES, ignore_errors=True)
    ARCHIVES.mkdir(parents=True)
    job = JobPlan("archive", str(ROOT / "infra" / "local" / "archive_job.py"))
    with tempfile.TemporaryDirectory() as folder:
        station = LocalStation(Path(folder), ("broker",), jobs=(job,), archive=True)
        try:
            with station:
                pass
        except StationError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    for half in ARCHIVES.glob(f"*{HALF}"):
        half.rename(half.with_suffix(""))
    return 0


if __name__ == "__main__":
    sys.exit(main())

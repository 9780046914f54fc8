"""The HTTP examples of docs/services.md, against a service with a made road, no broker."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.serving.feed import LAT_DEG, LON_DEG
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[3]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/services.md").read_text(), re.DOTALL)
OVER_HTTP = [one for one in EXAMPLES if "urlopen" in one]

pytestmark = pytest.mark.engine  # a server in a process of its own


@pytest.fixture(scope="module")
def service():
    command = [sys.executable, "-m", "benchmarks.serving.server", "50"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().split()[1]}"
        finally:
            process.terminate()


@pytest.mark.parametrize("number", range(len(OVER_HTTP)))
def test_the_example_runs(service, number):
    env = os.environ | {"SERVICE": service, "PLACE": f"lat={LAT_DEG}&lon={LON_DEG}"}
    done = subprocess.run(
        [sys.executable, "-c", OVER_HTTP[number]],
        env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) >= 4


def test_there_are_examples():
    assert len(OVER_HTTP) == 3
    assert len(EXAMPLES) == 6

"""The broker's own commands."""

import subprocess

import pytest

from infra.local import broker
from tests.waiting import PATIENCE_S


@pytest.mark.station
@pytest.mark.timeout(400)
def test_cluster_id_may_begin_with_a_dash(tmp_path):
    broker.prepare(tmp_path, 1, 2)
    command = broker.format_command(tmp_path, "-kc4Ww2bRt2fSTbJYLl6aQ")
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert broker.formatted(tmp_path)

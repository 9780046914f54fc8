"""The same job by `flink run -py` on a cluster that the supervisor did not start."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local import paths
from infra.local.process import MARKER
from infra.local.rest import JobManager
from infra.local.station import LocalStation
from infra.replay.send import producer_of, send_live
from tests.accounts import assert_accounts_close
from tests.station.oracle import (
    await_accounts,
    differences,
    expected,
    published,
)

pytestmark = [pytest.mark.station, pytest.mark.timeout(600)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(folder, rest, rpc):
    """A folder of configuration as somebody who runs Flink would write it."""
    home = paths.flink_home()
    conf = folder / "conf"
    shutil.copytree(home / "conf", conf)
    lines = {
        "rest.port": rest, "jobmanager.rpc.port": rpc, "taskmanager.numberOfTaskSlots": 1,
        "jobmanager.rpc.address": "localhost", "jobmanager.memory.process.size": "1000m",
        "taskmanager.memory.process.size": "1700m", "env.java.opts.taskmanager": "-Xss8m",
        "execution.checkpointing.dir": f"file://{folder}/checkpoints",
        "python.executable": sys.executable, "python.client.executable": sys.executable,
        "env.log.dir": str(folder), "io.tmp.dirs": str(folder),
        "env.java.opts.all": " ".join(paths.flink_java_options()),
    }  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in lines.items())
    (conf / "config.yaml").write_text(text)
    return {
        **os.environ, "FLINK_CONF_DIR": str(conf), "FLINK_HOME": str(home),
        "PYTHONPATH": str(paths.ROOT), "NUMBA_CACHE_DIR": str(paths.NUMBA_CACHE),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    """REST port and environment of a JobManager and two TaskManagers of one slot."""
    rest, rpc = free_port(), free_port()
    environment = configuration(tmp_path, rest, rpc)
    environment.pop(MARKER, None)
    scripts = paths.flink_home() / "bin"
    commands = [["jobmanager.sh"], ["taskmanager.sh"], ["taskmanager.sh"]]
    with (tmp_path / "cluster.out").open("wb") as out:
        running = [
            subprocess.Popen(
                ["bash", str(scripts / command[0]), "start-foreground"],
                env=environment, stdout=out, stderr=out, start_new_session=True,
            )
            for command in commands
        ]  # fmt: skip
    yield rest, environment, scripts
    for process in running:
        os.killpg(process.pid, 9)
        process.wait()


def test_flink_run_on_a_foreign_cluster(cluster, tmp_path, vehicles, entries_for):
    rest, environment, scripts = cluster
    parts = ("broker", "registry", "engine", "pulse")
    with LocalStation(tmp_path / "state", parts=parts, jobs=()) as station:
        settings = station.resolved
        config = tmp_path / "state" / "settings.toml"
        wait_for_slots(rest)
        command = ["bash", str(scripts / "flink"), "run", "-d", "-py"]
        done = subprocess.run(
            [*command, str(paths.ROOT / "jobs" / "fusion.py"), "--config", str(config)],
            env=environment, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        send_live(vehicles, entries_for(vehicles), producer_of(settings.kafka))
        time.sleep(16.0)
        await_accounts(settings)
        oracle, log = expected(settings)
        found = {}
        for _ in range(40):
            found = published(settings)
            if not differences(oracle, found):
                break
            time.sleep(2.0)
        assert differences(oracle, found) == {}
        assert_accounts_close(found, log)
        assert "fusion" in status_of(config, rest)


def wait_for_slots(rest):
    manager = JobManager(f"http://127.0.0.1:{rest}")
    for _ in range(300):
        if manager.answers() and len(manager.task_managers()) >= 2:
            return
        time.sleep(0.3)
    pytest.fail("the cluster did not come up")


def status_of(config, rest):
    """What `station status` says when every part is an address."""
    text = config.read_text().replace('rest_url = "local"', f'rest_url = "http://127.0.0.1:{rest}"')
    config.write_text(text)
    return CliRunner().invoke(app, ["status", "--config", str(config)]).output

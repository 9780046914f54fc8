"""The same job by `flink run -py` on a cluster that the supervisor did not start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.local import paths
from infra.local.process import MARKER
from infra.local.rest import JobManager
from infra.local.state import choose_ports
from infra.local.station import LocalStation
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from tests.accounts import assert_accounts_close
from tests.station.oracle import MOST_S, await_equal, differences
from tests.waiting import wait_for

pytestmark = [pytest.mark.station, pytest.mark.timeout(2400)]


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
    ports = choose_ports({"rest": 0, "rpc": 0}, {})
    rest, rpc = ports["rest"], ports["rpc"]
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
            env=environment, capture_output=True, text=True, timeout=MOST_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        send_live(vehicles, entries_for(vehicles), producer_of(settings.kafka))
        oracle, log, found = await_equal(settings)
        assert differences(oracle, found) == {}
        assert_accounts_close(found, log)
        wait_for(lambda: status_of(config, rest), lambda said: "fusion" in said)


def wait_for_slots(rest):
    manager = JobManager(f"http://127.0.0.1:{rest}")
    wait_for(
        lambda: manager.answers() and manager.task_managers(),
        lambda found: found and len(found) >= 2,
        patience_s=MOST_S,
    )


def status_of(config, rest):
    """What `station status` says when every part is an address."""
    text = config.read_text().replace('rest_url = "local"', f'rest_url = "http://127.0.0.1:{rest}"')
    config.write_text(text)
    return CliRunner().invoke(app, ["status", "--config", str(config)]).output

"""The supervisor with the smallest station there is: a registry and nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from infra.local import state as station_state
from infra.local.planning import refuse_old_snapshots
from infra.local.process import MARKER, Identity, strays
from infra.local.state import (
    AlreadyRunningError,
    JobPlan,
    Plan,
    StateError,
    StationError,
    choose_ports,
)
from infra.local.station import LocalStation
from tests.waiting import PATIENCE_S, wait_for

ROOT = Path(__file__).parents[3]
pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


@pytest.fixture
def station(tmp_path):
    with LocalStation(tmp_path, parts=("registry",)) as started:
        yield started


def answers(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_killed_part_is_restarted_at_its_port(station):
    url, old = station.registry_url, station.pid("registry")
    station.kill("registry")
    station.wait_for("registry", after_pid=old)
    assert station.registry_url == url
    assert answers(url)
    assert station.state().parts["registry"].restarts == 1


def test_part_that_is_left_alone_is_not_restarted(station):
    time.sleep(1.0)
    assert station.state().parts["registry"].restarts == 0


def test_second_start_is_refused_and_harms_nothing(station):
    second = LocalStation(station.state_dir, parts=("registry",))
    with pytest.raises(AlreadyRunningError, match="station down"):
        second.start()
    assert station.running
    assert answers(station.registry_url)


def test_end_leaves_no_process_and_frees_the_folder(tmp_path):
    with LocalStation(tmp_path, parts=("registry",)) as station:
        url = station.registry_url
        assert len(strays(station.state_dir)) == 2  # the supervisor and the registry
    assert strays(tmp_path) == []
    assert not answers(url)
    assert not station.running


def test_death_of_the_supervisor_takes_the_parts_along(station):
    supervisor = station.state().supervisor
    os.kill(supervisor.pid, signal.SIGKILL)
    wait_for(lambda: strays(station.state_dir), lambda left: not left)


def test_down_ends_what_the_kernel_left(station, tmp_path):
    environment = {"PATH": os.environ["PATH"], MARKER: str(station.state_dir)}
    stray = subprocess.Popen(["sleep", "3600"], env=environment, start_new_session=True)
    os.kill(station.state().supervisor.pid, signal.SIGKILL)
    wait_for(lambda: not station.running)
    assert stray.poll() is None
    station.down()
    stray.wait(PATIENCE_S)
    assert strays(tmp_path) == []


def test_death_of_the_owner_ends_its_station(tmp_path):
    program = (
        "import time; from pathlib import Path; from infra.local.station import LocalStation\n"
        f"with LocalStation(Path({str(tmp_path)!r}), parts=('registry',)):\n"
        "    print('up', flush=True); time.sleep(3600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout.readline() == "up\n"
        owner.kill()
    wait_for(lambda: strays(tmp_path), lambda left: not left)


def test_part_that_cannot_start_fails_the_start_and_is_named(tmp_path):
    (tmp_path / "registry").write_text("a file where the folder should be")
    with (
        pytest.raises(StationError, match=r"registry ended with status 1.*registry\.out"),
        LocalStation(tmp_path, parts=("registry",)),
    ):
        pass
    assert strays(tmp_path) == []


def test_interrupted_start_leaves_nothing(tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    station = LocalStation(tmp_path, parts=("registry",))
    station.start()
    with pytest.raises(KeyboardInterrupt):
        station.wait_until_up(interrupt)
    station.end()
    assert strays(tmp_path) == []


def test_ports_are_the_same_the_next_time(tmp_path):
    addresses = []
    for _ in range(2):
        with LocalStation(tmp_path, parts=("registry",)) as station:
            addresses.append(station.registry_url)
    assert addresses[0] == addresses[1]


def test_old_snapshot_is_refused_and_a_young_one_is_not(tmp_path):
    snapshot = tmp_path / "flink" / "fusion" / "savepoints" / "savepoint-1" / "_metadata"
    snapshot.parent.mkdir(parents=True)
    snapshot.touch()
    station = LocalStation(tmp_path, parts=("fusion",))
    refuse_old_snapshots(tmp_path, Plan((), (JobPlan("fusion", None),)), station.settings)
    old_s = time.time() - station.settings.flink.transaction_timeout_ms / 1000 - 60
    os.utime(snapshot, (old_s, old_s))
    with pytest.raises(StationError, match=r"--rewind.*--fresh"):
        station.start()


def test_the_warehouse_has_no_age_and_a_rewind_leaves_it(tmp_path):
    station = LocalStation(tmp_path)
    for job in station.jobs:
        snapshot = tmp_path / "flink" / job / "savepoints" / "savepoint-1" / "_metadata"
        snapshot.parent.mkdir(parents=True)
        snapshot.touch()
        os.utime(snapshot, (1.0, 1.0))
    refuse_old_snapshots(tmp_path, Plan((), (JobPlan("warehouse", None),)), station.settings)
    station.forget(everything=False)
    assert [folder.name for folder in (tmp_path / "flink").iterdir()] == ["warehouse"]


def test_wanted_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StateError, match=f"port {port} for broker is taken"):
            choose_ports({"broker": port}, {})


def test_remembered_port_that_is_taken_is_replaced():
    port = choose_ports({"broker": 0}, {})["broker"]
    with socket.create_server(("127.0.0.1", port)):
        assert choose_ports({"broker": 0}, {"broker": port})["broker"] != port
    assert choose_ports({"broker": 0}, {"broker": port})["broker"] == port


def test_the_kernel_gives_no_chosen_port_to_others():
    words = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    given = range(int(words[0]), int(words[1]) + 1)
    assert not set(given) & set(choose_ports(dict.fromkeys("abcdefgh", 0), {}).values())


def test_chosen_ports_differ():
    chosen = choose_ports(dict.fromkeys("abcdefgh", 0), {})
    assert len(set(chosen.values())) == 8


def test_identity_is_not_that_of_another_process_with_the_number():
    own = Identity.of(os.getpid())
    assert own.find() == psutil.Process()
    assert Identity(own.pid, own.started_s - 5.0).find() is None


def test_broken_state_file_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({"ports": "none"}))
    with pytest.raises(StateError, match="station down"):
        station_state.read(tmp_path)

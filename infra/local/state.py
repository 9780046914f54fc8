"""What a local station remembers in its state folder.

state.json       written by the supervisor: ports, identities and health of the parts
plan.json        what the supervisor is to run
settings.toml    settings with the addresses of the local parts filled in; what jobs are given
lock             held by the supervisor as long as it lives
logs/            .out what a part printed, .log what it logged
"""

import contextlib
import fcntl
import os
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from infra.local.process import Identity

# Ports that no client and no server of port 0 is given by the kernel: between the choice of a port
# and the start of its part, and while a part is away, nobody else comes by it.
_FIRST_PORT, _FIRST_OF_KERNEL = 20_000, 32_768
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 50

Phase = Literal["starting", "running", "stopping", "stopped", "failed"]
Health = Literal["waiting", "starting", "ready", "restarting", "failed", "stopped"]


class StationError(RuntimeError):
    """A station that cannot do what was asked; the text says what to do next."""


class AlreadyRunningError(StationError):
    """A second station in one state folder."""


class StateError(StationError):
    """A state folder that cannot be used as asked."""


class JobPlan(msgspec.Struct, frozen=True):
    """One job with a Flink of its own.

    Parameters
    ----------
    name
        Name of the job and of its parts.
    file
        The Python file that makes the job; None starts its Flink only.
    arguments
        Arguments of the file.
    task_managers
        Number of its TaskManagers, one slot each.
    """

    name: str
    file: str | None
    arguments: tuple[str, ...] = ()
    task_managers: int = 1


class Plan(msgspec.Struct, frozen=True):
    """What to run.

    Parameters
    ----------
    servers, jobs
        Servers by name, and jobs.
    archive
        Whether the Java processes make their archives of classes when they end.
    """

    servers: tuple[str, ...]
    jobs: tuple[JobPlan, ...]
    archive: bool = False


class PartState(msgspec.Struct, frozen=True):
    """One part as the supervisor sees it.

    Parameters
    ----------
    health
        Where it stands.
    process
        Its process, None if it has none now.
    restarts
        How often it was started again.
    note
        What is wrong or waited for, in words.
    """

    health: Health
    process: Identity | None = None
    restarts: int = 0
    note: str = ""


class State(msgspec.Struct, frozen=True):
    """Everything in state.json."""

    ports: dict[str, int] = {}
    cluster_id: str = ""
    phase: Phase = "stopped"
    message: str = ""
    supervisor: Identity | None = None
    started_us: int = 0
    parts: dict[str, PartState] = {}


def logs(state_dir: Path) -> Path:
    """Folder of the logs."""
    return state_dir / "logs"


def read(state_dir: Path) -> State:
    """Read the state; an empty one if there is none.

    Raises
    ------
    StateError
        If the file is not what a supervisor writes.
    """
    file = state_dir / "state.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except msgspec.DecodeError as error:
        msg = f"{file}: {error}; run `station down`, then remove the file"
        raise StateError(msg) from error


def write(state_dir: Path, state: State) -> None:
    """Write the state so that a reader sees the old or the new one, never half of it."""
    _replace(state_dir / "state.json", msgspec.json.format(msgspec.json.encode(state)))


def read_plan(state_dir: Path) -> Plan:
    """Read the plan."""
    return msgspec.json.decode((state_dir / "plan.json").read_bytes(), type=Plan)


def write_plan(state_dir: Path, plan: Plan) -> None:
    """Write the plan."""
    _replace(state_dir / "plan.json", msgspec.json.format(msgspec.json.encode(plan)))


def _replace(file: Path, data: bytes) -> None:
    half = file.with_suffix(".half")
    half.write_bytes(data)
    half.replace(file)


def lock(state_dir: Path) -> int | None:
    """Take the lock of a state folder until this process ends; None if another holds it."""
    handle = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def locked(state_dir: Path) -> bool:
    """Whether a supervisor holds the state folder."""
    if not (state_dir / "lock").exists():
        return False
    handle = lock(state_dir)
    if handle is not None:
        os.close(handle)
    return handle is None


def choose_ports(wanted: Mapping[str, int], remembered: Mapping[str, int]) -> dict[str, int]:
    """Choose a loopback port for each name: the wanted one, else the remembered, else a free one.

    A free one is outside of the range from which the kernel gives ports, where there is room.

    Parameters
    ----------
    wanted
        Port by name; 0 if any will do.
    remembered
        Ports of the last time.

    Raises
    ------
    StateError
        If a wanted port is taken.
    """
    chosen: dict[str, int] = {}
    with contextlib.ExitStack() as held:
        for name, port in sorted(wanted.items(), key=lambda item: -item[1]):
            tries = [port] if port else [*_kept(name, remembered), *_own_ports(), 0]
            for number in tries:
                with contextlib.suppress(OSError):
                    chosen[name] = held.enter_context(_bound(number)).getsockname()[1]
                    break
            else:
                msg = f"port {port} for {name} is taken; end who uses it, or set another one"
                raise StateError(msg)
    return chosen


def _kept(name: str, remembered: Mapping[str, int]) -> list[int]:
    return [remembered[name]] if remembered.get(name) else []


def _own_ports() -> list[int]:
    """Some ports that the kernel gives to nobody, in an order of chance."""
    end = _FIRST_OF_KERNEL
    with contextlib.suppress(OSError):
        end = int(_KERNEL_RANGE.read_text().split()[0])
    room = range(_FIRST_PORT, end)
    return random.sample(room, min(_TRIES, len(room)))


def _bound(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(("127.0.0.1", port))
        opened.listen(1)  # a port of which another socket listens can be bound, not listened on
    except OSError:
        opened.close()
        raise
    return opened

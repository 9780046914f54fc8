"""Starts, finds and ends processes so that none is left behind.

Three nets: a child is killed by the kernel when the supervisor dies (Linux), each child leads a
process group of its own that is ended as a whole, and every process of a station carries the
folder of its state in its environment, so that strays are found.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import psutil

from jobs import settings

MARKER = "POWER_STATION_STATE"
_PR_SET_PDEATHSIG = 1
_DEATH_PATIENCE_S = 30.0  # a busy kernel takes its time to free the memory of a killed one
_START_TOLERANCE_S = 0.05  # the start time is kept in clock ticks of 10 ms


class Identity(msgspec.Struct, frozen=True):
    """A process for good: its number may be given to another one, together with the start not."""

    pid: int
    started_s: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        """Identity of a living process.

        Raises
        ------
        psutil.NoSuchProcess
            If it has ended.
        """
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Give the process if it still lives."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_s) < _START_TOLERANCE_S
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process a signal when its parent dies; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number))


def spawn(
    command: Sequence[str], out: Path, state_dir: Path, extra: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a child that dies with this process; its output goes to `out`, the last one beside.

    Call it from the main thread of a process without other threads: the kernel ends the child
    with the *thread* that made it, and code that runs between fork and exec must not meet locks.
    """
    environment = settings.child_environment() | dict(extra) | {MARKER: str(state_dir)}
    if out.exists():
        out.replace(out.with_suffix(".out.1"))
    with out.open("wb") as sink:
        return subprocess.Popen(  # the command is built here, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # no threads, see above
        )


def signal_group(pid: int, number: int) -> None:
    """Send a signal to the process group that `pid` leads; nothing if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def strays(state_dir: Path) -> list[psutil.Process]:
    """Living processes that carry the marker of this state folder, but this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            marked = process.environ().get(MARKER) == str(state_dir)
            if marked and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], patience_s: float = 3.0) -> None:
    """End processes: asked first, killed after `patience_s` seconds."""
    alive = list(processes)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(alive, timeout=patience_s)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_DEATH_PATIENCE_S)

"""The supervisor: starts the parts of a station, restarts what dies, and ends everything.

    python -m infra.local.supervisor --state DIR [--owner PID]

It is one thread that looks around every few milliseconds, so no two of its decisions can race, and
the kernel can end its children with it. SIGTERM stops the jobs with savepoints, then all parts;
SIGINT ends all parts at once.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from infra.local import state as station_state
from infra.local.parts import Part, flink_of, parts
from infra.local.process import Identity, die_with_parent, end, signal_group, spawn, strays
from infra.local.rest import FlinkError, JobManager
from infra.local.state import Health, PartState, Phase, State
from jobs import settings
from jobs.runtime.clock import now_us

SAVEPOINT_PATIENCE_S = 120.0
_END_PATIENCE_S, _ARCHIVE_PATIENCE_S = 8.0, 120.0
_LOOK_STARTING_S, _LOOK_RUNNING_S = 0.05, 0.2
_BACKOFF_FIRST_S, _BACKOFF_LAST_S = 0.2, 10.0
_CALM_S = 60.0  # after this long alive the next death counts as the first
_STARTS_BEFORE_UP = 3  # a part that dies as often before the station is up has a lasting fault


class Watched:
    """A part and its process."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: Identity | None = None
        self.health: Health = "waiting"
        self.was_ready = False
        self.note = ""
        self.restarts = 0
        self.deaths = 0
        self._started_s = 0.0
        self._backoff_s = _BACKOFF_FIRST_S
        self._due_s = 0.0

    @property
    def due(self) -> bool:
        """Whether it may be started now, as far as it alone is concerned."""
        waiting = self.health in ("waiting", "restarting")
        return waiting and self.process is None and time.monotonic() >= self._due_s

    def start(self, state_dir: Path) -> None:
        """Start its process."""
        out = station_state.logs(state_dir) / f"{self.part.name}.out"
        self.process = spawn(self.part.command(), out, state_dir, self.part.environment)
        self._started_s = time.monotonic()
        self.health, self.note = "starting", ""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.identity = Identity.of(self.process.pid)

    def ended(self) -> int | None:
        """Exit status if the process has ended since the last look."""
        status = self.process.poll() if self.process else None
        if status is not None and self.process is not None:
            signal_group(self.process.pid, signal.SIGKILL)  # what it may have left behind
            self.process = self.identity = None
        return status

    def restart_later(self, note: str) -> None:
        """Plan the next start; each death in a row doubles the wait."""
        if time.monotonic() - self._started_s > _CALM_S:
            self._backoff_s, self.deaths = _BACKOFF_FIRST_S, 0
        self.deaths += 1
        self.restarts += 1
        self.health, self.note = "restarting", note
        self._due_s = time.monotonic() + self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, _BACKOFF_LAST_S)

    def reset(self) -> None:
        """End its process at once and let it start again when its needs are met."""
        if self.process is not None:
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = self.identity = None
            self.restarts += 1
        self.health, self._due_s = "waiting", 0.0

    def state(self) -> PartState:
        """Give what a reader of the state may know."""
        return PartState(self.health, self.identity, self.restarts, self.note)


class Supervisor:
    """Runs one plan until it is told to stop.

    Parameters
    ----------
    state_dir
        State folder; plan and settings lie in it.
    """

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir
        self._plan = station_state.read_plan(state_dir)
        self._settings = settings.load(state_dir / "settings.toml")
        self._state = station_state.read(state_dir)
        ports, cluster = self._state.ports, self._state.cluster_id
        made = parts(state_dir, self._plan, ports, self._settings, cluster)
        self.watched = {part.name: Watched(part) for part in made}
        self._phase: Phase = "starting"
        self._message = ""
        self._written: State | None = None
        self._asked: list[int] = []
        self._started_us = now_us()

    def run(self) -> int:
        """Run until a signal; exit status 1 if the station did not come up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._asked.append(number))
        try:
            while not self._asked and self._phase != "failed":
                self._look()
                self._write()
                time.sleep(_LOOK_STARTING_S if self._busy() else _LOOK_RUNNING_S)
        finally:
            self._stop()
        return 1 if self._phase == "failed" else 0

    def _busy(self) -> bool:
        return any(one.health != "ready" for one in self.watched.values())

    def _look(self) -> None:
        for one in self.watched.values():
            self._look_at(one)
        if self._phase == "starting" and not self._busy():
            self._phase = "running"

    def _look_at(self, one: Watched) -> None:
        status = one.ended()
        if status is not None:
            self._ended(one, status)
        if one.due and self._needs_met(one):
            self._start(one)
        elif one.health == "starting" and self._finished(one) and one.part.ready():
            self._is_ready(one)

    @staticmethod
    def _is_ready(one: Watched) -> None:
        one.health, one.note, one.was_ready = "ready", "", True

    @staticmethod
    def _finished(one: Watched) -> bool:
        return one.process is None if one.part.task else one.process is not None

    def _needs_met(self, one: Watched) -> bool:
        waits = [name for name in one.part.needs if self.watched[name].health != "ready"]
        waits += [name for name in one.part.after if not self.watched[name].was_ready]
        one.note = f"waits for {', '.join(waits)}" if waits else one.note
        return not waits

    def _start(self, one: Watched) -> None:
        if one.part.task and one.part.group and one.part.ready():
            self._is_ready(one)  # the job runs: a submission before went through after all
            return
        one.start(self._dir)

    def _ended(self, one: Watched, status: int) -> None:
        if one.part.task and status == 0:
            return
        how = f"signal {-status}" if status < 0 else f"status {status}"
        one.restart_later(f"ended with {how}: {last_words(self._dir, one.part.name)}")
        if one.part.name.endswith(".jobmanager"):
            self._restart_group(one)
        if self._phase == "starting" and one.deaths >= _STARTS_BEFORE_UP:
            one.health, self._phase = "failed", "failed"
            self._message = f"{one.part.name} {one.note}"

    def _restart_group(self, manager: Watched) -> None:
        """After the loss of a JobManager its TaskManagers cannot take the job again: all anew."""
        for other in self.watched.values():
            if other.part.group == manager.part.group and other is not manager:
                other.reset()

    def _stop(self) -> None:
        failed = self._phase == "failed"
        self._phase = "failed" if failed else "stopping"
        self._write()
        notes = []
        if self._asked and self._asked[0] == signal.SIGTERM:
            notes = self._stop_jobs()
        for rank in sorted({one.part.rank for one in self.watched.values()}):
            self._end_rank(rank)
        end(strays(self._dir))
        for one in self.watched.values():
            one.health = "failed" if one.health == "failed" else "stopped"
        if not failed:
            self._phase, self._message = "stopped", "; ".join(notes)
        self._write(alive=False)

    def _stop_jobs(self) -> list[str]:
        """Stop all jobs with savepoints, side by side; a line on each that would not."""
        begun, notes = [], []
        for plan in self._plan.jobs:
            flink = flink_of(self._dir, plan.name, self._state.ports, self._settings)
            manager = JobManager(flink.url)
            try:
                folder = f"file://{flink.folder}/savepoints"
                begun += [(plan.name, manager, job.jid, manager.begin_stop(job.jid, folder))
                          for job in manager.active()]  # fmt: skip
            except FlinkError as error:
                notes.append(f"{plan.name}: {error}")
        limit = time.monotonic() + SAVEPOINT_PATIENCE_S
        for name, manager, jid, request in begun:
            try:
                while manager.stopped(jid, request) is None:
                    self._write()
                    if time.monotonic() > limit or len(self._asked) > 1:
                        notes.append(f"{name}: no savepoint in time; its last checkpoint counts")
                        break
                    time.sleep(_LOOK_STARTING_S)
            except FlinkError as error:
                notes.append(f"{name}: {error}")
        return notes

    def _end_rank(self, rank: int) -> None:
        ending = [
            one.process for one in self.watched.values() if one.part.rank == rank and one.process
        ]
        for process in ending:
            signal_group(process.pid, signal.SIGTERM)
        limit = time.monotonic() + (_ARCHIVE_PATIENCE_S if self._plan.archive else _END_PATIENCE_S)
        for process in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, limit - time.monotonic()))
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
        for one in self.watched.values():
            if one.part.rank == rank:
                one.ended()

    def _write(self, *, alive: bool = True) -> None:
        state = State(
            ports=self._state.ports,
            cluster_id=self._state.cluster_id,
            phase=self._phase,
            message=self._message,
            supervisor=Identity.of(os.getpid()) if alive else None,
            started_us=self._started_us,
            parts={name: one.state() for name, one in self.watched.items()},
        )
        if state != self._written:
            station_state.write(self._dir, state)
            self._written = state


def last_words(state_dir: Path, part: str) -> str:
    """Line of a part's output that says most about its end."""
    out = station_state.logs(state_dir) / f"{part}.out"
    text = out.read_text("utf-8", "replace") if out.exists() else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(Caused by: )?[\w.]*(Error|Exception)\b", line)]
    said = (errors or lines or ["it said nothing"])[-1]
    return f"{said[:300]} (see {out})"


def main() -> int:
    """Run as a process of its own; exit status 75 if another supervisor holds the folder."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.supervisor")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", type=int, help="end when this process, the parent, ends")
    given = parser.parse_args()
    if given.owner is not None:
        die_with_parent(signal.SIGINT)
        if os.getppid() != given.owner:
            return 1  # it ended before the kernel was asked to tell
    if station_state.lock(given.state) is None:
        return 75
    return Supervisor(given.state).run()


if __name__ == "__main__":
    sys.exit(main())

"""A local station as its owner sees it: start it, ask it, hurt it, stop it.

with LocalStation(tmp_path, parts=("broker",)) as station:
    station.bootstrap
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psutil

from infra.local import paths
from infra.local import state as station_state
from infra.local.flink import JobFlink
from infra.local.parts import flink_of
from infra.local.planning import (
    default_jobs,
    default_servers,
    prepare,
    refuse_old_snapshots,
    resolved,
    rewound,
)
from infra.local.process import MARKER, Identity, end, strays
from infra.local.rest import FlinkError, JobManager
from infra.local.state import AlreadyRunningError, JobPlan, Plan, State, StationError
from infra.local.supervisor import SAVEPOINT_PATIENCE_S, last_words
from jobs import settings
from jobs.settings import Settings

START_PATIENCE_S = 400.0
_STOP_PATIENCE_S = SAVEPOINT_PATIENCE_S + 30.0
_SUBMIT_PATIENCE_S = 240.0
_LOOK_S = 0.1
_CLEANINGS = 3  # what is ended may have started something since it was looked for
Watcher = Callable[[State], None]


class LocalStation:
    """One local station in one state folder.

    As a context manager it is owned: started on entry, ended at once on exit, and ended by the
    kernel should the owner die. `up` and `down` leave it to itself in between.

    Parameters
    ----------
    state_dir
        State folder; None takes the one of the settings.
    parts
        Servers to start, of `SERVERS`, and jobs by name; None starts everything that is local.
    chosen
        Settings; None takes the defaults, without file and environment.
    jobs
        Jobs, each with a Flink of its own; None takes `default_jobs`.
    archive
        Whether the Java processes make their archives of classes when they end.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        parts: Sequence[str] | None = None,
        chosen: Settings | None = None,
        jobs: Sequence[JobPlan] | None = None,
        *,
        archive: bool = False,
    ) -> None:
        self.settings = chosen or Settings()
        self.state_dir = (state_dir or self.settings.state_dir).resolve()
        planned = default_jobs(self.settings) if jobs is None else tuple(jobs)
        servers = default_servers(self.settings)
        if parts is not None:
            servers = tuple(name for name in servers if name in parts)
            planned = tuple(job for job in planned if jobs is not None or job.name in parts)
        self._plan = Plan(servers, planned, archive)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start(owned=True)
        try:
            self.wait_until_up()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    # -- life ------------------------------------------------------------------------------------

    def start(self, *, owned: bool = False) -> None:
        """Start the supervisor and return; `wait_until_up` waits for the parts.

        Raises
        ------
        AlreadyRunningError
            If a station runs in this state folder.
        StationError
            If a snapshot is too old to resume from.
        """
        for folder in (self.state_dir, station_state.logs(self.state_dir)):
            folder.mkdir(parents=True, exist_ok=True)
        if station_state.locked(self.state_dir):
            msg = f"a station runs in {self.state_dir}; see `station status`, or `station down`"
            raise AlreadyRunningError(msg)
        self.clean()
        refuse_old_snapshots(self.state_dir, self._plan, self.settings)
        prepare(self.state_dir, self._plan, self.settings)
        owner = ["--owner", str(os.getpid())] if owned else []
        command = [paths.python(), "-m", "infra.local.supervisor", "--state", str(self.state_dir)]
        environment = settings.child_environment() | {
            "PYTHONPATH": str(paths.ROOT),
            MARKER: str(self.state_dir),
        }
        with (station_state.logs(self.state_dir) / "supervisor.out").open("wb") as out:
            self._supervisor = subprocess.Popen(  # built here, no shell
                [*command, *owner],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=paths.ROOT,
                start_new_session=True,
            )

    def wait_until_up(self, watcher: Watcher | None = None, until: str = "") -> None:
        """Wait until every part is ready.

        Parameters
        ----------
        watcher
            Called with the state at every look.
        until
            A part whose readiness is enough.

        Raises
        ------
        StationError
            If a part fails for good, the supervisor ends, or it takes too long.
        """
        limit = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < limit:
            state = self.state()
            if watcher:
                watcher(state)
            enough = state.parts.get(until)
            if state.phase == "running" or (enough and enough.health == "ready"):
                return
            if self._supervisor is not None and self._supervisor.poll() is not None:
                why = self.state().message or last_words(self.state_dir, "supervisor")
                msg = f"the station did not come up: {why}"
                raise StationError(msg)
            time.sleep(_LOOK_S)
        waits = [name for name, part in self.state().parts.items() if part.health != "ready"]
        msg = f"not up after {START_PATIENCE_S:.0f} s; still waiting for {', '.join(waits)}"
        raise StationError(msg)

    def down(self, watcher: Watcher | None = None, number: int = signal.SIGTERM) -> str:
        """Stop the jobs with savepoints and end everything; gives what did not go well.

        Also cleans up after a supervisor that was killed.
        """
        supervisor = self.state().supervisor
        process = supervisor.find() if supervisor else None
        if process is not None:
            process.send_signal(number)
            limit = time.monotonic() + _STOP_PATIENCE_S
            while supervisor and supervisor.find() and time.monotonic() < limit:
                if watcher:
                    watcher(self.state())
                if self._supervisor is not None:
                    self._supervisor.poll()
                time.sleep(_LOOK_S)
        message = self.state().message
        self.clean()
        return message

    def end(self) -> None:
        """End everything at once, without savepoints."""
        self.down(number=signal.SIGINT)

    def clean(self) -> int:
        """End what a station left behind; gives the number of processes."""
        ended = 0
        for _ in range(_CLEANINGS):
            left = self._left()
            if not left:
                break
            end(left.values())
            ended += len(left)
        if self._supervisor is not None:
            self._supervisor.wait()
        return ended

    def _left(self) -> dict[int, psutil.Process]:
        """Processes of this station that live, by number."""
        state = self.state()
        known = [part.process for part in state.parts.values()]
        kept = [one.find() for one in [state.supervisor, *known] if one]
        return {process.pid: process for process in [*kept, *strays(self.state_dir)] if process}

    def forget(self, *, everything: bool) -> None:
        """Remove the state of jobs that write to topics; everything else too if `everything`."""
        own = [f"flink/{job}" for job in rewound(self.jobs)]
        for name in ("flink", "kafka", "engine", "registry") if everything else own:
            shutil.rmtree(self.state_dir / name, ignore_errors=True)

    # -- questions -------------------------------------------------------------------------------

    def state(self) -> State:
        """Give the state as the supervisor wrote it last."""
        return station_state.read(self.state_dir)

    @property
    def running(self) -> bool:
        """Whether a supervisor holds the state folder."""
        return station_state.locked(self.state_dir)

    @property
    def jobs(self) -> tuple[str, ...]:
        """Names of its jobs."""
        return tuple(job.name for job in self._plan.jobs)

    @property
    def servers(self) -> tuple[str, ...]:
        """Names of its servers."""
        return self._plan.servers

    @property
    def resolved(self) -> Settings:
        """The settings with the addresses of the parts."""
        return resolved(self.settings, self.state().ports)

    @property
    def bootstrap(self) -> str:
        """Address of the broker."""
        return self.resolved.kafka.bootstrap

    @property
    def registry_url(self) -> str:
        """Address of the schema registry."""
        return self.resolved.registry.url

    def flink_rest(self, job: str) -> JobManager:
        """Give the JobManager of a job."""
        return JobManager(self._flink(job).url)

    def pid(self, part: str) -> int:
        """Process of a part.

        Raises
        ------
        StationError
            If it has none now.
        """
        return self._process(part).pid

    def _process(self, part: str) -> Identity:
        known = self.state().parts.get(part)
        if known is None or known.process is None:
            msg = f"{part} has no process now"
            raise StationError(msg)
        return known.process

    def _flink(self, job: str) -> JobFlink:
        return flink_of(self.state_dir, job, self.state().ports, self.settings)

    # -- interventions ---------------------------------------------------------------------------

    def kill(self, part: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part."""
        os.kill(self.pid(part), number)

    def wait_for(self, part: str, patience_s: float = START_PATIENCE_S, after_pid: int = 0) -> None:
        """Wait until a part is ready, in a process other than `after_pid`.

        Raises
        ------
        StationError
            If it takes longer.
        """
        limit = time.monotonic() + patience_s
        while time.monotonic() < limit:
            known = self.state().parts.get(part)
            other = known and known.process and known.process.pid != after_pid
            if known and known.health == "ready" and (other or not after_pid):
                return
            time.sleep(_LOOK_S)
        msg = f"{part} is not ready after {patience_s:g} s"
        raise StationError(msg)

    def submit(
        self, job: str, file: Path, arguments: Sequence[str] = (), snapshot: Path | None = None
    ) -> str:
        """Submit a job file to the Flink of `job`; gives the id of the job when it runs.

        A Flink that had a job already gets new TaskManagers first. The supervisor resubmits this
        file from now on if the JobManager is lost.

        Raises
        ------
        StationError
            If it is refused or does not run in time; the text has what Flink said last.
        """
        flink, manager = self._flink(job), self.flink_rest(job)
        if manager.jobs():
            self._renew_task_managers(job, manager)
        words = ("--config", str(self.state_dir / "settings.toml"), *arguments)
        self._remember(job, file, words)
        out = station_state.logs(self.state_dir) / f"{job}.submit.out"
        environment = settings.child_environment() | dict(flink.environment())
        environment[MARKER] = str(self.state_dir)
        with out.open("wb") as sink, contextlib.suppress(subprocess.TimeoutExpired):
            done = subprocess.run(  # built here, no shell
                flink.submit(file.absolute(), words, snapshot),
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                env=environment, timeout=_SUBMIT_PATIENCE_S, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return self._wait_for_job(job, manager)
        msg = f"{job} was not submitted: {last_words(self.state_dir, f'{job}.submit')}"
        raise StationError(msg)

    def _wait_for_job(self, job: str, manager: JobManager) -> str:
        limit = time.monotonic() + _SUBMIT_PATIENCE_S
        while time.monotonic() < limit:
            newest = manager.jobs()[0]
            if newest.runs or newest.state == "FINISHED":  # a bounded one may be quick
                return newest.jid
            time.sleep(_LOOK_S)
        msg = f"{job} does not run: {manager.failure(newest.jid) or newest.state}"
        raise StationError(msg)

    def _renew_task_managers(self, job: str, manager: JobManager) -> None:
        for running in manager.active():
            manager.cancel(running.jid)
        names = [name for name in self.state().parts if name.startswith(f"{job}.taskmanager-")]
        old = {name: self.pid(name) for name in names}
        for name in names:
            self.kill(name)
        for name in names:
            self.wait_for(name, after_pid=old[name])

    def _remember(self, job: str, file: Path, words: tuple[str, ...]) -> None:
        plan = station_state.read_plan(self.state_dir)
        jobs = tuple(
            msgspec.structs.replace(one, file=str(file.absolute()), arguments=words)
            if one.name == job
            else one
            for one in plan.jobs
        )
        station_state.write_plan(self.state_dir, Plan(plan.servers, jobs, plan.archive))

    def stop_with_savepoint(self, job: str, patience_s: float = SAVEPOINT_PATIENCE_S) -> Path:
        """Stop a job with a savepoint; gives its folder.

        Raises
        ------
        StationError
            If no such job runs, or it would not stop.
        """
        manager, flink = self.flink_rest(job), self._flink(job)
        try:
            running = manager.active()
            if not running:
                msg = f"no job runs on the Flink of {job}"
                raise StationError(msg)
            place = manager.stop(running[0].jid, f"file://{flink.folder}/savepoints", patience_s)
        except FlinkError as error:
            raise StationError(str(error)) from error
        return Path(place.removeprefix("file:"))

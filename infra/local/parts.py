"""The parts of a local station: what each is started by, needs, and shows when it is ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.local import broker, paths
from infra.local.flink import JobFlink
from infra.local.rest import FlinkError, JobManager
from infra.local.state import JobPlan, Plan, logs, read_plan
from jobs.settings import Settings

SERVERS = ("broker", "registry", "engine", "pulse")
_SERVICES = {"services": "jobs.services", "serve": "infra.serve"}
_CONTRACTS = "contracts"  # topics, schemas and tables as `schemas/` has them


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the station.

    Parameters
    ----------
    name
        Name, also of its logs.
    command
        Makes the command; it is asked at every start.
    ready
        Whether it serves, or for a task whether what it did is in effect.
    needs
        Parts that have to be ready first.
    after
        Parts that have to have been ready once: at the start of a station others go first, later
        each part comes back without waiting.
    task
        It ends by itself when it has done its work.
    group
        Job that it belongs to; if the JobManager of a group dies, all of the group starts anew.
    rank
        Order of the end: the lowest first.
    """

    name: str
    command: Callable[[], list[str]]
    ready: Callable[[], bool]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    task: bool = False
    group: str = ""
    rank: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


def ports_wanted(plan: Plan, settings: Settings) -> dict[str, int]:
    """Give the port that each listener of the plan wants; 0 where any will do."""
    local = settings.local
    wanted = (
        {"broker": local.kafka_port, "broker.controller": 0} if "broker" in plan.servers else {}
    )
    wanted |= {"registry": local.registry_port} if "registry" in plan.servers else {}
    wanted |= {"engine": local.clickhouse_port} if "engine" in plan.servers else {}
    rest = {"fusion": local.fusion_rest_port, "warehouse": local.warehouse_rest_port}
    for job in plan.jobs:
        wanted |= {f"{job.name}.rest": rest.get(job.name, 0), f"{job.name}.rpc": 0}
    return wanted


def flink_of(
    state_dir: Path,
    job: str,
    ports: Mapping[str, int],
    settings: Settings,
    *,
    archive: bool = False,
) -> JobFlink:
    """Give the Flink of a job."""
    rpc, rest = ports[f"{job}.rpc"], ports[f"{job}.rest"]
    return JobFlink(state_dir, job, (rpc, rest), settings, archive=archive)


def parts(
    state_dir: Path, plan: Plan, ports: Mapping[str, int], settings: Settings, cluster_id: str
) -> list[Part]:
    """List all parts of a plan, in the order in which they are worth starting."""
    config = ("--config", str(state_dir / "settings.toml"))
    made = [*_broker(state_dir, plan, ports, settings, cluster_id)]
    flinks = {
        job.name: flink_of(state_dir, job.name, ports, settings, archive=plan.archive)
        for job in plan.jobs
    }
    # Rows of the first job are what a start is waited for: nothing takes its cores before it runs,
    # neither another job nor pulses, which it would only have to catch up with.
    first = tuple(f"{job.name}.submit" for job in plan.jobs if job.file is not None)[:1]
    for number, job in enumerate(plan.jobs):
        made += _flink(flinks[job.name], job, first if number else ())
    made += [
        _server(state_dir, name, ports[name]) for name in ("registry", "engine") if name in ports
    ]
    servers = tuple(part.name for part in made if part.name in SERVERS)
    made.append(_python(_CONTRACTS, "infra.local.contracts", config, needs=servers, task=True))
    if "pulse" in plan.servers:
        made.append(_python("pulse", "infra.local.pulse", config, needs=(_CONTRACTS,), after=first))
    if settings.local.services:
        for name, module in _SERVICES.items():
            made.append(_python(name, module, config, needs=(_CONTRACTS,), after=first))
    for job in plan.jobs:
        if job.file is not None:
            made.append(_submission(state_dir, flinks[job.name], job))
    return made


def _broker(
    state_dir: Path, plan: Plan, ports: Mapping[str, int], settings: Settings, cluster_id: str
) -> list[Part]:
    if "broker" not in plan.servers:
        return []
    port, fresh = ports["broker"], not broker.formatted(state_dir)
    formatting = Part(
        "broker.format",
        lambda: broker.format_command(state_dir, cluster_id),
        lambda: broker.formatted(state_dir),
        task=True,
    )
    serving = Part(
        "broker",
        lambda: broker.command(state_dir, settings.local.broker_heap_mib, archive=plan.archive),
        lambda: broker.answers(port),
        needs=(formatting.name,) if fresh else (),
        rank=3,
    )
    return [formatting, serving] if fresh else [serving]


def _server(state_dir: Path, name: str, port: int) -> Part:
    module, out = f"infra.local.{name}", logs(state_dir) / f"{name}.out"
    command = [paths.python(), "-m", module, "--data", str(state_dir / name), "--port", str(port)]
    return Part(name, lambda: command, lambda: _says_ready(out), rank=2, environment=_PYTHON)


_PYTHON = {
    "PYTHONPATH": str(paths.ROOT),
    "PYTHONUNBUFFERED": "1",
    "NUMBA_CACHE_DIR": str(paths.NUMBA_CACHE),
}


def _python(name: str, module: str, words: tuple[str, ...], needs: tuple[str, ...],
            *, after: tuple[str, ...] = (), task: bool = False) -> Part:  # fmt: skip
    command = [paths.python(), "-m", module, *words]
    return Part(name, lambda: command, lambda: True, needs, after, task,
                rank=1, environment=_PYTHON)  # fmt: skip


def _says_ready(out: Path) -> bool:
    return out.exists() and any(
        line.startswith(b"ready ") for line in out.read_bytes().split(b"\n")
    )


def _flink(flink: JobFlink, job: JobPlan, after: tuple[str, ...]) -> list[Part]:
    manager, environment = JobManager(flink.url, timeout_s=0.5), flink.environment()
    made = [Part(f"{job.name}.jobmanager", flink.job_manager, manager.answers, after=after,
                 group=job.name, rank=1, environment=environment)]  # fmt: skip
    return made + [
        replace(_task_manager(flink, job.name, n, manager, environment), after=after)
        for n in range(1, job.task_managers + 1)
    ]


def _task_manager(
    flink: JobFlink, job: str, number: int, manager: JobManager, environment: Mapping[str, str]
) -> Part:
    name, starts = f"{job}.taskmanager-{number}", [0]

    # an id for each start: a JobManager lists a dead TaskManager until its heartbeat is missed
    def command() -> list[str]:
        starts[0] += 1
        return flink.task_manager(number, f"{name}.{starts[0]}")

    def registered() -> bool:
        try:
            return f"{name}.{starts[0]}" in manager.task_managers()
        except FlinkError:
            return False

    return Part(name, command, registered, group=job, rank=1, environment=environment)


def _submission(state_dir: Path, flink: JobFlink, job: JobPlan) -> Part:
    manager = JobManager(flink.url, timeout_s=1.0)

    def runs() -> bool:
        try:
            return any(one.runs for one in manager.active())
        except FlinkError:
            return False

    def command() -> list[str]:
        # the plan is read anew: a job may have been submitted by hand since
        now = {one.name: one for one in read_plan(state_dir).jobs}[job.name]
        return flink.submit(Path(now.file or ""), now.arguments, flink.snapshot())

    return Part(f"{job.name}.submit", command, runs, (f"{job.name}.jobmanager", _CONTRACTS),
                task=True, group=job.name, environment=flink.environment())  # fmt: skip

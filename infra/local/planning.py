"""What stands before a start: what is to run, with which addresses, from which state."""

import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from infra.local import broker, java, paths
from infra.local import state as station_state
from infra.local.flink import JobFlink
from infra.local.parts import SERVERS, flink_of, ports_wanted
from infra.local.state import JobPlan, Plan, State, StationError
from jobs import settings
from jobs.runtime.clock import now_us
from jobs.sections import LOCAL, FormatFiles
from jobs.settings import Settings


def default_jobs(chosen: Settings) -> tuple[JobPlan, ...]:
    """Give the jobs of this release; one whose file is not there runs as an empty Flink."""
    if chosen.flink.rest_url != LOCAL:
        return ()
    managers = {"fusion": chosen.flink.parallelism, "warehouse": 1, "segments": 1}
    files = {name: paths.ROOT / "jobs" / f"{name}.py" for name in managers}
    return tuple(
        JobPlan(name, str(files[name]) if files[name].exists() else None, (), count)
        for name, count in managers.items()
    )


def default_servers(chosen: Settings) -> tuple[str, ...]:
    """Give the servers that the settings leave to this machine, and the pulse."""
    real = {
        "broker": chosen.kafka.bootstrap,
        "registry": chosen.registry.url,
        "engine": chosen.clickhouse.url,
    }
    return tuple(name for name in SERVERS if real.get(name, LOCAL) == LOCAL)


def resolved(chosen: Settings, ports: Mapping[str, int]) -> Settings:
    """Fill the addresses of local parts into the settings."""
    made = chosen
    if "broker" in ports and made.kafka.bootstrap == LOCAL:
        made = replace(made, kafka=replace(made.kafka, bootstrap=f"127.0.0.1:{ports['broker']}"))
    if "registry" in ports and made.registry.url == LOCAL:
        url = f"http://127.0.0.1:{ports['registry']}"
        made = replace(made, registry=replace(made.registry, url=url))
    if "engine" in ports and made.clickhouse.url == LOCAL:
        url = f"clickhouse://127.0.0.1:{ports['engine']}"
        made = replace(made, clickhouse=replace(made.clickhouse, url=url))
    return made


def rewound(jobs: Sequence[str]) -> list[str]:
    """Names of the jobs whose state a rewind throws away: those that write in transactions.

    The warehouse job writes none, so its state has no age; without it, it would send every block
    again, also those whose tokens are forgotten by now.
    """
    return [job for job in jobs if job != "warehouse"]


def refuse_old_snapshots(state_dir: Path, plan: Plan, chosen: Settings) -> None:
    """Refuse a snapshot whose open transactions may have ended: their rows would be lost."""
    limit_s = chosen.flink.transaction_timeout_ms / 1000
    for job in rewound([job.name for job in plan.jobs]):
        snapshot = JobFlink(state_dir, job, (0, 0), chosen).snapshot()
        if snapshot is None:
            continue
        age_s = now_us() / 1e6 - (snapshot / "_metadata").stat().st_mtime
        if age_s > limit_s:
            msg = (
                f"the state of {job} is {age_s / 60:.0f} min old, transactions live "
                f"{limit_s / 60:.0f}: `station up --rewind` reads the topics again (give it "
                "another run.run_id), `station up --fresh` throws topics, tables and state away"
            )
            raise StationError(msg)


def with_own_mappings(chosen: Settings, folder: Path) -> Settings:
    """Copy the mappings, so that a job which starts again reads what it read before."""
    shutil.rmtree(folder, ignore_errors=True)
    if not chosen.mappings:
        return chosen
    folder.mkdir(parents=True)
    for name, text in chosen.mappings.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return replace(chosen, formats=FormatFiles(str(folder)))


def prepare(state_dir: Path, plan: Plan, chosen: Settings) -> None:
    """Choose ports and write everything that the parts read."""
    old = station_state.read(state_dir)
    ports = station_state.choose_ports(ports_wanted(plan, chosen), old.ports)
    cluster = old.cluster_id or urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    start = State(ports=ports, cluster_id=cluster, phase="starting", started_us=now_us())
    station_state.write(state_dir, start)
    config = state_dir / "settings.toml"
    given = with_own_mappings(resolved(chosen, ports), state_dir / "mappings")
    config.write_text(settings.as_toml(given), "utf-8")
    jobs = tuple(
        msgspec.structs.replace(job, arguments=("--config", str(config), *job.arguments))
        for job in plan.jobs
    )
    station_state.write_plan(state_dir, Plan(plan.servers, jobs, plan.archive))
    java.write_log_configuration(state_dir)
    if "broker" in ports:
        broker.prepare(state_dir, ports["broker"], ports["broker.controller"])
    for job in plan.jobs:
        shutil.rmtree(state_dir / "flink" / job.name / "tmp", ignore_errors=True)
        flink_of(state_dir, job.name, ports, chosen).prepare()

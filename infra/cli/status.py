"""`station status`: how the station is, what is wrong first."""

import psutil
import typer
from rich.markup import escape
from rich.table import Table

from infra.cli.errors import console
from infra.cli.health import Health, ask
from infra.cli.options import Config, addresses, station_of
from infra.local.rest import JobManager
from infra.local.state import PartState, State
from infra.local.station import LocalStation
from jobs.sections import LOCAL

_COLOURS = {"ready": "green", "failed": "red", "restarting": "red", "stopped": "dim"}


def status(config: Config = None) -> None:
    """Show health, jobs, topics and tables; exit status 1 if something is wrong."""
    given, station = addresses(config), station_of(config)
    managers = _managers(station)
    state = station.state() if station.running else State()
    health = ask(given, managers)
    # what is parked is missing in the tables: nothing else is as bad
    wrong = [*health.parked, *_wrong_parts(state), *health.wrong]
    if wrong:
        console.print("[bold red]What is wrong[/bold red]")
        for line in wrong:
            console.print(f"  [red]•[/red] {escape(line)}", highlight=False)
    else:
        console.print("[bold green]Nothing is wrong.[/bold green]")
    if state.parts:
        console.print(_parts(state))
    for table in (_jobs(health), _topics(health), _tables(health)):
        if table.row_count:
            console.print(table)
    raise typer.Exit(1 if wrong else 0)


def _managers(station: LocalStation) -> dict[str, JobManager]:
    url = station.settings.flink.rest_url
    if url != LOCAL:
        return {"Flink": JobManager(url, timeout_s=5.0)}
    if not station.running:
        return {}
    return {f"Flink of {job}": station.flink_rest(job) for job in station.jobs}


def _wrong_parts(state: State) -> list[str]:
    return [
        f"{name} is {part.health}: {part.note}" if part.note else f"{name} is {part.health}"
        for name, part in state.parts.items()
        if part.health != "ready"
    ]


def _parts(state: State) -> Table:
    table = Table("part", "health", "pid", "memory", "restarts", title=f"Parts ({state.phase})")
    total = 0
    for name, part in state.parts.items():
        memory = _memory_mib(part)
        total += memory
        colour = _COLOURS.get(part.health, "yellow")
        table.add_row(
            name,
            f"[{colour}]{part.health}[/{colour}]",
            str(part.process.pid) if part.process else "",
            f"{memory} MiB" if memory else "",
            str(part.restarts or ""),
        )
    table.caption = f"{total} MiB together"
    return table


def _memory_mib(part: PartState) -> int:
    process = part.process.find() if part.process else None
    try:
        return int(process.memory_info().rss) >> 20 if process else 0
    except psutil.NoSuchProcess:
        return 0


def _jobs(health: Health) -> Table:
    table = Table("job", "state", "tasks", "checkpoint", "last failure", title="Jobs")
    for one in health.jobs:
        age = "none" if one.checkpoint_age_s is None else f"{one.checkpoint_age_s:.1f} s ago"
        tasks = f"{one.job.tasks.get('running', 0)} of {one.job.tasks.get('total', 0)}"
        table.add_row(one.job.name, one.job.state, tasks, age, escape(one.failure))
    return table


def _topics(health: Health) -> Table:
    table = Table("topic", "records", *(f"{job} behind" for job in _GROUPS), title="Topics")
    for name, topic in health.topics.items():
        behind = [f"{topic.lag[job]:,}" if job in topic.lag else "" for job in _GROUPS]
        table.add_row(name, f"{topic.records:,}", *behind)
    return table


_GROUPS = ("fusion", "warehouse", "segments")


def _tables(health: Health) -> Table:
    table = Table("table", "rows", title="ClickHouse")
    for name, count in health.tables.items():
        table.add_row(name, f"{count:,}")
    return table

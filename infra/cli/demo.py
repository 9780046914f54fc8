"""`station demo`: recordings and a simulated district through the whole station."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, station_of
from infra.cli.progress import shown
from infra.cli.up import await_start, start
from infra.demo.plan import declare, recordings_in
from infra.demo.registration import draw
from infra.demo.report import Measured, Report, report, show
from infra.demo.run import WARM_UP_S, longest_path, run
from infra.demo.street import draw as draw_street
from infra.local.station import LocalStation
from infra.replay.messages import RecordedMessage
from infra.simulator.scenario import Scenario, Simulated, simulate
from infra.simulator.stories import Stories
from jobs.runtime.clock import now_us
from jobs.settings import Settings

_TICK_US = 100_000
_FOG_M = 150.0  # a bank of fog that some of the district's streets lie in, others not


def demo(
    config: Config = None,
    once: Annotated[
        bool, typer.Option("--once", help="Stop the station at the end; status 0 if all adds up.")
    ] = False,
    report_file: Annotated[
        Path | None, typer.Option("--report", help="Write the figures to this file as JSON.")
    ] = None,
    picture_file: Annotated[
        Path | None,
        typer.Option("--picture", help="Where to draw what registration found, .svg or .png."),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(help="Length of the simulated part that is scored, after 20 s of warm-up."),
    ] = 120.0,
    data: Annotated[
        Path, typer.Option(help="Folder of recorded messages; without it only the district runs.")
    ] = Path("../shared/data"),
) -> None:
    """Show the station at work: real recordings, then a simulated district, then the figures."""
    station = station_of(config)
    if station.running:
        msg = "a station runs already; end it with `station down`, the demo starts afresh"
        raise CommandError(msg)
    with console.status("simulating the district (SUMO)"):
        scenario = Scenario(
            start_us=now_us() // _TICK_US * _TICK_US,
            duration_s=WARM_UP_S + seconds,
            fog_radius_m=_FOG_M,
            stories=Stories(),
        )
        simulated = simulate(scenario)
    recordings = recordings_in(data)
    if not recordings:
        console.print(f"no recordings in {data}: only the district is shown")
    up_us = now_us()
    start(station, fresh=True, until="contracts")
    try:
        with console.status("declaring the recorded sources, in force after 5 s"):
            declared = declare(recordings, station.resolved.kafka)
        await_start(station, until="fusion.submit")
        measured, figures = _measured(station, recordings, declared, (scenario, simulated), up_us)
        show(console, figures, measured, scenario.start_us)
        _show_path(station.resolved)
    except BaseException:
        with shown("Stopping"):
            station.end()
        raise
    picture = picture_file or station.state_dir / "registration.svg"
    draw(measured.registrations, picture)
    console.print(f"Units before and after registration, and estimates beside the truth: {picture}")
    street = picture.with_name(f"street{picture.suffix}")
    draw_street(measured.rows, simulated, measured.happened.events, measured.shift_us, street)
    console.print(f"Speed over space and time on one street, with its events: {street}")
    if report_file is not None:
        report_file.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    faults = figures.faults()
    for fault in faults:
        console.print(f"[red]does not add up:[/red] {fault}")
    if not faults:
        console.print("[green]All sums close; Kafka and ClickHouse hold the same rows.[/green]")
    if once:
        with shown("Stopping") as watch:
            station.down(watch)
        raise typer.Exit(1 if faults else 0)
    console.print(
        'The station goes on. Ask it: `station sql "SELECT object_class, count() FROM '
        'fused_object_state GROUP BY 1"`; look: `station status`; end: `station down`.'
    )


def _measured(
    station: LocalStation,
    recordings: list[list[RecordedMessage]],
    declared: int,
    district: tuple[Scenario, Simulated],
    up_us: int,
) -> tuple[Measured, Report]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def watch(stage: str, done: float, total: float) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        scenario, simulated = district
        measured = run(
            station.resolved,
            recordings,
            declared,
            simulated,
            scenario,
            up_us,
            console.print,
            watch,
            station.wait_until_up,
        )
    return measured, report(measured)


def _show_path(settings: Settings) -> None:
    points = longest_path(settings)
    if not points:
        return
    table = Table(title=f"One vehicle's path: track {points[0][4]}")
    for name in ("instant (UTC)", "latitude", "longitude", "speed m/s"):
        table.add_column(name)
    for instant, lat, lon, speed, _ in points:
        table.add_row(f"{instant:%H:%M:%S.%f}"[:-5], f"{lat:.6f}", f"{lon:.6f}", f"{speed}")
    console.print(table)

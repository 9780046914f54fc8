"""`station up`: start the local station."""

import time
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, station_of
from infra.cli.progress import shown
from infra.local.paths import broker_classpath, connector_jars, flink_home, java
from infra.local.station import LocalStation


def up(
    config: Config = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw topics, tables and state away first.")
    ] = False,
    rewind: Annotated[
        bool,
        typer.Option(
            "--rewind", help="Throw the fusion job's state away; raw topics are read again."
        ),
    ] = False,
) -> None:
    """Start the station and wait until its jobs run."""
    started = time.monotonic()
    station = station_of(config)
    for present in (java, broker_classpath, flink_home, connector_jars):
        present()
    start(station, fresh=fresh, rewind=rewind)
    console.print(f"[green]The station runs[/green] (after {time.monotonic() - started:.0f} s).")
    for name, address in _addresses(station):
        console.print(f"  {name:<15}{address}", highlight=False)
    console.print("Look with `station status`, end with `station down`.")


def start(
    station: LocalStation, *, fresh: bool = False, rewind: bool = False, until: str = ""
) -> None:
    """Start a station with progress, or until one part is ready; ends it again if that fails.

    Raises
    ------
    StationError
        If it runs already or does not come up.
    CommandError
        If it was interrupted.
    """
    if (fresh or rewind) and not station.running:
        station.clean()
        station.forget(everything=fresh)
    station.start()
    await_start(station, until)


def await_start(station: LocalStation, until: str = "") -> None:
    """Wait with progress until a station, or one part of it, is ready; ends it if that fails.

    Raises
    ------
    StationError
        If it does not come up.
    CommandError
        If it was interrupted.
    """
    try:
        with shown("Starting") as watch:
            station.wait_until_up(watch, until)
    except KeyboardInterrupt:
        _end(station)
        msg = "interrupted; everything that was started is stopped again"
        raise CommandError(msg, 130) from None
    except BaseException:
        _end(station)
        raise


def _end(station: LocalStation) -> None:
    with shown("Cleaning up"):
        station.end()


def _addresses(station: LocalStation) -> list[tuple[str, str]]:
    given = station.resolved
    flinks = [(f"Flink {job}", station.flink_rest(job).url) for job in station.jobs]
    return [
        ("Kafka", given.kafka.bootstrap),
        ("registry", given.registry.url),
        ("ClickHouse", given.clickhouse.url + " (local engine)" * ("engine" in station.servers)),
        *flinks,
        *[("HTTP service", f"http://{given.serve.host}:{given.serve.port}")] * given.local.services,
        ("logs", str(Path(station.state_dir) / "logs")),
    ]

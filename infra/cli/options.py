"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.errors import CommandError
from infra.local.station import LocalStation
from jobs import settings
from jobs.sections import LOCAL
from jobs.settings import Settings
from operators.decode.formats import Formats

Config = Annotated[
    Path | None, typer.Option("--config", help="Settings; else station.toml here, else defaults.")
]


def station_of(config: Path | None) -> LocalStation:
    """Give the local station of a configuration, running or not."""
    chosen = settings.load(config)
    return LocalStation(chosen.state_dir, chosen=chosen)


def formats_of(config: Path | None, name: str | None = None) -> Formats:
    """Give the formats of a configuration, its mappings included.

    Raises
    ------
    CommandError
        If a format of that name is wanted and there is none.
    """
    formats = Formats(settings.load(config).mappings)
    if name is not None and name not in formats:
        msg = f"--format {name}: not known; known are {', '.join(formats)}"
        raise CommandError(msg, 2)
    return formats


def addresses(config: Path | None) -> Settings:
    """Give the settings with the addresses of the parts that run.

    Raises
    ------
    CommandError
        If a part is local and no station runs.
    """
    station = station_of(config)
    given = station.settings
    parts = (given.kafka.bootstrap, given.registry.url, given.clickhouse.url)
    if LOCAL in parts and not station.running:
        msg = f"no station runs in {station.state_dir}; start it with `station up`"
        raise CommandError(msg)
    return station.resolved


def with_warehouse(config: Path | None) -> Settings:
    """Give the settings with the address of the warehouse, which need not be a local station's.

    Raises
    ------
    CommandError
        If the warehouse is local and no station runs.
    """
    given = station_of(config).settings
    return addresses(config) if given.clickhouse.url == LOCAL else given

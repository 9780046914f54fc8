"""`station grade`: the acceptance report of a source."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, with_warehouse
from infra.grading.page import page
from infra.grading.read import Report, newest_minute, read


def grade(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Id of the source.")],
    minutes: Annotated[int, typer.Option(min=1, help="How many minutes, to the newest.")] = 60,
    out: Annotated[Path | None, typer.Option(help="File; default: SOURCE.html.")] = None,
    config: Config = None,
) -> None:
    """Grade a source and write its acceptance report as a page of HTML."""
    warehouse = with_warehouse(config).clickhouse
    try:
        with Client(**warehouse.client(), database=warehouse.database) as client:
            report = _report(client, source, minutes)
    except (ClickHouseError, OSError) as error:
        msg = f"{warehouse.url}: {str(error).partition('Stack trace')[0].strip()}"
        raise CommandError(msg) from error
    file = out or Path(f"{source.replace('/', '_')}.html")
    file.write_text(page(report), "utf-8")
    for one in report.grades:
        of = f"{one['samples']} samples, {one['from_time']:%H:%M} to {one['to_time']:%H:%M}"
        limited = f"by {one['worst']} = {one['value']:.4g} ({of})"
        console.print(f"{one['profile']}: {one['grade']}, {limited}", highlight=False)
    console.print(f"report: {file}")


def _report(client: Client, source: str, minutes: int) -> Report:
    newest = newest_minute(client, source)
    if newest is None:
        msg = f"no account of {source}; an account is there when its first minute is over"
        raise CommandError(msg)
    last = newest + timedelta(minutes=1)
    return read(client, source, last - timedelta(minutes=minutes), last)

"""`station trace`: a fused row back to its raw bytes."""

from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any

import msgspec
import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from rich.markup import escape
from rich.table import Table

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, addresses
from infra.cli.tracing import Seen, TraceError, read_entries, read_records
from infra.cli.tracing import trace as run_trace
from operators.normalise.event_time import instant_us
from operators.raw import RawRecord

_SHOWN_BYTES = 4000


def trace(
    track: Annotated[int, typer.Argument(metavar="TRACK_ID", help="Any id of the object.")],
    tick: Annotated[
        str, typer.Argument(metavar="TICK", help="UTC microseconds, or ISO 8601 with offset.")
    ],
    config: Config = None,
) -> None:
    """Show a fused row, its links, and the raw record and object that each link points to.

    If nobody saw the object at that tick, the links are those of the last one when somebody did.
    """
    tick_us = int(tick) if tick.isdecimal() else instant_us(tick)
    if tick_us is None:
        msg = f"TICK {tick}: write UTC microseconds, or such as 2026-01-31T12:00:00.1Z"
        raise CommandError(msg, 2)
    given = addresses(config)
    warehouse = given.clickhouse
    try:
        with Client(**warehouse.client()) as client:
            row, found = run_trace(
                client,
                warehouse.database,
                (track, tick_us),
                lambda places: read_records(given.kafka.client(), places),
                lambda: read_entries(given.kafka.client()),
            )
    except (ClickHouseError, OSError) as error:
        msg = f"{warehouse.url}: {str(error).partition('Stack trace')[0].strip()}"
        raise CommandError(msg) from error
    except TraceError as error:
        raise CommandError(str(error)) from error
    _show("row", row)
    for number, one in enumerate(found, 1):
        _show_link(f"link {number} of {len(found)}", one)


def _show_link(title: str, one: Seen) -> None:
    shown: dict[str, Any] = dict(one.link)
    if one.record is not None:
        shown |= _record(one.record)
    if one.frame is not None:
        shown["object"] = msgspec.json.encode(one.frame).decode()
    if one.problem:
        shown["problem"] = one.problem
    _show(title, shown)


def _record(record: RawRecord) -> dict[str, Any]:
    body = record.body or b""
    text = body[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    more = f" ... ({len(body):,} bytes)" if len(body) > _SHOWN_BYTES else ""
    return {"receive_time_us": record.receive_time_us, "format": record.format, "raw": text + more}


def _show(title: str, values: Mapping[str, Any]) -> None:
    table = Table(show_header=False, title=title, title_justify="left")
    for name, value in values.items():
        table.add_row(name, escape(_text(value)))
    console.print(table)


def _text(value: Any) -> str:
    if hasattr(value, "astimezone"):
        return str(value.astimezone(UTC).isoformat())
    return str(value)

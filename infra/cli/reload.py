"""`station reload`: send blocks again that a table refused."""

from typing import Annotated

import typer
from clickhouse_driver.errors import Error as ClickHouseError
from confluent_kafka.schema_registry.error import SchemaRegistryError

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, addresses
from jobs.io.avro import AvroCodec
from jobs.io.block_log import BlockLog
from jobs.io.clickhouse import InsertError, Warehouse, WarehouseSettings
from jobs.io.delivery import BlockRefusedError, Delivery
from jobs.io.registry import register_all
from jobs.settings import Settings


def reload(
    table: Annotated[
        str | None, typer.Option("--table", help="Only what this table refused; else everything.")
    ] = None,
    config: Config = None,
) -> None:
    """Send parked blocks to the tables that refused them; exit status 1 if one is refused again.

    A block goes out under the token that it had, so it is there once however often it is sent.
    """
    given = addresses(config)
    try:
        reloaded, refused = _reload(given, table)
    except (ClickHouseError, InsertError, SchemaRegistryError, OSError) as error:
        msg = f"{str(error).partition(chr(10))[0]}; what was reloaded before stays so"
        raise CommandError(msg) from error
    for reason, count in refused.items():
        console.print(f"[red]blocks refused again: {count}[/red] by {reason}", highlight=False)
    console.print(f"blocks reloaded: {reloaded}")
    raise typer.Exit(1 if refused else 0)


def _reload(given: Settings, table: str | None) -> tuple[int, dict[str, int]]:
    """Number of blocks that are in now, and how many were refused for which reason."""
    where = WarehouseSettings.of(given.clickhouse)
    log = BlockLog(where.client(), where.database)
    delivery = Delivery(Warehouse(where), log, AvroCodec(register_all(given.registry.address())))
    reloaded, refused = 0, dict[str, int]()
    try:
        for parked in log.parked():
            if table in (None, parked.refusal.table):
                try:
                    delivery.resend(parked)
                    reloaded += 1
                except BlockRefusedError as error:
                    reason = str(error).partition("\n")[0]
                    refused[reason] = refused.get(reason, 0) + 1
    finally:
        delivery.close()
    return reloaded, refused

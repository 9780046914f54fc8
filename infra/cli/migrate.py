"""`station migrate`: bring the warehouse to the tables of this release."""

from typing import Annotated

import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, with_warehouse
from infra.clickhouse.migrate import MigrationError
from infra.clickhouse.migrate import migrate as run_migrations
from infra.clickhouse.retention import retain


def migrate(
    target: Annotated[
        int | None,
        typer.Option("--target", min=0, help="Last migration that shall stand; 0 removes all."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="Cluster of replicas (untested); else clickhouse.cluster."),
    ] = None,
    config: Config = None,
) -> None:
    """Create or change the warehouse's tables, and set how long they keep their rows.

    Can be repeated. A database that a newer release has changed is refused.
    """
    given = with_warehouse(config)
    warehouse = given.clickhouse
    name = warehouse.cluster if cluster is None else cluster
    try:
        with Client(**warehouse.client()) as client:
            changes = run_migrations(
                client, warehouse.database, target, cluster=name, dry_run=dry_run
            )
            lines = [str(change) for change in changes]
            if target is None:
                lines += retain(
                    client, warehouse.database, given.retention, cluster=name, dry_run=dry_run
                )
    except (ClickHouseError, OSError) as error:
        msg = f"{warehouse.url}: {str(error).partition('Stack trace')[0].strip()}"
        raise CommandError(msg) from error
    except MigrationError as error:
        raise CommandError(str(error)) from error
    for line in lines:
        console.print(line, highlight=False)
    console.print("[dim]nothing to do[/dim]" if not lines else f"[dim]{len(lines)} changes[/dim]")

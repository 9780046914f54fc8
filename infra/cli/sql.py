"""`station sql`: ask the warehouse."""

from typing import Annotated

import typer
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from rich.markup import escape
from rich.table import Table

from infra.cli.errors import CommandError, console
from infra.cli.options import Config, with_warehouse


def sql(
    query: Annotated[str, typer.Argument(help="One statement, such as a SELECT.")],
    config: Config = None,
) -> None:
    """Run a query in the warehouse and show its rows."""
    warehouse = with_warehouse(config).clickhouse
    try:
        with Client(**warehouse.client(), database=warehouse.database) as client:
            rows, columns = client.execute(query, with_column_types=True)
    except (ClickHouseError, OSError) as error:
        first = str(error).partition("Stack trace")[0]
        msg = f"{warehouse.url}: {first.strip()}"
        raise CommandError(msg) from error
    table = Table(*(f"{name}\n[dim]{escape(kind)}[/dim]" for name, kind in columns))
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row))
    console.print(table)
    console.print(f"[dim]{len(rows)} rows[/dim]")

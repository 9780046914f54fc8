"""Compare two runs that stand beside each other in the tables, day by day.

Rows are compared by a sum of hashes that no order changes. The run's name and the time of loading
are left out, so two runs over the same log from the same start have the same hash.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clickhouse_driver import Client

_OWN = ("run_id", "loaded_at")
_DAY = re.compile(r"toDate\((\w+)\)")


@dataclass(frozen=True, slots=True)
class Content:
    """Rows of one run in one table on one day, and the sum of their hashes modulo 2^64."""

    rows: int
    digest: int


def tables_of_runs(client: Client, database: str) -> dict[str, str]:
    """Tables that hold rows of runs, parted by days: the time column by ``database.table``."""
    found = client.execute(
        "SELECT database, name, partition_key FROM system.tables WHERE database IN %(of)s"
        " AND engine LIKE '%%ReplacingMergeTree' AND (database, name) IN"
        " (SELECT database, table FROM system.columns WHERE name = 'run_id') ORDER BY ALL",
        {"of": (database, f"{database}_raw")},
    )
    return {
        f"{home}.{table}": day[1]
        for home, table, key in found
        if (day := _DAY.fullmatch(key)) is not None
    }


def contents(
    client: Client, table: str, time_column: str, run_id: str, days: Sequence[date]
) -> dict[date, Content]:
    """What a table holds of a run on some days.

    Parameters
    ----------
    client
        Connection to the warehouse.
    table
        With its database.
    time_column
        Whose day parts the table.
    run_id
        The run.
    days
        Those that count.
    """
    home, _, name = table.partition(".")
    columns = client.execute(
        "SELECT name FROM system.columns WHERE database = %(home)s AND table = %(name)s"
        " AND default_kind != 'ALIAS' AND name NOT IN %(own)s ORDER BY name",
        {"home": home, "name": name, "own": _OWN},
    )
    hashed = ", ".join(f"`{column}`" for (column,) in columns)
    rows = client.execute(
        f"SELECT toDate({time_column}) AS day, count(), sum(sipHash64({hashed}))"
        f" FROM {table} WHERE run_id = %(run)s AND day IN %(days)s GROUP BY day ORDER BY day",
        {"run": run_id, "days": tuple(days)},
    )
    return {day: Content(count, digest) for day, count, digest in rows}


@dataclass(frozen=True, slots=True)
class Difference:
    """One table on one day: the new run beside the one that is shown; None where a run has none."""

    table: str
    day: date
    new: Content | None
    shown: Content | None

    @property
    def equal(self) -> bool:
        """Whether both runs have the same rows."""
        return self.new == self.shown


def compare(
    client: Client, database: str, run_id: str, shown: Mapping[date, str]
) -> list[Difference]:
    """Compare a run with what is shown on the days that it has pictures of.

    Parameters
    ----------
    client
        Connection to the warehouse.
    database
        Database of the tables.
    run_id
        The new run.
    shown
        The run that each of these days is compared with.
    """
    made = []
    for table, column in tables_of_runs(client, database).items():
        of = {
            one: contents(client, table, column, one, list(shown))
            for one in {run_id, *shown.values()}
            if one
        }
        for day, other in sorted(shown.items()):
            new, old = of[run_id].get(day), of[other].get(day) if other else None
            if new is not None or old is not None:
                made.append(Difference(table, day, new, old))
    return made

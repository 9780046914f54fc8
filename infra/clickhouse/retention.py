"""Put the days of the settings into effect: how long each table keeps its rows."""

import re

from clickhouse_driver import Client

from infra.clickhouse.cluster import replicated
from jobs.sections import Retention

_OWN = {
    "fused_object_state": "states_days",
    "fused_object_second": "seconds_days",
    "road_minute": "rollups_days",
    "segment_second": "seconds_days",
    "approach_second": "seconds_days",
    "segment_minute": "rollups_days",
    "fused_link": "links_days",
    "picture": "pictures_days",
    "dead_letter": "raw_days",
}
_REST = "accounts_days"
_TTL = re.compile(r"\bTTL loaded_at \+ (?:toIntervalDay\((\d+)\)|INTERVAL (\d+) DAY)")


def days_of(table: str, retention: Retention) -> int:
    """Days that a table keeps its rows."""
    days: int = getattr(retention, _OWN.get(table, _REST))
    return days


def retain(
    client: Client,
    database: str,
    retention: Retention,
    *,
    cluster: str = "",
    dry_run: bool = False,
) -> list[str]:
    """Change the TTL of every table that has another than the settings say.

    Parameters
    ----------
    client
        Connection to the server.
    database
        Database of the tables; that of raw bytes is taken too.
    retention
        Days by kind of table.
    cluster
        As in `infra.clickhouse.migrate.migrate`.
    dry_run
        Say what would be done and do nothing.

    Returns
    -------
    list of str
        What was done, a line for each table.
    """
    rows = client.execute(
        "SELECT database, name, engine_full FROM system.tables WHERE database IN %(names)s"
        " AND engine LIKE '%%MergeTree' ORDER BY database, name",
        {"names": (database, f"{database}_raw")},
    )
    done = []
    for home, table, engine in rows:
        standing, wanted = _TTL.search(engine), days_of(table, retention)
        if standing is None or int(standing[1] or standing[2]) == wanted:
            continue
        done.append(f"keep {table} for {wanted} days")
        if not dry_run:
            change = f"ALTER TABLE {home}.{table} MODIFY TTL loaded_at + INTERVAL {wanted} DAY"
            client.execute(replicated(change, cluster))
    return done

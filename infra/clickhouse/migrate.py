"""Bring a warehouse to the tables of this release.

    python -m infra.clickhouse.migrate --url clickhouse://host:port/station [--target N] [--dry-run]

What was done stands in the table `schema_migrations` of the database, as a log. Every statement of
a migration can be repeated, so one that broke off half way is simply run again.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from clickhouse_driver import Client

import schemas

_LOG = """CREATE TABLE IF NOT EXISTS {database}.schema_migrations
(
    step UInt64,
    number UInt32,
    name String,
    direction Enum8('up' = 1, 'down' = 2),
    digest String COMMENT 'SHA-256 of the up file',
    done_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree ORDER BY step"""


class MigrationError(RuntimeError):
    """A database that this release must not touch."""


@dataclass(frozen=True, slots=True)
class Change:
    """One migration to run, in one direction."""

    migration: schemas.Migration
    direction: str

    def __str__(self) -> str:
        return f"{self.direction} {self.migration.number:04d} {self.migration.name}"


def migrate(
    client: Client, database: str = "station", target: int | None = None, *, dry_run: bool = False
) -> list[Change]:
    """Run what is missing, or take back what is beyond `target`.

    Parameters
    ----------
    client
        Connection to the server; its own database does not matter.
    database
        Database of the tables; `<database>_raw` is the one for raw bytes.
    target
        Number of the last migration that shall stand; None for the newest of this release.
    dry_run
        Say what would be done and do nothing.

    Returns
    -------
    list of Change
        What was done, in order.

    Raises
    ------
    MigrationError
        If the database is newer than this release, or was made from a file that has changed since.
    """
    known = schemas.migrations()
    standing = _standing(client, database)
    last = known[-1].number if target is None else target
    _refuse_foreign(known, standing, last)
    changes = list(_plan(known, standing, last))
    if dry_run:
        return changes
    client.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
    client.execute(_LOG.format(database=database))
    for change in changes:
        _run(client, database, change)
    return changes


def digest(migration: schemas.Migration) -> str:
    """Tell one text of a migration from another."""
    return hashlib.sha256(migration.up.encode()).hexdigest()


def statements(sql: str, database: str) -> list[str]:
    """Split a file into its statements, for one database; each ends with a semicolon and a line."""
    return [
        part.strip() for part in sql.replace("{database}", database).split(";\n") if part.strip()
    ]


def _standing(client: Client, database: str) -> dict[int, str]:
    table = {"database": database}
    exists = (
        "SELECT count() FROM system.tables"
        " WHERE database = %(database)s AND name = 'schema_migrations'"
    )
    if not client.execute(exists, table)[0][0]:
        return {}
    rows = client.execute(
        f"SELECT number, argMax(direction, step), argMax(digest, step)"
        f" FROM {database}.schema_migrations GROUP BY number"
    )
    return {number: digest for number, direction, digest in rows if direction == "up"}


def _refuse_foreign(
    known: Sequence[schemas.Migration], standing: dict[int, str], target: int
) -> None:
    if max(standing, default=0) > known[-1].number:
        msg = (
            f"the database is at {max(standing)}, this release knows {known[-1].number}: upgrade it"
        )
        raise MigrationError(msg)
    for migration in known:
        # what is taken back may have been another text: that is the way out of this refusal
        if migration.number > target:
            break
        if standing.get(migration.number, digest(migration)) != digest(migration):
            msg = f"migration {migration.number:04d} {migration.name} was run from another text"
            raise MigrationError(msg)


def _plan(
    known: Sequence[schemas.Migration], standing: dict[int, str], target: int
) -> Iterator[Change]:
    for migration in reversed(known):
        if migration.number > target and migration.number in standing:
            yield Change(migration, "down")
    for migration in known:
        if migration.number <= target and migration.number not in standing:
            yield Change(migration, "up")


def _run(client: Client, database: str, change: Change) -> None:
    migration = change.migration
    for statement in statements(getattr(migration, change.direction), database):
        client.execute(statement)
    client.execute(
        f"INSERT INTO {database}.schema_migrations (step, number, name, direction, digest)"
        f" SELECT count() + 1, {migration.number}, '{migration.name}', '{change.direction}',"
        f" '{digest(migration)}' FROM {database}.schema_migrations"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; exit status 1 if the database is refused."""
    parser = argparse.ArgumentParser(prog="python -m infra.clickhouse.migrate")
    parser.add_argument(
        "--url", required=True, help="clickhouse://[user:password@]host:port/database"
    )
    parser.add_argument("--target", type=int, help="last migration that shall stand; 0 removes all")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    given = parser.parse_args(arguments)
    url = urlsplit(given.url)
    client = Client.from_url(url._replace(path="/default").geturl())
    try:
        changes = migrate(
            client, url.path.strip("/") or "station", given.target, dry_run=given.dry_run
        )
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        client.disconnect()
    sys.stdout.writelines(f"{change}\n" for change in changes)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Bring a warehouse to the tables of this release.

What was done stands in the table `schema_migrations` of the database, as a log. Every statement of
a migration can be repeated, so one that broke off half way is simply run again. Migrations that
grant rights are run where the server has a store for roles; the local engine has none.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clickhouse_driver import Client

import schemas
from infra.clickhouse.cluster import replicated

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
    passed_over: bool = False

    def __str__(self) -> str:
        why = " (passed over: this engine keeps no roles)" if self.passed_over else ""
        return f"{self.direction} {self.migration.number:04d} {self.migration.name}{why}"


def migrate(
    client: Client,
    database: str = "station",
    target: int | None = None,
    *,
    cluster: str = "",
    dry_run: bool = False,
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
    cluster
        Name of a cluster of replicas to do it on; empty for this server alone.
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
    keeps_roles = _keeps_roles(client)
    changes = [
        Change(migration, direction, passed_over=migration.grants and not keeps_roles)
        for migration, direction in _plan(known, standing, last)
    ]
    if dry_run:
        return changes
    for statement in (f"CREATE DATABASE IF NOT EXISTS {database}", _LOG):
        client.execute(replicated(statement.replace("{database}", database), cluster))
    for change in changes:
        _run(client, database, change, cluster)
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


def _keeps_roles(client: Client) -> bool:
    stores = "SELECT count() FROM system.user_directories WHERE type != 'users_xml'"
    return bool(client.execute(stores)[0][0])


def _plan(
    known: Sequence[schemas.Migration], standing: dict[int, str], target: int
) -> Iterator[tuple[schemas.Migration, str]]:
    for migration in reversed(known):
        if migration.number > target and migration.number in standing:
            yield migration, "down"
    for migration in known:
        if migration.number <= target and migration.number not in standing:
            yield migration, "up"


def _run(client: Client, database: str, change: Change, cluster: str) -> None:
    migration = change.migration
    for statement in statements(getattr(migration, change.direction), database):
        if not change.passed_over:
            client.execute(replicated(statement, cluster))
    client.execute(
        f"INSERT INTO {database}.schema_migrations (step, number, name, direction, digest)"
        f" SELECT count() + 1, {migration.number}, '{migration.name}', '{change.direction}',"
        f" '{digest(migration)}' FROM {database}.schema_migrations"
    )

"""Deterministic blocks of records into ClickHouse, each exactly once.

A block is inserted table by table, each with a token that the server remembers; a block that is
sent again, whole or after half of it went in, changes nothing. One attempt, no sleep: who calls
decides what a failure means.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clickhouse_driver import Client, errors

from jobs.io.rows import TableRows, rows_of

# The driver warns at each insert that arrays are not numpy's; that is known and measured.
logging.getLogger("clickhouse_driver.columns.service").setLevel(logging.ERROR)

# Never a server's default: they changed between versions (23.x to 26.x).
_SETTINGS: Final = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_insert": "enable",
    "deduplicate_blocks_in_dependent_materialized_views": 1,
}
_NO_CODE: Final = 0


class InsertError(RuntimeError):
    """A block that may be or may not be in the warehouse; send it again.

    Parameters
    ----------
    table
        Where it failed; the tables before it are done.
    token
        Token of the insert.
    code
        The server's error code; 0 if there was no answer.
    reason
        The server's or the network's words.
    """

    def __init__(self, table: str, token: str, code: int, reason: str) -> None:
        super().__init__(f"insert into {table} failed with code {code} ({token}): {reason}")
        self.table = table
        self.token = token
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class WarehouseSettings:
    """Where the warehouse is and how long to wait for it.

    Parameters
    ----------
    host, port
        Native protocol.
    user, password
        Credentials.
    database
        Database of the tables; `<database>_raw` is the one for raw bytes.
    secure
        Speak TLS.
    connect_timeout_s, timeout_s
        For connecting, and for one answer.
    """

    host: str
    port: int = 9000
    user: str = "default"
    password: str = ""
    database: str = "station"
    secure: bool = False
    connect_timeout_s: float = 2.0
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Block:
    """Records of one topic partition between two cuts.

    Parameters
    ----------
    topic
        Name of the topic.
    records
        Decoded records in the order of their offsets.
    token
        What is the same whenever this block is built, and different for any other:
        `{topic uuid}:{partition}:{first}-{last}:v{version}:{run}`.
    """

    topic: str
    records: Sequence[Mapping[str, Any]]
    token: str


class Warehouse:
    """A connection that is opened when it is needed and again after a failure.

    Parameters
    ----------
    settings
        Where the warehouse is.
    """

    def __init__(self, settings: WarehouseSettings) -> None:
        self._database = settings.database
        self._client = Client(
            settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            secure=settings.secure,
            compression="lz4",
            connect_timeout=settings.connect_timeout_s,
            send_receive_timeout=settings.timeout_s,
            sync_request_timeout=settings.timeout_s,
        )
        self._settings: dict[str, Any] | None = None

    def insert(self, block: Block) -> int:
        """Insert a block into every table that its topic feeds.

        Returns
        -------
        int
            Rows sent, whether or not the server had them already.

        Raises
        ------
        InsertError
            If one table did not confirm. One attempt is made.
        """
        return sum(self._insert(rows, block.token) for rows in rows_of(block.topic, block.records))

    def close(self) -> None:
        """Close the connection."""
        self._client.disconnect()

    def _insert(self, rows: TableRows, token: str) -> int:
        if not len(rows):
            return 0
        database = f"{self._database}_raw" if rows.raw else self._database
        names = ", ".join(f"`{name}`" for name in rows.columns)
        own = f"{token}:{rows.table}"
        try:
            settings = {
                **self._known_settings(),
                "insert_deduplication_token": own,
                "use_numpy": rows.packed,
                # one block for one insert: the token alone decides
                "insert_block_size": len(rows),
            }
            self._client.execute(
                f"INSERT INTO {database}.{rows.table} ({names}) VALUES",
                list(rows.columns.values()),
                columnar=True,
                settings=settings,
            )
        except errors.ServerException as error:
            raise InsertError(rows.table, own, error.code, error.message) from error
        except (errors.Error, OSError, EOFError) as error:
            raise InsertError(rows.table, own, _NO_CODE, str(error)) from error
        return len(rows)

    def _known_settings(self) -> dict[str, Any]:
        if self._settings is None:
            found = self._client.execute(
                "SELECT name FROM system.settings WHERE name IN %(names)s",
                {"names": tuple(_SETTINGS)},
            )
            self._settings = {name: _SETTINGS[name] for (name,) in found}
        return self._settings

"""Deterministic blocks of records into ClickHouse, each exactly once.

A block is inserted table by table, each with a token that the server remembers; a block that is
sent again, whole or after half of it went in, changes nothing. One attempt, no sleep: who calls
decides what a failure means.
"""

import logging
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clickhouse_driver import Client, errors

from jobs.io import families
from jobs.io.joined import TableRows
from jobs.io.rows import rows_of
from jobs.sections import ClickHouse

# The driver warns at each insert that arrays are not numpy's; that is known and measured.
logging.getLogger("clickhouse_driver.columns.service").setLevel(logging.ERROR)

# Never a server's default: they changed between versions (23.x to 26.x).
_SETTINGS: Final = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_insert": "enable",
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # so that TOO_MANY_PARTS always means parts that will be merged in a while
    "max_partitions_per_insert_block": 0,
}
_NO_CODE: Final = 0
_TYPE_MISMATCH: Final = 53
# What says that this block does not fit this table, and will not until one of them is mended. Any
# other code may be the server's state (absent, full, busy, not migrated yet): never park for that.
_REFUSALS: Final = frozenset(
    {
        *(6, 26, 27, 33, 38, 41, 72),  # text, quoted, input, data, date, time, number not parsed
        *(8, 9, 10, 16, 20),  # a column is missing, unknown, or of another length
        *(19, 128, 131, 135, 190),  # sizes of strings, arrays and tuples
        *(43, 44, 47, 50, _TYPE_MISMATCH, 70),  # types and identifiers
        *(69, 321, 407),  # out of range
        *(117, 349, 469, 691),  # incorrect data, NULL, a constraint, no such value of an enum
    }
)


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

    @property
    def refused(self) -> bool:
        """Whether the table has no place for this block, however often it is sent."""
        return self.code in _REFUSALS


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

    @classmethod
    def of(cls, chosen: ClickHouse) -> "WarehouseSettings":
        """Take the section of the settings."""
        return cls(**chosen.client(), database=chosen.database)

    def client(self) -> Client:
        """Give a connection that is opened when it is needed and again after a failure."""
        return Client(
            self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            secure=self.secure,
            compression="lz4",
            connect_timeout=self.connect_timeout_s,
            send_receive_timeout=self.timeout_s,
            sync_request_timeout=self.timeout_s,
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Records of one topic between two cuts.

    Parameters
    ----------
    topic
        Name of the topic.
    records
        Decoded records in the order of partitions and offsets.
    token
        What is the same whenever this block is built, and different for any other:
        see `operators.blocks.token_of`.
    """

    topic: str
    records: Sequence[Mapping[str, Any]]
    token: str


class Warehouse:
    """The tables, to insert into.

    Parameters
    ----------
    settings
        Where the warehouse is.
    """

    def __init__(self, settings: WarehouseSettings) -> None:
        self._database = settings.database
        self._client = settings.client()
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
        return sum(self.insert_rows(r, block.token) for r in rows_of(block.topic, block.records))

    def insert_rows(self, rows: TableRows, token: str) -> int:
        """Insert a block's rows into one table.

        Returns
        -------
        int
            Rows sent, whether or not the server had them already.

        Raises
        ------
        InsertError
            If it did not confirm, or the rows cannot be packed for it. One attempt is made.
        """
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
                # Merging a block in search of rows that stand in it twice cost half of the engine's
                # time; those made of columns have none.
                "optimize_on_insert": int(not rows.packed),
                # one block for one insert: the token alone decides
                "insert_block_size": len(rows),
            }
            self._client.execute(
                f"INSERT INTO {database}.{rows.table} ({names}) VALUES",
                list(rows.columns.values()),
                columnar=True,
                settings=settings,
            )
            if rows.table == families.TABLE:
                families.join_families(self._client, self._database, rows)
        except errors.ServerException as error:
            raise InsertError(rows.table, own, error.code, error.message) from error
        except errors.Error as error:
            raise InsertError(rows.table, own, error.code or _NO_CODE, str(error)) from error
        except (OSError, EOFError) as error:
            raise InsertError(rows.table, own, _NO_CODE, str(error)) from error
        except (ValueError, TypeError, AttributeError, struct.error) as error:
            # the driver could not pack a column for the type that the table has
            raise InsertError(rows.table, own, _TYPE_MISMATCH, repr(error)) from error
        return len(rows)

    def close(self) -> None:
        """Close the connection."""
        self._client.disconnect()

    def _known_settings(self) -> dict[str, Any]:
        if self._settings is None:
            found = self._client.execute(
                "SELECT name FROM system.settings WHERE name IN %(names)s",
                {"names": tuple(_SETTINGS)},
            )
            self._settings = {name: _SETTINGS[name] for (name,) in found}
        return self._settings

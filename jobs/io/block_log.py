"""What is written down about blocks that a table refused: attempts, parked blocks, reloads.

It stands in the warehouse, since what refuses is there; Flink's state would forget an attempt with
the restart that the attempt causes.
"""

from dataclasses import dataclass
from typing import Any, Final

from clickhouse_driver import Client

from operators.blocks import PackedBlock, block_encoder

# Each row is a fact of its own, and a repeated one does no harm.
_SETTINGS: Final = {"async_insert": 0, "insert_deduplicate": 0}
_FIELDS: Final = (
    "token, kind, table, topic, partition, first_offset, last_offset, records, code, reason,"
    " content"
)
_REASON_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A block that a table did not take.

    Parameters
    ----------
    table
        The table; empty if the block's records cannot be read.
    token
        Token of the insert.
    code
        Error code of the server; -1 if the records cannot be read.
    reason
        In words.
    """

    table: str
    token: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked block with why it is there, and its content as it was packed."""

    refusal: Refusal
    content: bytes


class BlockLog:
    """The log of refused blocks.

    Parameters
    ----------
    client
        Connection to the warehouse.
    database
        Database of the tables; the log is in `<database>_raw`.
    """

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self._database = f"{database}_raw"

    def attempts(self, refusal: Refusal) -> int:
        """How often this block was refused before."""
        return int(
            self._one(
                "SELECT count() FROM {}.block_log WHERE kind = 'refused' AND table = %(table)s"
                " AND token = %(token)s",
                refusal,
            )
        )

    def known(self, refusal: Refusal) -> bool:
        """Whether a block of the same table is parked for the same code."""
        return bool(
            self._one(
                "SELECT count() FROM {}.parked_block WHERE table = %(table)s AND code = %(code)s",
                refusal,
            )
        )

    def note_refused(self, refusal: Refusal, block: PackedBlock) -> None:
        """Write an attempt down."""
        self._note("refused", refusal, block)

    def park(self, refusal: Refusal, block: PackedBlock) -> None:
        """Put a block aside with its content."""
        self._note("parked", refusal, block, block_encoder.encode(block))

    def note_reloaded(self, refusal: Refusal, block: PackedBlock) -> None:
        """Write down that a parked block is in its table now, and remove its content."""
        self._note("reloaded", refusal, block)
        self._client.execute(
            f"DELETE FROM {self._database}.block_log"
            " WHERE kind = 'parked' AND table = %(table)s AND token = %(token)s",
            {"table": refusal.table, "token": refusal.token},
        )

    def summary(self) -> list[tuple[str, str, int, str]]:
        """What is parked: topic, table, number of blocks, the newest reason."""
        rows: list[tuple[str, str, int, str]] = self._client.execute(
            "SELECT topic, table, count(), argMax(reason, parked_at)"
            f" FROM {self._database}.parked_block GROUP BY topic, table ORDER BY topic, table"
        )
        return rows

    def parked(self) -> list[Parked]:
        """All parked blocks, in the order in which they were parked."""
        rows = self._client.execute(
            "SELECT table, token, code, reason, hex(content)"
            f" FROM {self._database}.parked_block ORDER BY parked_at, token"
        )
        return [
            Parked(Refusal(table, token, code, reason), bytes.fromhex(content))
            for table, token, code, reason, content in rows
        ]

    def close(self) -> None:
        """Close the connection."""
        self._client.disconnect()

    def _one(self, query: str, refusal: Refusal) -> Any:
        values = {"table": refusal.table, "token": refusal.token, "code": refusal.code}
        return self._client.execute(query.format(self._database), values)[0][0]

    def _note(self, kind: str, refusal: Refusal, block: PackedBlock, content: bytes = b"") -> None:
        span = block.spans[0]
        row = (
            refusal.token, kind, refusal.table, block.topic, span.partition, span.first, span.last,
            len(block.records), refusal.code, refusal.reason[:_REASON_CHARACTERS], content,
        )  # fmt: skip
        self._client.execute(
            f"INSERT INTO {self._database}.block_log ({_FIELDS}) VALUES", [row], settings=_SETTINGS
        )

"""Brings blocks into the warehouse, each once; what a table refuses is parked, not lost.

An engine that does not answer is waited for: the error fails the job, which Flink restarts with
growing pauses. A table that answers that it has no place for a block would answer so for ever:
after a few attempts the block is put aside with its content and its reason, and the stream goes on.
"""

import struct
from typing import Final

from jobs.io.avro import AvroCodec
from jobs.io.block_log import BlockLog, Parked, Refusal
from jobs.io.clickhouse import InsertError, Warehouse
from jobs.io.joined import TableRows
from jobs.io.rows import rows_of
from operators.blocks import PackedBlock, unpack_parked

ATTEMPTS: Final = 3  # each but the last costs a restart of the job
UNREADABLE: Final = -1
# What reading a record that is no record of its topic may end in.
_NOT_READ: Final = (ValueError, TypeError, LookupError, EOFError, OverflowError, struct.error)


class BlockRefusedError(RuntimeError):
    """A block that was refused and shall be tried again."""


class _UnreadableError(Exception):
    """Records of a block that cannot be made rows."""


class Delivery:
    """Takes blocks to their tables.

    Parameters
    ----------
    warehouse
        The tables.
    log
        The log of refused blocks.
    codec
        Reads the records.
    attempts
        How often a block is tried before it is parked.
    """

    def __init__(
        self, warehouse: Warehouse, log: BlockLog, codec: AvroCodec, attempts: int = ATTEMPTS
    ) -> None:
        self._warehouse = warehouse
        self._log = log
        self._codec = codec
        self._attempts = attempts

    def take(self, block: PackedBlock, token: str) -> int:
        """Insert a block into every table that its topic feeds, or park what is refused.

        A table that refuses keeps no other from its rows.

        Parameters
        ----------
        block
            The block.
        token
            What is the same whenever this block is built, and different for any other.

        Returns
        -------
        int
            Rows sent, whether or not the tables had them already.

        Raises
        ------
        InsertError
            If a table did not answer; send the block again.
        BlockRefusedError
            If it was refused and attempts are left; send the block again.
        """
        rows, refusals = self._send(block, token)
        again = [refusal for refusal in refusals if not self._park(refusal, block)]
        if again:
            msg = f"{again[0].table or block.topic} refused a block ({again[0].token}): "
            raise BlockRefusedError(msg + again[0].reason)
        return rows

    def resend(self, parked: Parked) -> int:
        """Send a parked block again under its token to the table that refused it.

        Returns
        -------
        int
            Rows sent.

        Raises
        ------
        InsertError
            If a table did not answer.
        BlockRefusedError
            If it is refused again; it stays parked.
        """
        block = unpack_parked(parked.content)
        table = parked.refusal.table
        token = parked.refusal.token.removesuffix(f":{table}") if table else parked.refusal.token
        rows, refusals = self._send(block, token, table)
        if refusals:
            raise BlockRefusedError(refusals[0].reason)
        self._log.note_reloaded(parked.refusal, block)
        return rows

    def close(self) -> None:
        """Close the connections."""
        self._warehouse.close()
        self._log.close()

    def _send(self, block: PackedBlock, token: str, only: str = "") -> tuple[int, list[Refusal]]:
        try:
            tables = self._rows(block)
        except _UnreadableError as error:
            return 0, [Refusal("", token, UNREADABLE, str(error))]
        sent, refusals = 0, []
        for rows in tables:
            if only in ("", rows.table):
                try:
                    sent += self._warehouse.insert_rows(rows, token)
                except InsertError as error:
                    if not error.refused:
                        raise
                    refusals.append(Refusal(error.table, error.token, error.code, error.reason))
        return sent, refusals

    def _rows(self, block: PackedBlock) -> list[TableRows]:
        number, records = 0, []
        try:
            for number, data in enumerate(block.records):  # noqa: B007  # it is in the message
                records.append(self._codec.decode(block.topic, data))
            return rows_of(block.topic, records)
        except _NOT_READ as error:
            msg = f"cannot be read, record {number + 1} of {len(block.records)}: {error!r}"
            raise _UnreadableError(msg) from error

    def _park(self, refusal: Refusal, block: PackedBlock) -> bool:
        """Park a block if it had its attempts, or others of its kind had them; else note one."""
        done = self._log.attempts(refusal) + 1
        if done < self._attempts and not self._log.known(refusal):
            self._log.note_refused(refusal, block)
            return False
        self._log.park(refusal, block)
        return True

"""The end of the warehouse job: blocks into ClickHouse.

It stands in a module of its own because Flink ships a function that is defined in the job's main
file by value, with everything that it refers to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pyflink.common import Row
from pyflink.datastream import ProcessFunction

from jobs.io.avro import AvroCodec
from jobs.io.block_log import BlockLog
from jobs.io.clickhouse import Warehouse, WarehouseSettings
from jobs.io.delivery import Delivery
from operators.blocks import block_decoder, token_of


class Insert(ProcessFunction):  # type: ignore[misc]  # PyFlink ships no types
    """Inserts one block; passes nothing on.

    Parameters
    ----------
    settings
        Where the warehouse is.
    codec
        Reads the records.
    topic_ids
        Kafka's own id of each topic: one that was made anew starts at offset 0 again.
    """

    def __init__(
        self,
        settings: WarehouseSettings,
        codec: AvroCodec,
        topic_ids: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._topic_ids = topic_ids

    def open(self, runtime_context: Any) -> None:
        """Connect at the first insert."""
        log = BlockLog(self._settings.client(), self._settings.database)
        self._delivery = Delivery(Warehouse(self._settings), log, self._codec)

    def process_element(self, value: Row, ctx: Any) -> Iterable[str]:
        """Insert; an error fails the job, which is the way to try again."""
        block = block_decoder.decode(value[2])
        self._delivery.take(block, token_of(block, self._topic_ids[block.topic]))
        return ()

    def close(self) -> None:
        """Disconnect."""
        self._delivery.close()

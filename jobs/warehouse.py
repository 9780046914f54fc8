"""The warehouse job: committed records of the fused topics -> blocks -> ClickHouse.

A failed insert fails this job and Flink restarts it from its checkpoint with growing pauses; the
blocks come out the same again, and their tokens tell ClickHouse so. Run it with
``flink run -py jobs/warehouse.py --config station.toml``.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient
from pyflink.common import Row, Types
from pyflink.datastream import ProcessFunction
from pyflink.table import StreamTableEnvironment

from jobs.io.avro import AvroCodec
from jobs.io.clickhouse import Block, Warehouse, WarehouseSettings
from jobs.io.registry import register_all
from jobs.runtime.environment import environment
from jobs.runtime.graph import ROUTED, Reading, by_key, read_topics, records_of
from jobs.runtime.process import LATIN1, StepFunction
from jobs.settings import Settings, load
from operators.blocks import Blocks, block_decoder
from operators.routes import TOPICS

JOB = "warehouse"
INTERVAL_US = 1_000_000
OFFSETS = 4096
SCHEMA = "v0"


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
    run_id
        Run of the loader.
    """

    def __init__(
        self,
        settings: WarehouseSettings,
        codec: AvroCodec,
        topic_ids: Mapping[str, str],
        run_id: str,
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._topic_ids = topic_ids
        self._run_id = run_id

    def open(self, runtime_context: Any) -> None:
        """Connect at the first insert."""
        self._warehouse = Warehouse(self._settings)

    def process_element(self, value: Row, ctx: Any) -> Iterable[str]:
        """Insert; an error fails the job, which is the way to try again."""
        packed = block_decoder.decode(value[2].encode(LATIN1))
        records = [self._codec.decode(packed.topic, data) for data in packed.records]
        place = f"{self._topic_ids[packed.topic]}:{packed.partition}:{packed.first}-{packed.last}"
        self._warehouse.insert(Block(packed.topic, records, f"{place}:{SCHEMA}:{self._run_id}"))
        return ()

    def close(self) -> None:
        """Disconnect."""
        self._warehouse.close()


def topic_ids(settings: Settings) -> dict[str, str]:
    """Kafka's id of each fused topic."""
    admin = AdminClient(settings.kafka.client())
    found = admin.describe_topics(TopicCollection(list(TOPICS)))
    return {name: str(future.result(30).topic_id) for name, future in found.items()}


def warehouse_settings(settings: Settings) -> WarehouseSettings:
    """Where the warehouse is, as the writer takes it."""
    return WarehouseSettings(**settings.clickhouse.client(), database=settings.clickhouse.database)


def build(tables: StreamTableEnvironment, settings: Settings, insert: Insert) -> None:
    """Put the graph together."""
    reading = Reading(settings.kafka.java(), settings.flink.group(JOB), "read_committed")
    read_topics(tables, "fused_records", TOPICS, reading, 1)
    step = StepFunction(Blocks(INTERVAL_US, OFFSETS), lambda _, value: value)
    blocks = (
        by_key(records_of(tables, "fused_records")).process(step, ROUTED).uid("cut").name("cut")
    )
    inserted = blocks.process(insert, Types.STRING()).uid("insert").name("insert")
    inserted.print().uid("end").name("end")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="warehouse", description="The warehouse job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    settings = load(parser.parse_args(arguments).config)
    codec = AvroCodec(register_all(settings.registry.url))
    insert = Insert(warehouse_settings(settings), codec, topic_ids(settings), settings.run.run_id)
    env, tables = environment(settings, parallelism=1)
    build(tables, settings, insert)
    env.execute(JOB)


if __name__ == "__main__":
    main()

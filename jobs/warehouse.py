"""The warehouse job: committed records of the fused topics -> blocks -> ClickHouse.

A failed insert fails this job and Flink restarts it from its checkpoint with growing pauses; the
blocks come out the same again, and their tokens tell ClickHouse so. A block that a table refuses is
parked after a few attempts (`jobs.io.delivery`). Run it with
``flink run -py jobs/warehouse.py --config station.toml``.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient
from pyflink.common import Types
from pyflink.table import StreamTableEnvironment

from jobs.io.avro import AvroCodec
from jobs.io.clickhouse import WarehouseSettings
from jobs.io.registry import register_all
from jobs.runtime.environment import environment
from jobs.runtime.graph import ROUTED, Reading, by_key, placed_records_of, read_topics
from jobs.runtime.insert import Insert
from jobs.runtime.process import StepFunction, as_it_is
from jobs.settings import Settings, load
from operators.blocks import Blocks
from operators.routes import OBJECTS, SEGMENT_TOPICS, TOPICS

JOB = "warehouse"
RECORDS = 4096  # of a block at most


class Part(NamedTuple):
    """Topics whose blocks are cut at the same distances of append time, microseconds."""

    name: str
    topics: tuple[str, ...]
    interval_us: int


# An insert costs the engine 10 ms and more whatever it holds: only what is looked at live is cut
# every second.
PARTS = (
    Part("states", (OBJECTS,), 1_000_000),
    Part("rest", (*(t for t in TOPICS if t != OBJECTS), *SEGMENT_TOPICS), 10_000_000),
)


def topic_ids(settings: Settings) -> dict[str, str]:
    """Kafka's id of each fused topic."""
    admin = AdminClient(settings.kafka.client())
    found = admin.describe_topics(TopicCollection([*TOPICS, *SEGMENT_TOPICS]))
    return {name: str(future.result(30).topic_id) for name, future in found.items()}


def build(tables: StreamTableEnvironment, settings: Settings, insert: Insert) -> None:
    """Put the graph together."""
    flink = settings.flink
    reading = Reading(
        settings.kafka.java(), flink.group(JOB), "read_committed", idle_ms=flink.exclude_silent_ms
    )
    for part in PARTS:
        _load(tables, part, reading, insert)


def _load(tables: StreamTableEnvironment, part: Part, reading: Reading, insert: Insert) -> None:
    """Load the topics of a part; what is looked at live waits for nothing of the others."""
    table = f"fused_{part.name}"
    cut, into, end = (f"{word} {part.name}" for word in ("cut", "insert", "end"))
    read_topics(tables, table, part.topics, replace(reading, aligned_with=part.name), 1)
    step = StepFunction(Blocks(part.interval_us, RECORDS), as_it_is)
    blocks = by_key(placed_records_of(tables, table)).process(step, ROUTED).uid(cut).name(cut)
    inserted = blocks.process(insert, Types.STRING()).uid(into).name(into)
    inserted.print().uid(end).name(end)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="warehouse", description="The warehouse job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    settings = load(parser.parse_args(arguments).config)
    codec = AvroCodec(register_all(settings.registry.address()))
    where = WarehouseSettings.of(settings.clickhouse)
    insert = Insert(where, codec, topic_ids(settings))
    env, tables = environment(settings, parallelism=1)
    build(tables, settings, insert)
    env.execute(JOB)


if __name__ == "__main__":
    main()

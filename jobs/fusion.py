"""The fusion job: raw topics -> front -> cell -> identity -> publish -> fused topics.

One Flink job, so that no broker hop and no commit interval sits inside the latency. Run it with
``flink run -py jobs/fusion.py --config station.toml``.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

import schemas
from jobs.io.avro import AvroCodec, RouteEncoder
from jobs.io.registry import register_all
from jobs.runtime.environment import environment
from jobs.runtime.graph import (
    ROUTED,
    Reading,
    by_key,
    read_topics,
    records_of,
    routed,
    take_route,
    write_topics,
)
from jobs.runtime.process import SharedStepFunction, StepFunction, shared_descriptor
from jobs.settings import Settings, load
from operators import tracker
from operators.cell import CellStep
from operators.decode.registry import decode
from operators.enrich.context import share_feature
from operators.front import DEFAULTS, Front, share_source
from operators.identity import Identity
from operators.publish import Publish
from operators.routes import CELL, FEATURE, IDENTITY, PUBLISH, RAW, SOURCES, TOPICS

JOB = "fusion"


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of the topics that a run reads; `suffix` tells a backfill's from the live ones."""

    suffix: str = ""

    @property
    def sources(self) -> str:
        """Topic of source entries."""
        return SOURCES + self.suffix

    @property
    def raw(self) -> tuple[str, ...]:
        """Raw topics, that of source entries included: its records are accounted too."""
        return (*(topic + self.suffix for topic in RAW), self.sources)


def build(
    env_tables: tuple[StreamExecutionEnvironment, StreamTableEnvironment],
    settings: Settings,
    encode: RouteEncoder,
    topics: Topics,
    bounded: bool,
) -> None:
    """Put the graph together; sources and sinks come from the settings."""
    _, tables = env_tables
    reading = Reading(
        settings.kafka.java(), settings.flink.group(JOB) + topics.suffix, bounded=bounded
    )
    width = settings.flink.parallelism
    entries = schemas.topics()[SOURCES].partitions
    read_topics(tables, "raw_records", topics.raw, reading, width)
    read_topics(tables, "source_entries", [topics.sources], reading, min(width, entries))
    raw, declared = records_of(tables, "raw_records"), records_of(tables, "source_entries")

    parameters = settings.run
    defaults = {topic + topics.suffix: value for topic, value in DEFAULTS.items()}
    front = SharedStepFunction(Front(parameters, decode, defaults), encode, share_source)
    _stage(tables, "front", by_key(raw), front, declared)
    cell = StepFunction(CellStep(parameters, tracker), encode)
    _stage(tables, "cell", by_key(take_route(tables, "front", CELL)), cell)
    identity = StepFunction(Identity(parameters), encode)
    _stage(tables, "identity", by_key(take_route(tables, "cell", IDENTITY)), identity)
    reports = take_route(tables, "cell", PUBLISH).union(take_route(tables, "identity", PUBLISH))
    publish = SharedStepFunction(Publish(parameters), encode, share_feature)
    _stage(tables, "publish", by_key(reports), publish, take_route(tables, "front", FEATURE))
    _sink(tables, settings, topics)


def _stage(
    tables: StreamTableEnvironment,
    name: str,
    stream: KeyedStream,
    function: StepFunction | SharedStepFunction,
    shared: DataStream | None = None,
) -> None:
    """Add one keyed stage and make its output a view of its name."""
    if shared is not None:
        stream = stream.connect(shared.broadcast(shared_descriptor()))
    routed(tables, name, stream.process(function, ROUTED).uid(name).name(name))


def _sink(tables: StreamTableEnvironment, settings: Settings, topics: Topics) -> None:
    prefix = settings.flink.transactional_prefix(JOB) + topics.suffix
    timeout = settings.flink.transaction_timeout_ms
    write_topics(tables, "fused_records", TOPICS, settings.kafka.java(), prefix, timeout)
    wanted = ", ".join(f"'{topic}'" for topic in TOPICS)
    statements = tables.create_statement_set()
    statements.add_insert_sql(
        f"""INSERT INTO fused_records SELECT route, `key`, event FROM (
            SELECT route, `key`, event FROM front UNION ALL
            SELECT route, `key`, event FROM publish
        ) WHERE route IN ({wanted})"""
    )
    statements.attach_as_datastream()


def _of(settings: Settings, chosen: argparse.Namespace) -> Settings:
    """Settings with what the command line says about this run; a backfill is a run of its own."""
    run_id = chosen.run or chosen.backfill or settings.run.run_id
    parallelism = chosen.parallelism or settings.flink.parallelism
    return replace(
        settings,
        run=replace(settings.run, run_id=run_id),
        flink=replace(settings.flink, parallelism=parallelism),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="fusion", description="The fusion job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    parser.add_argument("--backfill", default="", help="name of a backfill's topic set")
    parser.add_argument("--run", default="", help="run_id of the rows; default: run.run_id")
    parser.add_argument("--parallelism", type=int, default=0, help="default: flink.parallelism")
    chosen = parser.parse_args(arguments)
    settings = _of(load(chosen.config), chosen)
    topics = Topics(f".{chosen.backfill}" if chosen.backfill else "")
    encode = RouteEncoder(AvroCodec(register_all(settings.registry.address())))
    env_tables = environment(settings, settings.flink.parallelism)
    build(env_tables, settings, encode, topics, bounded=bool(chosen.backfill))
    env_tables[0].execute(JOB + topics.suffix)


if __name__ == "__main__":
    main()

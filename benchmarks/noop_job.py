"""The fusion job with steps that do nothing: the floor that the runtime itself sets.

Sources, routes, keys, broadcasts, stages and the transactional sink are those of `jobs/fusion.py`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyflink.datastream import DataStream, KeyedStream
from pyflink.table import StreamTableEnvironment

from benchmarks.noop_steps import OBJECTS, TOPICS, Cell, Front, Identity, Publish, share_nothing
from jobs.fusion import Topics
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
from jobs.runtime.process import SharedStepFunction, StepFunction, as_it_is, shared_descriptor
from jobs.settings import Settings, load
from operators.routes import CELL, FEATURE, IDENTITY, PUBLISH

JOB = "noop"


def build(tables: StreamTableEnvironment, settings: Settings, topics: Topics) -> None:
    """Put the graph together."""
    group = settings.flink.group(JOB) + topics.suffix
    reading = Reading(settings.kafka.java(), group, bounded=True)
    width = settings.flink.parallelism
    read_topics(tables, "raw_records", topics.raw, reading, width)
    read_topics(tables, "source_entries", [topics.sources], reading, 1)
    raw, declared = records_of(tables, "raw_records"), records_of(tables, "source_entries")
    _stage(tables, "front", by_key(raw), Front(), declared)
    _stage(tables, "cell", by_key(take_route(tables, "front", CELL)), Cell())
    _stage(tables, "identity", by_key(take_route(tables, "cell", IDENTITY)), Identity())
    reports = take_route(tables, "cell", PUBLISH).union(take_route(tables, "identity", PUBLISH))
    _stage(tables, "publish", by_key(reports), Publish(), take_route(tables, "front", FEATURE))
    prefix = settings.flink.transactional_prefix(JOB) + topics.suffix
    timeout = settings.flink.transaction_timeout_ms
    write_topics(tables, "fused_records", TOPICS, settings.kafka.java(), prefix, timeout)
    statements = tables.create_statement_set()
    statements.add_insert_sql(
        f"""INSERT INTO fused_records SELECT route, `key`, event FROM (
            SELECT route, `key`, event FROM front UNION ALL
            SELECT route, `key`, event FROM publish
        ) WHERE route IN ('{OBJECTS}')"""
    )
    statements.attach_as_datastream()


def _stage(
    tables: StreamTableEnvironment,
    name: str,
    stream: KeyedStream,
    step: Front | Cell | Identity | Publish,
    shared: DataStream | None = None,
) -> None:
    function: StepFunction | SharedStepFunction = StepFunction(step, as_it_is)
    if shared is not None:
        stream = stream.connect(shared.broadcast(shared_descriptor()))
        function = SharedStepFunction(step, as_it_is, share_nothing)
    routed(tables, name, stream.process(function, ROUTED).uid(name).name(name))


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="noop", description="The fusion job without its work.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--backfill", required=True, help="name of the backfill's topic set")
    chosen = parser.parse_args(arguments)
    settings = load(chosen.config)
    env, tables = environment(settings, settings.flink.parallelism)
    build(tables, settings, Topics(f".{chosen.backfill}"))
    env.execute(f"{JOB}.{chosen.backfill}")


if __name__ == "__main__":
    main()

"""The segment job: committed pictures, signals and roads -> segments, approaches, events.

sort -> scene -> segment and approach, sort -> watch -> join, each keyed, into one transactional
sink. A job of its own, so that nothing it does is in the latency of fusion. Run it with
``flink run -py jobs/segments.py --config station.toml``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyflink.table import StreamTableEnvironment

from jobs.io.avro import AvroCodec, RouteEncoder, TopicReader
from jobs.io.registry import register_all
from jobs.runtime.environment import environment
from jobs.runtime.graph import (
    Reading,
    add_stage,
    read_topics,
    records_of,
    take_route,
    write_topics,
)
from jobs.runtime.process import SharedStepFunction, StepFunction
from jobs.settings import Settings, load
from operators.enrich.versions import share_feature
from operators.events.join import EventJoin
from operators.events.step import EventStep
from operators.routes import (
    APPROACH,
    CONTEXT,
    FEATURE,
    JOIN,
    NETWORK,
    OBJECTS,
    SCENE,
    SEGMENT,
    SEGMENT_TOPICS,
    SIGNALS,
    SOURCES,
    WATCH,
)
from operators.segments.approach import ApproachStates
from operators.segments.scenes import Scenes
from operators.segments.segment import SegmentStates
from operators.segments.sort import Sort
from operators.warm import warm_up

JOB = "segments"
TOPICS = (OBJECTS, SIGNALS, NETWORK, CONTEXT, SOURCES)


def build(tables: StreamTableEnvironment, settings: Settings, codec: AvroCodec) -> None:
    """Put the graph together; sources and sinks come from the settings."""
    flink = settings.flink
    reading = Reading(
        settings.kafka.java(), flink.group(JOB), "read_committed", idle_ms=flink.exclude_silent_ms
    )
    read_topics(tables, "fused_records", TOPICS, reading, 1)
    parameters, encode = settings.run, RouteEncoder(codec)
    sort = StepFunction(Sort(parameters, TopicReader(codec)), encode, warm_up)
    add_stage(tables, "sort", records_of(tables, "fused_records"), sort)
    scenes = StepFunction(Scenes(parameters), encode)
    add_stage(tables, "scenes", take_route(tables, "sort", SCENE), scenes)
    shown = take_route(tables, "sort", SEGMENT).union(take_route(tables, "scenes", SEGMENT))
    add_stage(tables, "segment", shown, StepFunction(SegmentStates(parameters), encode))
    waited = take_route(tables, "sort", APPROACH).union(take_route(tables, "scenes", APPROACH))
    add_stage(tables, "approach", waited, StepFunction(ApproachStates(parameters), encode))
    watch = SharedStepFunction(EventStep(parameters), encode, share_feature)
    said = take_route(tables, "sort", FEATURE)
    add_stage(tables, "watch", take_route(tables, "sort", WATCH), watch, said)
    join = StepFunction(EventJoin(), encode)
    add_stage(tables, "join", take_route(tables, "watch", JOIN), join)
    prefix, timeout = flink.transactional_prefix(JOB), flink.transaction_timeout_ms
    sink = (SEGMENT_TOPICS, settings.kafka.java(), prefix, timeout)
    write_topics(tables, "road_records", ("segment", "approach", "join"), *sink)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the job and hand it to Flink."""
    parser = argparse.ArgumentParser(prog="segments", description="The segment job.")
    parser.add_argument("--config", type=Path, help="station.toml; default: as `station` takes it")
    parser.add_argument("--parallelism", type=int, default=1, help="of its keyed stages")
    chosen = parser.parse_args(arguments)
    settings = load(chosen.config)
    codec = AvroCodec(register_all(settings.registry.address()))
    env, tables = environment(settings, chosen.parallelism)
    build(tables, settings, codec)
    env.execute(JOB)


if __name__ == "__main__":
    main()

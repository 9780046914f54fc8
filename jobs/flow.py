"""The graph of the fusion job, whatever its steps do: a benchmark has steps that do nothing.

raw topics -> front -> cell -> identity -> publish -> the topics of one transactional sink.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

import schemas
from jobs.io.beat import pulse_bytes
from jobs.runtime.graph import (
    Reading,
    add_stage,
    read_topics,
    records_of,
    take_route,
    write_topics,
)
from jobs.runtime.process import (
    Encode,
    Share,
    SharedStepFunction,
    StepFunction,
)
from jobs.sections import ForeignTopic
from jobs.settings import Settings
from operators.routes import CELL, FEATURE, IDENTITY, PUBLISH, RAW, SOURCES
from operators.step import KeyedStep


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


@dataclass(frozen=True, slots=True)
class Flow:
    """What runs in the graph.

    Parameters
    ----------
    job
        Name of the job: of its consumer group and its transactions.
    front, cell, identity, publish
        The steps.
    share_source, share_feature
        How a source entry changes what all fronts share, and a feature what all publish steps do.
    encode
        Gives records of topics the form that they leave in.
    warm_cell
        Called in each process before its cells get anything; None if they need no warming.
    outputs
        Topics that the sink writes, at least two: a sink of one has no column for its name.
    """

    job: str
    front: KeyedStep
    cell: KeyedStep
    identity: KeyedStep
    publish: KeyedStep
    share_source: Share
    share_feature: Share
    encode: Encode
    outputs: Sequence[str]
    warm_cell: Callable[[], None] | None = None


def build(
    tables: StreamTableEnvironment, settings: Settings, flow: Flow, topics: Topics, *, bounded: bool
) -> None:
    """Put the graph together; sources and sinks come from the settings."""
    group = settings.flink.group(flow.job) + topics.suffix
    idle_ms = 0 if bounded else settings.flink.exclude_silent_ms
    reading = Reading(settings.kafka.java(), group, bounded=bounded, idle_ms=idle_ms)
    width = settings.flink.parallelism
    entries = schemas.topics()[SOURCES].partitions
    raw_reading = reading if bounded else replace(reading, least_bytes=_beat(settings))
    read_topics(tables, "raw_records", topics.raw, raw_reading, width)
    read_topics(tables, "source_entries", [topics.sources], reading, min(width, entries))
    raw, declared = records_of(tables, "raw_records"), records_of(tables, "source_entries")
    if not topics.suffix:
        raw = raw.union(*_foreign_records(tables, settings.topics, reading))

    encode = flow.encode
    front = SharedStepFunction(flow.front, encode, flow.share_source)
    add_stage(tables, "front", raw, front, declared)
    cell = StepFunction(flow.cell, encode, flow.warm_cell)
    add_stage(tables, "cell", take_route(tables, "front", CELL), cell)
    identity = StepFunction(flow.identity, encode)
    add_stage(tables, "identity", take_route(tables, "cell", IDENTITY), identity)
    reports = take_route(tables, "cell", PUBLISH).union(
        take_route(tables, "identity", PUBLISH), take_route(tables, "front", PUBLISH)
    )
    publish = SharedStepFunction(flow.publish, encode, flow.share_feature)
    add_stage(tables, "publish", reports, publish, take_route(tables, "front", FEATURE))
    prefix = settings.flink.transactional_prefix(flow.job) + topics.suffix
    sink = (flow.outputs, settings.kafka.java(), prefix, settings.flink.transaction_timeout_ms)
    write_topics(tables, "fused_records", ("front", "publish"), *sink)


def _foreign_records(
    tables: StreamTableEnvironment, topics: Mapping[str, ForeignTopic], reading: Reading
) -> Iterator[DataStream]:
    """Records of topics that are not ours: with a reader each, as each has its own times."""
    for number, (name, topic) in enumerate(sorted(topics.items())):
        own = replace(reading, idle_ms=topic.idle_ms, disorder_ms=topic.disorder_ms)
        read_topics(tables, f"foreign_records_{number}", [name], own, 1)
        yield records_of(tables, f"foreign_records_{number}")


def _beat(settings: Settings) -> int:
    """Bytes of the pulses of one beat that each reader of the live raw topics gets."""
    known = schemas.topics()
    counts = [settings.partitions.get(name, known[name].partitions) for name in (*RAW, SOURCES)]
    return pulse_bytes(counts, settings.flink.parallelism)


def run(
    env_tables: tuple[StreamExecutionEnvironment, StreamTableEnvironment],
    settings: Settings,
    flow: Flow,
    topics: Topics,
    *,
    bounded: bool,
) -> None:
    """Put the graph together and hand it to Flink."""
    env, tables = env_tables
    build(tables, settings, flow, topics, bounded=bounded)
    env.execute(flow.job + topics.suffix)

"""Asks the parts of a station how they are; each answer stands alone, so one silence hides none."""

from dataclasses import dataclass, field
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

import schemas
from infra.local.rest import FlinkError, Job, JobManager
from jobs.io.block_log import BlockLog
from jobs.runtime.clock import now_us
from jobs.sections import ClickHouse
from jobs.settings import Settings

Offsets = dict[tuple[str, int], int]  # by topic and partition

_PATIENCE_S = 5.0
_MISSED_CHECKPOINTS = 20  # so many intervals without a checkpoint are a fault


@dataclass(slots=True)
class TopicHealth:
    """Records that a topic holds now, and how far each job is behind: records by job."""

    records: int
    lag: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobHealth:
    """A job as Flink sees it.

    Parameters
    ----------
    job
        State and tasks.
    checkpoint_age_s
        Seconds since its newest checkpoint, None if it has none.
    failure
        What it failed with last, empty if it did not.
    """

    job: Job
    checkpoint_age_s: float | None
    failure: str


@dataclass(slots=True)
class Health:
    """All answers, and in words what is wrong; `parked` is what tables refused."""

    topics: dict[str, TopicHealth] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    jobs: list[JobHealth] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)


def ask(given: Settings, managers: dict[str, JobManager]) -> Health:
    """Ask everything.

    Parameters
    ----------
    given
        Settings with addresses.
    managers
        JobManagers by name.
    """
    health = Health()
    _ask_flink(health, given, managers)
    _ask_broker(health, given)
    _ask_warehouse(health, given.clickhouse)
    return health


def _ask_broker(health: Health, given: Settings) -> None:
    admin = AdminClient(given.kafka.client() | {"log_level": "0", "socket.timeout.ms": "5000"})
    try:
        there = admin.list_topics(timeout=_PATIENCE_S).topics
        partitions = [
            TopicPartition(name, number)
            for name in schemas.topics()
            if name in there
            for number in there[name].partitions
        ]
        last = _offsets(admin, partitions, OffsetSpec.latest())
        first = _offsets(admin, partitions, OffsetSpec.earliest())
        for (topic, number), offset in last.items():
            entry = health.topics.setdefault(topic, TopicHealth(0))
            entry.records += offset - first[topic, number]
        for job in ("fusion", "warehouse", "segments"):
            _add_lag(health, job, _committed(admin, given.flink.group(job)), first, last)
    except KafkaException as error:
        health.wrong.append(f"Kafka at {given.kafka.bootstrap}: {error.args[0].str()}")
        return
    missing = [name for name in schemas.topics() if name not in there]
    if missing:
        health.wrong.append(f"topics are missing: {', '.join(missing)}; run infra.kafka.topics")


def _offsets(admin: AdminClient, partitions: list[TopicPartition], which: OffsetSpec) -> Offsets:
    if not partitions:
        return {}
    asked = admin.list_offsets(dict.fromkeys(partitions, which), request_timeout=_PATIENCE_S)
    return {(p.topic, p.partition): f.result(_PATIENCE_S).offset for p, f in asked.items()}


def _committed(admin: AdminClient, group: str) -> Offsets:
    """Offset up to which a consumer group has read each partition."""
    asked = ConsumerGroupTopicPartitions(group)
    future = admin.list_consumer_group_offsets([asked], request_timeout=_PATIENCE_S)
    try:
        found = future[group].result(_PATIENCE_S).topic_partitions
    except KafkaException:
        return {}  # a job that never ran has no group
    return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}


def _add_lag(health: Health, job: str, read: Offsets, first: Offsets, last: Offsets) -> None:
    for place in read.keys() & last.keys():
        by_job = health.topics[place[0]].lag
        by_job[job] = by_job.get(job, 0) + last[place] - read[place]
        if read[place] < first[place]:
            health.wrong.append(
                f"{first[place] - read[place]:,} records of {place[0]}/{place[1]} were deleted"
                f" before {job} read them: lengthen retention.ms, backfill what is missing"
            )


def _ask_flink(health: Health, given: Settings, managers: dict[str, JobManager]) -> None:
    for name, manager in managers.items():
        try:
            for job in manager.active() or manager.jobs()[:1]:
                health.jobs.append(_job(manager, job))
        except FlinkError as error:
            health.wrong.append(f"{name}: {error}")
    for one in health.jobs:
        if not one.job.runs:
            why = f": {one.failure}" if one.failure else ""
            health.wrong.append(f"job {one.job.name} is {one.job.state}{why}")
        limit_s = _MISSED_CHECKPOINTS * given.flink.checkpoint_interval_ms / 1000
        if one.checkpoint_age_s is not None and one.checkpoint_age_s > limit_s:
            health.wrong.append(
                f"job {one.job.name} made no checkpoint for {one.checkpoint_age_s:.0f} s"
            )


def _job(manager: JobManager, job: Job) -> JobHealth:
    newest = manager.checkpoint(job.jid)
    age_s = now_us() / 1e6 - newest["latest_ack_timestamp"] / 1e3 if newest else None
    return JobHealth(job, age_s, manager.failure(job.jid))


def _ask_warehouse(health: Health, warehouse: ClickHouse) -> None:
    arguments: dict[str, Any] = warehouse.client() | {"connect_timeout": _PATIENCE_S}
    query = (
        "SELECT database, name, total_rows FROM system.tables"
        " WHERE database IN %(names)s AND total_rows IS NOT NULL ORDER BY database, name"
    )
    names = (warehouse.database, f"{warehouse.database}_raw")
    try:
        with Client(**arguments) as client:
            rows = client.execute(query, {"names": names})
            health.parked = _parked(client, warehouse.database) if rows else []
    except (ClickHouseError, OSError) as error:
        health.wrong.append(f"ClickHouse at {warehouse.url}: {str(error).partition(chr(10))[0]}")
        return
    health.tables = {f"{database}.{name}": count for database, name, count in rows}


def _parked(client: Client, database: str) -> list[str]:
    """A line on what tables refused."""
    return [
        f"blocks of {topic} are parked: {blocks}, refused by {table or 'the reader'}: "
        f"{reason.partition(chr(10))[0][:200]}; mend it, then `station reload`"
        for topic, table, blocks, reason in BlockLog(client, database).summary()
    ]

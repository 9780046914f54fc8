"""Rates of a mix: the no-op job, the fusion job, and the pipeline in memory."""

import time
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.load import busy_partitions, log
from benchmarks.measure import BenchmarkError, Rate, check, forwarded, fused, rate, window
from benchmarks.mixes import Mix
from benchmarks.noop_steps import TOPICS as NOOP_TOPICS
from infra.local import paths
from infra.local.rest import JobManager
from infra.local.station import LocalStation
from jobs.io.avro import AvroCodec
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline

_PATIENCE_S = 240.0


def noop_rate(station: LocalStation, mix: Mix) -> Rate:
    """Records a second of the no-op job.

    Raises
    ------
    BenchmarkError
        If it did not end, or not every record came through.
    """
    settings = station.resolved
    _fresh_topics(AdminClient(settings.kafka.client() | {"log_level": "2"}))
    running_us = _run_job(station, paths.ROOT / "benchmarks" / "noop_job.py", mix.name)
    outcome = forwarded(settings.kafka.client(), settings.run.cut_us)
    if outcome.records["ACCEPTED"] != len(mix.messages):
        msg = f"no-op of {mix.name}: {len(mix.messages)} sent, {dict(outcome.records)} counted"
        raise BenchmarkError(msg)
    return rate(mix, outcome, running_us, settings.run)


def fusion_rate(station: LocalStation, mix: Mix, codec: AvroCodec) -> tuple[Rate, int]:
    """Records a second of the fusion job, and the object rows that it published.

    Raises
    ------
    BenchmarkError
        If it did not end, or the ledgers do not account for everything.
    """
    settings = station.resolved
    running_us = _run_job(station, paths.ROOT / "jobs" / "fusion.py", mix.name)
    outcome = fused(settings.kafka.client(), codec, mix.name)
    check(mix, outcome)
    return rate(mix, outcome, running_us, settings.run), outcome.rows


def pipeline_rate(mix: Mix, run: Parameters, parallelism: int) -> Rate:
    """Records a second of CPU time of one core; decoding and msgpack included, Avro not."""
    batches = _by_tick(log(mix, busy_partitions(mix, parallelism), run), run)
    first, last, count = window(mix, run)
    pipeline, began = Pipeline(run), 0.0
    for end_us, records in batches:
        if not began and end_us > first + run.cut_us:
            began = time.process_time()
        for record in records:
            pipeline.take(record)
        pipeline.advance(end_us - 1000)
    pipeline.advance(last + run.cut_us)
    seconds = time.process_time() - began
    return Rate(count / seconds, seconds)


def _by_tick(records: list[LogRecord], run: Parameters) -> list[tuple[int, list[LogRecord]]]:
    """Records by the end of the tick of receive time that holds them."""
    batches: dict[int, list[LogRecord]] = {}
    for one in records:
        end_us = (one.record.receive_time_us // run.tick_us + 1) * run.tick_us
        batches.setdefault(end_us, []).append(one)
    return sorted(batches.items())


def _run_job(station: LocalStation, file: Path, name: str) -> int:
    """Run a bounded job to its end; when the last of its tasks began to run, microseconds."""
    jid = station.submit("fusion", file, ("--backfill", name))
    manager, limit, state = station.flink_rest("fusion"), time.monotonic() + _PATIENCE_S, ""
    while time.monotonic() < limit:
        state = next(job.state for job in manager.jobs() if job.jid == jid)
        if state == "FINISHED":
            return _running_us(manager, jid)
        if state in ("FAILED", "CANCELED", "RESTARTING"):
            break
        time.sleep(0.25)
    msg = f"{file.stem} of {name} is {state}: {manager.failure(jid)}"
    raise BenchmarkError(msg)


def _running_us(manager: JobManager, jid: str) -> int:
    subtasks = [
        subtask
        for vertex in manager.ask(f"/jobs/{jid}")["vertices"]
        for subtask in manager.ask(f"/jobs/{jid}/vertices/{vertex['id']}")["subtasks"]
    ]
    return max(1000 * (one["end-time"] - one["status-duration"]["RUNNING"]) for one in subtasks)


def _fresh_topics(admin: AdminClient) -> None:
    """The no-op job's topics, empty."""
    there = set(NOOP_TOPICS) & set(admin.list_topics(timeout=15.0).topics)
    if there:
        for future in admin.delete_topics(list(there)).values():
            future.result(30.0)
        while set(NOOP_TOPICS) & set(admin.list_topics(timeout=15.0).topics):
            time.sleep(0.1)
    config = {"message.timestamp.type": "LogAppendTime"}
    wanted = [NewTopic(topic, 4, 1, config=config) for topic in NOOP_TOPICS]
    for future in admin.create_topics(wanted).values():
        future.result(30.0)

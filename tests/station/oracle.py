"""What a station should have published: the same log through the pipeline in memory."""

import math
import time
from collections import Counter
from dataclasses import replace

import msgspec

from infra.clickhouse.account import account
from infra.demo.watch import committed
from infra.replay.log import read_log
from jobs.io.avro import AvroCodec
from jobs.io.registry import register_all
from operators.pipeline import Pipeline, run
from operators.routes import RAW, SOURCES, TOPICS
from tests.waiting import wait_for

QUIET_S = 16.0
MOST_S = 900.0  # until a station that lags behind a busy machine has told everything


def frozen(value):
    """A record as something that can be compared and counted; NaN is equal to NaN."""
    if isinstance(value, dict):
        return tuple(sorted((k, frozen(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(v) for v in value)
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return value


def codec_of(settings):
    return AvroCodec(register_all(settings.registry.address()))


def expected(settings, run_id=None, suffix=""):
    """Records by topic that the pipeline makes of the station's raw topics, and their log."""
    topics = [topic + suffix for topic in (*RAW, SOURCES)]
    log = read_log(settings.kafka.client(), topics)
    return made_of(log, settings, run_id, suffix), log


def made_of(log, settings, run_id=None, suffix=""):
    """Records by topic that the pipeline makes of a log."""
    parameters = replace(settings.run, run_id=run_id or settings.run.run_id)
    records = {topic: [] for topic in TOPICS}
    for output in run(log, Pipeline(parameters, suffix=suffix)):
        records[output.route].append(msgspec.msgpack.decode(output.value))
    return records


def published(settings, run_id=None):
    """Committed records by topic, of one run."""
    wanted = run_id or settings.run.run_id
    records = {topic: [] for topic in TOPICS}
    for topic, record in committed(settings.kafka.client(), codec_of(settings), TOPICS):
        if record["run_id"] == wanted:
            records[topic].append(record)
    return records


def await_equal(settings, expect=expected, publish=published):
    """Oracle, its log and what is published, when both are equal or after much patience.

    Once nothing is sent any more both come to an end: cells fall silent 10 s after the last
    input, the last minute of a source is told when it is over. What is published may lag, and
    the log may have grown by a pulse that counts. The test says what is equal.
    """
    end_s = time.monotonic() + MOST_S
    time.sleep(QUIET_S)  # they cannot be equal earlier; it is not what the test waits for
    oracle, log = expect(settings)
    while True:
        found = publish(settings)
        wrong = differences(oracle, found)
        if (any(oracle.values()) and not wrong) or time.monotonic() > end_s:
            return oracle, log, found
        if not wrong or any(unknown for _, unknown in wrong.values()):
            oracle, log = expect(settings)
        time.sleep(2.0)


def await_account(client, settings, records):
    """Wait until the tables are whole, as they say themselves: every row there, and there once."""

    def faults():
        found = account(client, settings.clickhouse.database, settings.run.run_id)
        return found.faults(records)

    wait_for(faults, lambda left: not left, patience_s=MOST_S, every_s=0.5)


def await_count(count, due):
    """Wait until so many rows are there, and see that there are no more."""
    wait_for(count, lambda rows: rows >= due, patience_s=MOST_S, every_s=0.5)
    assert count() == due


def differences(one, other):
    """For each topic how many records only one side has; empty if both are equal."""
    found = {}
    for topic in one:
        a, b = (Counter(map(frozen, side[topic])) for side in (one, other))
        if a != b:
            found[topic] = ((a - b).total(), (b - a).total())
    return found

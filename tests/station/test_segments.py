"""What the segment job publishes is what its steps make in memory of the same committed log."""

import threading
import time

import msgspec
import numpy as np
import pytest

import schemas
from infra.demo.watch import committed
from infra.local import paths
from infra.local.planning import default_jobs
from infra.local.station import LocalStation
from infra.replay.log import read_log
from infra.replay.messages import RecordedMessage
from infra.replay.outbox import producer_of
from infra.replay.send import send_live
from jobs.io.avro import TopicReader
from jobs.settings import Settings
from operators.pipeline import run
from operators.routes import (
    APPROACH_STATES,
    CONTEXT,
    NETWORK,
    OBJECTS,
    SEGMENT_STATES,
    SEGMENT_TOPICS,
    SIGNALS,
    SOURCES,
)
from operators.segments.flow import SegmentFlow
from schemas.reader import ColumnReader
from tests.station.oracle import await_equal, codec_of, differences
from tests.station.roads import SOURCE, roads_about

pytestmark = [pytest.mark.station, pytest.mark.timeout(2400)]

TOPICS = (OBJECTS, SIGNALS, NETWORK, CONTEXT, SOURCES)
PARTS = ("broker", "registry", "pulse", "fusion", "segments")
SENT_S = 20_000_000  # of the district


@pytest.fixture(scope="module")
def messages(district):
    """Some seconds of a district with roads, and their sources."""
    everything, sources = district
    first = everything[0].receive_time_us
    roads = (SOURCE["source_id"], SOURCE["format"], roads_about(sources))
    few = [one for one in everything if one.receive_time_us < first + SENT_S]
    return [RecordedMessage(first, "raw.signal", *roads), *few], [*sources, SOURCE]


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    """Its segment job has room for two of each stage."""
    jobs = [
        msgspec.structs.replace(job, task_managers=1 + (job.name == "segments"))
        for job in default_jobs(Settings())
        if job.name in PARTS
    ]
    folder = tmp_path_factory.mktemp("segments")
    with LocalStation(folder, PARTS, jobs=jobs) as started:
        yield started


@pytest.fixture(scope="module")
def sent(station, messages):
    """Settings of a station that the seconds went through."""
    send_live(*messages, producer_of(station.resolved.kafka))
    return station.resolved


def expected(settings):
    """Records by topic of the steps in memory, of the committed log as it is now, and that."""
    log = read_log(settings.kafka.client(), TOPICS)
    return made_of(log, settings), log


def made_of(log, settings, *, forgets=False):
    """Records by topic that the steps in memory make of a log."""
    flow = SegmentFlow(settings.run, TopicReader(codec_of(settings)))
    records = {topic: [] for topic in SEGMENT_TOPICS}
    for output in run(log, Forgets(flow, len(log) // 2) if forgets else flow):
        records[output.route].append(msgspec.msgpack.decode(output.value))
    return records


def published(settings):
    """Committed records by topic."""
    records = {topic: [] for topic in SEGMENT_TOPICS}
    for topic, record in committed(settings.kafka.client(), codec_of(settings), SEGMENT_TOPICS):
        records[topic].append(record)
    return records


def test_states_are_those_of_the_steps_in_memory(sent):
    """All is told when the last minute is over and all cells have slept for a while."""
    oracle, _, found = await_equal(sent, expected, published)
    assert differences(oracle, found) == {}
    minutes = [r for r in found[SEGMENT_STATES] if r["period_us"] > 1_000_000]
    reader = ColumnReader(schemas.load("segment_state"), np.frombuffer)
    assert sum(int(reader.columns(record)["vehicles"].sum()) for record in minutes) > 20
    assert len(found[APPROACH_STATES]) > 15


class Forgets:
    """The steps in memory, but that all they know is gone after so many records."""

    def __init__(self, flow, after):
        self._flow, self._left = flow, after
        self.advance = flow.advance

    def take(self, record):
        self._left -= 1
        if not self._left:
            for stage in self._flow._stages.values():
                stage._states.clear()
        self._flow.take(record)


def test_another_parallelism_from_a_savepoint_changes_nothing(sent, station, messages):
    """The control: had the job forgotten what it knew in the middle, it would show."""
    sending = threading.Thread(
        target=send_live, args=(*messages, producer_of(station.resolved.kafka))
    )
    sending.start()
    time.sleep(5.0)  # the stop may come at any point
    savepoint = station.stop_with_savepoint("segments")
    file = paths.ROOT / "jobs" / "segments.py"
    station.submit("segments", file, ("--parallelism", "2"), savepoint)
    sending.join()
    oracle, log, found = await_equal(sent, expected, published)
    assert differences(oracle, found) == {}
    assert differences(made_of(log, sent, forgets=True), found)

"""What the segment job publishes is what its steps make in memory of the same committed log."""

import msgspec
import numpy as np
import pytest

import schemas
from infra.demo.watch import committed
from infra.local.station import LocalStation
from infra.replay.log import read_log
from infra.replay.messages import RecordedMessage
from infra.replay.send import producer_of, send_live
from jobs.io.avro import TopicReader
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
def sent(tmp_path_factory, district):
    """Settings of a station that some seconds of a district with roads went through."""
    messages, sources = district
    first = messages[0].receive_time_us
    roads = (SOURCE["source_id"], SOURCE["format"], roads_about(sources))
    everything = [RecordedMessage(first, "raw.signal", *roads), *messages]
    few = [one for one in everything if one.receive_time_us < first + SENT_S]
    with LocalStation(tmp_path_factory.mktemp("segments"), PARTS) as station:
        send_live(few, [*sources, SOURCE], producer_of(station.resolved.kafka))
        yield station.resolved


def expected(settings):
    """Records by topic of the steps in memory, of the committed log as it is now, and that."""
    log = read_log(settings.kafka.client(), TOPICS)
    records = {topic: [] for topic in SEGMENT_TOPICS}
    for output in run(log, SegmentFlow(settings.run, TopicReader(codec_of(settings)))):
        records[output.route].append(msgspec.msgpack.decode(output.value))
    return records, log


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

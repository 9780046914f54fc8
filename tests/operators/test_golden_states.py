"""States that a release left behind are read by this one, and what they say goes on."""

import heapq

import msgspec
import numpy as np
import pytest

from benchmarks.schedules import PARAMETERS
from benchmarks.schedules_context import FOREIGN
from operators import tracker
from operators.errors import LayoutError
from operators.fuse.state import VERSION
from operators.pipeline import FOREVER_US, Pipeline
from operators.routes import RECORDS
from operators.shared import Shared
from operators.step import State
from tests.operators.golden.make import FOLDER, load, picture_ids, stages

FILES = sorted(FOLDER.glob("*.bin"))
FRONT, CELL, IDENTITY, PUBLISH = range(4)


def restored(golden):
    pipeline = Pipeline(PARAMETERS, foreign=FOREIGN)
    held = zip(stages(pipeline), golden.states, golden.due, golden.shared, strict=True)
    for stage, states, due, shared in held:
        stage._states = {key: State(value, parts) for key, (value, parts) in states.items()}
        stage._due = {(at_us, key): events for at_us, key, events in due}
        stage._wakes, stage._shared = list(stage._due), Shared(shared)
        heapq.heapify(stage._wakes)
        stage._passed_us = golden.watermark_us
    return pipeline


def test_there_is_one():
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_run_goes_on_from_them_with_its_ids_and_its_account(file):
    golden = load(file)
    pipeline = restored(golden)
    outputs = pipeline.advance(golden.watermark_us + PARAMETERS.tick_us)
    after = picture_ids(outputs)
    assert any(golden.shown.values())
    for cell, ids in golden.shown.items():
        assert set(np.frombuffer(ids, "<u8")) <= set(np.frombuffer(after[cell], "<u8"))
    for one in golden.rest:
        pipeline.take(one)
    outputs += pipeline.advance(FOREVER_US)
    ledgers = [msgspec.msgpack.decode(one.value) for one in outputs if one.route == RECORDS]
    accounted = sum(1 + one["last_offset"] - one["first_offset"] for one in ledgers)
    assert accounted >= len(golden.rest)
    for topic, partition in {one[:2] for one in golden.rest}:
        last = max(one.record.offset for one in golden.rest if one[:2] == (topic, partition))
        own = [
            r["last_offset"] for r in ledgers if (r["topic"], r["partition"]) == (topic, partition)
        ]
        assert max(own) == last


def trackers(golden):
    parts = [parts for _, parts in golden.states[CELL].values()]
    return [packed for one in parts for name, packed in one.items() if name.startswith("s/")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_tracker_is_packed_as_it_was(file):
    found = trackers(load(file))
    assert len(found) > 3
    for packed in found:
        again = tracker.pack(tracker.unpack(packed))
        assert again == packed if packed[0] == VERSION else again[0] == VERSION
        assert tracker.ids_of(tracker.unpack(again)) == tracker.ids_of(tracker.unpack(packed))


@pytest.mark.parametrize("stage", [FRONT, CELL, IDENTITY, PUBLISH])
def test_a_state_of_a_release_to_come_is_refused_by_name(stage):
    golden = load(FILES[-1])
    for key, (value, parts) in golden.states[stage].items():
        fields = msgspec.msgpack.decode(value, strict=False)
        golden.states[stage][key] = msgspec.msgpack.encode([99, *fields[1:]]), parts
    pipeline = restored(golden)
    for one in golden.rest:
        pipeline.take(one)
    with pytest.raises(LayoutError, match="version 99"):
        pipeline.advance(FOREVER_US)

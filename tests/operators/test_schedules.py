"""Some of the schedules of `benchmarks.schedules`, and what they say of broken mechanisms."""

import random
from collections import Counter

import msgspec
import numpy as np
import pytest

from benchmarks.schedules import Counts, Subtasks, check, straight, with_repeats
from benchmarks.schedules_recording import recording
from operators.align.source_memory import Recall
from operators.enrich.told import ContextFlag
from operators.frame import Frame
from operators.step import State
from tests.operators.road.signals import GREEN, RED

RECORDINGS = (0, 1, 2)
REFERENCES = {seed: straight(seed) for seed in RECORDINGS}


def outcome(schedules):
    """Counts of the first schedules, up to one that differs."""
    counts = Counts()
    for seed in range(schedules):
        if not counts.different:
            check(seed, REFERENCES[seed % len(RECORDINGS)], counts)
    return counts


def test_reorder_repeats_crashes_and_restores_change_no_row():
    counts = outcome(6)
    assert counts.different == []
    assert (counts.schedules, counts.rows > 1000) == (6, True)
    assert min(counts.moved, counts.repeats, counts.checkpoints, counts.crashes) > 6


def test_frames_in_the_order_of_their_arrival_would_be_seen(monkeypatch):
    monkeypatch.setattr(Frame, "order", property(lambda frame: frame.event_time_us // 10**6))
    assert outcome(6).different


def test_repeats_that_are_not_recognised_would_be_seen(monkeypatch):
    monkeypatch.setattr(Recall, "repeated", lambda *_: False)
    assert outcome(6).different


def forgetful(states):
    """States without their parts, but for those of a cell, which fails without."""
    return {
        key: State(s.value, {name: part for name, part in s.entries.items() if "/" in name})
        for key, s in states.items()
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda states, due, shared: (forgetful(states), due, shared),
        lambda states, due, shared: (states, {where: [] for where in due}, shared),
        lambda states, due, shared: (states, due, {}),
    ],
    ids=["memories of sources", "events that wait", "what is shared"],
)
def test_what_is_lost_in_a_crash_would_be_seen(monkeypatch, spoil):
    whole = Subtasks.restore
    monkeypatch.setattr(Subtasks, "restore", lambda stage, saved: whole(stage, spoil(*saved)))
    assert outcome(6).different


def test_the_recordings_hold_what_a_crash_could_upset():
    fates = sum((fates for _, _, fates in REFERENCES.values()), Counter())
    assert {"ACCEPTED ", "LATE TOO_OLD", "REJECTED MALFORMED", "CONTEXT ", "SOURCE "} <= set(fates)
    topics = {route for _, rows, _ in REFERENCES.values() for route, _ in rows}
    assert {"fused.objects", "fused.links", "track.events", "dead.letters"} <= topics
    places = {where for _, rows, _ in REFERENCES.values() for where in rows}
    assert sum(route == "fused.objects" for route, _ in places) >= 3


def test_the_recordings_hold_context_and_signals_that_come_and_go():
    """The alert ends, and the signal whose map another topic brought changes, where objects are."""
    for _, rows, _ in REFERENCES.values():
        told = [msgspec.msgpack.decode(v) for where, found in rows.items()
                if where[0] == "fused.objects" for v in found]  # fmt: skip
        told.sort(key=lambda one: one["tick_us"])
        flags = [np.frombuffer(one["context_flags"], "<u4") for one in told if one["count"]]
        phases = np.concatenate([np.frombuffer(one["signal_phase"], "u1") for one in told])
        alarmed = [bool((f & int(ContextFlag.EMERGENCY)).any()) for f in flags]
        assert any(alarmed)
        assert [alarmed[0], alarmed[-1]] == [False, False]
        assert {0, RED, GREEN} <= set(phases.tolist())


def test_repeats_stand_between_the_offsets_of_the_others():
    log = recording(0)
    repeated, n = with_repeats(log, random.Random(1))
    assert len(repeated) == len(log) + n
    for place in {(one.topic, one.partition) for one in log}:
        own = [one.record for one in repeated if (one.topic, one.partition) == place]
        assert len({record.offset for record in own}) == len(own)
        by_offset = sorted(own, key=lambda record: record.offset)
        assert by_offset == sorted(own, key=lambda record: (record.receive_time_us, record.offset))

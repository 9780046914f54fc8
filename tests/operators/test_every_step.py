"""What holds for every `KeyedStep`, whatever it does."""

import random
from collections import namedtuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators import tracker
from operators.blocks import Blocks
from operators.cell import CellStep
from operators.decode.registry import decode
from operators.envelope import Kind, seal
from operators.events.join import EventJoin, to_join
from operators.events.kinds import EventKind
from operators.events.step import EventStep
from operators.events.strips import strips_of
from operators.frame import pack_frame
from operators.front import Front, picture_due_us
from operators.identity import Identity
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.places import Places
from operators.publish import Publish
from operators.raw import pack_raw, place_raw
from operators.report import (
    CLAIM,
    SEEN,
    Happening,
    Name,
    Report,
    Sighting,
    Verdict,
    encoder,
)
from operators.road.intake import CellRoad, CellSignals, Mapped, Origin
from operators.road.network import RoadPart
from operators.road.signal import IntersectionState, SignalState
from operators.segments.approach import ApproachStates
from operators.segments.scenes import Scenes
from operators.segments.segment import SegmentStates
from operators.segments.sort import Sort
from operators.shared import Shared
from operators.sources import share_source
from operators.step import State
from tests.builders import (
    HOME,
    START_US,
    a_frame,
    a_line,
    a_raw_record,
    a_row,
    a_source_entry,
    degrees,
    kept,
)
from tests.operators.enrich.features import a_feature, area, share
from tests.operators.events.borders import a_road, pictures
from tests.operators.events.pictures import sealed, sealed_road
from tests.operators.events.test_borders import wrong_way
from tests.operators.road.signals import GREEN, RED, a_lane, a_part, a_segment, a_spat, an_approach
from tests.operators.segments.roads import BEGIN_US
from tests.operators.segments.roads import PARAMETERS as ROAD_PARAMETERS
from tests.operators.segments.test_approach import a_platoon

PARAMETERS = Parameters(quiet_us=500_000)
TICK_US = PARAMETERS.tick_us
Case = namedtuple("Case", "step key events shared")


def front():
    entries = [a_raw_record(k, START_US - 9_000_000, a_source_entry(f"u{k}")) for k in range(3)]
    shared = Shared()
    for entry in entries:
        shared.change(share_source(shared, pack_raw(entry)))
    events = []
    for k in range(40):
        received = START_US + 30_000 * k
        body = b"{" if k % 7 == 6 else a_line(received - 40_000, source=f"u{k % 4}")
        events.append(pack_raw(a_raw_record(k, received, body, source=f"u{k % 4}")))
    events += said(shared, len(events))
    return Case(lambda: Front(PARAMETERS, decode), "raw.roadside/0", events, shared)


def said(shared, first):
    """What a feed, a map and two sources of signals say on the same partition."""
    for name in ("zbaa", "maps", "lights"):
        entry = a_source_entry(name, kind="feed", format=None)
        record = a_raw_record(0, START_US - 9_000_000, entry)
        shared.change(share_source(shared, pack_raw(record)))
    told = [
        ("zbaa", "metar", 100_000, b"METAR ZBAA 211330Z 03003MPS 0400 FG 10/M02 Q1026"),
        ("maps", "network.json", 200_000, a_part(an_approach())),
        ("maps", "network.json", 700_000, a_part(a_wide_lane(5.0))),
    ]
    for k in range(12):
        body = a_spat(START_US + 100_000 * k, {1: RED if k < 6 else GREEN})
        told += [(name, "spatem.json", 100_000 * k + 30_000, body) for name in ("lights", "maps")]
    return [
        pack_raw(a_raw_record(first + k, START_US + after_us, body, source=name, format=form))
        for k, (name, form, after_us, body) in enumerate(told)
    ]


def a_wide_lane(width_m):
    turn = {"intersection": "250/7", "group": 1}
    return a_segment("in", a_lane("in:1", [(-100, 0), (100, 0)], width_m, turns=[turn]))


def cell():
    events = []
    for k in range(60):
        event_us = START_US + 33_000 * k - (400_000 if k % 9 == 8 else 0)
        received_us = START_US + 33_000 * k + 50_000
        frame = a_frame(
            [[0.4 * k, 0.0], [0.0, 40.0]],
            event_us,
            receive_time_us=received_us,
            source_id=f"u{k % 3}",
            offset=k,
        )
        due_us = picture_due_us(event_us, received_us, PARAMETERS)
        events.append(seal(due_us, Kind.FRAMES, pack_frame(frame)))
    return Case(lambda: CellStep(PARAMETERS, tracker), HOME.key, events, Shared())


def identity():
    """Tracks of four cells that share observations, cross each other, hide, and go."""
    events = []
    for k in range(40):
        for c in range(4):
            own = [10 * c + i for i in range(3)]
            there = [i for i in own if (k + i) % 7 and k < 39]
            seen = [(i, START_US + i % 3, START_US, 9.0 * c - k) for i in there]
            claims = [(3 * k + i % 10, i) for i in own if (i + c + k // 9) % 5]
            corrected = [(3 * k - 3 + i % 10, i) for i in own if k % 11 == 10]
            packed = [np.array(made, CLAIM).tobytes() for made in (claims, corrected)]
            gone = own if k == 39 else []
            sighting = Sighting(f"c{c}", np.array(seen, SEEN).tobytes(), *packed, gone)
            at_us = START_US + k * TICK_US
            events.append(seal(at_us, Kind.SIGHTING, encoder.encode(sighting)))
    return Case(lambda: Identity(PARAMETERS), "all", events, Shared())


def publish():
    events = []
    for k in range(12):
        tick = START_US + k * TICK_US
        rows = b"".join(a_row(track_id=i, last_us=tick).tobytes() for i in range(1, 4))
        report = Report(tick, rows, ["u1"], b"", [], [], ["u1"], [])
        due_us = tick + PARAMETERS.cut_us
        events.append(seal(due_us, Kind.PICTURE, encoder.encode(report)))
        if k % 3 == 2:
            names = [Name(k // 3 + 1, 70 + k, shown=k % 2 == 0, known=k % 4 == 0)]
            happenings = [Happening("alias", 70 + k, 70, "shared observations")]
            verdict = encoder.encode(Verdict(names, happenings))
            events.append(seal(due_us, Kind.NAME, verdict))
        if k in (1, 6):
            part = msgspec.json.decode(a_part(a_wide_lane(5.0 + k)), type=RoadPart)
            events.append(seal(due_us, Kind.ROAD, encoder.encode(CellRoad(origin(k), part))))
        events.append(signal(k, due_us))
    lat, lon = degrees(0.0, 0.0)
    around = {"area": area("Point", [lon, lat]), "radius_m": 50.0}
    begun = a_feature(receive_time_us=START_US + 2 * TICK_US, **around)
    ended = begun | {"receive_time_us": START_US + 8 * TICK_US, "cancelled": True, "offset": 1}
    return Case(lambda: Publish(PARAMETERS), HOME.key, events, share(Shared(), begun, ended))


def origin(k):
    return Origin(START_US + 100_000 * k, "raw.signal", 0, k, "lights")


def signal(k, due_us):
    shown = (SignalState(1, RED + k % 2),)
    state = IntersectionState("250/7", START_US + 100_000 * k, None, 0, shown)
    content = encoder.encode(CellSignals(START_US + 100_000 * k, origin(k), state))
    return seal(due_us, Kind.SIGNAL, content)


def intersection():
    """Maps and signals, several at an instant; the last map takes it away."""
    events = []
    for k in range(24):
        due_us = START_US + k // 3 * TICK_US
        events.append(signal(k, due_us))
        if k % 5 == 0:
            cells = [f"c{i}" for i in range(k // 5 % 3)]
            mapped = encoder.encode(Mapped(origin(k), cells))
            events.append(seal(due_us, Kind.ROAD, mapped))
    return Case(lambda: Places(PARAMETERS, tracker), "intersection/250/7", events, Shared())


def blocks():
    raw = (pack_raw(a_raw_record(k, START_US + 90_000 * k)) for k in range(40))
    events = [place_raw(k % 3, packed) for k, packed in enumerate(raw)]
    return Case(lambda: Blocks(1_000_000, 7), "fused.objects", events, Shared())


def events():
    """A car that drives the wrong way over the border and is gone; some strips come late."""
    waiting = [sealed_road(a_road())]
    for k, picture in enumerate(pictures(9.0, wrong_way, step_us=500_000)):
        if picture["cell_key"] == HOME.key:
            waiting.append(sealed(picture))
        elif HOME.key in (strips := strips_of(picture)):
            due_us = picture["tick_us"] + PARAMETERS.cut_us + k % 3 * TICK_US
            waiting.append(seal(due_us, Kind.STRIP, encoder.encode(strips[HOME.key])))
    return Case(lambda: EventStep(PARAMETERS), HOME.key, waiting, Shared())


def joins():
    """A queue that two cells tell, one of them twice; the second queue is another one."""
    told = [
        (0, "a", 1, "opened", [1, 2]), (4, "b", 2, "opened", [2, 3]), (6, "b", 2, "updated", [3]),
        (7, "c", 3, "opened", [9]), (8, "a", 1, "closed", [1]), (9, "b", 2, "closed", [3]),
        (9, "a", 4, "opened", [3, 4]), (12, "a", 4, "closed", [3]), (30, "c", 3, "closed", [9]),
    ]  # fmt: skip
    waiting = []
    for k, cell_key, part, change, tracks in told:
        at_us = START_US + k * TICK_US
        record = {
            "event_id": part, "kind": "queue_end", "change": change, "sequence": 0, "cell": part,
            "cell_key": cell_key, "tick_us": at_us, "began_us": at_us, "opened_us": at_us,
            "track_ids": tracks,
        }  # fmt: skip
        packed = encoder.encode(record)
        waiting.append(to_join(EventKind.QUEUE_END, part, change, packed, at_us).value)
    return Case(EventJoin, "queue_end", waiting, Shared())


def roads():
    """A car that waits at a red light and drives on, until nobody looks any more: by step."""
    made = a_platoon(green_s=3.0, red_s=9.0, seconds=8.0)
    made.drive(2, lambda t: [], since_us=BEGIN_US + 8_000_000, live=())
    waiting = made.waiting()

    def case(step, route):
        key = waiting[route][0][0]
        mine = [value for at, value in waiting[route] if at == key]
        return Case(lambda: step(ROAD_PARAMETERS), key, mine, Shared())

    told = [pack_raw(one.record) for one in made.records if one.topic == "fused.objects"]
    sort = Case(lambda: Sort(ROAD_PARAMETERS, unpacked), "fused.objects/0", told, Shared())
    return {
        "sort": sort,
        "scenes": case(Scenes, "scene"),
        "segments": case(SegmentStates, "segment"),
        "approaches": case(ApproachStates, "approach"),
    }


def unpacked(_topic, value):
    return msgspec.msgpack.decode(value)


CASES = {"front": front(), "cell": cell(), "identity": identity(), "publish": publish()}
CASES |= {"intersection": intersection(), "blocks": blocks(), "events": events()}
CASES |= {"joins": joins()} | roads()
every_step = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def history(case, *, shuffled=None, rebuilt=False, until=400):
    """State and outputs after each wake, to the end."""
    step, waiting, state, told = case.step(), {}, State(), []
    events = list(case.events)
    if shuffled is not None:
        shuffled.shuffle(events)
    for event in events:
        waiting.setdefault(step.wake_for(event), []).append(event)
    while waiting and len(told) < until:
        at_us = min(waiting)
        if rebuilt:
            step = case.step()
            state = State(state.value, {k: bytes(v) for k, v in state.entries.items()})
        result = step.on_wake(case.key, state, waiting.pop(at_us), case.shared, at_us)
        state = kept(state, result)
        told.append((at_us, state.value, dict(state.entries), list(result.outputs)))
        if result.wake_at_us is not None:
            waiting.setdefault(result.wake_at_us, [])
    return told


STRAIGHT = {id(case): history(case) for case in CASES.values()}


@every_step
@settings(max_examples=30)  # each example is a whole history
@given(seed=st.integers(0, 2**32))
def test_the_order_in_which_events_arrive_changes_no_byte(case, seed):
    assert history(case, shuffled=random.Random(seed)) == STRAIGHT[id(case)]


@every_step
def test_a_step_built_anew_at_every_wake_goes_on_from_the_bytes(case):
    assert history(case, rebuilt=True) == STRAIGHT[id(case)]


@every_step
def test_every_instance_wakes_with_its_events(case):
    assert any(outputs for _, _, _, outputs in STRAIGHT[id(case)])
    assert all(case.step().wake_for(event) % 1000 == 0 for event in case.events)


@every_step
def test_wakes_asked_for_lie_ahead_and_end(case):
    told = STRAIGHT[id(case)]
    assert len(told) < 400
    stage = Stage(case.step())
    for event in case.events:
        stage.take(case.key, event)
    list(stage.advance(FOREVER_US))
    assert list(stage.advance(FOREVER_US)) == []


@every_step
def test_a_wake_with_nothing_due_is_no_failure_even_for_a_new_key(case):
    at_us = START_US + TICK_US
    result = case.step().on_wake(case.key, State(), [], case.shared, at_us)
    assert not [o for o in result.outputs if o.route != "publish"]
    assert result.wake_at_us is None or result.wake_at_us > at_us


ROADS = {"roads", "lanes_of", "signals"}  # known until somebody says otherwise


@pytest.mark.parametrize(
    "name", ["cell", "identity", "publish", "blocks", "events", "joins", "segments", "approaches"]
)
def test_a_key_that_has_gone_quiet_is_forgotten(name):
    _, value, entries, _ = STRAIGHT[id(CASES[name])][-1]
    assert (value, entries.keys() - ROADS) == (None, set())


VERSIONS = {"front": 1, "cell": 2, "identity": 2, "publish": 2, "intersection": 1, "events": 2}
VERSIONS |= {"joins": 1, "segments": 1, "approaches": 1}


@pytest.mark.parametrize("name", VERSIONS)
def test_the_value_begins_with_its_version(name):
    states = [value for _, value, _, _ in STRAIGHT[id(CASES[name])] if value is not None]
    assert states
    assert {msgspec.msgpack.decode(value)[0] for value in states} == {VERSIONS[name]}
    assert not any(value.startswith(b"\x80") for value in states)  # what a pickle begins with


@pytest.mark.parametrize("name", VERSIONS)
def test_a_value_of_another_version_is_refused(name):
    case = CASES[name]
    at_us, value, entries, _ = next(wake for wake in STRAIGHT[id(case)] if wake[1] is not None)
    other = list(msgspec.msgpack.decode(value))
    other[0] = 99
    state = State(msgspec.msgpack.encode(other), entries)
    with pytest.raises(ValueError, match="version 99"):
        case.step().on_wake(case.key, state, [], case.shared, at_us)

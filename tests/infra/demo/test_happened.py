"""What happened beside what was told: made records of a district that is simulated for real."""

import msgspec
import numpy as np
import pytest
from rich.console import Console

import schemas
from infra.demo.happened import compare, tables
from infra.demo.rows import Rows
from infra.demo.street import draw
from infra.simulator.scenario import Scenario, simulate
from infra.simulator.stories import BREAKDOWN, Stories, happened
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import CONTEXT, NETWORK, OBJECTS, ROAD_EVENTS, SIGNALS
from operators.segments.flow import SegmentFlow
from tests.infra.simulator.log import log_of

START_US = 1_790_000_000_000_000
SHIFT_US = 7_000_000
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def simulated():
    return simulate(Scenario(START_US, duration_s=50.0, stories=Stories(), spat_hz=1.0))


def place_of(truth, object_id, at_us):
    (at,) = np.nonzero(truth.object_id == object_id)
    state = truth.at(np.array([at_us]), at)
    lat, lon, _ = truth.placement.local_to_wgs84(state.x_m[0], state.y_m[0], np.zeros(1))
    return {"lat_e7": round(float(lat[0]) * 1e7), "lon_e7": round(float(lon[0]) * 1e7)}


def an_event(truth, story, change="opened", after_s=2.0, event_id=1, kind=None, **moved):
    at_us = round(story.from_us + after_s * SECOND_US)
    place = place_of(truth, story.object_id, min(at_us, story.until_us))
    return "road.events", place | {
        "event_id": event_id, "kind": kind or story.kind, "change": change, "confidence": 0.9,
        "opened_us": at_us + SHIFT_US, "tick_us": at_us + SHIFT_US,
    } | moved  # fmt: skip


def story_of(simulated, object_id):
    (found,) = [one for one in happened(simulated.truth) if one.object_id == object_id]
    return found


def test_a_story_is_told_by_an_event_of_its_kind_there_and_then(simulated):
    truth, story = simulated.truth, story_of(simulated, BREAKDOWN)
    right = an_event(truth, story)
    end = an_event(truth, story, "closed", after_s=15.0)
    found = compare(simulated, [right, end], SHIFT_US)
    (event,) = [event for one, event in found.stories if one == story]
    assert event.from_us == story.from_us + 2 * SECOND_US
    assert event.until_us == story.from_us + 15 * SECOND_US
    assert [event for one, event in found.stories if one != story] == [None, None]


@pytest.mark.parametrize(
    "wrong", [{"kind": "queue_end"}, {"after_s": 40.0}, {"lat_e7": 319_300_000}, {"after_s": -5.0}]
)
def test_another_event_does_not_tell_it(simulated, wrong):
    story = story_of(simulated, BREAKDOWN)
    found = compare(simulated, [an_event(simulated.truth, story, **wrong)], SHIFT_US)
    assert len(found.events) == 1
    assert [event for _, event in found.stories] == [None, None, None]


def a_state(simulated, number, second, vehicles, seen):
    """State of a junction whose groups all have so many vehicles."""
    groups = [group.number for group in simulated.junctions[number - 1].groups]
    given = {"signal_group": groups, "vehicles": vehicles, "seen": seen}
    columns = {
        f["name"]: np.resize(given.get(f["name"], 0), len(groups)).astype(f["element"]).tobytes()
        for f in schemas.load("approach_state")["fields"] if "element" in f
    }  # fmt: skip
    start_us = START_US + second * SECOND_US + SHIFT_US
    head = {"intersection": f"1/{number}", "start_us": start_us, "count": len(groups)}
    return "approaches.state", head | columns


def test_vehicles_at_signals_are_counted_where_the_lanes_were_seen(simulated):
    records = [a_state(simulated, 5, second, 1, 1.0) for second in range(45)]
    records += [a_state(simulated, 4, 3, 1, 0.5)]
    records += [a_state(simulated, 4, 60, 1, 1.0)]  # after the end of the truth
    found = compare(simulated, records, SHIFT_US).vehicles
    assert len(found) == 45 * 8  # the crossings' groups let no vehicle go
    true = found[:, 0].reshape(45, 8)
    stopped = story_of(simulated, BREAKDOWN)
    during = round((stopped.from_us - START_US) / SECOND_US) + 2
    assert true[during].max() >= 1
    assert true.max() < 20


def test_the_tables_and_the_picture_are_made(simulated, tmp_path):
    truth = simulated.truth
    story = story_of(simulated, BREAKDOWN)
    found = compare(simulated, [an_event(truth, story), a_state(simulated, 5, 9, 1, 1.0)], SHIFT_US)
    console = Console(record=True, width=120)
    for table in tables(found, START_US):
        console.print(table)
    told = console.export_text()
    assert "stopped_vehicle" in told
    assert "open" in told
    assert "wrong_way" in told
    real = truth.rows()
    rows = Rows([{
        "tick_us": real["time_us"] + SHIFT_US, "lat_e7": np.rint(real["lat_deg"] * 1e7),
        "lon_e7": np.rint(real["lon_deg"] * 1e7), "velocity_east_mps": real["vx_mps"],
        "velocity_north_mps": real["vy_mps"], "object_class": real["object_class"],
    }])  # fmt: skip
    draw(rows, simulated, found.events, SHIFT_US, tmp_path / "street.png")
    assert (tmp_path / "street.png").stat().st_size > 50_000


def test_the_steps_tell_each_story(simulated):
    """From the messages to the events: the pipeline, then the steps of the segment job."""
    parameters = Parameters()
    made = [(one.route, msgspec.msgpack.decode(one.value), one.value)
            for one in run(log_of(simulated), Pipeline(parameters))
            if one.route in (OBJECTS, SIGNALS, NETWORK, CONTEXT)]  # fmt: skip
    # appended a second after what it tells
    timed = [(record.get("tick_us", record.get("receive_time_us")) + SECOND_US, k, topic, packed)
             for k, (topic, record, packed) in enumerate(made)]  # fmt: skip
    committed = [LogRecord(topic, 0, RawRecord(k, at_us, 0, "", "", "", packed))
                 for at_us, k, topic, packed in sorted(timed)]  # fmt: skip
    flow = SegmentFlow(parameters, lambda _topic, packed: msgspec.msgpack.decode(packed))
    told = [(one.route, msgspec.msgpack.decode(one.value)) for one in run(committed, flow)
            if one.route == ROAD_EVENTS]  # fmt: skip
    found = compare(simulated, told, 0)
    assert [story.kind for story, event in found.stories if event is None] == []
    assert {one.kind for one, _ in found.stories} == {
        "stopped_vehicle", "emergency_vehicle", "wrong_way",
    }  # fmt: skip

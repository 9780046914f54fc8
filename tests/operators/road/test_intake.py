import json

import msgspec
import pytest

from operators.decode.registry import decode
from operators.envelope import Kind, unseal
from operators.front import Front
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.raw import pack_raw
from operators.road.intake import CellRoad, CellSignals
from operators.road.network import RoadPart, degrees_of
from operators.road.placing import cell_roads
from operators.routes import NETWORK, PUBLISH, SIGNALS
from operators.sources import share_source
from operators.transform.cells import neighbours
from operators.transform.gcj02 import gcj02_of
from tests.builders import (
    HOME,
    SECOND_US,
    START_US,
    Log,
    degrees,
    fates,
    outputs_of,
    tallies,
    values,
)
from tests.operators.road.signals import (
    GREEN,
    RED,
    SIGNAL,
    a_lane,
    a_part,
    a_segment,
    a_spat,
    an_approach,
    declared,
    say,
)

TENTH_US = 100_000


def told(log, route=SIGNALS):
    return values(outputs_of(log), route)


def to_cells(log, kind):
    """What the front sends to cells: instant due, key and content."""
    front = Stage(Front(Parameters(), decode), share_source)
    for topic, partition, record in log.in_order():
        if topic == "station.sources":
            front.broadcast(pack_raw(record))
        front.take(f"{topic}/{partition}", pack_raw(record))
    sent = [o for o in front.advance(FOREVER_US) if o.route == PUBLISH]
    opened = [(o.key, *unseal(o.value)) for o in sent]
    return [(due, key, content) for key, due, found, content in opened if found is kind]


def test_a_controller_at_10_hz_is_told_at_changes_and_once_a_second():
    log = declared(Log())
    for k in range(25):
        phases = {1: RED if k < 14 else GREEN, 2: GREEN}
        say(log, START_US + k * TENTH_US, a_spat(START_US + k * TENTH_US, phases))
    rows = [
        ((v["event_time_us"] - START_US) // TENTH_US, e["signal_group"], e["phase"])
        for v in told(log)
        for e in v["entries"]
    ]
    assert rows == [
        *((0, 1, RED), (0, 2, GREEN)),
        *((10, 1, RED), (10, 2, GREEN)),
        (14, 1, GREEN),
        *((20, 1, GREEN), (20, 2, GREEN)),
    ]
    assert fates(outputs_of(log)) == {("CONTEXT", ""): 25}


def test_a_row_has_every_column():
    log = declared(Log())
    say(log, START_US, a_spat(START_US, {1: GREEN}, ends_us={1: START_US + 12 * SECOND_US}.items()))
    (value,) = told(log)
    (entry,) = value.pop("entries")
    assert value == {
        "source_id": "signals", "receive_time_us": START_US + 30_000, "topic": SIGNAL,
        "partition": 0, "offset": 0, "station_id": "station", "run_id": "run-1",
        "intersection": "250/7", "event_time_us": START_US, "revision": 1, "status": 0,
    }  # fmt: skip
    assert entry == {
        "signal_group": 1, "phase": GREEN, "start_us": None,
        "min_end_us": START_US + 12 * SECOND_US, "max_end_us": None,
        "likely_end_us": START_US + 12 * SECOND_US, "next_us": None, "confidence": None,
    }  # fmt: skip


def test_an_older_state_that_comes_late_tells_nothing_new_and_is_counted():
    log = declared(Log())
    say(log, START_US + SECOND_US, a_spat(START_US + SECOND_US))
    say(log, START_US, a_spat(START_US, {1: GREEN}), delay_us=SECOND_US + 60_000)
    assert len(told(log)) == 1
    assert fates(outputs_of(log)) == {("CONTEXT", ""): 2}


def test_a_state_beyond_the_acceptance_bound_is_late():
    log = declared(Log())
    say(log, START_US, a_spat(START_US), delay_us=2_100_000)
    assert told(log) == []
    assert fates(outputs_of(log)) == {("LATE", "TOO_OLD"): 1}


def test_instants_are_shifted_with_a_replay():
    log = declared(Log())
    ends = {1: START_US + 5 * SECOND_US}.items()
    say(log, START_US + 86_400 * SECOND_US, a_spat(START_US, {1: RED}, ends_us=ends),
        shift_us=86_400 * SECOND_US)  # fmt: skip
    (value,) = told(log)
    assert value["event_time_us"] == START_US + 86_400 * SECOND_US
    assert value["entries"][0]["likely_end_us"] == START_US + 86_405 * SECOND_US


def test_a_probe_may_not_send_signals():
    log = declared(Log(), kind="probe")
    say(log, START_US, a_spat())
    assert fates(outputs_of(log)) == {("REJECTED", "WRONG_KIND"): 1}


def test_a_map_is_told_when_its_content_changes():
    log = declared(Log())
    wider = a_part(a_segment("in", a_lane("in:1", [(-100, 0), (0, 0)], width_m=4.0)))
    for k, body in enumerate((a_part(an_approach()), a_part(an_approach()), wider)):
        say(log, START_US + 10 * k * SECOND_US, body, "network.json")
    first, second = told(log, NETWORK)
    lanes = {e["lane"]: e for e in first["entries"]}
    assert lanes["in:1"]["signals"] == ["250/7#1"]
    assert lanes["in:1"]["next_lanes"] == ["out"]
    assert lanes["in:1"]["length_m"] == pytest.approx(200.0, abs=0.01)
    assert lanes["in:2"]["segment_id"] == lanes["in:1"]["segment_id"] > 0
    assert (first["segments"], first["receive_time_us"]) == (1, START_US + 30_000)
    assert [e["width_m"] for e in second["entries"]] == [4.0]
    assert fates(outputs_of(log)) == {("CONTEXT", ""): 3}


def test_refused_lanes_are_counted():
    log = declared(Log())
    fold = a_lane("x", [(0, 0), (50, 0), (10, 0)])
    say(log, START_US, a_part(a_segment("in", fold, a_lane("y", [(0, 0), (9, 0)]))), "network.json")
    (value,) = told(log, NETWORK)
    assert (len(value["entries"]), value["refused"]) == (1, 1)
    ledgers = values(outputs_of(log), "ledger.records")
    assert sum(e["refused"] for v in ledgers for e in v["entries"]) == 1


def test_a_map_in_a_shifted_datum_is_brought_to_wgs84():
    log = declared(Log(), datum="GCJ-02")
    points = [degrees(x, 0.0, HOME)[::-1] for x in (0.0, 100.0)]
    shifted = [gcj02_of(*point) for point in points]
    lane = {"name": "in:1", "points": shifted, "width_m": 3.5}
    say(log, START_US, a_part(a_segment("in", lane)), "network.json")
    (value,) = told(log, NETWORK)
    line = json.loads(value["entries"][0]["line"])["coordinates"]
    assert line == [pytest.approx(point, abs=1e-8) for point in points]


def test_signals_go_to_the_cells_of_the_map_else_to_those_of_the_entry():
    log = declared(Log())
    say(log, START_US, a_spat())
    assert to_cells(log, Kind.SIGNAL) == []  # nobody said where
    say(log, START_US + SECOND_US, a_part(an_approach()), "network.json")
    say(log, START_US + 2 * SECOND_US, a_spat(START_US + 2 * SECOND_US))
    ((due, key, content),) = to_cells(log, Kind.SIGNAL)
    assert (key, due) == (HOME.key, START_US + 2_100_000)
    packed = msgspec.msgpack.decode(content, type=CellSignals)
    assert (packed.event_time_us, packed.state.intersection) == (START_US + 2_000_000, "250/7")
    lat, lon = degrees(0, 0)
    covered = declared(Log(), lat_deg=lat, lon_deg=lon, coverage_radius_m=50.0)
    say(covered, START_US, a_spat())
    assert [key for _, key, _ in to_cells(covered, Kind.SIGNAL)] == [HOME.key]


def test_a_lane_across_a_border_is_known_on_both_sides_and_taken_away_from_both():
    log = declared(Log())
    body = a_part(a_segment("in", a_lane("in:1", [(0, 0), (5000, 0)])), name="p")
    say(log, START_US, body, "network.json")
    say(log, START_US + 5 * SECOND_US, a_part(name="p"), "network.json")
    sent = to_cells(log, Kind.ROAD)
    keys = {key for _, key, _ in sent}
    assert HOME.key in keys
    assert len(keys & set(neighbours(HOME.key))) >= 2
    parts = [msgspec.msgpack.decode(content, type=CellRoad).part for _, _, content in sent]
    assert [len(p.segments) for p in parts] == [1] * len(keys) + [0] * len(keys)


def test_a_cell_gets_what_lies_near_it_alone():
    far = a_segment("far", a_lane("far:1", [(4000, 0), (4100, 0)]))
    part = msgspec.json.decode(a_part(an_approach(), far), type=RoadPart)
    found = cell_roads(part, Parameters())
    assert [s.name for s in found[HOME.key].segments] == ["in"]
    assert {s.name for p in found.values() for s in p.segments} == {"in", "far"}


def test_a_piece_as_wide_as_a_country_is_rejected_and_changes_nothing():
    log = declared(Log())
    near = a_segment("in", a_lane("in:1", [(0, 0), (50, 0)]))
    wide = {"name": "w", "points": [[100.0, 30.0], [110.0, 30.0]], "width_m": 3.5}
    say(log, START_US, a_part(near, a_segment("w", wide)), "network.json")
    say(log, START_US + SECOND_US, a_part(near), "network.json")
    assert len(told(log, NETWORK)) == 1
    assert tallies(outputs_of(log))["REJECTED", "TOO_MANY_OBJECTS"] == 1


def test_ids_are_hashes_of_names():
    part = msgspec.json.decode(a_part(an_approach()), type=RoadPart)
    (segment,) = part.segments
    assert len({segment.segment_id, *(lane.lane_id for lane in segment.lanes)}) == 3
    assert all(0 < lane.lane_id < 2**63 for lane in segment.lanes)
    assert degrees_of(segment.lanes[0]).shape == (2, 2)

import json
import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Pipeline, run
from operators.transform.cells import cell, neighbours, owner
from tests.builders import (
    HOME,
    PROBE,
    ROADSIDE,
    SECOND_US,
    START_US,
    Log,
    a_line,
    a_log,
    an_observation,
    column,
    content,
    degrees,
    fates,
    outputs_of,
    uses,
    values,
)

TINY = Parameters(tick_us=200_000, quiet_us=400_000)
SCENARIOS = 300
BATCHES = 15


def a_scenario(seed):
    """A few sources, partitions and objects; late, future, repeated and broken records."""
    rng = random.Random(seed)
    names = [f"s{k}" for k in range(rng.randint(2, 4))]
    home = rng.choice([HOME, HOME, None])
    log = Log()
    declared = {} if home is not None else {"frame": "local"}
    log.declare(*names, **declared)
    # On a border, so that two or three cells see the objects.
    x, y = rng.choice([(0.0, 0.0), corner(rng.randrange(6))])
    partition = {name: rng.randrange(2) for name in names}
    for _ in range(rng.randint(8, 14)):
        name = rng.choice(names)
        event_us = START_US + rng.randrange(0, 1000) * 1000
        move = 8.0 * (event_us - START_US) / 1e6
        places = [(x + move, y + 20.0 * j + rng.gauss(0, 0.2)) for j in range(rng.randint(0, 2))]
        seen = [an_observation(a, b, home, local_id=j) for j, (a, b) in enumerate(places)]
        body = a_line(event_us, seen, name) if rng.random() > 0.1 else b"{"
        delay_us = rng.choice([40, 40, 150, 900, 2500, -300]) * 1000
        fields = {"source": name, "partition": partition[name]}
        for _ in range(1 if rng.random() > 0.1 else 2):
            log.add(event_us + delay_us, body, topic=rng.choice([ROADSIDE, PROBE]), **fields)
    return renumbered(log)


def renumbered(log):
    """The log with offsets in the order of receive times, as a broker gives them."""
    made = Log()
    for topic, partition, record in log.in_order():
        names = {"format": record.format, "source": record.source, "key": record.key}
        made.add(record.receive_time_us, record.body, topic, partition, **names)
    return made


def corner(k):
    """A place of the cell two metres inside one of its corners."""
    (a, b, c), (d, e, f) = HOME.edges[k], HOME.edges[(k + 1) % 6]
    x, y = np.linalg.solve([[a, b], [d, e]], [2.0 - c, 2.0 - f])
    return float(x), float(y)


def interleaved(log, seed, parameters=TINY):
    """Outputs when partitions are delivered in any order, with any watermarks behind them."""
    rng = random.Random(seed)
    pipeline, outputs, waiting = Pipeline(parameters), [], {}
    for record in log.records:
        waiting.setdefault((record.topic, record.partition), []).append(record)
    while waiting:
        for _ in range(rng.randint(1, 12)):
            if waiting:
                key = rng.choice(sorted(waiting))
                pipeline.take(waiting[key].pop(0))
                waiting = {k: v for k, v in waiting.items() if v}
        passed = [v[0].record.receive_time_us for v in waiting.values()]
        if passed:
            outputs += pipeline.advance(min(passed) - 1000)
    return outputs + pipeline.advance(FOREVER_US)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_row_depends_on_interleaving_or_on_how_the_watermark_steps(batch):
    for seed in range(batch, SCENARIOS, BATCHES):
        log = a_scenario(seed)
        straight = content(outputs_of(log, TINY))
        if seed % 2:
            other = interleaved(log, seed)
        else:
            other = outputs_of(log, TINY, step_us=(1, 50_000, 10**9)[seed // 2 % 3])
        assert content(other) == straight, seed


@pytest.mark.parametrize("seed", range(20))
def test_the_sums_close(seed):
    log = a_scenario(seed)
    outputs = outputs_of(log, TINY)
    ledgers = values(outputs, "ledger.records")
    entries = [e for ledger in ledgers for e in ledger["entries"]]
    assert sum(e["records"] for e in entries) == len(log.records)
    accepted = sum(e["observations"] for e in entries)
    assert sum(uses(outputs).values()) == accepted
    assert sum(v["count"] for v in values(outputs, "fused.links")) == accepted
    rejected = sum(e["records"] for e in entries if e["disposition"] == "REJECTED")
    assert len(values(outputs, "dead.letters")) == rejected


def test_scenarios_hold_every_kind_of_fate():
    found = Counter()
    for seed in range(20):
        found.update(fates(outputs_of(a_scenario(seed), TINY)))
    assert {fate for fate, _ in found} == {"ACCEPTED", "EMPTY", "LATE", "DUPLICATE", "REJECTED"}


def test_each_observation_is_owned_once_in_a_crowd_over_many_cells():
    rng, log = np.random.default_rng(5), a_log()
    for k in range(10):
        places = rng.uniform(-3000, 3000, (200, 2)).tolist()
        log.see(START_US + 200_000 * k, [an_observation(*place) for place in places])
    outputs = outputs_of(log, Parameters(max_tracks=10, quiet_us=400_000))
    assert len({v["cell"] for v in values(outputs, "fused.objects")}) >= 7
    assert sum(uses(outputs).values()) == 2000
    assert uses(outputs)["OVERFLOW"] > 0
    links = values(outputs, "fused.links")
    names = [
        (v["topics"][0], o, i)
        for v in links
        for o, i in zip(column(v, "offset", "<i8"), column(v, "index", "<u4"), strict=True)
    ]
    assert len(names) == len(set(names)) == 2000


def test_clutter_and_overflow_are_counted_as_they_are():
    log = a_log()
    for k in range(5):
        log.see(START_US + 100_000 * k, [an_observation(30.0 * j, 0.0) for j in range(6)])
    full = uses(outputs_of(log, Parameters(max_tracks=4)))
    assert full == {"BIRTH": 4, "USED": 16, "OVERFLOW": 10}


def drive_along(points_m, speed_mps, *, around=(), every_us=100_000):
    """Pictures of one object that drives over points of the home cell's plane; one sees it."""
    legs = np.diff(np.array(points_m), axis=0)
    length_m = np.concatenate([[0.0], np.cumsum(np.hypot(*legs.T))])
    log, rng = a_log(), np.random.default_rng(1)
    for k in range(int(length_m[-1] / speed_mps * 1e6 / every_us)):
        at_m = speed_mps * k * every_us / 1e6
        x, y = (np.interp(at_m, length_m, np.array(points_m)[:, i]) for i in (0, 1))
        seen = [an_observation(*(np.array([x, y]) + rng.normal(0, 0.2, 2)))]
        log.see(START_US + k * every_us, seen + [an_observation(*place) for place in around])
    return outputs_of(log, Parameters(quiet_us=400_000))


def shown(outputs):
    """(tick, cell, track id) of every published row."""
    return [
        (v["tick_us"], v["cell_key"], i)
        for v in values(outputs, "fused.objects")
        for i in column(v, "track_id", "<u8").tolist()
    ]


def across(edge, from_m, to_m):
    """Points on the line through the middle of the home cell and of one edge; depths inside."""
    a, b, c = HOME.edges[edge]
    return [((d - c) * a, (d - c) * b) for d in (from_m, to_m)]


def once_a_tick(rows):
    """Whether one object has exactly one row at every tick from the first to the last."""
    ticks = [tick for tick, _, _ in rows]
    return sorted(ticks) == list(range(min(ticks), max(ticks) + 1, 100_000))


@pytest.mark.parametrize("edge", range(6))
def test_an_object_keeps_its_id_over_a_border(edge):
    rows = shown(drive_along(across(edge, 300.0, -300.0), 15.0))
    assert len({cell_key for _, cell_key, _ in rows}) == 2
    assert len({track_id for _, _, track_id in rows}) == 1
    assert once_a_tick(rows)


def test_an_object_that_turns_round_at_the_border_stays_where_it_was():
    a, b, _ = HOME.edges[0]
    inward, aside = np.array([a, b]), np.array([-b, a])
    start, foot = (np.array(place) for place in across(0, 80.0, 7.0))
    turn = np.linspace(0.0, np.pi, 12)[:, None]
    bow = foot - 14.0 * np.sin(turn) * inward + 14.0 * (1.0 - np.cos(turn)) * aside
    rows = shown(drive_along([start, *bow, start + 28.0 * aside], 5.0))
    assert {cell_key for _, cell_key, _ in rows} == {HOME.key}
    assert len({track_id for _, _, track_id in rows}) == 1
    assert once_a_tick(rows)


@pytest.mark.parametrize("k", range(6))
def test_an_object_keeps_its_id_where_three_cells_meet(k):
    x, y = corner(k)
    out = np.array([x, y]) / np.hypot(x, y)
    side = np.array([-out[1], out[0]])
    start, end = np.array([x, y]) - 250 * out + 25 * side, np.array([x, y]) + 250 * out
    middle = np.array([x, y]) + 5 * out + 40 * side
    rows = shown(drive_along([start, middle, end], 12.0))
    assert len({cell_key for _, cell_key, _ in rows}) >= 2
    assert len({track_id for _, _, track_id in rows}) == 1
    assert once_a_tick(rows)


@pytest.mark.parametrize("k", range(3))
def test_an_object_that_is_born_where_three_cells_meet_has_one_row(k):
    outputs = drive_along([corner(k), np.array(corner(k)) + np.array([9.0, 6.0])], 2.0)
    rows = shown(outputs)
    assert len({track_id for _, _, track_id in rows}) == 1
    assert once_a_tick(rows)
    kinds = Counter(v["kind"] for v in values(outputs, "track.events"))
    assert kinds == {"birth": 1, "end": 1}


def test_an_object_keeps_its_id_over_a_cell_that_takes_minutes_to_cross():
    a, b, c = HOME.edges[0]
    start, end = (200.0 + c) * -np.array([a, b]), (200.0 + c) * np.array([a, b])
    rows = shown(drive_along([start, end], 16.0, every_us=200_000))
    assert len({cell_key for _, cell_key, _ in rows}) == 3
    assert len({track_id for _, _, track_id in rows}) == 1
    assert max(t for t, _, _ in rows) - START_US > 140 * SECOND_US


def test_two_objects_side_by_side_keep_two_ids_over_a_border():
    a, b, c = HOME.edges[2]
    log = a_log()
    for k in range(300):
        depth = 200.0 - 1.4 * k
        places = [
            np.array([(depth - c) * a, (depth - c) * b]) + lane * np.array([-b, a])
            for lane in (0.0, 4.0)
        ]
        log.see(START_US + 100_000 * k, [an_observation(*place) for place in places])
    rows = shown(outputs_of(log, Parameters(quiet_us=400_000)))
    assert len({track_id for _, _, track_id in rows}) == 2


@pytest.mark.parametrize("edge", range(6))
def test_rows_are_doubled_or_missing_at_the_most_beside_the_border(edge):
    # Each cell decides by its own estimate, so that near the border two may show an object or none
    # may. Both know the same observations once it is well inside the halo.
    speed, outputs = 15.0, drive_along(across(edge, 300.0, -300.0), 15.0)
    ticks = Counter(tick for tick, _, _ in shown(outputs))
    pictured = {v["tick_us"] for v in values(outputs, "fused.objects")}
    began, ended = min(ticks), START_US + int(600.0 / speed * 1e6)
    odd = [t for t in pictured if began <= t <= ended and ticks[t] != 1]
    depth = [abs(300.0 - speed * (t - START_US) / 1e6) for t in odd]
    assert max(depth, default=0.0) < 5.0


HOSTILE = [
    b"", b" ", b"{", b"[" * 10_000, b"{" * 10_000, b"null", b"[]", b"{}", b"\x00\xff", b'"x"',
    b"1e999", b'{"source": NaN}', b"x" * 300_000, b'{"a":' * 70 + b"1" + b"}" * 70,
    b'{"source":"unit-1","event_time_us":1e30,"frame":"wgs84","objects":[]}',
    b'{"source":"unit-1","event_time_us":NaN,"frame":"wgs84","objects":[]}',
    b'{"source":"unit-1","event_time_us":-1,"frame":"wgs84","objects":[{}]}',
    b'{"source":"unit-1","event_time_us":0,"frame":"mars","objects":[{}]}',
]  # fmt: skip


def hostile_fields(rng):
    return {
        "format": rng.choice(["", "recording.json", "rsm.json", "bsm.json", "cap", "metar", "?"]),
        "source": rng.choice(["unit-1", "unit-2", "stranger", "", "x" * 100_000, "\ud7ff\x00"]),
        "shift_us": rng.choice([0, 1, -1, 10**18, -(10**18)]),
        "topic": rng.choice([ROADSIDE, PROBE, "raw.signal", "raw.context"]),
    }


def a_good_log(with_hostile):
    rng, log = random.Random(11), a_log("unit-1", "unit-2")
    for k in range(100):
        if with_hostile:
            for _ in range(2):
                body = rng.choice(HOSTILE)
                log.add(START_US + k * 50_000, body, partition=1, **hostile_fields(rng))
        log.see(START_US + k * 50_000, [an_observation(0.5 * k)])
    return log


def test_hostile_records_between_good_ones_change_no_row():
    good, mixed = outputs_of(a_good_log(False)), outputs_of(a_good_log(True))
    for topic in ("fused.objects", "fused.links", "track.events", "ledger.observations"):
        assert values(mixed, topic) == values(good, topic)
    bad = {fate: n for fate, n in fates(mixed).items() if fate[0] != "ACCEPTED"}
    assert sum(bad.values()) == 200
    assert len(bad) >= 8
    assert fates(mixed)["ACCEPTED", ""] == 100


def test_a_broken_record_in_the_same_partition_changes_no_row_either():
    log = a_good_log(False)
    spoiled = Log()
    for record in log.in_order():
        again = record.record
        fields = {"format": again.format, "source": again.source, "key": again.key}
        spoiled.add(again.receive_time_us, again.body, record.topic, record.partition, **fields)
        if record.topic == ROADSIDE:
            spoiled.add(again.receive_time_us, b"{", ROADSIDE, 0, source="unit-1")
    rows = [
        [{k: v for k, v in row.items() if k != "offset"} for row in values(o, "fused.objects")]
        for o in (outputs_of(log), outputs_of(spoiled))
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("n", "wanted"), [(60, "ACCEPTED"), (1000, "REJECTED")])
def test_a_record_of_objects_all_over_the_earth_holds_up_nobody(n, wanted):
    lat = np.degrees(np.arcsin(np.linspace(-0.999, 0.999, n)))
    lon = np.linspace(-180, 180, n)
    log = a_log()
    log.see(START_US, [{"lat_deg": a, "lon_deg": b} for a, b in zip(lat, lon, strict=True)])
    outputs = outputs_of(log, TINY)
    assert [fate for fate, _ in fates(outputs)] == [wanted]
    assert sum(uses(outputs).values()) == n * (wanted == "ACCEPTED")


def test_pulses_are_no_input():
    log = a_log()
    log.see(START_US)
    for k in range(50):
        log.add(START_US + 20_000 * k, None)
    assert sum(fates(outputs_of(log)).values()) == 1


def test_an_empty_log_gives_nothing():
    assert list(run([], Pipeline(Parameters()))) == []


def test_a_run_ends_and_every_key_but_the_partitions_is_forgotten():
    log = a_log()
    for k in range(30):
        log.see(START_US + 100_000 * k, [an_observation(*corner(0))])
    pipeline = Pipeline(Parameters())
    list(run(log.in_order(), pipeline))
    assert [s._states for s in pipeline._stages.values()] == [{}, {}, {}]
    assert pipeline.advance(FOREVER_US) == []


def test_weather_of_a_declared_feed_marks_what_is_in_its_area():
    lat, lon = degrees(0.0, 0.0)
    feed = {"kind": "feed", "format": "metar", "lat_deg": lat, "lon_deg": lon}
    log = a_log()
    log.declare("zbaa", **feed, coverage_radius_m=50.0)
    log.add(START_US + SECOND_US, METAR, topic="raw.context", source="zbaa", format="")
    for k in range(30):
        log.see(START_US + 100_000 * k, [an_observation(), an_observation(100.0)])
    pictures = [v for v in values(outputs_of(log), "fused.objects") if v["count"] == 2]
    flags = {v["tick_us"]: column(v, "context_flags", "<u4").tolist() for v in pictures}
    assert flags[START_US + 900_000] == [0, 0]
    assert flags[START_US + 1_000_000] == [1, 0]
    (feature,) = values(outputs_of(log), "context.features")
    assert json.loads(feature["area"])["type"] == "Point"


METAR = b"METAR ZBAA 211330Z 03003MPS 9999 FEW040 10/M02 Q1026"


def test_corners_stand_where_three_cells_meet():
    lat, lon = degrees(*corner(0))
    around = [k for k in neighbours(owner(lat, lon, 7)) if k != owner(lat, lon, 7)]
    depth = [float(cell(k).inside_m(*cell(k).frame.to_local(*flat(lon, lat)))[0]) for k in around]
    near = sorted(depth)[-2:]
    assert all(abs(a) < 10.0 for a in near)
    assert len(list(combinations(near, 2))) == 1


def flat(*numbers):
    return [np.array([number]) for number in numbers]

"""Roads and signals through the whole flow: rows of objects say lane, segment and phase."""

from collections import Counter

import numpy as np
import pytest

from operators.pipeline import LogRecord
from tests.builders import (
    SECOND_US,
    START_US,
    Log,
    an_observation,
    column,
    content,
    outputs_of,
    values,
)
from tests.operators.road.signals import (
    GREEN,
    RED,
    a_lane,
    a_part,
    a_segment,
    a_spat,
    an_approach,
    declared,
    say,
)

TENTH_US = 100_000


def a_drive(*, signals=True, mapped_us=START_US - 2 * SECOND_US, body=None):
    """A car on the lane of group 1 at 10 m/s; green after two seconds."""
    log = declared(Log())
    log.declare("unit-1")
    for k in range(40):
        at_us = START_US + k * TENTH_US
        log.see(at_us, [an_observation(-100 + k, -1.75, vx=10.0, vy=0.0)])
        if signals:
            phases = {1: RED if k < 20 else GREEN, 2: RED}
            ends = {1: START_US + 2 * SECOND_US}.items() if k < 20 else ()
            say(log, at_us, a_spat(at_us, phases, ends_us=ends))
    say_map(log, mapped_us, a_part(an_approach()) if body is None else body)
    return log


def say_map(log, at_us, body):
    """Say a map in between: offsets rise with receive times, so later messages get others."""
    say(log, at_us, body, "network.json")
    offsets, log.records = Counter(), log.in_order()
    for k, (topic, partition, record) in enumerate(log.records):
        place = (topic, partition)
        log.records[k] = LogRecord(*place, record._replace(offset=offsets[place]))
        offsets[place] += 1


def rows(log, name, kind):
    """Values of a column by tick, in tenths of a second since the start."""
    pictures = [v for v in values(outputs_of(log), "fused.objects") if v["count"]]
    return {
        (v["tick_us"] - START_US) // TENTH_US: column(v, name, kind)[0].item() for v in pictures
    }


def test_a_vehicle_on_an_approach_knows_its_lane_and_its_signal():
    log = a_drive()
    (value,) = values(outputs_of(log), "station.network")
    lanes = {e["lane"]: e for e in value["entries"]}
    last = 30
    assert rows(log, "lane_id", "<u8")[last] == lanes["in:1"]["lane_id"]
    assert rows(log, "segment_id", "<u8")[last] == lanes["in:1"]["segment_id"]
    assert rows(log, "along_m", "<f4")[last] == pytest.approx(130.0, abs=1.5)
    phases = rows(log, "signal_phase", "u1")
    assert phases[15] == RED
    assert phases[19] == RED
    assert phases[20] == GREEN
    assert rows(log, "signal_end_s", "<f4")[15] == pytest.approx(0.5)


def test_nothing_is_known_of_a_road_before_its_map_is_received():
    lanes = rows(a_drive(mapped_us=START_US + 2 * SECOND_US), "lane_id", "<u8")
    assert not any(lane for tick, lane in lanes.items() if tick < 21)
    assert all(lane for tick, lane in lanes.items() if tick > 22)


def test_a_lane_whose_turns_show_different_phases_has_none():
    both = [{"intersection": "250/7", "group": group} for group in (1, 2)]
    shared = a_part(a_segment("in", a_lane("in:1", [(-200, -1.75), (0, -1.75)], turns=both)))
    phases = rows(a_drive(body=shared), "signal_phase", "u1")
    assert (phases[15], phases[30]) == (RED, 0)


def test_a_map_that_is_taken_away_is_forgotten():
    log = a_drive()
    say_map(log, START_US + 2 * SECOND_US, a_part(name="intersection/250/7"))
    lanes = rows(log, "lane_id", "<u8")
    assert lanes[18]
    assert not lanes[25]


def test_no_row_depends_on_how_often_the_watermark_passes():
    log = a_drive()
    assert content(outputs_of(log, step_us=20_000)) == content(outputs_of(log, step_us=5_000_000))


def test_without_signals_there_is_no_phase():
    assert set(rows(a_drive(signals=False), "signal_phase", "u1").values()) == {0}
    assert np.isnan(list(rows(a_drive(signals=False), "signal_end_s", "<f4").values())).all()

"""Clocks that are off by much, as the front finds them from a source's own records."""

import json
import random

import numpy as np
import pytest

from operators.decode.registry import decode
from operators.envelope import unseal
from operators.frame import unpack_frames
from operators.front import Front
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.raw import pack_raw
from operators.routes import CELL, SOURCES
from operators.sources import NOTICE_US, share_source
from tests.builders import (
    ROADSIDE,
    SECOND_US,
    START_US,
    Log,
    a_line,
    a_log,
    an_observation,
    content,
    degrees,
    fates,
)

MS_US = 1000
PERIOD_US = 100 * MS_US
NOMINAL_US = 60 * MS_US  # of roadside units, the least delayed of whose records take this long here
FIRST = 19  # records before anything is said
ZONE_US = 28_800 * SECOND_US
MIDNIGHT_US = START_US - START_US % (86_400 * SECOND_US) + 86_400 * SECOND_US


def delays_us(n, seed=1, spread_us=40 * MS_US):
    rng = random.Random(seed)
    return [NOMINAL_US + rng.randrange(0, spread_us, MS_US) for _ in range(n)]


def log_of(errors_us, start_us=START_US, body=a_line, **declared):
    """A unit that sees something every 100 ms and says when by a clock that is off by so much."""
    log = a_log(receive_us=start_us - 2 * NOTICE_US, **declared)
    for k, delay_us in enumerate(delays_us(len(errors_us))):
        true_us = start_us + k * PERIOD_US
        said_us = true_us + int(errors_us[k])
        seen = [an_observation(0.1 * k)]
        log.add(true_us + delay_us, body(said_us, seen), ROADSIDE)
    return log


def fronted(log, step_us=SECOND_US):
    """Everything that the front alone sends on."""
    stage, made = Stage(Front(Parameters(), decode), share_source), []
    for topic, partition, record in log.in_order():
        made += stage.advance(record.receive_time_us // step_us * step_us - MS_US)
        event = pack_raw(record)
        if topic == SOURCES:
            stage.broadcast(event)
        stage.take(f"{topic}/{partition}", event)
    return made + list(stage.advance(FOREVER_US))


def times_us(log):
    """Event time of every accepted record by its offset in the partition."""
    packed = [unseal(o.value)[2] for o in fronted(log) if o.route == CELL]
    return {f.offset: f.event_time_us for data in packed for f in unpack_frames(data)}


def renumbered(log):
    """The log with offsets in the order of receive times, as a broker gives them."""
    made = Log()
    for topic, partition, record in log.in_order():
        names = {"format": record.format, "source": record.source, "key": record.key}
        made.add(record.receive_time_us, record.body, topic, partition, **names)
    return made


def off_by_us(log, start_us=START_US):
    """Of every accepted record how far its event time is from the truth, by its number."""
    return {k: t - start_us - k * PERIOD_US for k, t in times_us(log).items()}


@pytest.mark.parametrize("error_us", [-SECOND_US, SECOND_US, -3 * SECOND_US, 20 * SECOND_US])
def test_a_clock_that_is_off_is_set_right_after_twenty_records(error_us):
    off = off_by_us(log_of([error_us] * 80))
    assert set(range(FIRST, 80)) <= set(off)
    assert all(abs(off[k]) < 30 * MS_US for k in range(FIRST, 80))
    assert all(off[k] == error_us for k in off if k < FIRST)


@pytest.mark.parametrize("error_us", [-200 * MS_US, -100 * MS_US, 0, 150 * MS_US, 200 * MS_US])
def test_a_clock_that_is_off_by_less_is_left_to_the_cell(error_us):
    assert set(off_by_us(log_of([error_us] * 80)).values()) == {error_us}


@pytest.mark.parametrize("hours", [8.0, -8.0, 5.75, 12.75, -9.5, 14.0])
def test_a_time_zone_is_taken_off_whole_once_twenty_records_agree(hours):
    error_us = int(hours * 3600) * SECOND_US
    log = log_of([error_us] * 60)
    assert fates(fronted(log)) == {("REJECTED", "CLOCK_FAR_OFF"): FIRST, ("ACCEPTED", ""): 41}
    # Whole hours leave the honest delay as it was: exact to the microsecond.
    assert set(off_by_us(log).values()) == {0}


def test_a_clock_in_another_zone_may_be_off_besides():
    off = off_by_us(log_of([ZONE_US - SECOND_US] * 60))
    assert set(off) == set(range(FIRST, 60))
    assert all(abs(one) < 30 * MS_US for one in off.values())


@pytest.mark.parametrize("error_us", [100 * SECOND_US, -100 * SECOND_US, 1000 * SECOND_US, 10**14])
def test_what_no_clock_is_off_by_stays_rejected(error_us):
    fate = fates(fronted(log_of([error_us] * 60)))
    assert fate == {("REJECTED", "CLOCK_FAR_OFF"): 60}


@pytest.mark.parametrize(
    ("step_us", "within"),
    [(-300 * MS_US, 96), (300 * MS_US, 15), (-SECOND_US, 96), (900 * MS_US, 15)],
)
def test_a_step_is_recognised(step_us, within):
    # Forward it cannot be a delay and a second will do; back it must outlast what a slow uplink
    # does, and is known within ten.
    off = off_by_us(log_of([0] * 150 + [step_us] * 150))
    assert {off[k] for k in range(150)} == {0}
    assert all(off[k] == step_us for k in range(150, 160) if k in off)
    assert all(abs(off[k]) < 45 * MS_US for k in range(150 + within, 300))


def test_a_clock_that_is_set_right_again_is_left_alone_again():
    off = off_by_us(log_of([-SECOND_US] * 150 + [0] * 150))
    assert all(abs(off[k]) < 30 * MS_US for k in range(FIRST, 150))
    assert {off[k] for k in range(170, 300)} == {0}


@pytest.mark.parametrize("offset_us", [0, -SECOND_US, 28_800 * SECOND_US])
def test_a_drift_of_50_ppm_costs_two_jumps_in_three_hours_and_never_more_than_the_limit(offset_us):
    # One record in 10 s is as good as ten a second, for the window counts delays.
    n, every_us = 1080, 10 * SECOND_US
    log = a_log()
    for k, delay_us in enumerate(delays_us(n)):
        true_us = START_US + k * every_us
        said_us = true_us + offset_us + k * every_us // 20_000
        log.add(true_us + delay_us, a_line(said_us, [an_observation()]), ROADSIDE)
    found = times_us(log)
    off = np.array([found[k] - START_US - k * every_us for k in range(FIRST, n)])
    assert np.abs(off).max() < 300 * MS_US
    assert (np.abs(np.diff(off)) > 100 * MS_US).sum() <= 2


def marked(said_us, _seen):
    """A message that says the millisecond of the minute, and nothing else of the time."""
    lat, lon = (round(one * 1e7) for one in degrees(0.0, 0.0))
    point = {"ptcType": "motor", "source": 3, "lat": lat, "lon": lon, "x": 0, "y": 0}
    place = {"rsuId": "unit-1", "refPos_lat": lat - 9000, "refPos_lon": lon, "ptcId": 1}
    mark = {"secMark": said_us // MS_US % 60_000, "globalTrackId": f"{said_us}"}
    return json.dumps([point | place | mark]).encode()


def marked_log(errors_us, start_us):
    log = log_of(errors_us, start_us, marked, format="openv2x.points.json")
    for k, record in enumerate(log.records):
        log.records[k] = record._replace(record=record.record._replace(format=""))
    return log


@pytest.mark.parametrize("start_us", [MIDNIGHT_US - 6 * SECOND_US, START_US + 55 * SECOND_US])
@pytest.mark.parametrize("error_s", [0.0, 1.0, -1.0, 20.0, -20.0, 29.9, 30.08, -29.9])
def test_wraps_of_the_minute_and_of_the_day_are_passed_with_any_clock(error_s, start_us):
    # At 30 s less the delay a mark is as near ahead as behind: jitter throws it to and fro.
    log = marked_log([int(error_s * SECOND_US)] * 150, start_us)
    off = off_by_us(log, start_us)
    settled = range(FIRST + 1, 150)  # the record that shows the clock was read before that
    assert set(settled) <= set(off)
    assert all(abs(off[k]) < 45 * MS_US for k in settled)


def test_lateness_is_judged_of_what_is_left_after_correction():
    log = log_of([-3 * SECOND_US] * 60)
    late_us, said_us = START_US + 70 * PERIOD_US, START_US + 50 * PERIOD_US - 3 * SECOND_US
    log.add(late_us, a_line(said_us + 1, [an_observation(1.0)]), ROADSIDE)
    log.add(late_us + MS_US, a_line(said_us - 60 * MS_US, [an_observation(2.0)]), ROADSIDE)
    assert fates(fronted(log)) == {("ACCEPTED", ""): 42, ("LATE", "TOO_OLD"): FIRST + 1}


@pytest.mark.parametrize("slow_us", [400 * MS_US, 1500 * MS_US])
def test_a_slow_second_of_a_busy_gateway_is_no_step(slow_us):
    # Fifty vehicles, 500 records a second: a hundred of them pass in a fifth of that second.
    log = a_log(kind="probe")
    for k in range(4000):
        at_us = k * 2 * MS_US
        slow = slow_us if 4 * SECOND_US <= at_us < 5 * SECOND_US else 0
        seen = [an_observation(float(k % 50))]
        log.add(START_US + at_us + NOMINAL_US + slow, a_line(START_US + at_us, seen), ROADSIDE)
    found = times_us(renumbered(log))
    assert sorted(found.values()) == [START_US + k * 2 * MS_US for k in range(4000)]


def test_a_backlog_that_is_sent_fast_does_not_pass_for_new():
    # 40 s of records, sent in 20 s: every delay is too long for honest ones, and they fall.
    log = a_log()
    for k in range(400):
        said_us = START_US + k * PERIOD_US
        received = START_US + 40 * SECOND_US + k * 50 * MS_US
        log.add(received, a_line(said_us, [an_observation(0.1 * k)]), ROADSIDE)
    outputs = fronted(log)
    assert fates(outputs)["LATE", "TOO_OLD"] > 350
    assert all(t == START_US + k * PERIOD_US for k, t in times_us(log).items())


def test_some_senseless_times_do_not_hide_a_clock():
    errors_us = [-SECOND_US] * 80
    for k in range(0, 80, 13):
        errors_us[k] = -START_US if k % 2 else 40 * 86_400 * SECOND_US
    off = off_by_us(log_of(errors_us))
    right = [k for k in range(30, 80) if errors_us[k] == -SECOND_US]
    assert all(abs(off[k]) < 30 * MS_US for k in right)


def test_where_the_watermark_stood_changes_no_row():
    log = log_of([0] * 60 + [300 * MS_US] * 60)
    assert content(fronted(log)) == content(fronted(log, step_us=20 * MS_US))

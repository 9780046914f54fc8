import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.align.clock import (
    LIMIT_US,
    MINIMUM,
    WINDOW,
    coarse_offset_us,
    nominal_delay_us,
)
from operators.frame import SourceKind

RNG = np.random.default_rng(0)
HOUR_US = 3_600_000_000


def delays(mean_us, n=WINDOW, spread_us=20_000):
    return (mean_us + RNG.uniform(0, spread_us, n)).astype(np.int64)


@pytest.mark.parametrize("off_us", [-59_000_000, -3_000_000, -300_000, 300_000, 3_000_000])
def test_a_clock_that_is_off_gets_the_offset_that_its_records_show(off_us):
    assert coarse_offset_us(delays(off_us), 0, 0) == pytest.approx(off_us, abs=20_000)


@pytest.mark.parametrize("hours", [-8.0, 8.0, 5.75, -3.5, 14.0])
def test_a_time_zone_is_taken_off_whole(hours):
    assert coarse_offset_us(delays(int(hours * HOUR_US)), 0, 0) == hours * HOUR_US


def test_a_clock_in_another_zone_may_be_off_besides():
    found = coarse_offset_us(delays(8 * HOUR_US + 3_000_000), 0, 0)
    assert found == pytest.approx(8 * HOUR_US + 3_000_000, abs=20_000)


@pytest.mark.parametrize("off_us", [61_000_000, -61_000_000, HOUR_US + 6_000_000, 15 * HOUR_US])
@pytest.mark.parametrize("applied_us", [0, 3_000_000])
def test_what_no_clock_is_off_by_changes_nothing(off_us, applied_us):
    assert coarse_offset_us(delays(off_us), 0, applied_us) == applied_us


@pytest.mark.parametrize("delay_us", [-200_000, 0, 50_000, 200_000])
def test_an_honest_delay_is_left_alone(delay_us):
    assert coarse_offset_us(delays(delay_us), 0, 0) == 0


def test_a_declared_delay_is_no_clock_error():
    assert coarse_offset_us(delays(800_000), 800_000, 0) == 0
    assert coarse_offset_us(delays(800_000), 0, 0) != 0


def test_the_delay_of_the_kind_stands_in_for_one_that_is_not_declared():
    assert nominal_delay_us(SourceKind.ROADSIDE, None) == 60_000
    assert nominal_delay_us(SourceKind.PROBE, 12.5) == 12_500
    assert nominal_delay_us(SourceKind.PROBE, 0.0) == 0


def test_nothing_is_said_of_too_few_records():
    assert coarse_offset_us(delays(3_000_000, MINIMUM - 1), 0, 0) == 0
    assert coarse_offset_us(delays(3_000_000, MINIMUM), 0, 0) != 0


def test_delayed_records_do_not_hide_the_prompt_ones():
    mixed = np.concatenate([delays(40_000, 20), delays(900_000, 80)])
    assert coarse_offset_us(mixed, 0, 0) == 0


def test_the_offset_stays_while_it_is_right_within_the_limit():
    applied = 3_000_000
    assert coarse_offset_us(delays(applied + 100_000), 0, applied) == applied
    moved = coarse_offset_us(delays(applied + 2 * LIMIT_US), 0, applied)
    assert moved == pytest.approx(applied + 2 * LIMIT_US, abs=20_000)


def test_the_offset_goes_when_the_clock_is_mended():
    assert coarse_offset_us(delays(20_000), 0, 3_000_000) == 0


@pytest.mark.parametrize(("newer", "wanted_us"), [(10, 0), (11, -600_000), (30, -600_000)])
def test_a_clock_that_jumps_ahead_is_followed_from_a_tenth_of_the_window_on(newer, wanted_us):
    mixed = np.concatenate([delays(0, WINDOW - newer), delays(-600_000, newer)])
    assert coarse_offset_us(mixed, 0, 0) == pytest.approx(wanted_us, abs=20_000)


@pytest.mark.parametrize(("newer", "wanted_us"), [(90, 0), (94, 0), (95, 600_000)])
def test_a_clock_that_falls_behind_is_followed_when_next_to_all_of_the_window_says_so(
    newer, wanted_us
):
    mixed = np.concatenate([delays(0, WINDOW - newer), delays(600_000, newer)])
    assert coarse_offset_us(mixed, 0, 0) == pytest.approx(wanted_us, abs=20_000)


def test_a_glitch_that_is_over_is_not_followed():
    mixed = np.concatenate([delays(0, 60), delays(-600_000, 20), delays(0, 20)])
    assert coarse_offset_us(mixed, 0, 0) == 0


@pytest.mark.parametrize("falls_us", [20_000, 50_000, 100_000])
def test_the_falling_delays_of_a_backlog_are_no_clock(falls_us):
    backlog = delays(0) + (30_000_000 - falls_us * np.arange(WINDOW))
    assert coarse_offset_us(backlog, 0, 0) == 0


@given(st.lists(st.integers(-(10**16), 10**16), max_size=WINDOW), st.integers(-(10**11), 10**11))
def test_any_delays_give_an_offset_that_a_clock_can_have_or_the_one_before(values, applied):
    found = coarse_offset_us(np.array(values, np.int64), 60_000, applied)
    assert found == applied or abs(found) <= 14 * HOUR_US + 60_000_000

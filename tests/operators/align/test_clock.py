import numpy as np
import pytest

from operators.align.clock import LIMIT_US, MINIMUM, WINDOW, coarse_offset_us

RNG = np.random.default_rng(0)


def delays(mean_us, n=WINDOW, spread_us=20_000):
    return (mean_us + RNG.uniform(0, spread_us, n)).astype(np.int64)


@pytest.mark.parametrize("off_us", [-28_800_000_000, -3_000_000, -300_000, 300_000, 3_000_000])
def test_a_clock_that_is_off_gets_the_offset_that_its_records_show(off_us):
    assert coarse_offset_us(delays(off_us), 0, 0) == pytest.approx(off_us, abs=20_000)


@pytest.mark.parametrize("delay_us", [-200_000, 0, 50_000, 200_000])
def test_an_honest_delay_is_left_alone(delay_us):
    assert coarse_offset_us(delays(delay_us), 0, 0) == 0


def test_a_declared_delay_is_no_clock_error():
    assert coarse_offset_us(delays(800_000), 800_000, 0) == 0
    assert coarse_offset_us(delays(800_000), 0, 0) != 0


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

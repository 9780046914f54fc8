import numpy as np
import pytest

from operators.fuse.state import SOURCE, TRACK
from operators.register.anchors import (
    FIRST_COUNT,
    RENEWED_S,
    carried_variance,
    forget_anchor,
    hear_probe,
)

AT_US = 1_700_000_000_000_000
VARIANCE_M2 = 0.5


def learned(offsets, step_s=1.0, beside=True):
    """What a source has learned of the reports of one vehicle."""
    track, sources = np.zeros(1, TRACK)[0], np.zeros(2, SOURCE)
    forget_anchor(track)
    for k, off in enumerate(offsets):
        at_us = AT_US + round(k * step_s * 1e6)
        hear_probe(track, sources[0], at_us, 0, tuple(off), VARIANCE_M2, beside)
    return sources


def test_a_vehicle_counts_one_and_its_next_reports_little():
    assert learned(np.ones((1, 2)))[0]["independent"] == pytest.approx(1.0)
    more = 60.0 * np.tanh(0.5 / RENEWED_S)
    assert learned(np.ones((61, 2)))[0]["independent"] == pytest.approx(1.0 + more)


@pytest.mark.parametrize("step_s", [0.1, 0.5, 2.0])
def test_how_often_a_vehicle_reports_changes_little(step_s):
    counted = learned(np.ones((round(60.0 / step_s), 2)), step_s)[0]["independent"]
    assert counted == pytest.approx(1.5, abs=0.03)


def test_noise_that_is_drawn_anew_is_found_to_be_so():
    noise = np.random.default_rng(1).normal(0.0, np.sqrt(VARIANCE_M2), (3000, 2))
    sources = learned(noise)
    assert abs(sources[0]["carried_m2"]) < 0.05
    assert carried_variance(sources) < 0.1 * carried_variance(learned(noise[:2]))


def test_an_error_that_lasts_is_found_to_last():
    sources = learned(np.full((300, 2), 0.6))
    assert sources[0]["carried_m2"] == pytest.approx(0.36, abs=0.05)
    assert carried_variance(sources) == pytest.approx(0.37 / 3.5, rel=0.1)


def test_where_nobody_else_sees_the_vehicle_nothing_is_learned():
    one = learned(np.ones((100, 2)), beside=False)[0]
    assert (one["carried_count"], one["carried_m2"]) == (FIRST_COUNT, VARIANCE_M2)


def test_without_probes_nothing_is_added():
    assert carried_variance(np.zeros(3, SOURCE)) == 0.0


def test_jumps_and_repeats_leave_finite_numbers():
    for step_s in (0.0, 0.2):
        sources = learned([(1e6, -1e6), (0.0, 0.0), (3e5, 0.0)] * 20, step_s)
        assert np.isfinite([*sources["carried_m2"], carried_variance(sources)]).all()

"""Places sent again, and probes that others see elsewhere, move no track."""

import numpy as np
import pytest

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.parameters import Parameters
from operators.reasons import Use

START_US = 1_700_000_000_000_000
SPEED_MPS = 12.0


def a_frame(source, kind, second, x_m, local_id=0):
    made = empty_observations(1)
    made["x_m"], made["y_m"] = x_m, 0.0
    made["cov_xx_m2"] = made["cov_yy_m2"] = 0.25
    made["cov_xy_m2"] = 0.0
    made["local_id"] = local_id
    at_us = START_US + round(second * 1e6)
    circle = (0.0, 0.0, 500.0) if kind == SourceKind.ROADSIDE else (x_m, 0.0, np.nan)
    return Frame(source, kind, 0, at_us, at_us, "", 0, 0, 0, *circle, made)


def followed(unit=True, speed_mps=SPEED_MPS):
    """State after 3 s in which a probe was seen, and where it is at 3.05 s."""
    rng, state = np.random.default_rng(1), tracker.empty()
    for k in range(30):
        second = 0.1 * k
        if unit:
            seen_m = speed_mps * second + rng.normal(0.0, 0.3)
            tracker.advance(
                state, a_frame("unit", SourceKind.ROADSIDE, second, seen_m), Parameters()
            )
        told_m = speed_mps * (second + 0.05) + rng.normal(0.0, 0.3)
        probe = a_frame("fleet", SourceKind.PROBE, second + 0.05, told_m, 7)
        tracker.advance(state, probe, Parameters())
    return state, speed_mps * 3.05, told_m


def uses(state, frame):
    return tracker.advance(state, frame, Parameters())["use"].tolist()


@pytest.mark.parametrize(
    ("unit", "off_m", "use"),
    [
        (True, 12.0, Use.QUARANTINED),
        (True, 0.5, Use.USED),
        (False, 12.0, Use.BIRTH),  # nobody else says where it is
    ],
)
def test_a_probe_that_jumps_is_not_believed_while_others_see_it(unit, off_m, use):
    state, place_m, _ = followed(unit)
    report = a_frame("fleet", SourceKind.PROBE, 3.05, place_m + off_m, 7)
    before = len(tracker.ids_of(state))
    assert uses(state, report) == [use]
    assert len(tracker.ids_of(state)) == before + (use == Use.BIRTH)


def test_another_probe_is_not_held_to_the_first_ones_track():
    state, place_m, _ = followed()
    assert uses(state, a_frame("fleet", SourceKind.PROBE, 3.05, place_m + 12.0, 8)) == [Use.BIRTH]


def test_a_probe_that_moves_is_not_where_it_was():
    state, _, told_m = followed()
    before = tracker.rows(state, START_US + 3_050_000)
    assert uses(state, a_frame("fleet", SourceKind.PROBE, 3.05, told_m, 7)) == [Use.QUARANTINED]
    after = tracker.rows(state, START_US + 3_050_000)
    assert (after["cov_xx_m2"] == before["cov_xx_m2"]).all()


def test_a_thing_of_a_unit_may_fall_on_its_last_place_by_chance():
    state, place_m, _ = followed()
    for second in (3.0, 3.03):
        report = a_frame("unit", SourceKind.ROADSIDE, second, place_m)
        assert uses(state, report) == [Use.USED]


def test_a_probe_that_stands_may_tell_the_same_place_again():
    state, _, told_m = followed(speed_mps=0.0)
    assert uses(state, a_frame("fleet", SourceKind.PROBE, 3.05, told_m, 7)) == [Use.USED]

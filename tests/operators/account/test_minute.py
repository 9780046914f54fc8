import math

import numpy as np
import pytest

from operators.account.facts import Declared, Facts, are_due
from operators.account.minute import MINUTE_US, Minute, minute_of
from operators.account.quality import completeness_of, faults_of
from operators.account.tally import SourceTally
from operators.frame import SourceKind
from operators.fuse.standing import STANDING, found_variance_m2
from operators.reasons import Use
from operators.register.gross import Mixup
from operators.report import LINK_ROW, Report, encoder
from tests.builders import HOME, START_US, a_link, a_row, uses, values
from tests.operators.account.faulty import outputs_with
from tests.operators.account.world import FIRST_MINUTE_US, minutes

TICK_US = 100_000


def a_declared(**fields):
    known = {
        "kind": SourceKind.ROADSIDE, "owner": "", "nominal_rate_hz": 10.0,
        "x_m": 0.0, "y_m": 0.0, "radius_m": 100.0,
    }  # fmt: skip
    return Declared(**(known | fields))


def a_standing(**fields):
    row = np.zeros(1, STANDING)
    row["noise_factor"], row["declares"] = 1.0, 1
    for name, value in fields.items():
        row[name] = value
    return row[0]


def test_a_minute_holds_the_ticks_after_its_start_up_to_its_end():
    assert minute_of(FIRST_MINUTE_US + 1) == minute_of(FIRST_MINUTE_US + MINUTE_US)
    assert minute_of(FIRST_MINUTE_US) == FIRST_MINUTE_US - MINUTE_US


@pytest.mark.parametrize("step_us", [50_000, 100_000, 300_000, 1_000_000])
def test_facts_are_due_once_a_second_at_whatever_ticks(step_us):
    due = [t // 1_000_000 for t in range(0, 60_000_000, step_us) if are_due(t, step_us)]
    assert due == sorted(set(due))
    assert len(due) >= 55 or step_us > 300_000


def test_delays_have_their_mean_and_quantiles():
    tally = SourceTally(1)
    for k in range(100):
        tally.take_frame(0, k, k + 1000 * (k + 1), 1)
    mean, median, late, spread = tally.delay_s()
    assert (mean, median, late) == pytest.approx((0.051, 0.05, 0.095), abs=0.006)
    assert spread == pytest.approx(0.029, abs=0.002)
    assert all(math.isnan(value) for value in SourceTally(1).delay_s())


def test_parts_of_one_instant_are_one_instant():
    tally = SourceTally(1)
    for event_us in (5, 5, 6):
        tally.take_frame(0, event_us, event_us, 2)
    assert (tally.frames, tally.instants, tally.observations) == (3, 2, 6)


def test_completeness_is_told_against_the_promise_else_against_the_past():
    def found(declared):
        return completeness_of(SourceTally(1, declared=declared, usual_hz=8.0), 60.0, 5.0)

    assert found(a_declared()) == 0.5
    assert found(a_declared(nominal_rate_hz=math.nan)) == 5 / 8
    for unknown in (None, a_declared(radius_m=math.nan), a_declared(kind=SourceKind.PROBE)):
        assert math.isnan(found(unknown))


@pytest.mark.parametrize(
    ("tally", "standing", "faults"),
    [
        (SourceTally(1, 5, frames=1), None, []),
        (SourceTally(1, 5), None, ["DEAD"]),
        (SourceTally(1), None, []),
        (SourceTally(1, 5, frames=1, uses={Use.QUARANTINED: 1}),
         a_standing(mixup=Mixup.GCJ02_AS_WGS84), ["GCJ02_AS_WGS84", "QUARANTINED"]),
        (SourceTally(1, 5, frames=1), a_standing(noise_factor=5.0), ["OVERCONFIDENT"]),
        (SourceTally(1, 5, frames=1), a_standing(noise_factor=5.0, declares=0), []),
        (SourceTally(1, 5, frames=1), a_standing(noise_factor=0.2), ["UNDERCONFIDENT"]),
        (SourceTally(1, 5, 2, frames=1), a_standing(steps=2), []),
        (SourceTally(1, 5, 2, frames=1, corrected=1), a_standing(steps=3),
         ["CLOCK_CORRECTED", "STEP"]),
    ],
)  # fmt: skip
def test_faults_have_names(tally, standing, faults):
    assert faults_of(tally, standing) == faults


def test_noise_is_what_was_found_and_never_too_good():
    rows = np.array([a_standing(noise_m2=0.25, lasting_m2=0.5), a_standing(noise_m2=1e-6)])
    np.testing.assert_allclose(found_variance_m2(rows), [0.75, 0.040001])


def a_report(k, rows=(), links=(), live=("a",)):
    packed = b"".join(row.tobytes() for row in rows)
    linked = np.concatenate([np.zeros(0, LINK_ROW), *links])
    tick_us = START_US + k * TICK_US
    return Report(tick_us, packed, ["a"], linked.tobytes(), ["a"], ["t"], list(live), [])


def ghosts_of(*reports):
    minute = Minute()
    for report in reports:
        report.facts = encoder.encode(Facts())
        minute.add(report, np.zeros(0, a_row().dtype), np.zeros(0, np.uint64), TICK_US)
    return minute.tallies["a"].ghosts


def test_observations_of_what_dies_unconfirmed_are_of_ghosts():
    seen = a_report(0, [a_row(confirmed=0)], [a_link(use=Use.BIRTH), a_link()])
    assert ghosts_of(seen, a_report(19)) == 0
    assert ghosts_of(seen, a_report(21)) == 2
    assert ghosts_of(seen, a_report(1, [a_row()]), a_report(21)) == 0


def test_who_sees_nobody_is_credited_to_nobody():
    minute, rows = Minute(), a_row(sources=0)
    minute.add(a_report(0, [rows]), rows, np.zeros(0, np.uint64), TICK_US)
    assert minute.tallies[""].share_s == pytest.approx(0.1)


def test_shares_of_a_minute_sum_to_the_track_seconds_of_its_rows():
    made = outputs_with("honest")
    entries = minutes(made)
    pictures = [v for v in values(made, "fused.objects") if v["tick_us"] > FIRST_MINUTE_US]
    rows = sum(v["count"] for v in pictures if v["cell_key"] == HOME.key)
    assert rows > 400
    assert sum(e["share_s"] for e in entries.values()) == pytest.approx(rows * 0.1)


def test_an_entry_tells_owner_noise_and_times():
    east = minutes(outputs_with("honest"))["east"]
    assert east["owner"] == "city"
    assert east["noise_m"] == pytest.approx(0.3, abs=0.03)
    assert east["instants"] == 60
    assert east["delay_p95_s"] == pytest.approx(0.075, abs=0.02)
    assert east["hits"] > 0.95 * east["looks"] > 0


def test_the_uses_of_all_entries_are_those_of_the_ledger():
    made = outputs_with("honest")
    entries = [e for v in values(made, "source.quality") for e in v["entries"]]
    names = ("used", "births", "clutter", "quarantined", "overflow")
    total = sum(e[name] for e in entries for name in names)
    assert total == sum(uses(made).values()) == sum(e["observations"] for e in entries)


def test_a_source_that_fell_silent_is_told_dead():
    entries = minutes(outputs_with("dead"))
    assert entries["east"]["faults"] == ["DEAD"]
    assert entries["east"]["completeness"] == 0.0
    assert entries["east"]["looks"] == 0
    assert entries["west"]["faults"] == []

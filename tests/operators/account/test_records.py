from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from operators.account.records import RecordLedger, second_of
from operators.parameters import Parameters
from operators.reasons import Disposition, Reason
from tests.builders import SECOND_US, START_US


def ledger_of(offsets, before=-1):
    ledger = RecordLedger(next_offset=before, tallies={})
    for offset in offsets:
        ledger.see(offset)
        ledger.add("s", Disposition.ACCEPTED, None, 2, 1)
    return ledger, ledger.record("raw.probe", 0, Parameters())


def test_a_second_is_open_at_its_start_and_closed_at_its_end():
    assert second_of(START_US) == START_US - SECOND_US
    assert second_of(START_US + 1) == START_US
    assert second_of(START_US + SECOND_US) == START_US


def test_a_ledger_counts_records_observations_and_refused_objects():
    _, value = ledger_of([3, 4])
    assert value["entries"] == [
        {
            "source_id": "s",
            "disposition": "ACCEPTED",
            "reason": "",
            "records": 2,
            "observations": 4,
            "refused": 2,
        }
    ]


def test_offsets_in_between_are_pulses():
    _, value = ledger_of([5, 9], before=3)
    assert (value["first_offset"], value["last_offset"], value["pulses"]) == (3, 9, 5)


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True), max_size=8))
def test_ledgers_are_contiguous_and_add_up_even_if_offsets_come_in_disorder(seconds):
    # Only topics that are not ours: their record times may run against their offsets.
    before, made = 0, []
    for offsets in seconds:
        ledger, value = ledger_of(offsets, before)
        before = ledger.next_offset
        made.append(value)
    assert all(a["last_offset"] + 1 == b["first_offset"] for a, b in pairwise(made))
    assert all(v["last_offset"] >= v["first_offset"] - 1 for v in made)
    assert before == max((o + 1 for offsets in seconds for o in offsets), default=0)
    records = sum(len(offsets) for offsets in seconds)
    assert sum(v["pulses"] for v in made) == before - records


def test_reasons_of_one_fate_are_told_apart():
    ledger = RecordLedger(tallies={})
    for reason in (Reason.TOO_OLD, Reason.FUTURE, Reason.TOO_OLD):
        ledger.see(0)
        ledger.add("s", Disposition.LATE, reason)
    entries = ledger.record("raw.probe", 0, Parameters())["entries"]
    assert [(e["reason"], e["records"]) for e in entries] == [("FUTURE", 1), ("TOO_OLD", 2)]

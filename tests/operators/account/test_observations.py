import numpy as np

from operators.account.observations import ObservationLedger
from operators.parameters import Parameters
from operators.reasons import Use
from operators.transform.place import cell_integer
from tests.builders import HOME, SECOND_US, START_US, a_link


def test_links_are_counted_by_source_and_use():
    ledger = ObservationLedger(counts={})
    links = np.concatenate(
        [a_link(source_index=s, use=u) for s, u in ((0, 1), (0, 1), (1, 1), (1, 5))]
    )
    ledger.add(links, ["a", "b"], START_US)
    ledger.add(links[:1], ["b"], START_US)
    value = ledger.record(cell_integer(HOME.key), HOME.key, Parameters())
    assert [(e["source_id"], e["use"], e["observations"]) for e in value["entries"]] == [
        ("a", "USED", 2),
        ("b", "USED", 2),
        ("b", "OVERFLOW", 1),
    ]


def test_a_ledger_is_over_when_its_second_has_passed_and_holds_something():
    ledger = ObservationLedger(counts={})
    assert not ledger.is_over(START_US + SECOND_US)
    ledger.add(a_link(), ["a"], START_US + 1)
    assert ledger.second_us == START_US
    assert not ledger.is_over(START_US + SECOND_US - 1)
    assert ledger.is_over(START_US + SECOND_US)


def test_more_sources_than_a_byte_counts_are_told_apart():
    ledger = ObservationLedger(counts={})
    names = [f"s{k}" for k in range(300)]
    links = np.concatenate([a_link(source_index=k, use=Use.BIRTH) for k in (1, 257)])
    ledger.add(links, names, START_US)
    assert set(ledger.counts) == {("s1", 2), ("s257", 2)}

"""The check of the ledgers sees what it is for: each of these is a hole in an account."""

from copy import deepcopy

import numpy as np
import pytest

from operators.pipeline import LogRecord
from tests.accounts import by_topic, faults
from tests.builders import (
    ROADSIDE,
    SECOND_US,
    START_US,
    a_log,
    a_raw_record,
    an_observation,
    outputs_of,
)

AT = 1  # an element in the middle


def a_bad_day():
    """Log of two units with pulses, rubbish, repeats and late frames, and its accounts."""
    log = a_log("unit-1", "unit-2")
    for k in range(40):
        at_us = START_US + k * SECOND_US // 10
        log.see(at_us, [an_observation(k), an_observation(50.0)])
        late_us = 2_500_000 * (k == 7)
        place = {"delay_us": 80_000 + late_us, "partition": 2 if late_us else 1}
        log.see(at_us, [an_observation(k)], "unit-2", **place)
        if k % 9 == 4:
            log.add(at_us + 90_000, b"{", partition=1)
            log.add(at_us + 60_000, None, partition=0)
    return by_topic(outputs_of(log)), log.records


HONEST, LOG = a_bad_day()


def without(records, topic, at=AT):
    del records[topic][at]


def twice(records, topic, at=AT):
    records[topic].append(deepcopy(records[topic][at]))


def changed(records, topic, **fields):
    records[topic][AT] |= fields


def one_more(records, topic, field, at=AT):
    entry = records[topic][at]["entries"][0]
    entry[field] += 1


def moved_link(records):
    """A link that stands for an observation of another record."""
    links = records["fused.links"][AT]
    offsets = np.frombuffer(links["offset"], "<i8").copy()
    offsets[0] += 1_000_000
    links["offset"] = offsets.tobytes()


def other_use(records):
    links = records["fused.links"][AT]
    uses = np.frombuffer(links["use"], "u1").copy()
    uses[0] = 6
    links["use"] = uses.tobytes()


def repeated_link(records):
    """Two links of one observation in place of those of two."""
    links = records["fused.links"][AT]
    index = np.zeros(links["count"], "<u4")
    links["index"] = index.tobytes()


HOLES = {
    "no ledger of a second": (without, "ledger.records"),
    "a ledger twice": (twice, "ledger.records"),
    "a gap between offsets": (changed, "ledger.records", {"first_offset": 4}),
    "an overlap of offsets": (changed, "ledger.records", {"last_offset": 10_000}),
    "a pulse too many": (changed, "ledger.records", {"pulses": 7}),
    "a record too many": (one_more, "ledger.records", "records"),
    "an observation too many": (one_more, "ledger.records", "observations"),
    "no uses of a second": (without, "ledger.observations"),
    "uses of a second twice": (twice, "ledger.observations"),
    "a use too many": (one_more, "ledger.observations", "observations"),
    "no links of a tick": (without, "fused.links"),
    "links of a tick twice": (twice, "fused.links"),
    "a link to nowhere": (moved_link,),
    "another use": (other_use,),
    "two links of one observation": (repeated_link,),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_seen(hole):
    records = deepcopy(HONEST)
    spoil, *words = HOLES[hole]
    named = words.pop() if words and isinstance(words[-1], dict) else {}
    spoil(records, *words, **named)
    assert faults(records, LOG)
    assert not faults(HONEST, LOG)


def test_a_record_that_nobody_disposed_of_is_seen():
    more = LogRecord(ROADSIDE, 0, a_raw_record(10_000))
    assert faults(HONEST, [*LOG, more])
    assert faults(HONEST, [*LOG, more._replace(partition=7)])
    assert faults(HONEST, LOG[:-1])


def test_a_pulse_behind_the_last_ledger_is_none_of_its():
    pulse = LogRecord(ROADSIDE, 0, a_raw_record(10_000, body=None))
    assert not faults(HONEST, [*LOG, pulse])

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.align.clock import WINDOW
from operators.align.source_memory import BUCKET_US, VERSION, SourceMemory, recall
from tests.builders import START_US

HORIZON_US = 3_000_000


def again(memory):
    """The same memory after a round through its bytes."""
    return recall(memory.pack())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2_000_000)), max_size=40))
def test_a_repeat_within_the_horizon_is_found_and_after_two_it_is_forgotten(arrivals):
    memory, taken, at_us = recall(None), {}, START_US
    for digest, gap_us in arrivals:
        at_us += gap_us
        found = memory.repeated(digest, at_us, HORIZON_US)
        since_us = at_us - taken.get(digest, -(10**18))
        if since_us <= HORIZON_US:
            assert found
        if since_us > 2 * HORIZON_US + 2_000_000:
            assert not found
        if not found:
            taken[digest] = at_us
        memory = again(memory)


@pytest.mark.parametrize("digest", [0, 1, 2**63, 2**64 - 1])
def test_every_hash_survives_packing(digest):
    memory = recall(None)
    assert not memory.repeated(digest, START_US, HORIZON_US)
    assert again(memory).repeated(digest, START_US, HORIZON_US)


def test_records_are_counted_by_the_second():
    memory = recall(None)
    assert [memory.count(7), memory.count(7), memory.count(8)] == [1, 2, 1]
    assert again(memory).count(8) == 2


def test_the_clock_remembers_through_its_bytes():
    straight, broken = recall(None), recall(None)
    delays = np.random.default_rng(1).integers(2_900_000, 3_100_000, 150).tolist()
    for k, delay in enumerate(delays):
        at_us = START_US + 70_000 * k
        assert straight.clock(delay, 0, at_us) == broken.clock(delay, 0, at_us)
        broken = again(broken)
    assert straight.pack() == broken.pack()
    assert straight.memory.offset_us > 2_800_000


def test_the_memory_of_delays_is_bounded():
    memory = recall(None)
    for k in range(500):
        memory.clock(1, 0, k * BUCKET_US)
    assert len(memory.memory.delays_us) == 8 * WINDOW


def test_of_a_bucket_of_receive_time_the_least_delay_is_kept():
    memory = recall(None)
    for delay, at_us in ((7, 0), (-5, 10), (9, BUCKET_US - 1), (8, BUCKET_US), (9, BUCKET_US + 1)):
        memory.clock(delay, 0, at_us)
        memory = again(memory)
    assert np.frombuffer(memory.memory.delays_us, "<i8").tolist() == [-5, 8]


def test_a_memory_of_before_the_buckets_is_read():
    packed = msgspec.msgpack.encode([1, 5, np.array([3], "<i8").tobytes(), b"", b"", 0, 1, 0, 0])
    memory = recall(packed)
    assert memory.memory.bucket == -1
    assert memory.clock(4, 0, START_US) == 5


def test_a_new_source_knows_nothing():
    assert recall(None).memory == SourceMemory()
    assert recall(None).pack()[1] == VERSION

"""Object ids of messages: one for each track, the same as long as it lives."""

from hypothesis import given
from hypothesis import strategies as st

from operators.encode.numbers import HELD_US, assign

ids = st.lists(st.integers(1, 2**63 - 1), max_size=50, unique=True)


@given(ids, ids)
def test_numbers_are_distinct_and_stay(first, second):
    numbers, kept = assign({}, first, 0)
    assert len(set(numbers)) == len(first)
    assert all(1 <= number <= 65_535 for number in numbers)
    later, _ = assign(kept, second, HELD_US)
    known = dict(zip(first, numbers, strict=True))
    assert len(set(later)) == len(second)
    for track_id, number in zip(second, later, strict=True):
        assert number == known.get(track_id, number)
        assert track_id in known or number not in known.values()


def test_of_two_that_would_share_a_number_the_second_takes_the_next():
    assert assign({}, [65_535 + 7, 7], 0)[0] == [9, 8]
    assert assign({}, [2 * 65_535 - 1, 65_534], 0)[0] == [1, 65_535]


def test_a_number_is_free_again_when_its_track_was_away():
    _, kept = assign({}, [7], 0)
    assert assign(kept, [65_535 + 7], HELD_US)[0] == [9]
    assert assign(kept, [65_535 + 7], HELD_US + 1)[0] == [8]

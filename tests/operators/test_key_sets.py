import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.key_sets import among, united, unpacked, without

KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=9)


def packed(keys):
    return np.array(sorted(set(keys)), "<u8").tobytes()


@given(KEYS, KEYS)
def test_sets_do_what_sets_do(some, others):
    known = packed(some)
    assert among(np.array(others, np.uint64), unpacked(known)).tolist() == [
        k in set(some) for k in others
    ]
    assert united(known, others) == packed(some + others)
    assert without(known, others) == packed(set(some) - set(others))

"""Sorting by strips is a stable sort, and finding by strips is bisection."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from operators.associate.order import FULLEST, ascending, begins, find, strips_in
from operators.jit import compiled

coordinates = st.floats(-1e7, 1e7) | st.integers(-20, 20).map(float)
many = st.lists(coordinates, max_size=3 * FULLEST).map(lambda xs: np.array(xs, np.float64))


@compiled
def found(x, xs):
    return find(x, xs, begins(xs), xs[0], strips_in(xs[0], xs[-1], len(xs)))


@given(many)
def test_it_sorts_as_a_stable_sort_does(xs):
    assert ascending(xs).tolist() == np.argsort(xs, kind="stable").tolist()


def test_a_crush_beside_one_far_off_is_sorted():
    rng = np.random.default_rng(1)
    xs = np.append(rng.integers(0, 50, 500).astype(np.float64), 1e7)
    assert ascending(xs).tolist() == np.argsort(xs, kind="stable").tolist()


@given(many.filter(len), st.lists(coordinates, min_size=1, max_size=8))
def test_it_finds_as_bisection_does(xs, asked):
    xs.sort()
    for x in (*asked, xs[0], xs[-1], -1e9, 1e9):
        assert found(x, xs) == np.searchsorted(xs, x)

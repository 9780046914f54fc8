import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from operators.associate.assign import LARGEST_SOLVED, assign, cheapest

BIG = 1e6


def dense_optimum(pairs, costs, miss_cost, n_targets):
    """Least total cost by the dense textbook way: a private dummy column for each track."""
    n = len(miss_cost)
    table = np.full((n, n_targets + n), BIG)
    for (i, j), cost in zip(pairs, costs, strict=True):
        table[i, j] = cost
    table[np.arange(n), n_targets + np.arange(n)] = miss_cost
    i, j = linear_sum_assignment(table)
    return table[i, j].sum()


def as_lists(pairs, costs, n):
    width = max([sum(i == row for i, _ in pairs) for row in range(n)], default=0) or 1
    degree = np.zeros(n, np.int64)
    target, cost = np.zeros((n, width), np.int64), np.zeros((n, width))
    for (i, j), value in zip(pairs, costs, strict=True):
        target[i, degree[i]], cost[i, degree[i]] = j, value
        degree[i] += 1
    return degree, target, cost


def total_of(chosen, target, cost, miss_cost):
    took = chosen >= 0
    seen = target[took, chosen[took]]
    assert len(np.unique(seen)) == len(seen)
    return cost[took, chosen[took]].sum() + miss_cost[~took].sum()


@st.composite
def gated_graphs(draw):
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    every = [(i, j) for i in range(n) for j in range(m)]
    pairs = draw(st.lists(st.sampled_from(every), unique=True, max_size=40))
    costs = draw(
        st.lists(st.floats(-5, 40), min_size=len(pairs), max_size=len(pairs))
        | st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=len(pairs), max_size=len(pairs))
    )
    miss = draw(st.lists(st.sampled_from([20.0, 50.0]), min_size=n, max_size=n))
    return sorted(pairs), costs, np.array(miss), m


@given(gated_graphs())
@settings(deadline=None)
def test_total_cost_is_that_of_the_dense_assignment(graph):
    pairs, costs, miss_cost, m = graph
    degree, target, cost = as_lists(pairs, costs, len(miss_cost))
    chosen = assign(degree, target, cost, miss_cost, m)
    total = total_of(chosen, target, cost, miss_cost)
    assert np.isclose(total, dense_optimum(pairs, costs, miss_cost, m))


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_cheapest_agrees_with_scipy(n, extra, seed):
    table = np.random.default_rng(seed).integers(0, 6, (n, n + extra)).astype(float)
    column_of = cheapest(table)
    i, j = linear_sum_assignment(table)
    assert len(set(column_of.tolist())) == n
    assert table[np.arange(n), column_of].sum() == table[i, j].sum()


def test_compiled_and_plain_solver_choose_the_same():
    table = np.random.default_rng(3).normal(size=(7, 11))
    assert cheapest(table).tolist() == linear_sum_assignment(table)[1].tolist()


def test_a_pair_dearer_than_a_miss_is_left():
    one = np.array([1]), np.array([[0]])
    assert assign(*one, np.array([[30.0]]), np.array([20.0]), 1).tolist() == [-1]
    assert assign(*one, np.array([[10.0]]), np.array([20.0]), 1).tolist() == [0]


def test_the_dearer_miss_wins_the_only_observation():
    degree, target = np.array([1, 1]), np.zeros((2, 1), np.int64)
    chosen = assign(degree, target, np.array([[1.0], [5.0]]), np.array([20.0, 50.0]), 1)
    assert chosen.tolist() == [-1, 0]


def test_a_crush_is_served_greedily_without_taking_anything_twice():
    n = LARGEST_SOLVED + 5
    degree = np.full(n, 2)
    target = np.column_stack((np.arange(n), (np.arange(n) + 1) % n))
    cost = np.column_stack((np.zeros(n), np.ones(n)))
    chosen = assign(degree, target, cost, np.full(n, 20.0), n)
    assert chosen.tolist() == [0] * n

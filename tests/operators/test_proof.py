from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.proof import (
    LEAST,
    MOST,
    PROOF_US,
    Proof,
    count_shared,
    forget_proofs,
    latest,
    once,
    weigh,
)
from operators.report import CLAIM

A1_B1, A1_B2 = ("a", 1, "b", 1), ("a", 1, "b", 2)
A2_B1, A2_B2 = ("a", 2, "b", 1), ("a", 2, "b", 2)


def claims(*pairs):
    return np.array(list(pairs), CLAIM)


def weighed(*ticks):
    """Scores after ticks of shared observations."""
    proofs = {}
    for k, found in enumerate(ticks):
        weigh(proofs, Counter(found), k)
    return {pair: proof.score for pair, proof in proofs.items()}


def test_observations_that_two_cells_linked_are_counted_by_pair():
    found = count_shared(
        {
            "b": claims((7, 1), (8, 2), (5, 9)),
            "a": claims((8, 1), (7, 1), (6, 3)),
        }
    )
    assert found == {A1_B1: 1, A1_B2: 1}


def test_where_three_cells_meet_each_two_share():
    found = count_shared({c: claims((7, k)) for k, c in enumerate("abc")})
    assert found == {("a", 0, "b", 1): 1, ("a", 0, "c", 2): 1, ("b", 1, "c", 2): 1}


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.dictionaries(st.integers(0, 6), st.integers(1, 3), max_size=6),
        max_size=4,
    )
)
def test_shared_observations_are_those_of_a_plain_count(linked):
    plain = Counter()
    for a in linked:
        for b in linked:
            if a < b:
                for name in linked[a].keys() & linked[b].keys():
                    plain[a, linked[a][name], b, linked[b][name]] += 1
    assert count_shared({c: claims(*made.items()) for c, made in linked.items()}) == plain


def test_a_pair_gains_what_it_shares_up_to_a_bound():
    assert weighed({A1_B1: 1}, {A1_B1: 2}) == {A1_B1: 3}
    assert weighed(*[{A1_B1: 2}] * 9) == {A1_B1: MOST}


@pytest.mark.parametrize("n", range(12))
def test_a_pair_loses_when_both_are_seen_with_others(n):
    scores = weighed({A1_B1: 1}, *[{A1_B2: 1, A2_B1: 1}] * n)
    assert scores[A1_B1] == max(1 - n, LEAST)


def test_a_track_that_is_not_seen_is_not_told_apart():
    assert weighed({A1_B1: 3}, *[{A1_B2: 1}] * 2)[A1_B1] == 1
    assert weighed({A1_B1: 3}, *[{A1_B2: 1}] * 9)[A1_B1] == 0


def test_two_sources_that_a_cell_keeps_apart_speak_for_both_tracks():
    scores = weighed(*[{A1_B1: 1, A1_B2: 1}] * 3)
    assert scores == {A1_B1: 3, A1_B2: 3}


def test_an_exchange_now_and_then_does_not_count():
    right, wrong = {A1_B1: 1, A2_B2: 1}, {A1_B2: 1, A2_B1: 1}
    scores = weighed(*[right, right, right, wrong] * 5)
    assert scores[A1_B1] >= MOST - 1
    assert scores[A1_B2] <= 0


def test_nothing_is_known_after_a_while():
    proofs = {A1_B1: Proof(MOST, 0), A1_B2: Proof(MOST, 1)}
    forget_proofs(proofs, PROOF_US)
    assert proofs.keys() == {A1_B1, A1_B2}
    forget_proofs(proofs, PROOF_US + 1)
    assert proofs.keys() == {A1_B2}


def test_what_counts_is_what_a_cell_said_last():
    tables = [
        {"a": claims((7, 1), (8, 1)).tobytes(), "b": claims((7, 5)).tobytes()},
        {"a": claims((7, 2), (9, 3)).tobytes()},
    ]
    said = latest(tables, claims((7, 0)))
    assert {cell: made.tolist() for cell, made in said.items()} == {"a": [(7, 2)], "b": [(7, 5)]}
    assert once(claims((9, 1), (3, 1), (9, 2))).tolist() == [(3, 1), (9, 2)]

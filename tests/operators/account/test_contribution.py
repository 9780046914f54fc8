import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.account.contribution import seen_by, shares_of
from tests.operators.account.faulty import outputs_with
from tests.operators.account.world import EAST, owners_shares

MASKS = st.lists(st.integers(0, 2**6 - 1), max_size=9)
INFORMATION = st.lists(st.floats(1e-12, 1e6), min_size=6, max_size=6)
OWNERS = st.lists(st.sampled_from("abc"), min_size=6, max_size=6)


def shared(masks, information, owners):
    seen = seen_by(np.array(masks, np.uint64), len(owners))
    return seen, *shares_of(seen, np.array(information), owners)


@given(MASKS, INFORMATION, OWNERS)
def test_shares_of_a_track_sum_to_one_or_to_nothing_if_nobody_sees_it(masks, information, owners):
    seen, shares, exclusive = shared(masks, information, owners)
    np.testing.assert_allclose(shares.sum(axis=1), seen.any(axis=1), rtol=0, atol=1e-9)
    assert (shares >= 0).all()
    assert not shares[~seen].any()
    alone = [len({o for o, s in zip(owners, row, strict=True) if s}) == 1 for row in seen]
    np.testing.assert_allclose(exclusive.sum(axis=1), alone, rtol=0, atol=1e-9)


def by_the_definition(seen, information, owners):
    """Shares with loops over tracks and owners."""
    shares = np.zeros(seen.shape)
    for row, mask in enumerate(seen):
        of = {o: [k for k, own in enumerate(owners) if own == o and mask[k]] for o in set(owners)}
        best = {o: max(information[k] for k in slots) for o, slots in of.items() if slots}
        for o, value in best.items():
            weight = sum(information[k] for k in of[o])
            for k in of[o]:
                shares[row, k] = value / sum(best.values()) * information[k] / weight
    return shares


@given(MASKS, INFORMATION, OWNERS)
def test_shares_are_those_of_the_definition(masks, information, owners):
    seen, shares, _ = shared(masks, information, owners)
    np.testing.assert_allclose(shares, by_the_definition(seen, information, owners), rtol=1e-12)


def test_who_is_four_times_surer_has_four_fifths():
    _, shares, _ = shared([0b11], [4.0, 1.0], ["a", "b"])
    np.testing.assert_allclose(shares, [[0.8, 0.2]])


def test_sources_of_one_owner_count_as_the_best_of_them():
    _, shares, exclusive = shared([0b111, 0b011], [4.0, 2.0, 4.0], ["a", "a", "b"])
    np.testing.assert_allclose(shares[0], [0.5 * 4 / 6, 0.5 * 2 / 6, 0.5])
    np.testing.assert_allclose(exclusive, [[0, 0, 0], [4 / 6, 2 / 6, 0]])


def gained(fault):
    """How much more of all track-seconds the owner of the faulty unit has."""
    honest, gaming = (owners_shares(outputs_with(one))[EAST.owner] for one in ("honest", fault))
    return gaming - honest


@pytest.mark.parametrize("fault", ["over-confident", "duplicating", "split", "echo"])
def test_claims_copies_second_ids_and_echoes_raise_no_share(fault):
    assert gained(fault) < 0.01

import pytest

from operators.groups import (
    ENOUGH,
    GIVE_WAY,
    PLENTY,
    RELEASE_M,
    STALE_US,
    Alias,
    Group,
    Seen,
    choose_holder,
    new_name,
    split_apart,
    standings,
    unite,
)
from operators.proof import MOST, Proof

A1, A2, B1, B2, C1 = ("a", 1), ("a", 2), ("b", 11), ("b", 12), ("c", 21)
NOW_US = 1_000_000


def living(*locals_, **depths):
    """Live tracks, born in the order given; depths by cell."""
    return {local: Seen(k, NOW_US, depths.get(local[0], 0.0)) for k, local in enumerate(locals_)}


def groups_of(*members, published=()):
    """Groups of the given locals, each named by its first; and the name of each local's."""
    groups = {
        some[0][1]: Group(k, dict.fromkeys(some), some[0], some[0] in published)
        for k, some in enumerate(members)
    }
    return groups, {local: some[0][1] for some in members for local in some}


def proved(**scores):
    known = {"a1": A1, "a2": A2, "b1": B1, "b2": B2, "c1": C1}
    return {known[name[:2]] + known[name[2:]]: Proof(n, 0) for name, n in scores.items()}


def united(members, published=(), live=None, **scores):
    groups, of = groups_of(*members, published=published)
    live = living(*of) if live is None else live
    aliases = unite(groups, of, proved(**scores), live)
    assert of == {local: name for name, group in groups.items() for local in group.members}
    return {name: set(group.members) for name, group in groups.items()}, aliases


def test_one_shared_observation_makes_a_new_track_one_with_another():
    assert united([[A1], [B1]], a1b1=ENOUGH)[0] == {1: {A1, B1}}
    assert united([[A1], [B1]], a1b1=ENOUGH - 1)[0] == {1: {A1}, 11: {B1}}
    assert united([[A1], [B1]])[0] == {1: {A1}, 11: {B1}}


def test_two_that_were_published_need_more_and_one_becomes_an_alias():
    both = {"members": [[A1], [B1]], "published": [A1, B1]}
    assert united(**both, a1b1=PLENTY - 1) == ({1: {A1}, 11: {B1}}, [])
    assert united(**both, a1b1=PLENTY) == ({1: {A1, B1}}, [Alias(11, A1, PLENTY)])


def test_the_name_that_was_published_goes_on_even_if_it_is_younger():
    assert united([[A1], [B1]], published=[B1], a1b1=1)[0] == {11: {A1, B1}}


def test_a_chain_over_three_cells_is_one_object():
    assert united([[A1], [B1], [C1]], a1b1=1, b1c1=1)[0] == {1: {A1, B1, C1}}


def test_only_tracks_that_live_are_united():
    assert united([[A1], [B1]], live=living(A1), a1b1=MOST)[0] == {1: {A1}, 11: {B1}}


def test_a_track_goes_with_the_one_that_it_shares_most_with():
    made, _ = united([[A1], [A2], [B1], [B2]], a1b1=3, a1b2=1, a2b2=2)
    assert made == {1: {A1, B1}, 2: {A2, B2}}


def test_a_cell_may_have_two_tracks_of_an_object_that_are_as_good():
    assert united([[A1], [B1], [B2]], a1b1=2, a1b2=2)[0] == {1: {A1, B1, B2}}


def parted(members, holder=None, **scores):
    """Members of the groups after parting, with the new names of parts that left."""
    groups, of = groups_of(*members)
    groups[members[0][0][1]].holder = holder or members[0][0]
    left = split_apart(groups, of, proved(**scores), living(*of), NOW_US)
    assert of == {local: name for name, group in groups.items() for local in group.members}
    return {name: set(group.members) for name, group in groups.items()}, left


def test_what_was_told_apart_leaves_if_it_shares_with_another_object():
    name = new_name(1, B1, NOW_US)
    made, left = parted([[A1, B1], [A2]], a1b1=-1, a2b1=1)
    assert made == {1: {A1}, 2: {A2}, name: {B1}}
    assert left == {name: 1}


@pytest.mark.parametrize("scores", [{"a1b1": 0, "a2b1": 4}, {"a1b1": -3}, {"a1b1": -3, "a2b1": 0}])
def test_it_stays_if_it_is_not_told_apart_or_shares_with_nobody(scores):
    assert parted([[A1, B1], [A2]], **scores) == ({1: {A1, B1}, 2: {A2}}, {})


def test_two_objects_that_became_one_group_part_whole():
    name = new_name(1, A2, NOW_US)
    made, _ = parted([[A1, B1, A2, B2]], a1b1=4, a2b2=4, a1b2=-1, a2b1=-1)
    assert made == {1: {A1, B1}, name: {A2, B2}}


def test_a_third_cell_may_still_connect_what_two_tell_apart():
    made, _ = parted([[A1, B1, C1], [A2]], a1b1=-1, a1c1=0, b1c1=2, a2b1=1)
    assert made == {1: {A1, B1, C1}, 2: {A2}}


def test_the_part_of_the_holder_keeps_the_name():
    made, left = parted([[A1, B1], [B2]], holder=B1, a1b1=-1, a1b2=2)
    (name,) = left
    assert made == {1: {B1}, 12: {B2}, name: {A1}}


def holders(*steps, members=(A1, B1), standing=None):
    """The holder after each step; a step is (depth or None, age of the last sight) by cell."""
    group, chosen = Group(0, dict.fromkeys(members)), []
    for k, step in enumerate(steps):
        live = {
            local: Seen(0, (k + 1) * 100_000 - step[local[0]][1], step[local[0]][0])
            for local in members
            if local[0] in step
        }
        chosen.append(choose_holder(group, live, standing or {}))
    return chosen


def at(**depths):
    return {cell: (depth, 0) for cell, depth in depths.items()}


def test_the_deepest_shows_what_is_born_along_a_border():
    assert holders(at(a=-3.0, b=3.0)) == [B1]


def test_the_holder_releases_beyond_its_border_and_never_before():
    edge = RELEASE_M
    moves = [at(a=d, b=-d) for d in (30.0, 0.0, 1 - edge, -edge, -1 - edge, 1 - edge, 9.0, 11.0)]
    assert holders(*moves) == [A1, A1, A1, A1, B1, B1, B1, A1]


def test_the_holder_keeps_its_object_until_somebody_can_take_it():
    assert holders(at(a=5.0), at(a=-30.0), at(a=-55.0), at(a=-56.0, b=56.0)) == [A1, A1, A1, B1]


def test_a_holder_that_dies_hands_over_and_does_not_take_back():
    assert holders(at(a=5.0, b=-5.0), at(b=-5.0), at(a=5.0, b=-5.0), at()) == [A1, B1, B1, None]


def test_where_three_meet_the_deepest_takes_over():
    moves = [at(a=9.0, b=-9.0, c=-12.0), at(a=-11.0, b=-2.0, c=3.0)]
    assert holders(*moves, members=(A1, B1, C1)) == [A1, C1]


def test_a_holder_that_sees_the_object_no_more_gives_way():
    blind = [{"a": (5.0, 100_000 * k), "b": (-5.0, 0)} for k in range(8)]
    ticks = holders(*blind).index(B1)
    assert ticks == STALE_US // 100_000 + GIVE_WAY


def test_a_single_false_observation_elsewhere_does_not_move_the_object():
    shadow = [{"a": (5.0, 100_000 * k), "b": (-5.0, 100_000 * k)} for k in range(20)]
    for k in range(12, 20):
        shadow[k]["b"] = (-5.0, 100_000 * (k - 12))
    assert set(holders(*shadow)) == {A1}


def test_what_is_not_proved_to_be_the_object_does_not_hold_it():
    moves = [at(a=5.0, b=-5.0), at(a=-20.0, b=20.0)]
    assert holders(*moves, members=(A1, B1, B2), standing={A1: 3, B2: 3}) == [A1, B2]
    assert holders(*moves, members=(A1, B1, B2), standing={A1: 3, B1: 3}) == [A1, B1]
    ghost = [{"a": (5.0, 0), "b": (-5.0, 0)}]
    assert holders(*ghost, standing={B1: 1}) == [B1]


def test_standing_is_the_best_proof_within_a_group():
    _, of = groups_of([A1, B1, C1], [A2, B2])
    proofs = proved(a1b1=3, b1c1=4, a1b2=4, a2b2=0)
    assert standings(of, proofs, living(*of)) == {A1: 3, B1: 4, C1: 4}
    assert standings(of, proofs, living(A1, B1)) == {A1: 3, B1: 3}


@pytest.mark.parametrize("local", [A1, B1])
def test_new_names_are_positive_and_of_their_own(local):
    names = {new_name(n, local, t) for n in range(50) for t in range(50)}
    assert len(names) == 2500
    assert all(0 < name < 2**63 for name in names)

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.envelope import Kind, seal, unseal
from operators.identity import Identity
from operators.parameters import Parameters
from operators.pipeline import FOREVER_US, Stage
from operators.proof import PROOF_US
from operators.report import CLAIM, SEEN, Sighting, encoder, verdict_decoder
from tests.builders import START_US

PARAMETERS = Parameters()
TICK_US = PARAMETERS.tick_us


def a_sighting(cell, seen=(), claims=(), corrected=(), gone=()):
    """Tracks are (id, born, depth), claims (observation, id)."""
    tracks = np.array([(i, born, START_US, depth) for i, born, depth in seen], SEEN)
    packed = (np.array(list(made), CLAIM).tobytes() for made in (claims, corrected))
    return Sighting(cell, tracks.tobytes(), *packed, list(gone))


def told(sightings, stage=None):
    """Verdicts by tick and cell, of sightings with their ticks."""
    stage = Stage(Identity(PARAMETERS)) if stage is None else stage
    for k, sighting in sightings:
        at_us = START_US + k * TICK_US
        stage.take("all", seal(at_us, Kind.SIGHTING, encoder.encode(sighting)))
    made = {}
    for output in stage.advance(FOREVER_US):
        at_us, _, content = unseal(output.value)
        made[(at_us - START_US) // TICK_US, output.key] = verdict_decoder.decode(content)
    return made


def names(verdicts):
    """Name and whether it is shown, of the last verdict on each local track."""
    return {
        (cell, name.track_id): (name.name, name.shown)
        for (_, cell), verdict in sorted(verdicts.items())
        for name in verdict.names
    }


def happenings(verdicts):
    return [
        (tick, cell, h.kind, h.track_id, h.other_track_id)
        for (tick, cell), verdict in sorted(verdicts.items())
        for h in verdict.happenings
    ]


def test_shared_observations_make_one_object_of_two_and_one_cell_shows_it():
    one, other = (1, 10, 5.0), (2, 20, -5.0)
    made = told([(0, a_sighting("a", [one], [(7, 1)])), (0, a_sighting("b", [other], [(7, 2)]))])
    assert names(made) == {("b", 2): (1, False)}


def test_without_a_shared_observation_two_are_two_and_nothing_has_to_be_told():
    one, other = (1, 10, 5.0), (2, 20, -5.0)
    made = told([(0, a_sighting("a", [one], [(7, 1)])), (0, a_sighting("b", [other], [(8, 2)]))])
    assert made == {}


def test_an_observation_proves_something_from_before_a_track_is_confirmed():
    made = told(
        [
            (0, a_sighting("a", [(1, 10, 5.0)], [(7, 1)])),
            (0, a_sighting("b", [], [(7, 2)])),
            (1, a_sighting("a", [(1, 10, 5.0)])),
            (1, a_sighting("b", [(2, 20, -5.0)])),
        ]
    )
    assert names(made) == {("b", 2): (1, False)}


def test_it_proves_nothing_after_its_time():
    late = PROOF_US // TICK_US + 1
    seen = [(0, a_sighting("a", [(1, 10, 5.0)], [(7, 1)])), (0, a_sighting("b", [], [(7, 2)]))]
    made = told([*seen, (late, a_sighting("a", [(1, 10, 5.0)])),
                 (late, a_sighting("b", [(2, 20, -5.0)]))])  # fmt: skip
    assert made == {}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_over_three_cells_has_one_name_and_one_row(order):
    chain = [("a", (1, 10, 5.0), [7]), ("b", (2, 20, -5.0), [7, 8]), ("c", (3, 30, -6.0), [8])]
    sightings = [
        (0, a_sighting(cell, [seen], [(o, seen[0]) for o in claims]))
        for cell, seen, claims in (chain[k] for k in order)
    ]
    assert names(told(sightings)) == {("b", 2): (1, False), ("c", 3): (1, False)}


def crossing(ticks, together=1):
    """An object that a cell hands to another: depth falls by 5 m a tick from 30 m."""
    sightings = []
    for k in range(ticks):
        depth = 30.0 - 5.0 * k
        claims = [(k, 1)] if k < together else []
        sightings.append((k, a_sighting("a", [(1, 10, depth)], claims)))
        if k >= 2 or together:
            sightings.append((k, a_sighting("b", [(2, 20, -depth)], [(k, 2)] if claims else [])))
    return sightings


def test_the_row_moves_to_the_other_cell_at_one_tick():
    made = told(crossing(14))
    moved = {
        tick: {(cell, n.track_id): n.shown for cell in "ab" for n in made[tick, cell].names}
        for tick, cell in made
        if cell == "a"
    }
    # 10 m beyond the border is reached at tick 8, passed at 9.
    assert moved == {9: {("a", 1): False, ("b", 2): True}}
    assert made[9, "b"].names[0].known


def test_a_name_is_kept_while_its_track_is_deep_in_a_cell():
    away = 9_000  # fifteen minutes
    back = [
        (away, a_sighting("b", [(2, 20, 50.0)], [(99, 2)])),
        (away, a_sighting("c", [(3, 30, -50.0)], [(99, 3)])),
    ]
    made = told(crossing(14) + back)
    assert names({k: v for k, v in made.items() if k[0] == away}) == {("c", 3): (1, False)}


def test_an_object_ends_once_with_its_last_track():
    ends = [(20, a_sighting("a", gone=[1])), (30, a_sighting("b", gone=[2]))]
    assert happenings(told(crossing(14) + ends)) == [(30, "b", "end", 1, None)]


def test_nothing_is_kept_of_what_has_ended():
    stage = Stage(Identity(PARAMETERS))
    ends = [(20, a_sighting("a", gone=[1])), (30, a_sighting("b", gone=[2]))]
    told(crossing(14) + ends, stage)
    assert stage._states == {}


def test_two_published_objects_that_prove_to_be_one_become_aliases():
    apart = [(0, a_sighting(c, [(i, i, 5.0)])) for c, i in (("a", 1), ("b", 2))]
    together = [
        (k, a_sighting(c, [(i, i, d)], [(k, i)]))
        for k in range(1, 6)
        for c, i, d in (("a", 1, 5.0), ("b", 2, -5.0))
    ]
    made = told(apart + together)
    assert names(made) == {("b", 2): (1, False)}
    assert happenings(made) == [(3, "a", "alias", 2, 1)]
    assert made[3, "a"].happenings[0].evidence == "3 shared observations"


def test_tracks_that_were_united_wrongly_part_again():
    """B's track is of another object: A's 4, which shares all that comes later."""
    made = told(
        [
            (0, a_sighting("a", [(1, 10, 5.0), (4, 11, 5.0)], [(0, 1)])),
            (0, a_sighting("b", [(2, 20, -5.0)], [(0, 2)])),
            *(
                (k, sighting)
                for k in range(1, 12)
                for sighting in (
                    a_sighting("a", [(1, 10, 5.0), (4, 11, 5.0)], [(2 * k, 4), (2 * k + 1, 1)]),
                    a_sighting("b", [(2, 20, -5.0), (5, 21, -5.0)],
                               [(2 * k, 2), (2 * k + 1, 5)]),
                )
            ),
        ]
    )  # fmt: skip
    assert names(made) == {("b", 2): (4, False), ("b", 5): (1, False)}
    # Nobody saw B's track under the wrong name, so there is nothing to tell of it.
    assert happenings(made) == []


def test_tracks_of_two_cells_with_one_id_are_two_objects_unless_proved():
    made = told([(0, a_sighting("a", [(1, 10, 5.0)])), (0, a_sighting("b", [(1, 10, -5.0)]))])
    ((local, (name, shown)),) = names(made).items()
    assert local == ("b", 1)
    assert name != 1
    assert shown
    proved = [(7, 1)]
    made = told([(0, a_sighting("a", [(1, 10, 5.0)], proved)),
                 (0, a_sighting("b", [(1, 10, -5.0)], proved))])  # fmt: skip
    assert names(made) == {("b", 1): (1, False)}


def test_a_correction_is_joined_with_what_the_others_said_before():
    before = [(0, a_sighting("a", [(1, 10, 5.0)], [(7, 1)])), (0, a_sighting("b", [], [(7, 2)]))]
    # A replay in B gives the observation to another track, which is confirmed by it.
    after = [
        (3, a_sighting("a", [(1, 10, 5.0)])),
        (3, a_sighting("b", [(9, 20, -5.0)], corrected=[(7, 9)])),
    ]
    assert names(told(before + after)) == {("b", 9): (1, False)}
    untold = [after[0], (3, a_sighting("b", [(9, 20, -5.0)]))]
    assert names(told(before + untold)) == {}


def test_an_object_hidden_in_both_cells_comes_back_as_itself():
    hidden = [(k, a_sighting(c)) for k in range(14, 40) for c in "ab"]
    again = [(40, a_sighting("a", [(1, 10, -40.0)])), (40, a_sighting("b", [(2, 20, 40.0)]))]
    made = told(crossing(14) + hidden + again)
    assert max(made)[0] < 14


TRACKS = [("a", 1), ("a", 2), ("b", 1), ("b", 3), ("c", 4), ("c", 5)]
ONE_TICK = st.fixed_dictionaries(
    {
        "live": st.sets(st.sampled_from(TRACKS)),
        "depth": st.lists(st.floats(-70.0, 110.0), min_size=6, max_size=6),
        "claims": st.lists(st.tuples(st.integers(0, 3), st.sampled_from(TRACKS)), max_size=8),
        "gone": st.one_of(st.just(set()), st.sets(st.sampled_from(TRACKS), max_size=2)),
    }
)


def rows_by_name(ticks):
    """How many rows each name has at each tick, among the tracks that live then."""
    sightings = []
    for k, tick in enumerate(ticks):
        live = tick["live"] - tick["gone"]
        for c in "abc":
            seen = [(i, i, d) for (cell, i), d in zip(TRACKS, tick["depth"], strict=True)
                    if cell == c and (cell, i) in live]  # fmt: skip
            claims = {
                n: i for n, (cell, i) in tick["claims"] if cell == c and (c, i) not in tick["gone"]
            }
            gone = sorted(i for cell, i in tick["gone"] if cell == c)
            sightings.append((k, a_sighting(c, seen, claims.items(), gone=gone)))
    verdicts, known, counts = told(sightings), {}, []
    for k, tick in enumerate(ticks):
        known = {local: how for local, how in known.items() if local not in tick["gone"]}
        for c in "abc":
            for name in verdicts[k, c].names if (k, c) in verdicts else ():
                known[c, name.track_id] = (name.name, name.shown)
        count = Counter()
        for local in tick["live"] - tick["gone"]:
            name, shown = known.get(local, (local[1], True))
            count[name] += shown
        counts.append(count)
    return counts


@settings(max_examples=150)
@given(st.lists(ONE_TICK, min_size=1, max_size=12))
def test_whatever_happens_an_object_has_exactly_one_row(ticks):
    assert all(set(count.values()) <= {1} for count in rows_by_name(ticks))

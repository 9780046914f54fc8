from itertools import permutations

import pytest

from operators.envelope import Kind, seal, unseal
from operators.identity import OBSERVATION_US, TRACK_US, Identity
from operators.pipeline import FOREVER_US, Stage
from operators.report import Sighting, encoder, name_decoder
from tests.builders import SECOND_US, START_US


def names(sightings, until_us=FOREVER_US):
    """The last name told for each track; sightings are (second, cell, id, born, seen)."""
    stage, told = Stage(Identity()), {}
    for second, *fields in sightings:
        at_us = START_US + second * SECOND_US
        stage.take("all", seal(at_us, Kind.SIGHTING, encoder.encode(Sighting(*fields))))
    for output in stage.advance(until_us):
        name = name_decoder.decode(unseal(output.value)[2])
        told[output.key, name.track_id] = name.name
    return told


def test_shared_observations_make_one_object_of_two():
    assert names([(0, "a", 1, 10, [7]), (0, "b", 2, 20, [7])]) == {("b", 2): 1}


def test_without_a_shared_observation_two_are_two():
    assert names([(0, "a", 1, 10, [7]), (0, "b", 2, 20, [8])]) == {}


def test_the_name_is_that_of_the_one_born_first_whoever_tells_first():
    for seconds in ((0, 1), (1, 0), (0, 0)):
        told = names([(seconds[0], "a", 9, 10, [7]), (seconds[1], "b", 2, 20, [7])])
        assert told == {("b", 2): 9}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_over_three_cells_has_one_name(order):
    chain = [("a", 1, 10, [7]), ("b", 2, 20, [7, 8]), ("c", 3, 30, [8])]
    told = names([(k, *chain[i]) for k, i in enumerate(order)])
    assert told == {("b", 2): 1, ("c", 3): 1}


def test_tracks_of_one_cell_are_never_one_object():
    assert names([(0, "a", 1, 10, [7]), (1, "a", 2, 20, [7])]) == {}


def test_an_observation_proves_nothing_after_its_time():
    late = OBSERVATION_US // SECOND_US + 1
    keep = (late - 1, "c", 3, 5, [99])
    assert names([(0, "a", 1, 10, [7]), keep, (late, "b", 2, 20, [7])]) == {}


def test_a_name_stays_while_its_track_is_told_of():
    beats = [(k, "b", 2, 20, []) for k in range(20, 200, 20)]
    first = [(0, "a", 1, 10, [7]), (0, "b", 2, 20, [7])]
    last = [(200, "b", 2, 20, [9]), (200, "c", 3, 150, [9])]
    assert names(first + beats + last)["c", 3] == 1
    assert TRACK_US < 180 * SECOND_US


def test_the_name_is_told_once():
    stage = Stage(Identity())
    for k in range(5):
        for cell, born in (("a", 10), ("b", 20)):
            sighting = Sighting(cell, born, born, [k])
            at_us = START_US + k * SECOND_US
            stage.take("all", seal(at_us, Kind.SIGHTING, encoder.encode(sighting)))
    assert len(list(stage.advance(FOREVER_US))) == 1

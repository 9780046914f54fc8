import numpy as np
import pytest

from benchmarks.crossings import PARAMETERS, START_US, lines, one_town, show_all, table
from benchmarks.crossings_frames import delays, in_cells
from benchmarks.crossings_traffic import DT_S, PATHS, REACH_M, a_path, a_town, place_at, sights
from operators.frame import unpack_frames
from operators.transform.cells import cell, owner

TOWN = owner(39.9, 116.4, PARAMETERS.h3_resolution)
SPOTS = 3


@pytest.fixture(scope="module")
def outcome():
    return one_town(4, spots=SPOTS)  # a town with frames that come late


def test_every_road_user_that_one_cell_keeps_keeps_its_id_and_one_row(outcome):
    one = lines([outcome])["all"]
    assert one.crossings >= 2 * SPOTS
    assert one.kept_in_one_cell >= 0.9 * one.crossings
    assert (one.lost_at_border, one.double_ticks, one.missing_ticks) == (0, 0, 0)


def test_rows_are_double_where_nothing_is_withheld():
    assert lines([one_town(4, show_all, spots=SPOTS)])["all"].double_ticks > 100


def test_the_table_has_a_line_for_each_kind_of_source_and_path(outcome):
    made = lines([outcome])
    assert len(table(made).splitlines()) == 1 + len(made) == 11
    assert sum(made[path].crossings for path in PATHS) == made["all"].crossings


@pytest.mark.parametrize("kind", PATHS)
def test_paths_are_driven_as_road_users_drive(kind):
    for seed in range(20):
        path = a_path(kind, np.random.default_rng(seed))
        steps = np.diff(path, axis=0) / DT_S
        assert np.hypot(*steps.T).max() < 27.0
        assert np.hypot(*(np.diff(steps, axis=0) / DT_S).T).max() < 4.0
        if kind not in ("along", "u-turn"):
            assert path[0, 0] > REACH_M - 1.0
            assert path[-1, 0] < 1.0 - REACH_M


def test_every_observation_is_owned_by_one_cell_and_seen_by_all_that_it_concerns():
    rng = np.random.default_rng(2)
    town = a_town(TOWN, rng, 3)
    sent = delays(sights(town, START_US, rng), 0.0, rng)
    seen, owned = {}, {}
    for key, event in in_cells(town, sent, PARAMETERS):
        for frame in unpack_frames(event[9:]):
            for one in frame.observations:
                name = (frame.offset, int(one["index"]))
                seen.setdefault(name, set()).add(key)
                owned[name] = owned.get(name, 0) + int(one["owned"])
    assert set(owned.values()) == {1}
    for offset in range(0, len(sent), 50):
        for index, place in enumerate(sent[offset][1].places):
            lon, lat = town.frame.to_geographic(place[:1], place[1:])
            depth = {k: cell(k).inside_m(*cell(k).frame.to_local(lon, lat))[0] for k in
                     town.beside[sent[offset][1].spot]}  # fmt: skip
            assert seen[offset, index] == {k for k, d in depth.items() if d > -PARAMETERS.halo_m}


def test_a_road_user_is_where_its_path_is_and_nowhere_before_or_after():
    crossing = a_town(TOWN, np.random.default_rng(1), 1).crossings[0]
    at_s = crossing.start_s + 1.5 * DT_S
    middle = (crossing.places[1] + crossing.places[2]) / 2
    assert place_at(crossing, at_s) == pytest.approx(middle)
    assert place_at(crossing, crossing.start_s - 0.001) is None
    assert place_at(crossing, crossing.start_s + DT_S * len(crossing.places)) is None

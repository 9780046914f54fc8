import numpy as np
import pytest

from operators.halo import AWAY_US, LOST_US, SIGHTING_US, watch_halo
from operators.report import observation_names
from operators.track import LINK
from operators.transform.cells import LOCAL
from tests.builders import HOME, START_US, a_frame, a_row

HALO_M = 60.0
TICK_US = 100_000


def at_depth(depth_m):
    """A place of the cell so far inside the middle of its first edge."""
    a, b, c = HOME.edges[0]
    return {"x_m": (depth_m - c) * a, "y_m": (depth_m - c) * b}


def watch(depths_m, key=HOME.key, **fields):
    """Sightings at each tick of a track that moves; it has one observation a tick."""
    halo, told = {}, []
    for k, depth in enumerate(depths_m):
        tick = START_US + k * TICK_US
        rows = a_row(**at_depth(depth), **fields) if depth is not None else a_row()[:0]
        links = np.zeros(1, LINK)
        links["track_id"] = 1
        taken = [(a_frame([[0.0, 0.0]], tick, offset=k), links)]
        told.append(watch_halo(key, halo, rows, taken, tick, HALO_M))
    return told, halo


def ticks_of(told):
    return [k for k, sightings in enumerate(told) if sightings]


@pytest.mark.parametrize(("depth_m", "near"), [(59.0, 1), (-59.0, 1), (61.0, 0), (-61.0, 0)])
def test_a_track_on_either_side_of_the_border_is_told_once_a_second(depth_m, near):
    told, _ = watch([depth_m] * 31)
    assert ticks_of(told) == [10, 20, 30] * near


def test_what_is_told_are_the_observations_since_the_last_time():
    told, _ = watch([10.0] * 21)
    names = [observation_names(("raw.roadside", 0, k), np.array([0]))[0] for k in range(21)]
    assert [s.observations for t in told for s in t] == [names[:11], names[11:]]


def test_a_tentative_track_is_not_told():
    assert ticks_of(watch([0.0] * 21, confirmed=0)[0]) == []


def test_a_recording_without_a_place_has_no_border():
    assert ticks_of(watch([0.0] * 21, key=LOCAL)[0]) == []


def test_a_track_that_was_told_is_told_more_rarely_away_from_the_border():
    away = AWAY_US // TICK_US
    told, _ = watch([10.0] * 11 + [500.0] * (2 * away))
    assert ticks_of(told) == [10, 10 + away, 10 + 2 * away]
    assert all(s.observations == [] for t in told[11:] for s in t)


def test_a_track_that_left_untold_is_forgotten():
    assert watch([10.0] * 5 + [500.0])[1] == {}


def test_a_track_that_is_gone_is_forgotten_after_a_while():
    ticks = (LOST_US + SIGHTING_US) // TICK_US
    assert watch([10.0] * 11 + [None] * 20)[1].keys() == {1}
    assert watch([10.0] * 11 + [None] * (ticks + 1))[1] == {}

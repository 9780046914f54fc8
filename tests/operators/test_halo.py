import numpy as np
import pytest

from operators.halo import (
    INNER_M,
    OUTER_M,
    SHARED_M,
    Halo,
    all_gone,
    depths,
    forget_tracks,
    in_band,
    watch_border,
)
from operators.report import CLAIM, SEEN
from operators.track import LINK
from operators.transform.cells import LOCAL
from tests.builders import HOME, START_US, a_frame, a_row

HALO_M = 60.0
TICK_US = 100_000
PATIENCE_US = 300_000


def at_depth(depth_m):
    """A place of the cell so far inside the middle of its first edge."""
    a, b, c = HOME.edges[0]
    return (depth_m - c) * a, (depth_m - c) * b


def row_at(depth_m, **fields):
    x, y = at_depth(depth_m)
    return a_row(x_m=x, y_m=y, **fields)


def linked(depths_m, tracks, offset=0):
    """A frame of observations so deep, with their links."""
    links = np.zeros(len(tracks), LINK)
    links["track_id"] = tracks
    return a_frame([at_depth(d) for d in depths_m], START_US, offset=offset), links


def watch(rows, taken=(), corrected=(), gone=(), halo=None, key=HOME.key):
    halo = Halo() if halo is None else halo
    return watch_border(key, halo, rows, taken, corrected, gone, HALO_M)


def seen(sighting):
    return np.frombuffer(sighting.seen, SEEN)


def claims(packed):
    return np.frombuffer(packed, CLAIM)


@pytest.mark.parametrize(
    ("depth_m", "told"),
    [
        (HALO_M + INNER_M - 1.0, True),
        (HALO_M + INNER_M + 1.0, False),
        (1.0 - HALO_M - OUTER_M, True),
        (-1.0 - HALO_M - OUTER_M, False),
    ],
)
def test_a_track_is_told_within_a_band_along_the_border(depth_m, told):
    sighting = watch(row_at(depth_m))
    assert (sighting is not None) == told
    assert in_band(depths(HOME.key, row_at(depth_m)), HALO_M).tolist() == [told]


def test_what_is_told_of_a_track():
    (one,) = seen(watch(row_at(-20.0, track_id=7, born_us=5, last_us=9)))
    assert one[["track_id", "born_us", "last_us"]].tolist() == (7, 5, 9)
    assert one["depth_m"] == pytest.approx(-20.0)


def test_a_tentative_track_is_not_told_but_its_observations_are():
    sighting = watch(row_at(0.0, confirmed=0), [linked([0.0], [1])])
    assert len(seen(sighting)) == 0
    assert claims(sighting.claims)["track_id"].tolist() == [1]


@pytest.mark.parametrize(("depth_m", "told"), [(-59.0, 1), (64.0, 1), (HALO_M + SHARED_M + 1, 0)])
def test_an_observation_is_told_where_a_neighbour_may_have_it(depth_m, told):
    sighting = watch(a_row(), [linked([depth_m], [1])])
    assert (len(claims(sighting.claims)) if sighting else 0) == told


def test_observations_without_a_track_are_not_told():
    sighting = watch(a_row(), [linked([0.0, 0.0, 0.0], [5, 0, 6])])
    assert claims(sighting.claims)["track_id"].tolist() == [5, 6]


def test_an_observation_has_one_name_wherever_it_is_told():
    whole = claims(watch(a_row(), [linked([0.0, 1.0], [1, 2], 3), linked([0.0], [1], 4)]).claims)
    frame, links = linked([500.0, 1.0], [8, 9], 3)
    part = claims(watch(a_row(), [(frame, links)]).claims)
    assert len(set(whole["observation"].tolist())) == 3
    assert part["observation"].tolist() == whole["observation"][1:2].tolist()


def test_corrections_are_told_apart_from_claims():
    sighting = watch(a_row(), [linked([0.0], [1], 5)], [linked([0.0], [2], 4)])
    assert claims(sighting.claims)["track_id"].tolist() == [1]
    assert claims(sighting.corrected)["track_id"].tolist() == [2]


def test_nothing_is_told_of_a_recording_without_a_place_or_where_nothing_is():
    assert watch(a_row(), [linked([0.0], [1])], key=LOCAL) is None
    assert watch(a_row()) is None
    assert np.isinf(depths(LOCAL, a_row())).all()


def test_only_tracks_that_were_told_are_told_to_be_gone():
    halo = Halo()
    watch(row_at(0.0, track_id=4), halo=halo)
    assert watch(a_row()[:0], gone=[3, 4], halo=halo).gone == [4]
    assert watch(a_row()[:0], gone=[4], halo=halo) is None


def test_a_cell_that_falls_asleep_tells_of_all_that_it_told():
    halo = Halo()
    assert all_gone(HOME.key, halo) is None
    watch(row_at(0.0, track_id=4), halo=halo)
    watch(row_at(0.0, track_id=2), halo=halo)
    assert all_gone(HOME.key, halo).gone == [2, 4]


def test_a_track_is_gone_when_no_late_frame_can_bring_it_back():
    halo, gone = Halo(), []
    for k in range(8):
        living = [1, 2] if k < 2 else [2]
        gone.append(forget_tracks(halo, living, START_US + k * TICK_US, PATIENCE_US))
    # Missed at tick 2, so beyond the patience of three ticks at tick 6.
    assert gone == [[], [], [], [], [], [], [1], []]


def test_a_track_that_comes_back_was_never_gone():
    halo, gone = Halo(), []
    for k in range(8):
        living = [] if k in (2, 3) else [1]
        gone += forget_tracks(halo, living, START_US + k * TICK_US, PATIENCE_US)
    assert gone == []
    assert halo.lost_us == {}

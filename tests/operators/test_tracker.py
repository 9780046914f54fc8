"""Which observations become which tracks, and which of these are sure."""

from dataclasses import replace

import numpy as np
import pytest

from operators import tracker
from operators.frame import FrameFlag, ObjectClass, SourceKind
from operators.reasons import Use
from tests.operators.frames import (
    PARAMETERS,
    START_US,
    STEP_US,
    a_frame,
    confirmed_at,
    feed,
    standing,
)


def test_an_object_is_confirmed_by_its_third_observation():
    for n, wanted in ((2, 0), (3, 1)):
        state, _ = feed(standing(n))
        assert len(confirmed_at(state, START_US + n * STEP_US)) == wanted


def test_a_far_second_look_tells_less_where_it_may_be_another():
    """Two steps of 2.5 m in 0.1 s: one fast object, unless others are about."""

    def existence(beside):
        places = [[(2.5 * k, 0.0), *[(2.5 * k, y) for y in beside]] for k in range(2)]
        state, _ = feed([a_frame(p, START_US + k * STEP_US) for k, p in enumerate(places)])
        return tracker.rows(state, START_US + STEP_US)["existence"].min()

    assert existence([]) > existence([12.0]) > existence([3.5])


def test_a_probe_is_confirmed_by_its_second_observation():
    for n, wanted in ((1, 0), (2, 1)):
        state, _ = feed(standing(n, kind=SourceKind.PROBE))
        assert len(confirmed_at(state, START_US + n * STEP_US)) == wanted


def test_links_tell_birth_then_use_of_one_track():
    _, links = feed(standing(4))
    assert [int(link["use"][0]) for link in links] == [Use.BIRTH] + 3 * [Use.USED]
    assert len({int(link["track_id"][0]) for link in links}) == 1
    assert 0 < int(links[0]["track_id"][0]) < 2**63
    assert np.isnan(links[0]["residual"][0])
    assert 0.0 <= links[3]["residual"][0] < 1.0
    assert 0.0 < links[3]["weight"][0] < links[1]["weight"][0] < 1.0


def test_two_sources_of_one_object_share_one_id():
    rng = np.random.default_rng(0)
    frames = [
        a_frame(rng.normal((k * 0.6, 0.0), 0.5), START_US + k * 50_000, f"s{k % 2}")
        for k in range(100)
    ]
    state, links = feed(frames)
    assert len({int(link["track_id"][0]) for link in links}) == 1
    shown = confirmed_at(state, frames[-1].event_time_us)
    assert tracker.sources_of(state) == ["s0", "s1"]
    assert shown["sources"].tolist() == [0b11]


def error_with_offsets(claimed):
    """Mean error of a fast object that is observed off its frames' times, told so or not."""
    speed_mps, rng = 20.0, np.random.default_rng(1)
    state, errors_m = tracker.empty(), []
    for k in range(60):
        offset_us = int(rng.integers(-150_000, 150_000))
        x = speed_mps * (k * STEP_US + offset_us) / 1e6
        fields = {"time_offset_us": offset_us * claimed, "cov_xx_m2": 0.01, "cov_yy_m2": 0.01}
        feed([a_frame([[x, 0.0]], START_US + k * STEP_US, f"s{k % 3}", **fields)], state)
        row = tracker.rows(state, START_US + k * STEP_US)[0]
        errors_m.append(abs(row["x_m"] - speed_mps * k * STEP_US / 1e6))
    return np.mean(errors_m[10:])


def test_observations_are_taken_at_their_own_time():
    assert error_with_offsets(claimed=1) < 0.05
    assert error_with_offsets(claimed=0) > 0.3


def test_crossing_objects_keep_their_ids():
    rng = np.random.default_rng(2)
    ids = []
    state = tracker.empty()
    for k in range(100):
        t = k * 0.1 - 5.0
        places = np.array([[10.0 * t, 3.0 * t], [10.0 * t, -3.0 * t]]) + rng.normal(0, 0.3, (2, 2))
        _, (links,) = feed([a_frame(places, START_US + k * STEP_US)], state)
        ids.append(links["track_id"].tolist())
    assert ids[-1] == ids[5]
    assert len(set(ids[-1])) == 2


def test_a_standing_queue_keeps_its_ids_and_its_cars():
    rng = np.random.default_rng(3)
    places = np.column_stack((2.0 * np.arange(20), np.zeros(20)))
    state, pictures = tracker.empty(), []
    for k in range(300):
        seen = places[rng.random(20) < 0.95]
        noisy = seen + rng.normal(0, 0.5, seen.shape)
        feed([a_frame(noisy, START_US + k * STEP_US)], state)
        pictures.append(confirmed_at(state, START_US + k * STEP_US))
    first = pictures[50]["track_id"][np.argsort(pictures[50]["x_m"])].tolist()
    for shown in pictures[50:]:
        cars = np.round(shown["x_m"] / 2.0).astype(int).tolist()
        assert sorted(cars) == list(range(20))
        assert [first[car] for car in cars] == shown["track_id"].tolist()
    assert np.abs(pictures[-1]["vx_mps"]).max() < 1.5


def test_ghosts_are_not_confirmed():
    rng = np.random.default_rng(4)
    frames = [a_frame(rng.uniform(-300, 300, (5, 2)), START_US + k * STEP_US) for k in range(300)]
    frames = [replace(frame, coverage_radius_m=500.0) for frame in frames]
    state = tracker.empty()
    for frame in frames:
        tracker.advance(state, frame, PARAMETERS)
        assert len(confirmed_at(state, frame.event_time_us)) == 0
    assert int(state.counts[0]) < 60


def test_an_object_seen_by_one_of_many_units_is_confirmed_all_the_same():
    frames = []
    for k in range(10):
        for s in range(5):
            places = [[0.0, 0.0]] if s == 0 else []
            frame = a_frame(places, START_US + k * STEP_US + s * 20_000, f"unit-{s}")
            frames.append(replace(frame, coverage_radius_m=200.0))
    state, _ = feed(frames)
    assert len(confirmed_at(state, frames[-1].event_time_us)) == 1


def test_doubles_within_a_frame_are_clutter():
    state, links = feed(standing(10, [[0.0, 0.0], [0.1, 0.1]]))
    assert all(sorted(link["use"].tolist())[-1] == Use.CLUTTER for link in links)
    assert int(state.counts[0]) == 1


@pytest.mark.parametrize(("second_m", "use"), [(0.8, Use.CLUTTER), (4.0, Use.BIRTH)])
def test_a_second_box_on_a_confirmed_object_is_clutter(second_m, use):
    state, _ = feed(standing(10))
    split = a_frame([[0.0, 0.0], [second_m, 0.0]], START_US + 10 * STEP_US)
    _, (links,) = feed([split], state)
    assert links["use"].tolist() == [Use.USED, use]


def test_a_stubborn_local_id_does_not_hold_a_track_against_its_place():
    places = np.array([[0.0, 0.0], [6.0, 0.0]])
    state, links = feed(standing(10, places, local_id=[1, 2]))
    swapped = a_frame(places, START_US + 10 * STEP_US, local_id=[2, 1])
    _, (after,) = feed([swapped], state)
    assert after["track_id"].tolist() == links[-1]["track_id"].tolist()


def test_objects_a_lane_apart_are_no_doubles():
    state, links = feed(standing(10, [[0.0, 0.0], [0.0, 3.2]]))
    assert all(Use.CLUTTER not in link["use"] for link in links)
    assert int(state.counts[0]) == 2


def test_two_tracks_of_one_object_become_the_older_one():
    state = tracker.empty()
    for k in range(80):
        at_us = START_US + k * STEP_US
        strayed_m = max(5.0 - 0.2 * k, 0.0)  # unit-2 begins far off and finds back
        feed([a_frame([[0.0, 0.0]], at_us, "unit-1")], state)
        feed([a_frame([[strayed_m, 0.0]], at_us + 50_000, "unit-2")], state)
        if k == 10:
            first, second = confirmed_at(state, at_us)["track_id"].tolist()
    assert confirmed_at(state, at_us)["track_id"].tolist() == [first] != [second]


def test_two_objects_that_one_source_tells_apart_stay_two():
    rng = np.random.default_rng(6)
    state = tracker.empty()
    for k in range(80):
        places = np.array([[0.0, 0.0], [1.1, 0.0]]) + rng.normal(0, 0.1, (2, 2))
        frame = a_frame(places, START_US + k * STEP_US, object_class=ObjectClass.PEDESTRIAN)
        frame.observations["cov_xx_m2"] = frame.observations["cov_yy_m2"] = 0.01
        feed([frame], state)
    assert len(confirmed_at(state, frame.event_time_us)) == 2


def test_a_track_once_confirmed_coasts_then_hides_then_goes():
    frames = [a_frame([[k * 1.0, 0.0]], START_US + k * STEP_US) for k in range(20)]
    state, _ = feed(frames)
    last_us = frames[-1].event_time_us
    (row,) = tracker.rows(state, last_us + 1_000_000)
    assert row["x_m"] == pytest.approx(29.0, abs=0.5)
    assert row["cov_xx_m2"] > tracker.rows(state, last_us)[0]["cov_xx_m2"]
    assert len(tracker.rows(state, last_us + 2_500_000)) == 0
    feed([a_frame([[500.0, 500.0]], last_us + 3_000_000)], state)
    assert int(state.counts[0]) == 2
    feed([a_frame([[500.0, 500.0]], last_us + 12_000_000)], state)
    assert int(state.counts[0]) == 1


def test_an_object_that_comes_out_of_a_shadow_has_its_id():
    shadow = set(range(30, 65))
    frames = []
    for k in range(90):
        places = [] if k in shadow else [[k * 1.0, 0.0]]
        frames.append(replace(a_frame(places, START_US + k * STEP_US), coverage_radius_m=300.0))
    _, links = feed(frames)
    ids = [int(link["track_id"][0]) for link in links if len(link)]
    on_trial = ids[30:32]  # see `operators.fuse.trial`
    assert set(ids[:30]) == set(ids[32:]) == {ids[0]}
    assert ids[0] not in on_trial


def test_looking_changes_nothing():
    looked, plain = tracker.empty(), tracker.empty()
    for frame in standing(12, [[0.0, 0.0], [9.0, 0.0]]):
        feed([frame], looked)
        feed([frame], plain)
        before = tracker.pack(looked)
        tracker.rows(looked, frame.event_time_us + 37_000)
        assert tracker.pack(looked) == before
    assert tracker.pack(looked) == tracker.pack(plain)


def test_overflow_is_told_and_bounded():
    few = replace(PARAMETERS, max_tracks=3)
    places = np.column_stack((10.0 * np.arange(5), np.zeros(5)))
    state, (first, second) = feed(standing(2, places), parameters=few)
    assert first["use"].tolist() == 3 * [Use.BIRTH] + 2 * [Use.OVERFLOW]
    assert second["use"].tolist() == 3 * [Use.USED] + 2 * [Use.OVERFLOW]
    assert first["track_id"][3:].tolist() == [0, 0]
    assert int(state.counts[0]) == 3


def test_births_with_one_index_have_ids_of_their_own():
    state, (links,) = feed(standing(1, [[0.0, 0.0], [9.0, 0.0]], index=5))
    feed(standing(1, [[50.0, 0.0]], index=5), state)
    assert len(set(state.tracks["track_id"][:3].tolist())) == 3
    assert links["track_id"].tolist() == state.tracks["track_id"][:2].tolist()


def test_a_filtered_source_does_not_make_a_track_certain():
    frames = [replace(frame, flags=int(FrameFlag.FILTERED)) for frame in standing(50)]
    filtered, _ = feed(frames)
    plain, _ = feed(standing(50))
    at_us = START_US + 49 * STEP_US
    ratio = tracker.rows(filtered, at_us)["cov_xx_m2"] / tracker.rows(plain, at_us)["cov_xx_m2"]
    assert 3.0 < ratio[0] < 12.0


def test_velocity_of_a_source_is_used():
    frame = a_frame([[0.0, 0.0]], START_US, kind=SourceKind.PROBE, vx_mps=15.0, vy_mps=0.0)
    state, _ = feed([frame])
    row = tracker.rows(state, START_US + 200_000)[0]
    assert row["x_m"] == pytest.approx(3.0, abs=1e-3)
    assert row["velocity_variance_m2ps2"] < 1.0

"""Scoring of fused rows, on truths small enough to count by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from infra.simulator.frames import CLUTTER, SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.score import FusedRows, score, source_rmse_m
from infra.simulator.truth import TRUTH_ROW, Truth

INSTANTS = 51  # 5 s


def lanes(*y_m, speed_mps=10.0):
    """Truth of cars side by side at the given y, all driving east."""
    rows = np.zeros((INSTANTS, len(y_m)), TRUTH_ROW)
    rows["time_us"] = 1_000_000 + np.arange(INSTANTS)[:, None] * 100_000
    rows["object_id"], rows["object_class"] = np.arange(len(y_m)), 1
    rows["x_m"] = np.arange(INSTANTS)[:, None] * speed_mps / 10
    rows["y_m"], rows["vx_mps"] = y_m, speed_mps
    rows["length_m"], rows["width_m"], rows["height_m"] = 4.6, 1.8, 1.5
    return Truth.from_rows(rows.ravel(), Placement())


def views_of(truth, *names):
    return {name: truth.states.present.copy() for name in names}


def perfect(truth, names=("a", "b")):
    rows = truth.rows()
    sources = [frozenset(names)] * len(rows)
    ids = rows["object_id"].astype(np.int64) + 100
    classes = rows["object_class"].astype(np.int64)
    return FusedRows(rows["time_us"], ids, classes, rows["x_m"], rows["y_m"], sources)


def chosen(rows, which):
    """The rows with the given indices."""
    columns = (rows.time_us, rows.track_id, rows.object_class, rows.x_m, rows.y_m)
    return FusedRows(*(c[which] for c in columns), [rows.sources[i] for i in which])


def joined(*parts):
    columns = ("time_us", "track_id", "object_class", "x_m", "y_m")
    arrays = [np.concatenate([getattr(p, c) for p in parts]) for c in columns]
    return FusedRows(*arrays, [s for p in parts for s in p.sources])


def test_perfect_rows_score_perfectly():
    truth = lanes(0, 10, 20)
    made = score(truth, views_of(truth, "a", "b"), [], perfect(truth))
    assert (made.tracks_per_true_object, made.truth_coverage) == (1.0, 1.0)
    assert (made.false_row_share, made.duplicate_row_share, made.id_switches) == (0.0, 0.0, 0)
    assert (made.position_rmse_m, made.multi_source_linked_share) == (0.0, 1.0)
    assert (made.eligible_objects, made.missed_objects, made.class_correct_share) == (3, 0, 1.0)


def test_the_order_of_rows_does_not_matter():
    truth = lanes(0, 3, 6)
    rows = perfect(truth)
    mixed = np.random.default_rng(1).permutation(len(rows.time_us))
    shuffled = chosen(rows, mixed)
    made = [score(truth, views_of(truth, "a", "b"), [], r) for r in (rows, shuffled)]
    assert repr(made[0]) == repr(made[1])


def test_passing_on_each_sources_own_ids_fails():
    truth = lanes(0, 10, 20)
    a, b = perfect(truth, ["a"]), perfect(truth, ["b"])
    made = score(
        truth, views_of(truth, "a", "b"), [], joined(a, replace(b, track_id=b.track_id + 50))
    )
    assert made.tracks_per_true_object == 2.0
    assert made.duplicate_row_share == 0.5
    assert made.multi_source_linked_share == 0.0


def test_an_offset_is_the_rmse():
    truth = lanes(0, 10)
    rows = perfect(truth)
    made = score(
        truth, views_of(truth, "a"), [], replace(rows, x_m=rows.x_m + 0.3, y_m=rows.y_m - 0.4)
    )
    assert made.position_rmse_m == pytest.approx(0.5)


def test_rows_between_two_instants_are_compared_with_the_truth_there():
    truth = lanes(0)
    rows = perfect(truth)
    later = replace(rows, time_us=rows.time_us + 40_000, x_m=rows.x_m + 0.4)
    made = score(truth, views_of(truth, "a"), [], later)
    assert made.position_rmse_m == pytest.approx(0.0, abs=1e-9)
    assert made.truth_coverage == pytest.approx(50 / 51)  # the last row lies after the truth


def test_rows_away_from_everything_are_false_and_their_tracks_are_counted():
    truth = lanes(0, 10)
    ghost = perfect(lanes(200))
    made = score(
        truth,
        views_of(truth, "a"),
        [],
        joined(perfect(truth), replace(ghost, track_id=ghost.track_id + 9)),
    )
    assert made.false_row_share == pytest.approx(1 / 3)
    assert (made.never_matched_tracks, made.tracks_per_true_object) == (1, 1.5)


def test_a_row_3_1_m_away_is_false_and_2_9_m_away_is_not():
    truth = lanes(0)
    rows = perfect(truth)
    shares = [
        score(truth, views_of(truth, "a"), [], replace(rows, y_m=rows.y_m + far)).false_row_share
        for far in (2.9, 3.1)
    ]
    assert shares == [0.0, 1.0]


def test_a_lost_object_lowers_coverage_and_is_no_discount_on_tracks():
    truth = lanes(0, 10)
    rows = perfect(truth)
    made = score(
        truth, views_of(truth, "a"), [], chosen(rows, np.flatnonzero(rows.track_id == 100))
    )
    assert (made.truth_coverage, made.missed_objects, made.tracks_per_true_object) == (0.5, 1, 1.0)


def test_what_is_out_of_view_is_not_asked_for():
    truth = lanes(0, 10)
    views = views_of(truth, "a", "b")
    for view in views.values():
        view[:, 1] = False
    rows = perfect(lanes(0))
    made = score(truth, views, [], rows)
    assert (made.eligible_objects, made.truth_coverage, made.tracks_per_true_object) == (
        1,
        1.0,
        1.0,
    )


def test_an_object_in_view_for_less_than_two_seconds_is_not_eligible():
    truth = lanes(0, 10)
    views = views_of(truth, "a")
    views["a"][19:, 1] = False
    assert score(truth, views, [], perfect(truth)).eligible_objects == 1
    views["a"][19, 1] = True
    assert score(truth, views, [], perfect(truth)).eligible_objects == 2


def test_exchanged_ids_are_switches_and_a_renamed_track_counts_twice():
    truth = lanes(0, 10)
    rows = perfect(truth)
    half = rows.time_us > 3_000_000
    exchanged = np.where(half, 201 - rows.track_id, rows.track_id)
    made = score(truth, views_of(truth, "a"), [], replace(rows, track_id=exchanged))
    assert (made.id_switches, made.tracks_per_true_object) == (2, 1.0)
    renamed = np.where(half & (rows.track_id == 100), 999, rows.track_id)
    made = score(truth, views_of(truth, "a"), [], replace(rows, track_id=renamed))
    assert (made.id_switches, made.tracks_per_true_object) == (1, 1.5)


def test_noise_between_two_people_side_by_side_is_no_switch():
    truth = lanes(0.0, 0.4, speed_mps=1.0)
    rows = perfect(truth)
    crossed = replace(rows, y_m=np.where(rows.time_us % 500_000 == 0, 0.4 - rows.y_m, rows.y_m))
    assert score(truth, views_of(truth, "a"), [], crossed).id_switches == 0
    far = lanes(0.0, 2.0, speed_mps=1.0)
    rows = perfect(far)
    crossed = replace(rows, y_m=np.where(rows.time_us % 500_000 == 0, 2.0 - rows.y_m, rows.y_m))
    assert score(far, views_of(far, "a"), [], crossed).id_switches > 10


def test_sources_named_one_at_a_time_by_one_track_are_linked():
    truth = lanes(0)
    rows = perfect(truth)
    turns = replace(rows, sources=[["a"] if i % 2 else ["b"] for i in range(INSTANTS)])
    assert score(truth, views_of(truth, "a", "b"), [], turns).multi_source_linked_share == 1.0
    other = replace(rows, sources=[["a", "z"]] * INSTANTS)  # z does not see the object
    assert score(truth, views_of(truth, "a", "b"), [], other).multi_source_linked_share == 0.0


def test_latitude_and_longitude_score_as_metres_do():
    truth = lanes(0, 10)
    rows, table = perfect(truth), truth.rows()
    geographic = FusedRows.from_wgs84(
        truth.placement, rows.time_us, rows.track_id, rows.object_class,
        table["lat_deg"], table["lon_deg"], rows.sources,
    )  # fmt: skip
    assert score(truth, views_of(truth, "a"), [], geographic).position_rmse_m < 0.001


def test_ids_of_64_bits_are_told_apart():
    truth = lanes(0, 10)
    rows = perfect(truth)
    large = rows.track_id.astype(np.uint64) + np.uint64(2**64 - 2**20)
    assert (
        score(truth, views_of(truth, "a"), [], replace(rows, track_id=large)).tracks_per_true_object
        == 1.0
    )


def test_no_rows_cover_nothing():
    truth = lanes(0)
    nothing = FusedRows(*(np.zeros(0, np.int64) for _ in range(5)), [])
    made = score(truth, views_of(truth, "a"), [], nothing)
    assert (made.truth_coverage, made.missed_objects) == (0.0, 1)
    assert math.isnan(made.position_rmse_m)
    assert math.isnan(made.tracks_per_true_object)


def raw(source, truth, offset_m, index=0):
    """Frames of one observation each, beside the truth by an offset."""
    one, nothing = np.ones(1, np.int64), np.full(1, np.nan)
    return [
        SensorFrame(
            source,
            *(int(t), int(t), int(t)),
            *(np.array([index]), one, one),
            *(truth.states.x_m[i] + offset_m, truth.states.y_m[i]),
            *([nothing] * 7),
        )
        for i, t in enumerate(truth.time_us)
    ]


def test_best_single_source_is_the_least_of_the_raw_errors_without_clutter():
    truth = lanes(0)
    frames = [*raw("a", truth, 0.8), *raw("b", truth, -0.6), *raw("a", truth, 90.0, index=CLUTTER)]
    assert source_rmse_m(truth, frames) == pytest.approx({"a": 0.8, "b": 0.6})
    made = score(truth, views_of(truth, "a", "b"), frames, perfect(truth))
    assert made.best_single_source_rmse_m == pytest.approx(0.6)


def test_a_clock_error_is_the_sources_own():
    truth = lanes(0)
    frames = [
        replace(f, claimed_time_us=f.claimed_time_us + 50_000) for f in raw("a", truth, 0.0)[:-1]
    ]
    assert source_rmse_m(truth, frames) == pytest.approx({"a": 0.5})  # 10 m/s for 50 ms

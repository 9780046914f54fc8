"""The plain tracker: it does what a plain tracker does."""

import msgspec
import numpy as np
import pytest

from benchmarks.baseline import Baseline

SIZE = {"length_m": 4.5, "width_m": 1.8, "height_m": 1.5}
BOX = {"z": 0.8, "heading_rad": 0.3, "score": 0.7, **SIZE}


def lines(places, *, step_us=100_000, **changes):
    """A frame an instant; `places` of shape (T, n, 2)."""
    for k, frame in enumerate(places):
        rows = [{"x": x, "y": y, **BOX, **changes} for x, y in np.asarray(frame).tolist()]
        yield msgspec.json.encode(
            {"source": "ego", "event_time_us": (k + 1) * step_us, "objects": rows}
        )


def moving(steps, speed_mps=10.0):
    x = speed_mps * 0.1 * np.arange(steps)
    return np.stack((np.column_stack((x, 0 * x)), np.column_stack((-x, 20 + 0 * x))), axis=1)


def test_two_vehicles_are_two_tracks_from_their_third_box_on():
    shown = list(Baseline().run(lines(moving(40))))
    assert [len(boxes) for _, boxes in shown] == [0, 0] + [2] * 38
    assert {i for _, boxes in shown for i in boxes.identity.tolist()} == {0, 1}
    at_us, last = shown[-1]
    assert at_us == 4_000_000
    np.testing.assert_allclose(last.centre_m[:, :2], moving(40)[-1], atol=0.05)
    np.testing.assert_allclose(last.velocity_mps, [[10, 0], [-10, 0]], atol=0.2)
    np.testing.assert_allclose(last.size_m, [[4.5, 1.8, 1.5]] * 2)
    assert last.score == pytest.approx(0.7)
    assert last.heading_rad == pytest.approx(0.3)


def test_a_box_that_flickers_is_never_shown_and_a_lost_track_ends():
    places = list(moving(40))
    places[10] = np.vstack((places[10], [50.0, 50.0]))
    places[20:] = [place[:1] for place in places[20:]]
    shown = list(Baseline().run(lines(places)))
    assert max(len(boxes) for _, boxes in shown) == 2
    assert [len(boxes) for _, boxes in shown][19:25] == [2, 2, 2, 2, 1, 1]


def test_a_heading_turned_by_half_a_turn_is_the_same_box():
    turned = [
        line.replace(b'"heading_rad":0.3', b'"heading_rad":3.4415926') if k == 10 else line
        for k, line in enumerate(lines(moving(20)))
    ]
    *_, (_, last) = Baseline().run(turned)
    assert last.heading_rad == pytest.approx(0.3, abs=1e-3)


def test_ticks_show_what_is_predicted_to_them():
    shown = dict(Baseline(250_000).run(lines(moving(40), step_us=100_000)))
    assert list(shown) == [250_000 * k for k in range(1, 17)]
    # at 3.75 s the last frame was at 3.7 s, where the first is at 36 m
    assert shown[3_750_000].centre_m[0, 0] == pytest.approx(36.5, abs=0.1)


def test_points_without_size_are_tracked_as_well():
    none = dict.fromkeys(("z", "heading_rad", "length_m", "width_m", "height_m"))
    *_, (_, last) = Baseline().run(lines(moving(20), **none))
    assert len(last) == 2
    assert np.isnan(last.size_m).all()

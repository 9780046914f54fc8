"""Recordings of roadside radars."""

from dataclasses import replace

import numpy as np
import pytest

from infra.simulator.radars import Crossing, Radar, record
from tests.infra.simulator.roads import OPEN, truth_of

EXACT = Radar(
    "radar-1", 0.0, 0.0, 0.0, range_sigma_m=0.0, angle_sigma_deg=0.0, speed_sigma_mps=0.0,
    detection_probability=1.0, standing_probability=0.0, reflections=0.0, ghost_share=0.0,
    false_per_frame=0.0,
)  # fmt: skip


def passing(steps=100):
    """One car that drives away to the east, one that stands beside its way."""
    x = np.column_stack((20.0 + 8.0 * np.arange(steps) * 0.1, np.full(steps, 40.0)))
    return truth_of(x, np.tile([0.0, 20.0], (steps, 1)), 0.0)


def told(radar, seed=1):
    frames = record(Crossing(district=OPEN, radars=(radar,)), passing(), seed).frames
    return frames, np.concatenate([frame.objects for frame in frames])


def test_points_lie_on_the_side_that_faces_the_radar_and_tell_no_box():
    frames, rows = told(EXACT)
    for frame in frames:
        (row,) = frame.objects
        at_s = (frame.event_time_us - passing().time_us[0]) / 1e6
        behind = 20.0 + 8.0 * at_s - 2.3
        assert row["x_m"] == pytest.approx(behind, abs=0.05)
        assert abs(row["y_m"]) <= 0.92
    assert np.isnan(rows["heading_rad"]).all()
    assert np.isnan(rows["length_m"]).all()
    np.testing.assert_allclose(rows["vx_mps"], 8.0, atol=1e-6)


def test_what_stands_is_lost_and_what_moves_is_not():
    # the standing car alone is within 25 m of y = 20
    seen = [r for r in told(EXACT)[1] if r["y_m"] > 10]
    assert not seen
    often = told(replace(EXACT, standing_probability=1.0))[1]
    assert (often["y_m"] > 10).sum() == (often["y_m"] < 10).sum()


def test_each_fault_shows_where_it_should():
    exact = told(EXACT)[1]
    assert len(told(replace(EXACT, reflections=3.0))[1]) > 2 * len(exact)
    assert len(told(replace(EXACT, false_per_frame=2.0))[1]) > 2 * len(exact)
    ghosts = told(replace(EXACT, ghost_share=0.5))[1]
    assert len(exact) < len(ghosts) < 2 * len(exact)
    turned = told(replace(EXACT, yaw_bias_deg=2.0))[1]
    bearing = np.degrees(np.arctan2(turned["y_m"], turned["x_m"])).mean()
    assert bearing == pytest.approx(2.0, abs=0.5)
    moved = told(replace(EXACT, bias_x_m=0.5))[1]
    assert moved["x_m"].mean() - exact["x_m"].mean() == pytest.approx(0.5, abs=0.01)
    assert np.isnan(told(replace(EXACT, speed_sigma_mps=np.nan))[1]["vx_mps"]).all()


def test_a_clock_offset_is_in_the_event_time_and_not_in_the_receipt():
    right, wrong = told(EXACT)[0], told(replace(EXACT, clock_offset_ms=60))[0]
    assert wrong[5].event_time_us - right[5].event_time_us == 60_000
    assert wrong[5].receive_time_us == right[5].receive_time_us


def test_default_radars_are_not_synchronised_and_equal_seeds_give_equal_bytes(run):
    crossing = Crossing(district=run.scenario.district)
    recorded = record(crossing, run.simulated.truth, 1)
    assert list(recorded.recording_lines()) == list(
        record(crossing, run.simulated.truth, 1).recording_lines()
    )
    rates = {
        radar.source_id: sum(frame.source_id == radar.source_id for frame in recorded.frames)
        for radar in crossing.radars
    }
    assert {name: count / 15 for name, count in rates.items()} == pytest.approx(
        {radar.source_id: radar.rate_hz for radar in crossing.radars}, abs=0.4
    )
    received = [frame.receive_time_us for frame in recorded.frames]
    assert received == sorted(received)
    assert len(recorded.truth)

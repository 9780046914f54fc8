"""Recordings in a frame that moves with a vehicle."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from infra.simulator.moving import Convoy, record
from operators.decode.registry import decode
from tests.infra.simulator.roads import EXACT, OPEN, drive

# no walls, nobody parked, nothing false: only the geometry is left
BARE = Convoy(
    district=OPEN,
    parked_share=0.0,
    lidar=replace(EXACT, hedges_per_km2=0.0),
    pose_sigma_m=0.0,
    pose_sigma_deg=0.0,
    clock_error_ms=0,
)


def nearest(recorded, source):
    """For each told box of a source: offset to the nearest true box of its instant."""
    offsets = []
    for frame in recorded.frames:
        if frame.source_id != source:
            continue
        real = recorded.truth[recorded.truth["time_us"] == frame.event_time_us]
        dx = frame.objects["x_m"][:, None] - real["x_m"]
        dy = frame.objects["y_m"][:, None] - real["y_m"]
        best = np.hypot(dx, dy).argmin(axis=1)
        row = np.arange(len(best))
        offsets.append(np.column_stack((dx[row, best], dy[row, best])))
    return offsets


@pytest.mark.parametrize("source", ["ego", "other"])
def test_without_faults_both_vehicles_tell_the_truth_in_the_first_ones_frame(source):
    recorded = record(BARE, drive(), 10.0, 1)
    offsets = np.concatenate(nearest(recorded, source))
    assert len(offsets) > 200
    # a second box on a body is the detector's own
    assert np.quantile(np.hypot(*offsets.T), 0.9) < 2e-2


def test_the_frame_moves_and_turns_so_what_stands_goes_by():
    recorded = record(BARE, drive(), 10.0, 1)
    standing = recorded.truth[recorded.truth["object_id"] == 2]
    assert np.ptp(standing["x_m"]) > 30.0
    np.testing.assert_allclose(
        np.gradient(standing["x_m"], 0.1)[2:-2], standing["vx_mps"][2:-2], atol=0.15
    )
    np.testing.assert_allclose(
        np.gradient(standing["y_m"], 0.1)[2:-2], standing["vy_mps"][2:-2], atol=0.15
    )


def test_the_first_vehicle_is_in_the_truth_only_if_another_can_see_it():
    def at_origin(vehicles):
        rows = record(replace(BARE, vehicles=vehicles), drive(), 10.0, 1).truth
        return (np.hypot(rows["x_m"], rows["y_m"]) < 1e-9).sum()

    assert at_origin(2) == 100
    assert at_origin(1) == 0


def test_a_pose_error_moves_all_boxes_of_the_other_alike_and_slowly():
    recorded = record(replace(BARE, pose_sigma_m=0.5), drive(), 10.0, 1)
    means = np.array([np.median(one, axis=0) for one in nearest(recorded, "other")])
    assert np.hypot(*means.T).max() > 0.1
    # 15 s of correlation: 0.5 m * sqrt(2 / 150) from step to step
    assert np.diff(means, axis=0).std() < 0.15
    assert np.quantile(np.hypot(*np.concatenate(nearest(recorded, "ego")).T), 0.9) < 2e-2


def test_a_clock_error_shows_as_a_lag_of_what_moves_in_the_frame():
    late = record(replace(BARE, clock_error_ms=100), drive(), 10.0, 1)
    lag = np.concatenate(nearest(late, "other"))
    # what the other saw 0.1 s earlier lies right, for the poses are of that instant too, but for
    # vehicles that moved meanwhile; the first one, 8 m/s, does
    moved = np.hypot(*lag.T)
    assert np.quantile(moved, 0.98) == pytest.approx(0.8, abs=0.15)


def test_equal_seeds_give_equal_bytes_in_order_of_receipt_and_others_do_not():
    def lines(seed):
        recorded = record(Convoy(district=OPEN, parked_share=0.0), drive(), 8.0, seed)
        return list(recorded.recording_lines()), list(recorded.truth_lines())

    assert lines(1) == lines(1)
    assert lines(1)[0] != lines(2)[0]
    received = [msgspec.json.decode(line)["receive_time_us"] for line in lines(1)[0]]
    assert received == sorted(received)


def test_lines_are_recordings_that_the_station_reads():
    recorded = record(Convoy(district=OPEN, parked_share=0.0), drive(), 5.0, 1)
    for line, frame in zip(recorded.recording_lines(), recorded.frames, strict=True):
        (decoded,) = decode("recording.json", line, 0).frames
        assert decoded.source_id == frame.source_id
        np.testing.assert_allclose(decoded.position[:, 0], frame.objects["x_m"], rtol=0, atol=1e-4)
    truth = msgspec.json.decode(next(recorded.truth_lines()))
    assert {"event_time_us", "object_id", "x", "y", "z", "heading_rad", "vx", "vy"} <= set(truth)


def test_logits_are_the_same_scores_on_an_unbounded_scale():
    shares = record(Convoy(district=OPEN, parked_share=0.0), drive(), 5.0, 1)
    logits = record(Convoy(district=OPEN, parked_share=0.0, logits=True), drive(), 5.0, 1)
    for share, logit in zip(shares.frames, logits.frames, strict=True):
        np.testing.assert_allclose(
            share.objects["score"], 1 / (1 + np.exp(-logit.objects["score"]))
        )


def test_traffic_in_which_no_two_stay_near_each_other_is_refused():
    with pytest.raises(ValueError, match="together on the road for 20 s"):
        record(BARE, drive(), 20.0, 1)


def test_simulated_traffic_gives_a_recording_with_parked_cars_and_streets(run):
    convoy = Convoy(district=run.scenario.district)
    recorded = record(convoy, run.simulated.truth, 8.0, 1)
    assert {frame.source_id for frame in recorded.frames} == {"ego", "other"}
    assert len(recorded.frames) == 160
    assert len(recorded.truth) / 80 > 5
    parked = recorded.truth["object_id"] > run.simulated.truth.object_id.max()
    assert 0.2 < parked.mean() < 0.99

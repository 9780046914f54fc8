"""Probes report themselves: two ids at one time are two vehicles, however near."""

import numpy as np

from operators import tracker
from operators.frame import Frame, SourceKind, empty_observations
from operators.fuse.state import TRACK
from operators.fuse.twins import are_one
from operators.parameters import Parameters


def report(event_us, x_m, local_id, sigma_m=12.0):
    made = empty_observations(1)
    made["x_m"], made["y_m"], made["local_id"] = x_m, 0.0, local_id
    made["cov_xx_m2"] = made["cov_yy_m2"] = sigma_m**2
    made["cov_xy_m2"] = 0.0
    nan = float("nan")
    return Frame("fleet", SourceKind.PROBE, 0, event_us, event_us, "raw.probe", 0, event_us, 0,
                 0.0, 0.0, nan, made)  # fmt: skip


def tracks_after(frames):
    state = tracker.empty()
    for frame in frames:
        tracker.advance(state, frame, Parameters())
    rows = tracker.rows(state, frames[-1].event_time_us)
    return rows[rows["confirmed"] == 1]


def test_two_probes_nearer_than_their_accuracy_are_two_tracks():
    frames = [report(k * 50_000, 4.0 * (k % 2), 1 + k % 2) for k in range(80)]
    assert len(tracks_after(frames)) == 2


def test_one_probe_is_one_track():
    assert len(tracks_after([report(k * 100_000, 0.1 * k, 7) for k in range(40)])) == 1


def test_a_probe_whose_id_rotates_is_one_track_two_seconds_later():
    frames = [report(k * 100_000, 0.1 * k, 7 if k < 20 else 8) for k in range(45)]
    assert len(tracks_after(frames)) == 1


def test_probes_without_ids_are_told_apart_by_place_alone():
    frames = [report(k * 50_000, 4.0 * (k % 2), 0) for k in range(80)]
    assert len(tracks_after(frames)) == 1
    assert np.isfinite(tracks_after(frames)["x_m"]).all()


def two_probes(first_us, last_us, born_us):
    """Tracks of one place and motion, the elder of them a probe heard until `last_us`."""
    elder, younger = np.zeros(2, TRACK)
    for track, local_id in ((elder, 7), (younger, 8)):
        track["mean"] = 0.0, 0.0, 10.0, 0.0
        track["covariance"] = 0.5
        track["probe_id"] = local_id
    elder["born_us"], elder["probe_us"] = first_us, last_us
    younger["born_us"], younger["probe_us"] = born_us, born_us + 300_000
    elder["time_us"] = younger["time_us"] = younger["probe_us"]
    return elder, younger


def test_a_new_id_beside_a_probe_that_fell_silent_may_be_that_probe():
    assert are_one(*two_probes(0, 2_000_000, 2_100_000))


def test_a_new_id_beside_a_probe_that_goes_on_is_another():
    assert not are_one(*two_probes(0, 2_200_000, 2_100_000))


def test_a_probe_that_seems_to_drive_in_anothers_room_keeps_its_track():
    """Fixes that are off for minutes put the second 2.3 m behind the first."""
    frames, ids = [], set()
    for k in range(60):
        for local_id, behind_m in ((1, 0.0), (2, 2.3)):
            one = report(k * 500_000, 6.0 * 0.5 * k - behind_m, local_id, 1.0)
            one.observations["vx_mps"], one.observations["vy_mps"] = 6.0, 0.0
            frames.append(one)
    state = tracker.empty()
    for frame in frames:
        (link,) = tracker.advance(state, frame, Parameters())
        if frame.observations["local_id"] == 2:
            ids.add(int(link["track_id"]))
    assert len(ids) == 1
    assert len(tracks_after(frames)) == 2

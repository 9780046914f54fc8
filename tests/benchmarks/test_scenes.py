"""Made recordings on disk, and files of tracks read back."""

import msgspec
import numpy as np
import pytest

from benchmarks import scenes
from benchmarks.scenes import made, read_boxes
from infra.simulator.moving import Convoy, record
from infra.simulator.presets import Preset
from tests.infra.simulator.roads import OPEN, drive


def convoy_on_a_bend(duration_s, seed):
    return record(Convoy(district=OPEN, parked_share=0.0), drive(), duration_s, seed)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(scenes.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setitem(scenes.PRESETS, "bend", Preset(convoy_on_a_bend))
    return tmp_path


def test_a_recording_is_made_once_for_each_seed(folder):
    files = made("bend", 5.0, 1)
    lines = files.recording.read_bytes().splitlines()
    assert lines == [line.strip() for line in convoy_on_a_bend(5.0, 1).recording_lines()]
    files.recording.write_bytes(b"kept")
    assert made("bend", 5.0, 1).recording.read_bytes() == b"kept"
    assert made("bend", 5.0, 2).recording.read_bytes() != b"kept"
    assert not list(folder.rglob("*.part"))


def test_truth_is_read_as_it_was_made(folder):
    recorded = convoy_on_a_bend(5.0, 1)
    times, truth = read_boxes(made("bend", 5.0, 1).truth.read_bytes().splitlines())
    np.testing.assert_array_equal(times[truth.frame], recorded.truth["time_us"])
    np.testing.assert_array_equal(
        truth.identity, np.unique(recorded.truth["object_id"], return_inverse=True)[1]
    )
    np.testing.assert_allclose(truth.centre_m[:, 1], recorded.truth["y_m"], atol=1e-4)
    np.testing.assert_allclose(truth.size_m[:, 0], recorded.truth["length_m"], atol=1e-4)
    np.testing.assert_allclose(truth.velocity_mps[:, 0], recorded.truth["vx_mps"], atol=1e-4)


def test_fused_tracks_are_read_at_the_instants_of_the_truth_and_unknown_numbers_are_nan():
    big = 2**63 - 1  # an id that a float could not hold
    rows = [
        {"event_time_us": 300, "track_id": big, "x": 1.0, "y": 2.0, "position_cov": [4, 1, 1, 9]},
        {"event_time_us": 100, "track_id": big - 1, "x": 3.0, "y": 4.0, "heading_rad": None},
        {"event_time_us": 200, "track_id": 5, "x": 3.0, "y": 4.0},
        {"event_time_us": 100, "track_id": big, "x": 5.0, "y": 6.0, "sources": ["ego"]},
    ]
    _, tracks = read_boxes(map(msgspec.json.encode, rows), np.array([100, 300]))
    assert tracks.frame.tolist() == [0, 0, 1]
    assert tracks.identity.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(tracks.covariance_m2[2], [[4, 1], [1, 9]])
    assert np.isnan(tracks.covariance_m2[0]).all()
    assert np.isnan(tracks.heading_rad).all()

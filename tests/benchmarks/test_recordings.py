"""The command's parts on a short recording."""

import numpy as np

from benchmarks.recordings import SHOWN, fused, mean, plain, table
from benchmarks.scenes import Made, read_boxes
from benchmarks.scoring import figures
from infra.simulator.moving import Convoy, record
from tests.infra.simulator.roads import OPEN, drive


def short(folder):
    recorded = record(Convoy(district=OPEN, parked_share=0.0), drive(), 6.0, 1)
    files = Made(folder / "bend.recording.jsonl", folder / "bend.truth.jsonl")
    files.recording.write_bytes(b"".join(recorded.recording_lines()))
    files.truth.write_bytes(b"".join(recorded.truth_lines()))
    return files


def test_both_trackers_find_most_of_a_short_recording_and_the_table_shows_each_figure(tmp_path):
    files = short(tmp_path)
    times, truth = read_boxes(files.truth.read_bytes().splitlines())
    runs = {
        "plain": plain(files, times, None),
        "station": fused(files, times, None, tmp_path / "dump"),
    }
    results = {
        name: figures(truth, run.tracks, len(times), solid=True) for name, run in runs.items()
    }
    assert all(found["2m.recall"] > 0.5 for found in results.values())
    assert all(run.observations_per_s > 0 for run in runs.values())
    dumped = tmp_path / "dump" / "bend.fused.jsonl"
    _, again = read_boxes(dumped.read_bytes().splitlines(), times)
    np.testing.assert_array_equal(again.centre_m, runs["station"].tracks.centre_m)
    shown = table({"bend": mean([results, results])})
    groups = [name for name in SHOWN if not name.startswith("body")]
    assert shown.row_count == len(groups) - 1  # speed is added by the command

import numpy as np

from benchmarks.stress.sensing import Probes, all_frames, corner_units, members
from operators.frame import SourceKind
from tests.benchmarks.stress.scene import content, frames, traffic


def test_the_same_seed_gives_the_same_frames_and_another_one_does_not():
    again = all_frames(corner_units(2), traffic(), 3, Probes(share=0.4))
    assert content(again) == content(frames())
    assert content(all_frames(corner_units(2), traffic(), 4, Probes(share=0.4))) != content(
        frames()
    )


def test_a_unit_errs_as_much_as_it_declares():
    off = []
    for frame in frames():
        if frame.kind == SourceKind.ROADSIDE:
            seen = frame.observations[frame.observations["local_id"] > 0]
            at_s = np.array([(frame.event_time_us - 1_700_000_000_000_000) / 1e6])
            true = traffic().at(at_s).place_m[0, seen["local_id"].astype(int) - 1]
            off.append(np.column_stack((seen["x_m"], seen["y_m"])) - true)
    assert abs(np.concatenate(off).std() - 0.4) < 0.02


def test_probes_report_themselves_one_by_one():
    of_fleet = [frame for frame in frames() if frame.kind == SourceKind.PROBE]
    assert {len(frame.observations) for frame in of_fleet} == {1}
    names = {int(frame.observations["local_id"][0]) - 1 for frame in of_fleet}
    assert names <= set(members(Probes(share=0.4), traffic(), 3).tolist())

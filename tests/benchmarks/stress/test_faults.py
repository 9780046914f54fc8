"""Each fault is in the data; with its size at nothing the data are as before."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.stress import faults, ids
from benchmarks.stress.correlated import republished, smoothed
from operators.frame import FrameFlag, ObjectClass
from operators.track import TRACK_ROW
from tests.benchmarks.stress.scene import content, frames

ONE, FLEET = "unit-1", "fleet"
# name: the fault, and the same of no size
FAULTS = {
    "clock": (lambda f: faults.clock(f, ONE, 0.2), lambda f: faults.clock(f, ONE, 0.0)),
    "drift": (
        lambda f: faults.clock(f, ONE, 0.0, drift=50e-6),
        lambda f: faults.clock(f, ONE, 0.0, drift=0.0),
    ),
    "step": (
        lambda f: faults.clock(f, ONE, 0.0, step_s=0.3, step_at_s=4.0),
        lambda f: faults.clock(f, ONE, 0.0, step_s=0.3),
    ),
    "yaw": (
        lambda f: faults.pose(f, ONE, yaw_deg=1.0),
        lambda f: faults.pose(f, ONE, yaw_deg=1.0, from_s=100.0),
    ),
    "shift": (
        lambda f: faults.pose(f, ONE, shift_m=(0.5, 0.0)),
        lambda f: faults.pose(f, "nobody", shift_m=(0.5, 0.0)),
    ),
    "scale": (
        lambda f: faults.pose(f, ONE, scale=1.01),
        lambda f: faults.pose(f, "nobody", scale=1.01),
    ),
    "warp": (
        lambda f: faults.warp(f, ONE, lambda at: at[:, ::-1]),
        lambda f: faults.warp(f, ONE, lambda at: at),
    ),
    "again": (lambda f: faults.again(f, 2), lambda f: faults.again(f, 1)),
    "in two": (lambda f: faults.in_two(f, 0.3, 1), lambda f: faults.in_two(f, 0.0, 1)),
    "trailer": (
        lambda f: faults.in_two(f, 1.0, 1, ObjectClass.CAR),
        lambda f: faults.in_two(f, 1.0, 1, ObjectClass.ANIMAL),
    ),
    "lose": (lambda f: faults.lose(f, 0.1, 1), lambda f: faults.lose(f, 0.0, 1)),
    "silent": (
        lambda f: faults.silent(f, [ONE], [(2.0, 4.0)]),
        lambda f: faults.silent(f, [ONE], []),
    ),
    "declared": (
        lambda f: faults.declared(f, ONE, lambda v: 0.04 * v),
        lambda f: faults.declared(f, ONE, lambda v: v),
    ),
    "jumping": (
        lambda f: faults.jumping(f, FLEET, 500.0, 5.0, 30.0, 1),
        lambda f: faults.jumping(f, FLEET, 0.0, 5.0, 30.0, 1),
    ),
    "stale": (
        lambda f: faults.stale(f, FLEET, 1.0, 10.0),
        lambda f: faults.stale(f, FLEET, 0.0, 10.0),
    ),
    "swapping": (lambda f: ids.swapping(f, ONE, 0.1, 1), lambda f: ids.swapping(f, ONE, 0.0, 1)),
    "rebooting": (lambda f: ids.rebooting(f, ONE, 3.0), lambda f: ids.rebooting(f, ONE, 100.0)),
    "smoothed": (lambda f: smoothed(f, ONE, True), lambda f: smoothed(f, "nobody", True)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_in_the_data_every_time_alike_and_of_no_size_it_is_not(name):
    fault, nothing = FAULTS[name]
    before = content(frames())
    assert content(fault(frames())) != before
    assert content(fault(frames())) == content(fault(frames()))
    assert content(nothing(frames())) == before
    assert content(frames()) == before


@pytest.mark.parametrize(
    "name", sorted(set(FAULTS) - {"again", "in two", "trailer", "lose", "silent"})
)
def test_only_the_named_source_changes(name):
    changed = FAULTS[name][0](frames())
    touched = FLEET if name in ("jumping", "stale") else ONE
    for one, before in zip(changed, frames(), strict=True):
        if before.source_id != touched:
            assert content([one]) == content([before])


def test_a_clock_is_ahead_by_its_offset_and_receipt_stays():
    changed = faults.clock(frames(), ONE, 0.2)
    ahead = Counter(
        one.event_time_us - before.event_time_us
        for one, before in zip(changed, frames(), strict=True)
        if before.source_id == ONE
    )
    assert set(ahead) == {200_000}
    assert [f.receive_time_us for f in changed] == [f.receive_time_us for f in frames()]


def test_a_turned_unit_keeps_the_distances_from_its_site():
    changed = faults.pose(frames(), ONE, yaw_deg=90.0)
    one, before = next(
        pair for pair in zip(changed, frames(), strict=True) if pair[1].source_id == ONE
    )
    site = np.array([before.coverage_x_m, before.coverage_y_m])
    lever, turned = (
        faults.places(before.observations) - site,
        faults.places(one.observations) - site,
    )
    np.testing.assert_allclose(turned, np.column_stack((-lever[:, 1], lever[:, 0])), atol=1e-9)


def test_halves_share_the_length_and_meet_in_the_middle():
    changed = faults.in_two(frames(), 1.0, 1)
    one, before = changed[0], frames()[0]
    long = before.observations["length_m"] > 3.0
    assert len(one.observations) == len(before.observations) + long.sum()
    first = faults.places(one.observations[: len(before.observations)])[long]
    second = faults.places(one.observations[len(before.observations) :])
    middle = faults.places(before.observations)[long]
    np.testing.assert_allclose((first + second) / 2.0, middle, atol=1e-6)


def test_few_ids_are_used_again_and_plenty_are_not():
    def told(frames):
        names = {
            int(one) for f in frames if f.source_id == ONE for one in f.observations["local_id"]
        }
        return names - {0}

    plenty, few = ids.few(frames(), ONE, 10.0, 10_000), ids.few(frames(), ONE, 10.0, 5)
    assert len(told(plenty)) == len(told(frames()))
    assert told(few) == {1, 2, 3, 4, 5}


def test_a_smoothed_track_is_calmer_than_what_was_seen():
    def jitter(frames):
        path = [
            faults.places(f.observations[f.observations["local_id"] == name])
            for f in frames
            if f.source_id == ONE
        ]
        path = np.concatenate(path)
        return np.abs(np.diff(path, 2, axis=0)).mean()

    seen = next(f for f in frames() if f.source_id == ONE).observations["local_id"]
    name = seen[seen > 0][0]
    changed = smoothed(frames(), ONE, True)
    assert jitter(changed) < 0.7 * jitter(frames())
    assert {f.flags for f in changed if f.source_id == ONE} == {int(FrameFlag.FILTERED)}
    assert {f.flags for f in smoothed(frames(), ONE, False)} == {0}


def test_a_loop_sends_the_pictures_own_states():
    rows = np.zeros(2, TRACK_ROW)
    rows["x_m"], rows["cov_xx_m2"] = (3.0, 4.0), 0.1
    (frame,) = republished(1_700_000_000_100_000, rows, True)
    assert frame.observations["x_m"].tolist() == [3.0, 4.0]
    assert frame.flags & FrameFlag.FUSED
    assert republished(1_700_000_000_100_000, rows[:0], True) == []

import numpy as np
import pytest

from operators import tracker
from operators.parameters import Parameters
from operators.reasons import Use
from operators.register.gross import FOOT_M, Mixup
from operators.register.quality import mixup_name, quality_rows
from operators.register.state import REMEDIES
from tests.operators.register.scenes import (
    START_US,
    a_frame,
    in_order,
    probe_frames,
    unit_frames,
    vehicles,
)

SITE = np.array([10.0, 5.0])
# What the datums add to a place near Beijing, metres east and north.
OFFSETS = np.array([[530.0, 155.0], [1130.0, 830.0]])
WRONG = {
    Mixup.NONE: lambda p: p,
    Mixup.GCJ02_AS_WGS84: lambda p: p + OFFSETS[0],
    Mixup.BD09_AS_WGS84: lambda p: p + OFFSETS[1],
    Mixup.AXES_SWAPPED: lambda p: SITE + (p - SITE)[:, ::-1],
    Mixup.FEET_AS_METRES: lambda p: SITE + (p - SITE) / FOOT_M,
    Mixup.METRES_AS_FEET: lambda p: SITE + (p - SITE) * FOOT_M,
    Mixup.CENTIMETRES_AS_METRES: lambda p: SITE + (p - SITE) * 100.0,
}


def warped(frames, warp, since_s=0.0, until_s=1e9):
    for frame in frames:
        if since_s <= (frame.event_time_us - START_US) / 1e6 < until_s:
            made = frame.observations
            places = warp(np.column_stack((made["x_m"], made["y_m"])))
            made["x_m"], made["y_m"] = places.T
        yield frame


def follow(frames, offsets=OFFSETS):
    """State and the uses of each source's observations, second by second."""
    state, uses = tracker.empty(), {}
    state.registry.offsets[:] = offsets
    for frame in frames:
        links = tracker.advance(state, frame, Parameters())
        second = (frame.event_time_us - START_US) // 1_000_000
        uses.setdefault((frame.source_id, second), set()).update(links["use"].tolist())
    return state, uses


def a_scene(mixup, seconds=12.0, until_s=1e9):
    at = vehicles(1, 16)
    return in_order(
        unit_frames("right", at, (-20.0, 0.0), np.zeros(5), seconds, 1),
        warped(unit_frames("wrong", at, SITE, np.zeros(5), seconds, 2), WRONG[mixup], 0.0, until_s),
    )


def named(state):
    rows = quality_rows(state.registry, 2)
    return dict(zip(tracker.sources_of(state), map(mixup_name, rows), strict=True))


@pytest.mark.parametrize("mixup", list(Mixup))
def test_a_mixup_is_named_and_its_source_alone_quarantined(mixup):
    state, uses = follow(a_scene(mixup))
    assert named(state) == {"right": "", "wrong": mixup.name if mixup else ""}
    assert (uses["wrong", 11] == {int(Use.QUARANTINED)}) == bool(mixup)
    assert all(Use.QUARANTINED not in used for (name, _), used in uses.items() if name == "right")
    shown = tracker.rows(state, START_US + 12_000_000)
    places = np.column_stack((shown["x_m"], shown["y_m"]))[shown["confirmed"] == 1]
    assert len(places) == 16


def test_a_datum_whose_offset_is_not_known_here_is_not_named():
    state, _ = follow(a_scene(Mixup.GCJ02_AS_WGS84), np.zeros((2, 2)))
    assert set(named(state).values()) == {""}


def test_a_corrected_source_is_taken_again():
    state, uses = follow(a_scene(Mixup.GCJ02_AS_WGS84, 20.0, until_s=8.0))
    assert uses["wrong", 7] == {int(Use.QUARANTINED)}
    assert set(named(state).values()) == {""}
    assert Use.USED in uses["wrong", 19]


def test_a_fleet_of_probes_can_be_quarantined_too():
    at = vehicles(1, 16)
    fleet = warped(probe_frames(at, range(0, 16, 2), 40.0, 3), WRONG[Mixup.GCJ02_AS_WGS84])
    state, uses = follow(
        in_order(unit_frames("right", at, (-20.0, 0.0), np.zeros(5), 40.0, 1), fleet)
    )
    assert named(state)["probes"] == "GCJ02_AS_WGS84"
    assert uses["probes", 39] == {int(Use.QUARANTINED)}


def test_a_new_owner_of_a_slot_is_not_blamed_for_the_old_one():
    state, _ = follow(a_scene(Mixup.GCJ02_AS_WGS84))
    sources = [f"s{k}" for k in range(tracker.SOURCES.shape[0] + 61)]
    at_us = START_US + 13_000_000
    for k, source in enumerate(sources):  # all slots get new owners
        tracker.advance(state, a_frame(source, at_us + k, SITE[None], 0.3), Parameters())
    assert not state.registry.mixups.any()


def test_each_mixup_has_a_remedy():
    assert [int(mixup) for mixup in Mixup] == list(range(REMEDIES))

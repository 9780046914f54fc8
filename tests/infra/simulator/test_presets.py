"""Recordings by name."""

from infra.simulator.presets import PRESETS, START_US


def test_the_radars_of_a_crossing_make_a_recording_of_the_length_asked_for():
    recorded = PRESETS["roadside_radars"].make(2.0, 1)
    assert {frame.source_id for frame in recorded.frames} == {
        f"radar-{number}" for number in (1, 2, 3, 4)
    }
    times = recorded.truth["time_us"]
    assert times.min() >= START_US
    assert times.max() < START_US + 2_000_000
    assert max(frame.receive_time_us for frame in recorded.frames) < START_US + 2_300_000


def test_a_preset_says_what_can_be_asked_of_its_tracks():
    assert {name for name, preset in PRESETS.items() if preset.solid} == {
        "two_vehicles",
        "one_vehicle",
    }
    assert not PRESETS["roadside_radars"].frames_are_instants

"""A short crossing with two units and its probes, kept for all tests."""

from functools import lru_cache

from benchmarks.stress.sensing import Probes, all_frames, corner_units
from benchmarks.stress.traffic import crossing

SECONDS = 8.0


@lru_cache(maxsize=1)
def traffic():
    return crossing(SECONDS, 3)


@lru_cache(maxsize=1)
def frames():
    return all_frames(corner_units(2), traffic(), 3, Probes(share=0.4))


def content(frames):
    """All that frames say, comparable."""
    return [
        (f.source_id, f.kind, f.flags, f.event_time_us, f.receive_time_us, f.observations.tobytes())
        for f in frames
    ]

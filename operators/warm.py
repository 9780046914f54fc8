"""Kernels compiled before the first record: a made moment of traffic through the steps of all jobs.

A kernel is compiled for the types that it is called with, and the steps know best which these are.
A kernel left out compiles while records wait, for seconds (`tests/operators/test_warm.py`).
"""

import json
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from operators import tracker
from operators.current import in_box, in_circle
from operators.enrich import index
from operators.fused import FUSED
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import SOURCES
from operators.segments.flow import SegmentFlow, committed
from operators.surroundings import Fleet, surroundings
from operators.transform import datum

_START_US = 1_600_000_000_000_000
_SECOND_US, _FRAME_US = 1_000_000, 100_000
_LON, _LAT = 116.39, 39.9  # in China, where datums may be mixed up
_STEP_DEG = 1e-4  # about 9 m along the road
_KINDS = {"unit": "roadside", "probe": "probe", "maps": "feed"}


def warm_up() -> None:
    """Compile every kernel, or read it from the cache on disk, so that no record has to wait."""
    tracker.warm_up()
    datum.warm_up()
    index.warm_up()
    parameters = Parameters()
    outputs = list(run(_log(), Pipeline(parameters)))
    flow = SegmentFlow(parameters, lambda _topic, packed: msgspec.msgpack.decode(packed))
    for _ in run(committed(outputs, _START_US + 60 * _SECOND_US), flow):
        pass
    _services()


def _log() -> Iterator[LogRecord]:
    """A queue on one lane, seen by a unit, its first vehicle a probe, for two seconds."""
    begin_us = _START_US - 10 * _SECOND_US
    for k, (source, kind) in enumerate(_KINDS.items()):
        place = {"lat_deg": _LAT, "lon_deg": _LON, "coverage_radius_m": 200.0}
        entry = {"source_id": source, "kind": kind} | (place if kind == "roadside" else {})
        yield _record(SOURCES, k, begin_us, "", source, entry)
    lane = {"name": "warm-up", "points": [(_LON, _LAT), (_LON + 9 * _STEP_DEG, _LAT)]}
    road = {"name": "warm-up", "lanes": [lane | {"width_m": 3.5}], "stop_line": True}
    part = {"part": "warm-up", "segments": [road]}
    yield _record("raw.signal", 0, _START_US - _SECOND_US, "network.json", "maps", part)
    for k in range(20):
        at_us = _START_US + k * _FRAME_US
        for source, count in (("unit", 6), ("probe", 1)):
            line = _line(source, at_us, count)
            topic = f"raw.{_KINDS[source]}"
            yield _record(topic, k, at_us + 50_000, "recording.json", source, line)


def _line(source: str, at_us: int, count: int) -> dict[str, object]:
    """A source frame of standing cars in a row."""
    objects = [
        {
            "local_id": k,
            "class": "car",
            "lat_deg": _LAT,
            "lon_deg": _LON + (k + 1) * _STEP_DEG,
            "position_cov": [0.25, 0.0, 0.0, 0.25],
            "vx": 0.0,
            "vy": 0.0,
        }
        for k in range(count)
    ]
    return {"source": source, "event_time_us": at_us, "frame": "wgs84", "objects": objects}


def _services() -> None:
    """What is asked of the current picture."""
    rows, place = np.zeros(1, FUSED), np.zeros(1)
    in_box(place, place, -1.0, -1.0, 1.0, 1.0)
    in_circle(place, place, 0.0, 0.0, 1.0)
    none = np.zeros(1, np.int64)
    surroundings(Fleet(none, np.zeros((1, 1), np.uint64), place, place), rows, none)


def _record(
    topic: str, offset: int, at_us: int, form: str, source: str, body: Mapping[str, object]
) -> LogRecord:
    packed = json.dumps(body).encode()
    return LogRecord(topic, 0, RawRecord(offset, at_us, 0, form, "", source, packed))

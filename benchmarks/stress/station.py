"""Frames through the whole flow in memory: front, cell, publish; for faults that the front meets.

Frames become lines of a local recording, received when they say; a scenario's seconds are fewer
here, since this costs more than the tracker alone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np

from benchmarks.stress.base import frames, town
from benchmarks.stress.faults import Frames
from benchmarks.stress.fusing import boxes_of, instants, truth_at
from benchmarks.stress.score import Score, score
from benchmarks.stress.sensing import START_US
from operators._typing import IntArray, RecordArray
from operators.frame import Frame, ObjectClass, SourceKind
from operators.parameters import Parameters
from operators.pipeline import LogRecord, Pipeline, run
from operators.raw import RawRecord
from operators.routes import OBJECTS, RECORDS, SOURCES
from operators.track import TRACK_ROW

STATION_S, STATION_FROM_S = 32.0, 12.0
NOTICE_US = 10_000_000  # entries come so long before the first frame
FORMAT = "recording.json"
# Columns of a picture that have another name in a row.
_RENAMED = {
    "vx_mps": "velocity_east_mps",
    "vy_mps": "velocity_north_mps",
    "cov_xx_m2": "cov_ee_m2",
    "cov_xy_m2": "cov_en_m2",
    "cov_yy_m2": "cov_nn_m2",
    "z_m": "altitude_m",
}
_SAME = ("track_id", "x_m", "y_m", "heading_rad", "length_m", "width_m", "height_m", "existence")


class Published(NamedTuple):
    """What came out: pictures by tick, records by disposition, when a source was first missing."""

    pictures: dict[int, RecordArray]
    fates: Counter[str]
    missing_s: dict[str, float]


class InStation(NamedTuple):
    """A scored run; see `Published`."""

    score: Score
    fates: Counter[str]
    missing_s: dict[str, float]


def line(frame: Frame) -> bytes:
    """A frame as a line of a recording."""
    objects = [_object(one) for one in frame.observations]
    fields = {"source": frame.source_id, "event_time_us": frame.event_time_us, "frame": "local"}
    return msgspec.json.encode(fields | {"objects": objects})


def _object(one: np.void) -> dict[str, Any]:
    told: dict[str, Any] = {
        "x": float(one["x_m"]),
        "y": float(one["y_m"]),
        "heading_rad": float(one["heading_rad"]),
        "length_m": float(one["length_m"]),
        "width_m": float(one["width_m"]),
        "height_m": float(one["height_m"]),
        "vx": float(one["vx_mps"]),
        "vy": float(one["vy_mps"]),
        "class": ObjectClass(int(one["object_class"])).name,
        "local_id": int(one["local_id"]) or None,
    }
    known = {name: None if value != value else value for name, value in told.items()}
    crossed = float(one["cov_xy_m2"])
    return known | {
        "position_cov": [float(one["cov_xx_m2"]), crossed, crossed, float(one["cov_yy_m2"])]
    }


def log_of(frames: Iterable[Frame]) -> Iterator[LogRecord]:
    """A log of the frames in order of receive time, after an entry for each source."""
    ordered = sorted(frames, key=lambda frame: frame.receive_time_us)
    kinds = {frame.source_id: SourceKind(frame.kind) for frame in ordered}
    for offset, (source, kind) in enumerate(sorted(kinds.items())):
        entry = {"source_id": source, "kind": kind.name.lower(), "format": FORMAT, "frame": "local"}
        body = msgspec.json.encode(entry | {"nominal_delay_ms": 40.0})
        record = RawRecord(offset, START_US - NOTICE_US, 0, "", "", source, body)
        yield LogRecord(SOURCES, 0, record)
    offsets: Counter[str] = Counter()
    for frame in ordered:
        received_us = frame.receive_time_us // 1000 * 1000
        name = (FORMAT, frame.source_id, "")
        record = RawRecord(offsets[frame.topic], received_us, 0, *name, line(frame))
        offsets[frame.topic] += 1
        yield LogRecord(frame.topic, 0, record)


def published(frames: Frames, parameters: Parameters | None = None) -> Published:
    """Run frames through the pipeline."""
    pictures: dict[int, RecordArray] = {}
    fates: Counter[str] = Counter()
    missing_s: dict[str, float] = {}
    for output in run(log_of(frames), Pipeline(parameters or Parameters())):
        if output.route == OBJECTS:
            picture = msgspec.msgpack.decode(output.value)
            pictures[picture["tick_us"]] = _rows(picture)
            for source in picture["missing_sources"]:
                missing_s.setdefault(source, (picture["tick_us"] - START_US) / 1e6)
        elif output.route == RECORDS:
            for entry in msgspec.msgpack.decode(output.value)["entries"]:
                fates[entry["disposition"]] += entry["records"]
    del fates["SOURCE"]
    return Published(pictures, fates, missing_s)


def _rows(picture: dict[str, Any]) -> RecordArray:
    rows = np.zeros(picture["count"], TRACK_ROW)
    for name in (*_SAME, *_RENAMED):
        packed = picture[_RENAMED.get(name, name)]
        rows[name] = np.frombuffer(packed, TRACK_ROW[name])
    rows["confirmed"] = 1
    return rows


def at_ticks(pictures: dict[int, RecordArray], times_us: IntArray) -> tuple[RecordArray, IntArray]:
    """Rows of the pictures at some ticks, and the index of each row's tick."""
    none = np.zeros(0, TRACK_ROW)
    shown = [pictures.get(tick_us, none) for tick_us in times_us.tolist()]
    index = np.repeat(np.arange(len(shown)), [len(rows) for rows in shown])
    return np.concatenate(shown), index


def scored_in_station(changed: Frames) -> InStation:
    """Score what the station publishes of frames of the common scene."""
    early = [f for f in changed if f.receive_time_us < START_US + round(STATION_S * 1e6)]
    out = published(early)
    times_us = instants(STATION_FROM_S, STATION_S - 1.0)
    boxes = boxes_of(*at_ticks(out.pictures, times_us))
    return InStation(
        score(truth_at(town(), times_us), boxes, len(times_us)), out.fates, out.missing_s
    )


@lru_cache(maxsize=1)
def station_oracle() -> InStation:
    """The common scene without a fault."""
    return scored_in_station(frames())

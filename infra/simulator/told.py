"""What a made recording holds: source frames and the truth in one local frame, and its lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.frame import ObjectClass

_BOX = ("x_m", "y_m", "z_m", "heading_rad", "length_m", "width_m", "height_m")
_KEYS = ("x", "y", "z", "heading_rad", "length_m", "width_m", "height_m")
# One object as a source tells it; NaN is what it does not tell.
TOLD = np.dtype(
    [*((name, "<f8") for name in (*_BOX, "score", "vx_mps", "vy_mps")), ("object_class", "u1")]
)
# One object as it is at an instant, in the same frame; velocities are what its positions do.
REAL = np.dtype(
    [
        *(("time_us", "<i8"), ("object_id", "<i4")),
        *((name, "<f8") for name in (*_BOX, "vx_mps", "vy_mps")),
        ("object_class", "u1"),
    ]
)


@dataclass(frozen=True, slots=True)
class ToldFrame:
    """One source frame: who, when by the source's clock, when received, and `TOLD` rows."""

    source_id: str
    event_time_us: int
    receive_time_us: int
    objects: RecordArray


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording in a `local` frame with its truth.

    Parameters
    ----------
    frames
        In order of receive time.
    truth : structured array, dtype `REAL`
        In order of time, then object. Its instants are the only ones to be scored.
    """

    frames: list[ToldFrame]
    truth: RecordArray

    def recording_lines(self) -> Iterator[bytes]:
        """Lines of the recording, each with its end."""
        for frame in self.frames:
            yield _line(
                {
                    "source": frame.source_id,
                    "event_time_us": frame.event_time_us,
                    "receive_time_us": frame.receive_time_us,
                    "frame": "local",
                    "objects": [_object(row, (*_KEYS, "score")) for row in frame.objects],
                }
            )

    def truth_lines(self) -> Iterator[bytes]:
        """Lines of the truth with the keys of fused tracks, each with its end."""
        for row in self.truth:
            head = {"event_time_us": int(row["time_us"]), "object_id": int(row["object_id"])}
            yield _line({**head, **_object(row, _KEYS)})


def untold(n: int) -> RecordArray:
    """Rows (`TOLD`) of n objects of which nothing is told yet."""
    rows = np.zeros(n, TOLD)
    for name in (*_BOX, "score", "vx_mps", "vy_mps"):
        rows[name] = np.nan
    return rows


def in_order(frames: list[ToldFrame]) -> list[ToldFrame]:
    """Frames as they are received."""
    return sorted(frames, key=lambda one: (one.receive_time_us, one.source_id))


def _object(row: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    names = (*_BOX, "score")[: len(keys)]
    values = [round(float(row[name]), 4) for name in (*names, "vx_mps", "vy_mps")]
    told: dict[str, Any] = dict(zip((*keys, "vx", "vy"), values, strict=True))
    # an unknown number is null in JSON, which has no word for NaN
    told = {name: None if np.isnan(value) else value for name, value in told.items()}
    told["class"] = ObjectClass(int(row["object_class"])).name.lower()
    return told


def _line(content: dict[str, Any]) -> bytes:
    return msgspec.json.encode(content) + b"\n"

"""What a cell tells of its sources, so that the publish step can keep their accounts."""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.continuity import Done
from operators.frame import Frame, SourceKind

FACTS_US = 1_000_000  # once in so long facts are told

# One source frame that the cell took at the tick of the report.
FRAME_ROW = np.dtype(
    [
        ("source_index", "<u2"),  # into the report's `link_sources`
        ("flags", "u1"),  # operators.frame.FrameFlag
        ("event_time_us", "<i8"),
        ("receive_time_us", "<i8"),
        ("observations", "<u4"),  # that the cell owns
    ]
)


class Declared(msgspec.Struct, array_like=True):
    """What is declared of a source, as its last frame brought it.

    Parameters
    ----------
    kind
        `operators.frame.SourceKind`.
    owner
        Who supplies the data; empty if not declared.
    nominal_rate_hz
        Source frames a second; NaN if not declared.
    x_m, y_m, radius_m
        Circle that it looks at, in the frame of the cell; radius NaN if unknown.
    """

    kind: int
    owner: str
    nominal_rate_hz: float
    x_m: float
    y_m: float
    radius_m: float

    @property
    def looks(self) -> bool:
        """Whether it is known where it looks; a probe looks nowhere, it reports itself."""
        return self.kind != SourceKind.PROBE and self.radius_m > 0.0


class Facts(msgspec.Struct, array_like=True):
    """What is known of the sources of a cell at a tick.

    Parameters
    ----------
    slots
        Source ids, in the order of `standing`.
    standing
        Packed `operators.fuse.standing.STANDING` array.
    declared
        By source id, of those heard in the last minute.
    echoes
        Sources that send back what the cell has shown.
    """

    slots: list[str] = []
    standing: bytes = b""
    declared: dict[str, Declared] = {}
    echoes: list[str] = []


facts_decoder = msgspec.msgpack.Decoder(Facts)


def are_due(tick_us: int, step_us: int) -> bool:
    """Whether a tick is the first of its second."""
    return tick_us // FACTS_US != (tick_us - step_us) // FACTS_US


def declared_by(frame: Frame) -> Declared:
    """What a frame brings of its source's entry."""
    return Declared(
        int(frame.kind),
        frame.owner,
        frame.nominal_rate_hz,
        frame.coverage_x_m,
        frame.coverage_y_m,
        frame.coverage_radius_m,
    )


def frame_rows(taken: Done, sources: Sequence[str]) -> RecordArray:
    """One `FRAME_ROW` for each frame."""
    place = {source: k for k, source in enumerate(sources)}
    rows = [
        (
            place[frame.source_id],
            int(frame.flags),
            frame.event_time_us,
            frame.receive_time_us,
            int(np.count_nonzero(frame.observations["owned"])),
        )
        for frame, _ in taken
    ]
    return np.array(rows, FRAME_ROW)

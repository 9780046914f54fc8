"""What travels between steps: the instant at which it is due, a kind, and packed content."""

import struct
from enum import IntEnum

from operators.parameters import Parameters

_HEAD = struct.Struct("<qB")


class Kind(IntEnum):
    """What an envelope holds."""

    FRAMES = 1  # front -> cell: packed frames
    PICTURE = 2  # cell -> publish: what the cell saw at a tick
    SIGHTING = 3  # cell -> identity: a confirmed track in a halo, with its observations
    NAME = 4  # identity -> publish: the one id of a cell's local track
    SIGNAL = 5  # front -> publish, intersection: what the signals of an intersection show
    ROAD = 6  # front -> publish: a piece of a road network; -> intersection: where its map lies
    SOURCE = 7  # sort -> scene: where a source looks
    SCENE = 8  # scene -> segments, approaches: what a cell shows of them
    STRIP = 9  # sort -> watch: what a neighbour shows near the border
    EVENT = 10  # watch -> join: what one cell tells of an event


def seal(at_us: int, kind: Kind, content: bytes) -> bytes:
    """Envelope that is due at `at_us` (microseconds)."""
    return _HEAD.pack(at_us, kind) + content


def due_us(data: bytes) -> int:
    """Instant at which an envelope is due, microseconds."""
    at_us: int = _HEAD.unpack_from(data)[0]
    return at_us


def unseal(data: bytes) -> tuple[int, Kind, bytes]:
    """Instant, kind and content of an envelope."""
    at_us, kind = _HEAD.unpack_from(data)
    return at_us, Kind(kind), data[_HEAD.size :]


def picture_due_us(event_time_us: int, receive_time_us: int, parameters: Parameters) -> int:
    """When the first picture that a frame belongs to is closed, microseconds of receive time.

    The picture of tick T holds what has ``e <= T`` and ``r <= T + cut``.
    """
    tick, cut = parameters.tick_us, parameters.cut_us
    after = max(event_time_us, receive_time_us - cut)
    return -(-after // tick) * tick + cut

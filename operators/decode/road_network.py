"""Format `network.json`: a piece of a road network, as `station network import` writes it.

One `operators.road.network.RoadPart` in JSON: its name, and segments with lanes (points with
longitude first, in the datum that the source's entry declares; width in metres; turns with their
signal groups). A piece without segments takes away what was known under its name. Points nearer
than half a metre to the one before are dropped; a lane that turns back is left out and counted.
"""

import msgspec

from operators.decode.decoded import Decoded
from operators.decode.json_text import read_json
from operators.decode.map_lanes import line
from operators.road.network import Lane, RoadPart, Segment

_DECODER = msgspec.json.Decoder(RoadPart)


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # a network has no time
    """Read one piece.

    Raises
    ------
    DecodeError
        The reasons of `read_json`.
    """
    given = read_json(_DECODER, payload)
    segments = [_segment(segment) for segment in given.segments]
    lost = sum(len(s.lanes) for s in given.segments) - sum(len(lanes) for _, lanes in segments)
    kept = [msgspec.structs.replace(s, lanes=tuple(lanes)) for s, lanes in segments if lanes]
    part = msgspec.structs.replace(given, segments=tuple(kept), refused=given.refused + lost)
    return Decoded(roads=(part,))


def _segment(segment: Segment) -> tuple[Segment, list[Lane]]:
    """The segment, and those of its lanes that are ways."""
    cleaned = [(lane, line(list(lane.points))) for lane in segment.lanes]
    return segment, [
        msgspec.structs.replace(lane, points=tuple(points)) for lane, points in cleaned if points
    ]

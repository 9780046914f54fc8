"""Segments with lanes: the road network as the station holds it, whoever drew it.

A lane is a line in the direction of travel with a width. Lanes side by side that begin and end
together are a segment. Ids are hashes of names, so that the same road has the same id in every run.
"""

from hashlib import blake2b
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from operators._typing import FloatArray
from operators.transform.ellipsoid import metres_per_degree

LaneKind = Literal["vehicle", "bicycle", "pedestrian", "rail", "parking", "other"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Degrees = tuple[
    Annotated[float, Meta(ge=-180.0, le=180.0)], Annotated[float, Meta(ge=-90.0, le=90.0)]
]
ID_MASK = (1 << 63) - 1  # a positive long, as track ids are


class Turn(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A way on from a lane.

    Parameters
    ----------
    lane
        Name of the lane that follows; empty if it is not in the network.
    intersection, group
        The signal group that lets this turn go; 0 if none does.
    """

    lane: Annotated[str, Meta(max_length=200)] = ""
    intersection: Annotated[str, Meta(max_length=200)] = ""
    group: Annotated[int, Meta(ge=0, le=65_535)] = 0


class Lane(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One lane.

    Parameters
    ----------
    name
        Unique in all networks.
    points
        Its middle in the direction of travel, longitude and latitude in degrees; two or more.
    width_m
        Metres.
    kind
        Who uses it.
    both_ways
        True if it is used in both directions.
    turns
        Ways on from its end.
    """

    name: Name
    points: Annotated[tuple[Degrees, ...], Meta(min_length=2, max_length=10_000)]
    width_m: Annotated[float, Meta(gt=0.0, le=100.0)]
    kind: LaneKind = "vehicle"
    both_ways: bool = False
    turns: tuple[Turn, ...] = ()

    @property
    def lane_id(self) -> int:
        """63-bit id."""
        return _id(self.name)


class Segment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Lanes of one direction that begin and end together, the rightmost lane first if known.

    Parameters
    ----------
    name
        Unique in all networks.
    lanes
        At least one.
    limit_mps
        Speed limit; None if unknown.
    stop_line
        True if its lanes end at a stop line.
    """

    name: Name
    lanes: Annotated[tuple[Lane, ...], Meta(min_length=1, max_length=256)]
    limit_mps: Annotated[float, Meta(gt=0.0, le=200.0)] | None = None
    stop_line: bool = False

    @property
    def segment_id(self) -> int:
        """63-bit id."""
        return _id(self.name)


class RoadPart(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of a network that is replaced as a whole: an intersection, a tile of an import.

    Parameters
    ----------
    part
        Its name; what was known under it goes.
    segments
        None of them takes the piece away.
    revision
        The sender's own count.
    refused
        Lanes of the message that could not be used.
    """

    part: Name
    segments: tuple[Segment, ...] = ()
    revision: int = 0
    refused: int = 0


def _id(name: str) -> int:
    """63 bits of BLAKE2b (RFC 7693), never 0."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") & ID_MASK) or 1


def degrees_of(lane: Lane) -> FloatArray:
    """Points of a lane, shape (n, 2), longitude and latitude."""
    return np.array(lane.points, np.float64)


def length_m(lane: Lane) -> float:
    """Length of a lane in the plane about its first point, metres."""
    points = degrees_of(lane)
    east, north = metres_per_degree(float(points[0, 1]))
    return float(np.hypot(*(np.diff(points, axis=0) * (east, north)).T).sum())

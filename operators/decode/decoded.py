"""What an adapter makes of one raw record."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from operators._typing import FloatArray, RecordArray
from operators.road.network import RoadPart
from operators.road.signal import IntersectionState

Datum = Literal["WGS-84", "CGCS2000", "GCJ-02", "BD-09"]


class Space(Enum):
    """In what a decoded position is given."""

    GEOGRAPHIC = "geographic"  # degrees, in a datum
    LOCAL = "local"  # metres: in the sensor's own axes, or in the frame that its entry declares


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a sensor stands (WGS-84), and where its x axis points, counter-clockwise from east."""

    lat_deg: float
    lon_deg: float
    heading_rad: float


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One source frame as the message tells it.

    Parameters
    ----------
    source_id
        The payload's own name of its sender, None if it has none.
    event_time_us
        UTC microseconds, anchored at the receive time where the message carries no date;
        None if the message carries no usable time.
    flags
        `operators.frame.FrameFlag` bits.
    space
        What `position` means.
    position : ndarray of shape (n, 2)
        Longitude and latitude in degrees, or x and y in metres.
    observations : structured array of shape (n,), dtype `operators.frame.OBSERVATION`
        Everything but `x_m` and `y_m`, which the front fills. Velocities are east and north,
        headings counter-clockwise from east (local: along and from the sensor's axes).
    refused
        Objects of the message that could not be used (position unavailable, ...).
    z_m : ndarray of shape (n,), optional
        The third coordinate in full: what `observations` holds is good to 7 digits, too few for
        a distance from the Earth's centre. None if the format has none.
    datum, pose
        What degrees are in, and where local axes lie, if the format itself says so; None leaves
        it to the source's entry.
    delay_us
        How long before its receipt the frame was seen, where `event_time_us` is None.
    """

    source_id: str | None
    event_time_us: int | None
    flags: int
    space: Space
    position: FloatArray
    observations: RecordArray
    refused: int = 0
    z_m: FloatArray | None = None
    datum: Datum | None = None
    pose: Pose | None = None
    delay_us: int = 0


@dataclass(frozen=True, slots=True)
class Feature:
    """A third-party feature: where and when something applies.

    Parameters
    ----------
    feature_id
        Stable over updates and the cancellation, where the format has such a name.
    kind
        ``weather``, ``emergency``, ``work_zone``, ``incident``, ``warning``,
        ``emergency_vehicle`` (one is near), or ``vehicle`` (where one is; applies to nobody).
    valid_from_us, valid_to_us
        UTC microseconds; None for an open end.
    area
        GeoJSON geometry with longitude first, as JSON text; empty if the message names a place
        only, which the source's entry knows.
    radius_m
        How far around its geometry the feature holds, metres: the radius about a point, half the
        width of a line; None if not at all.
    cancelled
        True if this ends the feature.
    properties
        What the message says, keys with units in the name (``visibility_m``), values as text.
    datum
        What the degrees of `area` are in, if the format itself says so.
    issued_us
        When the sender issued this version, UTC microseconds: one issued earlier than another
        does not replace it, whenever it comes. None if the message does not say.
    regions
        Names of regions or stations for which the feature holds if it has no `area`.
    """

    feature_id: str
    kind: str
    valid_from_us: int | None
    valid_to_us: int | None
    area: str
    radius_m: float | None
    cancelled: bool
    properties: dict[str, str]
    datum: Datum | None = None
    issued_us: int | None = None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Everything one raw record says: source frames, third-party features, signals, or roads.

    Degrees of roads are in the datum that the source's entry declares.
    `source_id` is the payload's own name of its sender, where no frame tells it.
    """

    frames: tuple[DecodedFrame, ...] = ()
    features: tuple[Feature, ...] = ()
    signals: tuple[IntersectionState, ...] = ()
    roads: tuple[RoadPart, ...] = ()
    source_id: str | None = None

    @property
    def sender(self) -> str:
        """The payload's own name of its sender, empty if it has none."""
        return self.source_id or next((f.source_id for f in self.frames if f.source_id), "")


# An adapter: (payload, instant to anchor at in UTC microseconds) -> Decoded; raises DecodeError.
Adapter = Callable[[bytes, int], Decoded]

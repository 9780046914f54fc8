"""Source frames and their packed layout: what travels from the front to a cell.

Little-endian, a version byte first, observations as one block of fixed-size records, so that a
reader views them with numpy and parses nothing.
"""

import math
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

import numpy as np

from operators._typing import RecordArray
from operators.errors import LayoutError

VERSION = 2


class SourceKind(IntEnum):
    """What a source is."""

    ROADSIDE = 1
    PROBE = 2
    FEED = 3


class ObjectClass(IntEnum):
    """Classes of road users, the finest that most standards share."""

    UNKNOWN = 0
    CAR = 1
    VAN = 2
    TRUCK = 3
    BUS = 4
    MOTORCYCLE = 5
    BICYCLE = 6
    PEDESTRIAN = 7
    ANIMAL = 8
    OBSTACLE = 9
    EMERGENCY = 10
    TRAILER = 11
    TRAM = 12


class FrameFlag(IntFlag):
    """Properties of a source frame."""

    FILTERED = 1  # the sender's tracker smoothed it: correlated with its own past
    FUSED = 2  # made of other sources' data: correlated with them
    CLOCK_CORRECTED = 4  # the front removed a coarse clock offset
    TIME_FROM_RECEIPT = 8  # the message carried no usable time
    MAY_MOVE = 16  # positions in axes of a recording, which may themselves move


class ObjectFlag(IntFlag):
    """What a road user shows or says of itself; a bit that is not set is off or not told."""

    EMERGENCY_VEHICLE = 1  # of an emergency service, whether on a call or not
    LIGHT_BAR = 2  # its flashing light bar is on
    SIREN = 4
    RIGHT_OF_WAY = 8  # it is on a call and claims the right of way
    BRAKING = 16
    HARD_BRAKING = 32
    CONTROL_LOSS = 64  # anti-lock brakes, traction or stability control act
    HAZARD_LIGHTS = 128
    LEFT_INDICATOR = 256
    RIGHT_INDICATOR = 512
    HEADLIGHTS = 1024  # low or high beam
    REVERSING = 2048
    DISABLED = 4096  # broken down, flat tyre, air bag
    STOP_LINE_VIOLATION = 8192
    DANGEROUS_GOODS = 16384
    CROSSING = 32768  # a walker who crosses or wants to; passengers who get in or out


# One observation. Unknown numbers are NaN. Axes: x east, y north of the cell's centre
# (or the axes of a `local` recording).
OBSERVATION = np.dtype(
    [
        ("index", "<u4"),  # position in the original message
        ("time_offset_us", "<i4"),  # observed this much after the frame's event time
        ("x_m", "<f8"),
        ("y_m", "<f8"),
        ("z_m", "<f4"),  # height above the ellipsoid, or local z
        ("cov_xx_m2", "<f4"),  # declared covariance of the position
        ("cov_xy_m2", "<f4"),
        ("cov_yy_m2", "<f4"),
        ("vx_mps", "<f4"),
        ("vy_mps", "<f4"),
        ("speed_sigma_mps", "<f4"),
        ("heading_rad", "<f4"),  # of the box, counter-clockwise from +x
        ("heading_sigma_rad", "<f4"),
        ("length_m", "<f4"),
        ("width_m", "<f4"),
        ("height_m", "<f4"),
        ("score", "<f4"),  # the sender's confidence that the object is there, its own scale
        ("class_confidence", "<f4"),  # 0..1
        ("object_class", "u1"),  # ObjectClass
        ("owned", "u1"),  # 1: this cell owns it and accounts for it; 0: seen in the halo
        ("flags", "<u2"),  # ObjectFlag
        ("local_id", "<u8"),  # hash of the sender's own id; 0 if it gave none
    ]
)

_HEADER = struct.Struct("<BBBBqqqiQddfHHI")
_SUPPLIER = struct.Struct("<dH")  # behind the header since version 2


@dataclass(frozen=True, slots=True)
class Frame:
    """All observations that one source made at one event time, as one cell sees them.

    Parameters
    ----------
    source_id, kind, flags
        Who observed, and how.
    event_time_us, receive_time_us
        UTC microseconds; the event time is the source's, after coarse correction.
    topic, partition, offset
        The raw record that carried the frame.
    payload_hash
        64-bit hash of the raw bytes; breaks ties in the order of frames.
    coverage_x_m, coverage_y_m, coverage_radius_m
        Circle that the source looks at, in the frame of the cell; radius NaN if unknown.
    observations : structured array of shape (n,), dtype `OBSERVATION`
    owner
        Who supplies the data, as the source's entry says; empty if it says nothing.
    nominal_rate_hz
        Source frames a second that its entry promises; NaN if it promises none.
    """

    source_id: str
    kind: int
    flags: int
    event_time_us: int
    receive_time_us: int
    topic: str
    partition: int
    offset: int
    payload_hash: int
    coverage_x_m: float
    coverage_y_m: float
    coverage_radius_m: float
    observations: RecordArray
    owner: str = ""
    nominal_rate_hz: float = math.nan

    @property
    def order(self) -> tuple[int, str, int, str, int, int]:
        """Sort key: the order in which frames are taken, whatever order they arrived in."""
        record = (self.topic, self.partition, self.offset)
        return (self.event_time_us, self.source_id, self.payload_hash, *record)


def pack_frame(frame: Frame) -> bytes:
    """Packed bytes of one frame."""
    source, topic, owner = (s.encode() for s in (frame.source_id, frame.topic, frame.owner))
    header = _HEADER.pack(
        VERSION,
        frame.kind,
        frame.flags,
        0,
        frame.event_time_us,
        frame.receive_time_us,
        frame.offset,
        frame.partition,
        frame.payload_hash,
        frame.coverage_x_m,
        frame.coverage_y_m,
        frame.coverage_radius_m,
        len(source),
        len(topic),
        len(frame.observations),
    )
    supplier = _SUPPLIER.pack(frame.nominal_rate_hz, len(owner))
    return b"".join((header, supplier, source, topic, owner, frame.observations.tobytes()))


def unpack_frames(data: bytes) -> list[Frame]:
    """Frames in `data`, which is any number of packed frames one behind the other.

    The observations are read-only views of `data`.

    Raises
    ------
    LayoutError
        If the bytes are cut short or of another version.
    """
    frames = []
    at = 0
    while at < len(data):
        frame, at = _unpack_one(data, at)
        frames.append(frame)
    return frames


def _unpack_one(data: bytes, at: int) -> tuple[Frame, int]:
    version = data[at]
    if version not in (1, VERSION):
        msg = f"frame version {version}, this release reads 1 to {VERSION}"
        raise LayoutError(msg)
    head = _HEADER.size + (_SUPPLIER.size if version > 1 else 0)
    if len(data) - at < head:
        msg = f"frame header cut short: {len(data) - at} of {head} bytes"
        raise LayoutError(msg)
    _, kind, flags, _, event, receive, offset, *rest = _HEADER.unpack_from(data, at)
    partition, digest, cx, cy, radius, n_source, n_topic, n = rest
    rate_hz, n_owner = math.nan, 0
    if version > 1:
        rate_hz, n_owner = _SUPPLIER.unpack_from(data, at + _HEADER.size)
    names = at + head
    first = names + n_source + n_topic + n_owner
    end = first + n * OBSERVATION.itemsize
    if end > len(data):
        msg = f"frame cut short: {len(data)} of {end} bytes"
        raise LayoutError(msg)
    source = data[names : names + n_source].decode()
    topic = data[names + n_source : first - n_owner].decode()
    owner = data[first - n_owner : first].decode()
    observations = np.frombuffer(data, OBSERVATION, n, first)
    when, circle = (event, receive), (cx, cy, radius)
    frame = Frame(
        source,
        kind,
        flags,
        *when,
        topic,
        partition,
        offset,
        digest,
        *circle,
        observations,
        owner,
        rate_hz,
    )
    return frame, end


def copied(records: RecordArray) -> RecordArray:
    """A copy of contiguous records: one memcpy, where numpy would go field by field."""
    return np.frombuffer(bytearray(records.tobytes()), records.dtype)


def empty_observations(n: int) -> RecordArray:
    """`n` observations about which nothing is known: NaN numbers, zero integers, owned."""
    made = np.zeros(n, OBSERVATION)
    for name, (kind, _) in ((k, v[:2]) for k, v in OBSERVATION.fields.items()):  # type: ignore[union-attr]
        if kind.kind == "f":
            made[name] = np.nan
    made["owned"] = 1
    return made

"""What a cell shows of roads at a tick, and how it travels to the keys that sum it up."""

import msgspec
import numpy as np

# One object on a segment. Speed is that along the lane, negative against it.
ROW = np.dtype(
    [
        ("track_id", "<u8"),
        ("segment_id", "<u8"),
        ("lane_id", "<u8"),  # 0 if not known
        ("along_m", "<f4"),  # of its centre
        ("speed_mps", "<f4"),
        ("length_m", "<f4"),  # NaN if not known
        ("object_class", "u1"),
    ]
)

# What of a picture is needed for that, in degrees and axes east and north.
SEEN = np.dtype(
    [
        ("track_id", "<u8"),
        ("segment_id", "<u8"),
        ("lane_id", "<u8"),
        ("along_m", "<f4"),
        ("velocity_east_mps", "<f4"),
        ("velocity_north_mps", "<f4"),
        ("length_m", "<f4"),
        ("object_class", "u1"),
    ]
)


class Circle(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Where a source looks."""

    lon_deg: float
    lat_deg: float
    radius_m: float


class Look(msgspec.Struct, frozen=True, array_like=True, order=True):
    """From when a source looks at a circle; None for nowhere."""

    effective_us: int
    receive_time_us: int
    offset: int
    source_id: str
    circle: Circle | None


class Sight(msgspec.Struct, frozen=True, array_like=True):
    """A picture without what segments do not need: rows are packed `SEEN`."""

    tick_us: int
    live: list[str]
    rows: bytes


class Scene(msgspec.Struct, frozen=True, array_like=True):
    """What a cell shows at a tick to one key.

    Parameters
    ----------
    tick_us
        The tick.
    cell
        Whose picture it was.
    awake
        Whether it held anything, or anybody looked at it: then the next tick follows.
    circles
        Where its live sources look, sorted.
    rows
        Packed `ROW`.
    """

    tick_us: int
    cell: str
    awake: bool
    circles: list[Circle]
    rows: bytes


ENCODER = msgspec.msgpack.Encoder()
SIGHTS = msgspec.msgpack.Decoder(Sight)
LOOKS = msgspec.msgpack.Decoder(Look)
SCENES = msgspec.msgpack.Decoder(list[Scene])

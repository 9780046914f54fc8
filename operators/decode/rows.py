"""Collects the observations of one source frame as packed rows.

One `struct` call per object and one numpy view per frame cost a fraction of filling a structured
array column by column, for a frame of one object as for a frame of hundreds.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from operators.decode.decoded import Datum, Decoded, DecodedFrame, Space
from operators.decode.guard import check_objects
from operators.decode.offsets import places_deg
from operators.errors import DecodeError
from operators.frame import OBSERVATION, ObjectClass, ObjectFlag
from operators.reasons import Reason

NAN = math.nan
UNKNOWN_COVARIANCE = (NAN, NAN, NAN)
UNKNOWN_VELOCITY = (NAN, NAN)
UNKNOWN_SIZE = (NAN, NAN, NAN)
_EMERGENCY = int(ObjectClass.EMERGENCY)
_ROW = struct.Struct("<Ii2d14fBBHQ")  # the fields of OBSERVATION in their order


class FrameRows:
    """Observations of one frame under construction.

    Attributes
    ----------
    refused
        Objects that the message names but that cannot be used.
    """

    __slots__ = ("_heights", "_packed", "_positions", "refused")

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._positions: list[float] = []
        self._heights: list[float] = []
        self.refused = 0

    def add(
        self,
        index: int,
        first: float,
        second: float,
        *,
        time_offset_us: int = 0,
        z_m: float = NAN,
        covariance_m2: tuple[float, float, float] = UNKNOWN_COVARIANCE,
        velocity_mps: tuple[float, float] = UNKNOWN_VELOCITY,
        speed_sigma_mps: float = NAN,
        heading_rad: float = NAN,
        heading_sigma_rad: float = NAN,
        size_m: tuple[float, float, float] = UNKNOWN_SIZE,
        score: float = NAN,
        class_confidence: float = NAN,
        object_class: int = ObjectClass.UNKNOWN,
        flags: int = 0,
        local_id: int = 0,
    ) -> None:
        """Add one object.

        Parameters
        ----------
        index
            Position in the original message.
        first, second
            Longitude and latitude in degrees, or x and y in metres.
        covariance_m2
            xx, xy and yy, east and north.
        velocity_mps
            East and north.
        heading_rad
            Counter-clockwise from east.
        size_m
            Length, width and height; 0 means unknown.
        flags
            `operators.frame.ObjectFlag` bits; the class EMERGENCY adds its own.
        """
        length_m, width_m, height_m = size_m
        if object_class == _EMERGENCY:
            flags |= ObjectFlag.EMERGENCY_VEHICLE
        self._positions += (first, second)
        self._heights.append(z_m)
        self._packed.append(
            _ROW.pack(
                index,
                time_offset_us,
                NAN,
                NAN,
                z_m,
                *covariance_m2,
                *velocity_mps,
                speed_sigma_mps,
                heading_rad,
                heading_sigma_rad,
                length_m or NAN,
                width_m or NAN,
                height_m or NAN,
                score,
                class_confidence,
                object_class,
                1,
                flags,
                local_id,
            )
        )

    def to_degrees(self, lon_deg: float, lat_deg: float) -> None:
        """Take what was added as metres east and north of a point, and make it degrees."""
        offsets_m = np.array(self._positions).reshape(-1, 2)
        self._positions = places_deg(lon_deg, lat_deg, offsets_m).ravel().tolist()

    def frame(
        self,
        source_id: str | None,
        event_time_us: int | None,
        flags: int,
        space: Space,
        datum: Datum | None = None,
    ) -> DecodedFrame:
        """Return the frame; its observations are writable.

        Raises
        ------
        DecodeError
            TOO_MANY_OBJECTS.
        """
        check_objects(len(self._packed))
        observations = np.frombuffer(bytearray(b"".join(self._packed)), OBSERVATION)
        position = np.array(self._positions, np.float64).reshape(-1, 2)
        heights = np.array(self._heights, np.float64)
        return DecodedFrame(
            source_id,
            event_time_us,
            flags,
            space,
            position,
            observations,
            self.refused,
            heights,
            datum,
        )


def decoded(frames: list[DecodedFrame]) -> Decoded:
    """Return the frames as the record's content.

    A frame whose objects were all refused did see something, so it must not pass for one that
    saw nothing: it is left out, and its refused objects count with the first frame that stays.

    Raises
    ------
    DecodeError
        UNAVAILABLE if objects were refused and no frame stays.
    """
    kept = [f for f in frames if len(f.observations) or not f.refused]
    if len(kept) == len(frames):
        return Decoded(frames=tuple(frames))
    lost = sum(f.refused for f in frames if not len(f.observations))
    if not kept:
        msg = f"none of {lost} objects has a usable position"
        raise DecodeError(Reason.UNAVAILABLE, msg)
    kept[0] = replace(kept[0], refused=kept[0].refused + lost)
    return Decoded(frames=tuple(kept))


def lower_median(instants_us: Iterable[int]) -> int | None:
    """Middle of the instants of a frame, so that one wild mark moves nothing; None of none."""
    known = sorted(instants_us)
    return known[(len(known) - 1) // 2] if known else None


@lru_cache(maxsize=1 << 16)  # an object keeps its id for many frames
def id_hash(text: str) -> int:
    """64-bit hash of a sender's own object id, never 0; 0 if there is no id.

    BLAKE2b (RFC 7693) with 8 bytes, read little-endian.
    """
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") or 1

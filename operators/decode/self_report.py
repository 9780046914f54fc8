"""What a vehicle or a walker says of itself: one source frame of one observation."""

from operators.decode.decoded import Decoded, Space
from operators.decode.j2735 import heading_from_north_rad, velocity_mps
from operators.decode.rows import (
    NAN,
    UNKNOWN_COVARIANCE,
    UNKNOWN_SIZE,
    FrameRows,
    decoded,
    id_hash,
)
from operators.frame import ObjectClass


def self_report(
    sender: str,
    event_time_us: int | None,
    place: tuple[float, float, float] | None,
    *,
    source_id: str | None = None,
    speed_mps: float = NAN,
    heading_deg: float = NAN,
    covariance_m2: tuple[float, float, float] = UNKNOWN_COVARIANCE,
    speed_sigma_mps: float = NAN,
    heading_sigma_rad: float = NAN,
    size_m: tuple[float, float, float] = UNKNOWN_SIZE,
    object_class: ObjectClass = ObjectClass.UNKNOWN,
    flags: int = 0,
    backward: bool = False,
) -> Decoded:
    """One report as the content of its record.

    Parameters
    ----------
    sender
        The sender's temporary id, in either case of its hexadecimal digits; kept as a hash.
    place
        Longitude and latitude in degrees and elevation in metres; None if unavailable.
    source_id
        The payload's own name of a sender that lasts.
    speed_mps, heading_deg
        Of the motion; clockwise from true north.
    covariance_m2
        xx, xy and yy, east and north.
    size_m
        Length, width and height; 0 means unknown.
    flags
        `operators.frame.ObjectFlag` bits.
    backward
        Whether the vehicle faces against its motion.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a place.
    """
    rows = FrameRows()
    if place is None:
        rows.refused = 1
    else:
        course_rad = heading_from_north_rad(heading_deg)
        rows.add(
            0,
            place[0],
            place[1],
            z_m=place[2],
            covariance_m2=covariance_m2,
            velocity_mps=velocity_mps(speed_mps, course_rad),
            speed_sigma_mps=speed_sigma_mps,
            heading_rad=heading_from_north_rad(heading_deg + 180.0) if backward else course_rad,
            heading_sigma_rad=heading_sigma_rad,
            size_m=size_m,
            object_class=object_class,
            flags=flags,
            local_id=id_hash(sender.upper()),
        )
    return decoded([rows.frame(source_id, event_time_us, 0, Space.GEOGRAPHIC)])

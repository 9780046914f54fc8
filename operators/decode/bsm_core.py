"""DF_BSMcoreData of SAE J2735 in raw units, whatever JSON it comes in, as a report.

| field | unit | unavailable |
|---|---|---|
| secMark | ms of the minute, completed at the receive time | 60000 and more |
| lat, long, elev | 1e-7 deg, 0.1 m | 900000001, 1800000001, -4096 |
| accuracy | ellipse of one sigma (`j2735`) | 255, 65535 |
| speed, heading | 0.02 m/s, 0.0125 deg clockwise from north | 8191, 28800 |
"""

from typing import Protocol

from operators.decode.decoded import Decoded
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Accuracy,
    accuracy_covariance_m2,
)
from operators.decode.rows import NAN
from operators.decode.self_report import self_report
from operators.frame import ObjectClass
from operators.normalise.event_time import second_of_minute_us


class RawCore(Protocol):
    """What every JSON of the core data has."""

    sec_mark: int
    lat: int
    long: int
    elev: int
    speed: int
    heading: int


def raw_report(
    sender: str,
    core: RawCore,
    accuracy: Accuracy,
    anchor_us: int,
    *,
    size_m: tuple[float, float, float],
    flags: int,
    object_class: ObjectClass = ObjectClass.UNKNOWN,
) -> Decoded:
    """One report (`self_report`) of core data in raw units.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a place.
    """
    gone = core.lat == LATITUDE_UNAVAILABLE or core.long == LONGITUDE_UNAVAILABLE
    elevation_m = NAN if core.elev == ELEVATION_UNAVAILABLE else core.elev / 10
    return self_report(
        sender,
        second_of_minute_us(core.sec_mark, anchor_us),
        None if gone else (core.long / 1e7, core.lat / 1e7, elevation_m),
        covariance_m2=accuracy_covariance_m2(accuracy),
        speed_mps=NAN if core.speed == SPEED_UNAVAILABLE else core.speed / 50,
        heading_deg=NAN if core.heading == HEADING_UNAVAILABLE else core.heading / 80,
        size_m=size_m,
        object_class=object_class,
        flags=flags,
    )

"""Units, sentinels and code tables that ETSI CAM and CPM share (TS 102 894-2).

| field | unit | out of range, unavailable |
|---|---|---|
| latitude, longitude | 1e-7 deg | - , 900000001 and 1800000001 |
| altitude above the ellipsoid | 0.01 m | 800000, 800001 |
| semi-axes of the position's ellipse, 95 % | 0.01 m | 4094, 4095 |
| orientation of the major axis, clockwise from north | 0.1 deg | - , 3601 |
| speed and its components | 0.01 m/s | 16382, 16383 |
| heading, angles | 0.1 deg | 3600 (not used), 3601 |
| confidence of speeds and angles, 95 % | 0.01 m/s, 0.1 deg | 126, 127 |

A confidence is the half width that holds 95 % of one axis: sigma = c / 1.96; an ellipse holds 95 %
of the positions: sigma = semi-axis / 2.4477 (sqrt of the chi-square of two degrees of freedom). An
accuracy that is out of range counts as its bound, since unknown would be taken for better; a
confidence of 0 must not be sent and is unknown.

Station types and traffic participant types are one table: 1 pedestrian, 2 cyclist, 3 moped,
4 motorcycle, 5 passenger car, 6 bus, 7 light truck, 8 heavy truck, 9 trailer, 10 special vehicle,
11 tram, 12 light vehicle of a vulnerable road user, 13 animal, 14 agricultural, 15 roadside unit.
"""

import math
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.j2735 import (
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    SIGMAS_AT_95_AXIS,
    SIGMAS_AT_95_RADIAL,
    Latitude,
    Longitude,
    ellipse_covariance_m2,
)
from operators.decode.offsets import Origin
from operators.decode.rows import NAN, UNKNOWN_VELOCITY
from operators.frame import ObjectClass

ROADSIDE_UNIT = 15
ALTITUDE_UNAVAILABLE = 800_001
SPEED_OUT_OF_RANGE = 16_382
HEADING_UNAVAILABLE = 3601
CONFIDENCE_UNAVAILABLE = 127
_AXIS_UNAVAILABLE = 4095

Altitude = Annotated[int, Meta(ge=-100_000, le=ALTITUDE_UNAVAILABLE)]
Axis = Annotated[int, Meta(ge=0, le=_AXIS_UNAVAILABLE)]
Heading = Annotated[int, Meta(ge=0, le=HEADING_UNAVAILABLE)]
Speed = Annotated[int, Meta(ge=0, le=SPEED_OUT_OF_RANGE + 1)]
Component = Annotated[int, Meta(ge=-SPEED_OUT_OF_RANGE - 1, le=SPEED_OUT_OF_RANGE + 1)]
Confidence = Annotated[int, Meta(ge=0, le=CONFIDENCE_UNAVAILABLE)]
StationId = Annotated[int, Meta(ge=0, le=4_294_967_295)]
DeltaTime = Annotated[int, Meta(ge=0, le=65_535)]
Code = Annotated[int, Meta(ge=0, le=255)]
Area = tuple[float, float, float]


class Flat(msgspec.Struct):
    """A value of which only the number counts."""

    value: Altitude = ALTITUDE_UNAVAILABLE


class Angle(msgspec.Struct):
    """Heading or angle with its confidence."""

    value: Heading = HEADING_UNAVAILABLE
    confidence: Confidence = CONFIDENCE_UNAVAILABLE


class Magnitude(msgspec.Struct):
    """Speed with its confidence."""

    value: Speed = SPEED_OUT_OF_RANGE + 1
    confidence: Confidence = CONFIDENCE_UNAVAILABLE


class Ellipse(msgspec.Struct):
    """Ellipse of the reference position in the JSON of version 2."""

    semi_major: Axis = _AXIS_UNAVAILABLE
    semi_minor: Axis = _AXIS_UNAVAILABLE
    semi_major_orientation: Heading = HEADING_UNAVAILABLE


class OldEllipse(msgspec.Struct):
    """Ellipse of the reference position in the JSON of version 1."""

    semi_major_confidence: Axis = _AXIS_UNAVAILABLE
    semi_minor_confidence: Axis = _AXIS_UNAVAILABLE
    semi_major_orientation: Heading = HEADING_UNAVAILABLE


class OldAccuracy(msgspec.Struct):
    """Confidence of the reference position, which version 1 gives beside it."""

    position_confidence_ellipse: OldEllipse = msgspec.field(default_factory=OldEllipse)


class Position(msgspec.Struct):
    """Reference position; the altitude is a number in version 1 of the JSON."""

    latitude: Latitude = LATITUDE_UNAVAILABLE
    longitude: Longitude = LONGITUDE_UNAVAILABLE
    altitude: Flat | Altitude = ALTITUDE_UNAVAILABLE
    position_confidence_ellipse: Ellipse = msgspec.field(default_factory=Ellipse)


def origin(at: Position, old: OldAccuracy | None = None) -> Origin | None:
    """Reference position with its error; None if unavailable."""
    if at.latitude == LATITUDE_UNAVAILABLE or at.longitude == LONGITUDE_UNAVAILABLE:
        return None
    altitude = at.altitude.value if isinstance(at.altitude, Flat) else at.altitude
    altitude_m = NAN if altitude == ALTITUDE_UNAVAILABLE else altitude / 100
    if old is None:
        new = at.position_confidence_ellipse
        axes = (new.semi_major, new.semi_minor, new.semi_major_orientation)
    else:
        was = old.position_confidence_ellipse
        axes = (was.semi_major_confidence, was.semi_minor_confidence, was.semi_major_orientation)
    return Origin(at.longitude / 1e7, at.latitude / 1e7, altitude_m, ellipse_covariance(*axes))


@lru_cache(maxsize=1 << 12)  # a unit says the same of its place in each message
def ellipse_covariance(major: int, minor: int, orientation: int) -> Area:
    """Covariance of an ellipse in the units of the standard, unknown if it is unavailable."""
    return ellipse_covariance_m2(_axis_sigma_m(major), _axis_sigma_m(minor), angle_deg(orientation))


def _axis_sigma_m(axis: int) -> float:
    return NAN if axis in (0, _AXIS_UNAVAILABLE) else axis / 100 / SIGMAS_AT_95_RADIAL


def angle_deg(value: int) -> float:
    """Degrees of a heading or angle, in its own sense; NaN if unavailable."""
    return NAN if value == HEADING_UNAVAILABLE else value / 10


def turn_rad(value: int) -> float:
    """Radians of an angle in its own sense, within half a turn; NaN if unavailable."""
    return _TURNS_RAD[value]


def angle_sigma_rad(confidence: int) -> float:
    """One sigma of an angle's confidence; NaN if unavailable."""
    return _ANGLE_SIGMAS_RAD[confidence]


def speed_sigma_mps(confidence: int) -> float:
    """One sigma of a speed's confidence; NaN if unavailable."""
    return _SPEED_SIGMAS_MPS[confidence]


_AT_95 = [NAN, *(float(c) for c in range(1, CONFIDENCE_UNAVAILABLE)), NAN]
_ANGLE_SIGMAS_RAD = tuple(math.radians(c / 10) / SIGMAS_AT_95_AXIS for c in _AT_95)
_SPEED_SIGMAS_MPS = tuple(c / 100 / SIGMAS_AT_95_AXIS for c in _AT_95)
_TURNS_RAD = tuple(
    math.remainder(math.radians(angle_deg(value)), math.tau)
    for value in range(HEADING_UNAVAILABLE + 1)
)


def component_mps(value: int) -> float:
    """Metres a second of a speed or a component of one; NaN if unavailable or out of range."""
    return NAN if abs(value) >= SPEED_OUT_OF_RANGE else value / 100


def velocity_of(x: int, y: int) -> tuple[float, float]:
    """Velocity of two components, unknown if either is unavailable or out of range."""
    if abs(x) >= SPEED_OUT_OF_RANGE or abs(y) >= SPEED_OUT_OF_RANGE:
        return UNKNOWN_VELOCITY
    return x / 100, y / 100


_CLASS_OF_STATION = (
    ObjectClass.UNKNOWN,
    ObjectClass.PEDESTRIAN,
    ObjectClass.BICYCLE,
    ObjectClass.MOTORCYCLE,
    ObjectClass.MOTORCYCLE,
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.VAN,
    ObjectClass.TRUCK,
    ObjectClass.TRAILER,
    ObjectClass.UNKNOWN,
    ObjectClass.TRAM,
    ObjectClass.BICYCLE,
    ObjectClass.ANIMAL,
    ObjectClass.TRUCK,
)


def class_of_station(code: int) -> ObjectClass:
    """Class of a station type or traffic participant type; UNKNOWN where the table ends."""
    return _CLASS_OF_STATION[code] if code < len(_CLASS_OF_STATION) else ObjectClass.UNKNOWN

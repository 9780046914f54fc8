"""Units, sentinels and code tables that SAE J2735 and T/CSAE 53-2020 share.

| field | unit | unavailable |
|---|---|---|
| latitude, longitude | 1e-7 deg | 900000001, 1800000001 |
| elevation | 0.1 m | -4096 |
| speed | 0.02 m/s | 8191 |
| heading | 0.0125 deg, clockwise from true north | 28800 |
| width, length | cm | 0 |
| height | 5 cm | 0 |
| semi-axes of the accuracy, one sigma | 0.05 m | 255 (254 means 12.70 m or more) |
| orientation of the major axis, clockwise from north | 360/65535 deg | 65535 |

Confidence enumerations are bounds at 95 %: one axis sigma = c / 1.96, radial sigma = c / 2.4477
(the 95 % radius of a circular normal distribution is sqrt(-2 ln 0.05) sigma).
Divisions, not products with 0.02, so that both dialects of one message give the same double.
"""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from operators.decode.rows import NAN, UNKNOWN_COVARIANCE, UNKNOWN_VELOCITY
from operators.errors import DecodeError
from operators.frame import ObjectClass
from operators.reasons import Reason

V = TypeVar("V")

SIGMAS_AT_95_AXIS = 1.96
SIGMAS_AT_95_RADIAL = 2.4477

LATITUDE_UNAVAILABLE = 900_000_001
LONGITUDE_UNAVAILABLE = 1_800_000_001
ELEVATION_UNAVAILABLE = -4096
SPEED_UNAVAILABLE = 8191
HEADING_UNAVAILABLE = 28_800
AXIS_UNAVAILABLE = 255
ORIENTATION_UNAVAILABLE = 65_535

Latitude = Annotated[int, Meta(ge=-900_000_000, le=LATITUDE_UNAVAILABLE)]
Longitude = Annotated[int, Meta(ge=-1_800_000_000, le=LONGITUDE_UNAVAILABLE)]
Elevation = Annotated[int, Meta(ge=ELEVATION_UNAVAILABLE, le=61_439)]
Speed = Annotated[int, Meta(ge=0, le=SPEED_UNAVAILABLE)]
Heading = Annotated[int, Meta(ge=0, le=HEADING_UNAVAILABLE)]
SecondMark = Annotated[int, Meta(ge=0, le=65_535)]
WidthCm = Annotated[int, Meta(ge=0, le=1023)]
LengthCm = Annotated[int, Meta(ge=0, le=4095)]
Height5Cm = Annotated[int, Meta(ge=0, le=127)]


class Accuracy(msgspec.Struct, rename="camel"):
    """DF_PositionalAccuracy in the units of the standard."""

    semi_major: Annotated[int, Meta(ge=0, le=AXIS_UNAVAILABLE)] = AXIS_UNAVAILABLE
    semi_minor: Annotated[int, Meta(ge=0, le=AXIS_UNAVAILABLE)] = AXIS_UNAVAILABLE
    orientation: Annotated[int, Meta(ge=0, le=ORIENTATION_UNAVAILABLE)] = ORIENTATION_UNAVAILABLE


# DE_PositionConfidence, metres at 95 %; index 0 is unavailable.
POSITION_CONFIDENCE_M = (
    NAN, 500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01,
)  # fmt: skip
POSITION_CONFIDENCE_NAMES = (
    "unavailable", "a500m", "a200m", "a100m", "a50m", "a20m", "a10m", "a5m", "a2m", "a1m",
    "a50cm", "a20cm", "a10cm", "a5cm", "a2cm", "a1cm",
)  # fmt: skip
# DE_SpeedConfidence, m/s, and DE_HeadingConfidence, degrees, at 95 %.
SPEED_CONFIDENCE_MPS = (NAN, 100.0, 10.0, 5.0, 1.0, 0.1, 0.05, 0.01)
SPEED_CONFIDENCE_NAMES = (
    "unavailable", "prec100ms", "prec10ms", "prec5ms", "prec1ms", "prec0-1ms", "prec0-05ms",
    "prec0-01ms",
)  # fmt: skip
HEADING_CONFIDENCE_DEG = (NAN, 10.0, 5.0, 1.0, 0.1, 0.05, 0.01, 0.0125)
HEADING_CONFIDENCE_NAMES = (
    "unavailable", "prec10deg", "prec05deg", "prec01deg", "prec0-1deg", "prec0-05deg",
    "prec0-01deg", "prec0-0125deg",
)  # fmt: skip


def heading_from_north_rad(clockwise_deg: float) -> float:
    """Heading counter-clockwise from east, in [-pi, pi], of degrees clockwise from north."""
    return math.remainder(math.radians(90.0 - clockwise_deg), math.tau)


def velocity_mps(speed_mps: float, heading_rad: float) -> tuple[float, float]:
    """Velocity east and north; a standing object needs no heading."""
    if speed_mps == 0.0:
        return (0.0, 0.0)
    if math.isnan(speed_mps) or math.isnan(heading_rad):
        return UNKNOWN_VELOCITY
    return (speed_mps * math.cos(heading_rad), speed_mps * math.sin(heading_rad))


def isotropic_covariance_m2(sigma_m: float) -> tuple[float, float, float]:
    """Covariance of equal and independent axes; unknown if sigma is NaN."""
    if math.isnan(sigma_m):
        return UNKNOWN_COVARIANCE
    return (sigma_m * sigma_m, 0.0, sigma_m * sigma_m)


def ellipse_covariance_m2(
    major_m: float, minor_m: float, orientation_deg: float
) -> tuple[float, float, float]:
    """Covariance of an accuracy ellipse of one sigma (J2735 DF_PositionalAccuracy).

    Parameters
    ----------
    major_m, minor_m
        Semi-axes; NaN if unavailable.
    orientation_deg
        Of the major axis, clockwise from north; NaN if unavailable.

    Returns
    -------
    tuple of xx, xy, yy
        Without an orientation, or with one axis only: a circle of the larger known axis (real
        senders give a "minor" axis that is the larger).
    """
    if math.isnan(major_m) or math.isnan(minor_m):
        return isotropic_covariance_m2(minor_m if math.isnan(major_m) else major_m)
    if math.isnan(orientation_deg):
        return isotropic_covariance_m2(max(major_m, minor_m))
    sin, cos = math.sin(math.radians(orientation_deg)), math.cos(math.radians(orientation_deg))
    a2, b2 = major_m * major_m, minor_m * minor_m
    return (a2 * sin * sin + b2 * cos * cos, (a2 - b2) * sin * cos, a2 * cos * cos + b2 * sin * sin)


def accuracy_covariance_m2(given: Accuracy) -> tuple[float, float, float]:
    """Covariance of a DF_PositionalAccuracy, as `ellipse_covariance_m2` gives it."""
    turn = given.orientation
    return ellipse_covariance_m2(
        NAN if given.semi_major == AXIS_UNAVAILABLE else given.semi_major / 20,
        NAN if given.semi_minor == AXIS_UNAVAILABLE else given.semi_minor / 20,
        NAN if turn == ORIENTATION_UNAVAILABLE else turn * 360 / 65_535,
    )


class Codes(dict[int | str, V]):
    """Values of an enumeration by its numbers and by its names.

    Raises
    ------
    DecodeError
        At the look for one that the standard does not know: OUT_OF_RANGE.
    """

    def __missing__(self, code: int | str) -> V:
        msg = f"confidence {str(code)[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)


def _by_code(values: Iterable[V], names: tuple[str, ...]) -> Codes[V]:
    made: Codes[V] = Codes(enumerate(values))
    made.update({name: made[number] for number, name in enumerate(names)})
    return made


# What each confidence means as one sigma.
POSITION_COVARIANCE_M2 = _by_code(
    [isotropic_covariance_m2(c / SIGMAS_AT_95_RADIAL) for c in POSITION_CONFIDENCE_M],
    POSITION_CONFIDENCE_NAMES,
)
SPEED_SIGMA_MPS = _by_code(
    [c / SIGMAS_AT_95_AXIS for c in SPEED_CONFIDENCE_MPS], SPEED_CONFIDENCE_NAMES
)
HEADING_SIGMA_RAD = _by_code(
    [math.radians(c) / SIGMAS_AT_95_AXIS for c in HEADING_CONFIDENCE_DEG], HEADING_CONFIDENCE_NAMES
)


@lru_cache(maxsize=HEADING_UNAVAILABLE + 1)
def _course(heading: int) -> tuple[float, float, float]:
    """Heading counter-clockwise from east, its cosine and sine, of a raw heading."""
    turn = heading_from_north_rad(NAN if heading == HEADING_UNAVAILABLE else heading / 80)
    return turn, math.cos(turn), math.sin(turn)


def raw_motion(speed: int, heading: int) -> tuple[tuple[float, float], float]:
    """Velocity east and north in m/s, and the heading in radians, of a raw speed and heading."""
    turn, cos, sin = _course(heading)
    if speed == 0:
        return (0.0, 0.0), turn  # a standing object needs no heading
    if speed == SPEED_UNAVAILABLE:
        return UNKNOWN_VELOCITY, turn
    return (speed / 50 * cos, speed / 50 * sin), turn


def class_of_vehicle_class(code: int) -> ObjectClass:
    """Class of a DE_BasicVehicleClass code; UNKNOWN where the code says nothing finer.

    10-19 passenger, 20-24 light truck, 25-39 truck, 40-49 motorcycle, 50-59 transit (55 on rails),
    60-69 emergency, 81-85 pedestrian kinds (84 bicycle), 95 trailer.
    """
    return _CLASS_OF_CODE[code]


_BANDS = (
    (range(10, 20), ObjectClass.CAR),
    (range(20, 25), ObjectClass.VAN),
    (range(25, 40), ObjectClass.TRUCK),
    (range(40, 50), ObjectClass.MOTORCYCLE),
    (range(50, 60), ObjectClass.BUS),
    (range(55, 56), ObjectClass.TRAM),
    (range(60, 70), ObjectClass.EMERGENCY),
    (range(81, 86), ObjectClass.PEDESTRIAN),
    (range(84, 85), ObjectClass.BICYCLE),
    (range(95, 96), ObjectClass.TRAILER),
)
_CLASS_OF_CODE = [ObjectClass.UNKNOWN] * 256
for _codes, _class in _BANDS:
    _CLASS_OF_CODE[_codes.start : _codes.stop] = [_class] * len(_codes)

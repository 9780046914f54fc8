"""What the JPO-ODE writes in physical units (its schemas 6 and 8): positions and accuracies.

Degrees, metres and m/s; unavailable is null or left out, and a converted sentinel (90.0000001 deg,
12.75 m) is taken as unavailable too.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.j2735 import (
    AXIS_UNAVAILABLE,
    ELEVATION_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    ellipse_covariance_m2,
)
from operators.decode.rows import NAN, UNKNOWN_COVARIANCE

_LATITUDE_GONE_DEG = LATITUDE_UNAVAILABLE / 1e7
_LONGITUDE_GONE_DEG = LONGITUDE_UNAVAILABLE / 1e7
_AXIS_GONE_M = AXIS_UNAVAILABLE / 20
_ELEVATION_GONE_M = ELEVATION_UNAVAILABLE / 10

_AxisM = Annotated[float, Meta(ge=0.0, le=_AXIS_GONE_M)]


class PositionSi(msgspec.Struct, rename="camel"):
    """A position in degrees and metres."""

    latitude: Annotated[float, Meta(ge=-90.0, le=_LATITUDE_GONE_DEG)] | None = None
    longitude: Annotated[float, Meta(ge=-180.0, le=_LONGITUDE_GONE_DEG)] | None = None
    elevation: Annotated[float, Meta(ge=_ELEVATION_GONE_M, le=6143.9)] | None = None

    def place(self) -> tuple[float, float, float] | None:
        """Longitude, latitude and elevation; None if unavailable."""
        lon, lat = self.longitude, self.latitude
        if lon is None or lat is None or lat == _LATITUDE_GONE_DEG or lon == _LONGITUDE_GONE_DEG:
            return None
        return lon, lat, NAN if self.elevation == _ELEVATION_GONE_M else or_nan(self.elevation)


class AccuracySi(msgspec.Struct, rename="camel"):
    """An accuracy of one sigma in metres, its orientation in degrees clockwise from north."""

    semi_major: _AxisM | None = None
    semi_minor: _AxisM | None = None
    orientation: Annotated[float, Meta(ge=0.0, le=360.0)] | None = None


def covariance_si_m2(given: AccuracySi | None) -> tuple[float, float, float]:
    """Covariance of an accuracy, unknown if none is given."""
    if given is None:
        return UNKNOWN_COVARIANCE
    return ellipse_covariance_m2(
        NAN if given.semi_major == _AXIS_GONE_M else or_nan(given.semi_major),
        NAN if given.semi_minor == _AXIS_GONE_M else or_nan(given.semi_minor),
        NAN if given.orientation == 360.0 else or_nan(given.orientation),
    )


def or_nan(value: float | None) -> float:
    """`value`, NaN for None."""
    return NAN if value is None else value

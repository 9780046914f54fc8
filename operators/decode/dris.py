"""What the dialects of Huawei Cloud's DRIS (digital road infrastructure service) share.

The service documents positions as degrees with 7 decimals, while its samples of the same fields
hold 1e-7 degrees: a number beyond the degrees that exist is taken for the latter. No other place
could be meant, but one within 10 m of the equator and 20 m of the zero meridian.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
)
from operators.decode.rsm_position import Position

_PER_DEGREE = 10_000_000
_LATITUDE_GONE_DEG = LATITUDE_UNAVAILABLE / _PER_DEGREE
_LONGITUDE_GONE_DEG = LONGITUDE_UNAVAILABLE / _PER_DEGREE


class PositionDris(msgspec.Struct):
    """A position in degrees or 1e-7 degrees, the elevation in decimetres."""

    lat: Annotated[float, Meta(ge=-900_000_000, le=LATITUDE_UNAVAILABLE)]
    lon: Annotated[float, Meta(ge=-1_800_000_000, le=LONGITUDE_UNAVAILABLE)]
    ele: Annotated[float, Meta(ge=ELEVATION_UNAVAILABLE, le=61_439)] | None = None

    def raw(self) -> Position:
        """Return it in the units of the standard."""
        ele = None if self.ele is None else round(self.ele)
        if abs(self.lat) <= _LATITUDE_GONE_DEG and abs(self.lon) <= _LONGITUDE_GONE_DEG:
            return Position(round(self.lat * _PER_DEGREE), round(self.lon * _PER_DEGREE), ele)
        return Position(round(self.lat), round(self.lon), ele)


class ConfidenceDris(msgspec.Struct):
    """Position confidence of what the service forwards."""

    position_confidence: Annotated[int, Meta(ge=0, le=15)] = 0


class VehicleClassDris(msgspec.Struct):
    """Vehicle class under either of its names."""

    classification: Annotated[int, Meta(ge=0, le=255)] = 0
    basic_vehicle_class: Annotated[int, Meta(ge=0, le=255)] = 0

    def code(self) -> int:
        """DE_BasicVehicleClass, 0 if unknown."""
        return self.classification or self.basic_vehicle_class

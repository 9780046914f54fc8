"""What the dialects of Huawei Cloud's DRIS (digital road infrastructure service) share.

Units write names in camel case; what the service forwards is in snake case, in a ``body``.

The service documents positions as degrees with 7 decimals, while its samples of the same fields
hold 1e-7 degrees: a number beyond the degrees that exist is taken for the latter. No other place
could be meant, but one within 10 m of the equator and 20 m of the zero meridian.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
)
from operators.decode.json_text import read_json
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


_ANY = msgspec.json.Decoder()


def as_a_unit_writes(payload: bytes) -> Any:
    """Content of a JSON message with its names in camel case.

    For messages that come once a second: those of many objects are read as what they are.

    Raises
    ------
    DecodeError
        The reasons of `json_text.read_json` for a text that is no JSON.
    """
    return _camel(read_json(_ANY, payload))


def _camel(value: Any) -> Any:
    """Keys at any depth; the guard in front of each adapter bounds how deep that is."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if isinstance(value, dict):
        return {_camel_name(name): _camel(one) for name, one in value.items()}
    return value


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)

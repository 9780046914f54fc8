"""Position of an RSM participant: absolute, or one of six widths of offset from refPos.

T/CSAE 53-2020 DF_PositionOffsetLLV: `offsetLL` is a choice of position-LL1 to LL6 (12, 14, 16, 18,
22 or 24 bits, two's complement, 1e-7 deg) or position-LatLon; `offsetV` of offset1 to offset6
(7 to 12 bits, 0.1 m) or elevation. The choice's name is the only key of its map.
"""

import msgspec

from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    Elevation,
    Latitude,
    Longitude,
)
from operators.decode.rows import NAN
from operators.errors import DecodeError
from operators.reasons import Reason

_BITS = {f"position-LL{k}": bits for k, bits in enumerate((12, 14, 16, 18, 22, 24), 1)}
_VERTICAL_BITS = {f"offset{k}": bits for k, bits in enumerate((7, 8, 9, 10, 11, 12), 1)}
_MAX_LATITUDE = LATITUDE_UNAVAILABLE - 1
_MAX_LONGITUDE = LONGITUDE_UNAVAILABLE - 1


class Place(msgspec.Struct):
    """Absolute position (DF_Position3D)."""

    lat: Latitude
    lon: Longitude
    ele: Elevation | None = None


class _LatLon(msgspec.Struct):
    lat: Latitude
    lon: Longitude


class Position(msgspec.Struct):
    """A participant's `pos` in either form."""

    lat: Latitude | None = None
    lon: Longitude | None = None
    ele: Elevation | None = None
    offset_ll: dict[str, _LatLon] | None = msgspec.field(name="offsetLL", default=None)
    offset_v: dict[str, Elevation] | None = msgspec.field(name="offsetV", default=None)


def resolve(pos: Position, origin: Place | None) -> tuple[int, int, float] | None:
    """Longitude and latitude in 1e-7 deg and elevation in metres; None if unavailable.

    Raises
    ------
    DecodeError
        MISSING_FIELD without any position or without the refPos it is relative to; OUT_OF_RANGE
        for an offset beyond its width or the globe.
    """
    if pos.offset_ll is not None:
        return _from_offset(pos.offset_ll, pos.offset_v, origin)
    if pos.lat is None or pos.lon is None:
        raise DecodeError(Reason.MISSING_FIELD, "pos has neither lat and lon nor offsetLL")
    if pos.lat == LATITUDE_UNAVAILABLE or pos.lon == LONGITUDE_UNAVAILABLE:
        return None
    return pos.lon, pos.lat, _elevation_m(pos.ele)


def _from_offset(
    offset: dict[str, _LatLon], vertical: dict[str, int] | None, origin: Place | None
) -> tuple[int, int, float] | None:
    if len(offset) != 1:
        msg = f"offsetLL holds {len(offset)} choices"
        raise DecodeError(Reason.MALFORMED, msg)
    ((choice, step),) = offset.items()
    height_m = _height_m(vertical, origin)
    if choice == "position-LatLon":
        gone = step.lat == LATITUDE_UNAVAILABLE or step.lon == LONGITUDE_UNAVAILABLE
        return None if gone else (step.lon, step.lat, height_m)
    _check_width(choice, _BITS, step.lat)
    _check_width(choice, _BITS, step.lon)
    if origin is None:
        raise DecodeError(Reason.MISSING_FIELD, "an offset position needs refPos")
    if origin.lat == LATITUDE_UNAVAILABLE or origin.lon == LONGITUDE_UNAVAILABLE:
        return None
    lat, lon = origin.lat + step.lat, origin.lon + step.lon
    if abs(lat) > _MAX_LATITUDE or abs(lon) > _MAX_LONGITUDE:
        msg = f"refPos plus offset is {lat}, {lon}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return lon, lat, height_m


def _height_m(vertical: dict[str, int] | None, origin: Place | None) -> float:
    if not vertical:
        return NAN
    choice, step = next(iter(vertical.items()))
    if choice == "elevation":
        return _elevation_m(step)
    _check_width(choice, _VERTICAL_BITS, step)
    base_m = NAN if origin is None else _elevation_m(origin.ele)
    return base_m + step / 10


def _elevation_m(raw: int | None) -> float:
    return NAN if raw is None or raw == ELEVATION_UNAVAILABLE else raw / 10


def _check_width(choice: str, widths: dict[str, int], value: int) -> None:
    bits = widths.get(choice)
    if bits is None or not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        msg = f"{choice[:40]} {value}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)

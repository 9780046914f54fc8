"""Format `recording.json`: one line of the station's own Recording files.

``{"source", "event_time_us", "receive_time_us", "frame", "objects": [...]}``; times are UTC
microseconds since 1970. `frame` is

* ``local``: x, y, z in metres, the centre of the box, z up; heading counter-clockwise from +x; in
  axes of its own, or in the metric frame that the source's entry declares;
* ``wgs84``: `lat_deg`, `lon_deg`, `alt_m` (WGS-84, height above the ellipsoid); heading
  **clockwise from north**.

Velocities `vx`, `vy` (m/s) and `position_cov` (m^2, row-major, 4 or 9 numbers, one sigma) are
along x and y, or east and north. `class` is a name of `operators.frame.ObjectClass` in any case,
anything else is UNKNOWN; `flags` are names of `ObjectFlag`, others are passed over. `score` is
kept as it is. Missing or null fields are unknown; an object without a position is refused; a
covariance that cannot be one is unknown. The receive time of the line is for the replay: the
record's own counts.
"""

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from operators.decode.carma_objects import valid_covariance
from operators.decode.decoded import Decoded, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import heading_from_north_rad
from operators.decode.json_text import read_json
from operators.decode.rows import (
    NAN,
    UNKNOWN_COVARIANCE,
    UNKNOWN_VELOCITY,
    FrameRows,
    decoded,
    id_hash,
)
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.reasons import Reason

_Metres = Annotated[float, Meta(ge=-1e8, le=1e8)]  # an easting with its zone: 39 500 000
_Mps = Annotated[float, Meta(ge=-500.0, le=500.0)]
_Extent = Annotated[float, Meta(ge=0.0, le=1000.0)]
_Heading = Annotated[float, Meta(ge=-720.0, le=720.0)]
_Score = Annotated[float, Meta(ge=-1e9, le=1e9)]
_Entry = Annotated[float, Meta(ge=-1e9, le=1e9)]
_Microseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_999_999)]

_CLASS_OF_NAME = {c.name: c for c in ObjectClass}
_FLAG_OF_NAME = {f.name: int(f) for f in ObjectFlag}


class _Object(msgspec.Struct):
    x: _Metres | None = None
    y: _Metres | None = None
    z: _Metres | None = None
    lat_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] | None = None
    lon_deg: Annotated[float, Meta(ge=-180.0, le=180.0)] | None = None
    alt_m: _Metres | None = None
    heading_rad: _Heading | None = None
    length_m: _Extent | None = None
    width_m: _Extent | None = None
    height_m: _Extent | None = None
    score: _Score | None = None
    class_name: str | None = msgspec.field(name="class", default=None)
    local_id: str | int | None = None
    vx: _Mps | None = None
    vy: _Mps | None = None
    position_cov: Annotated[list[_Entry], Meta(max_length=9)] | None = None
    flags: list[str] | None = None


class _Line(msgspec.Struct):
    source: str
    event_time_us: _Microseconds
    frame: Literal["local", "wgs84"]
    objects: list[_Object]


_DECODER = msgspec.json.Decoder(_Line)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one line.

    Raises
    ------
    DecodeError
        UNAVAILABLE if no object has a position, and the reasons of `json_text.read_json`.
    """
    line = read_json(_DECODER, payload)
    check_objects(len(line.objects))
    local = line.frame == "local"
    rows = FrameRows()
    for index, one in enumerate(line.objects):
        _add(rows, index, one, local)
    space = Space.LOCAL if local else Space.GEOGRAPHIC
    return decoded([rows.frame(line.source or None, line.event_time_us, 0, space)])


def _or_nan(value: float | None) -> float:
    return NAN if value is None else value


def _add(rows: FrameRows, index: int, one: _Object, local: bool) -> None:
    first, second, z_m = (one.x, one.y, one.z) if local else (one.lon_deg, one.lat_deg, one.alt_m)
    if first is None or second is None:
        rows.refused += 1
        return
    still = one.vx is None or one.vy is None
    rows.add(
        index,
        first,
        second,
        z_m=_or_nan(z_m),
        covariance_m2=_covariance_m2(one.position_cov),
        velocity_mps=UNKNOWN_VELOCITY if still else (_or_nan(one.vx), _or_nan(one.vy)),
        heading_rad=_heading_rad(one.heading_rad, local),
        size_m=(_or_nan(one.length_m), _or_nan(one.width_m), _or_nan(one.height_m)),
        score=_or_nan(one.score),
        object_class=_CLASS_OF_NAME.get((one.class_name or "").upper(), ObjectClass.UNKNOWN),
        flags=_flags(one.flags),
        local_id=0 if one.local_id is None else id_hash(str(one.local_id)),
    )


def _flags(names: list[str] | None) -> int:
    made = 0
    for name in names or ():
        made |= _FLAG_OF_NAME.get(name.upper(), 0)
    return made


def _heading_rad(given_rad: float | None, local: bool) -> float:
    if given_rad is None:
        return NAN
    return given_rad if local else heading_from_north_rad(math.degrees(given_rad))


def _covariance_m2(entries: list[float] | None) -> tuple[float, float, float]:
    if entries is None:
        return UNKNOWN_COVARIANCE
    if len(entries) == 4:
        return valid_covariance(*entries)
    if len(entries) == 9:
        return valid_covariance(entries[0], entries[1], entries[3], entries[4])
    msg = f"position_cov has {len(entries)} numbers, not 4 or 9"
    raise DecodeError(Reason.WRONG_TYPE, msg)

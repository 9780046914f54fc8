"""Format `carma.objects.json`: one detected object of CARMA Streets.

One object a message, so one frame a message. Metres in the sensor's own frame, x east, y north, z
up (the service states that it takes detections as ENU): LOCAL, the source's entry gives the place
of the sensor. The source id is `sensorId`. `type` is a name, `confidence` 0 to 1, `size` in metres,
`velocity` in m/s along the same axes; there is no heading.

`timestamp` is in milliseconds of the deployment's clock. On the road that is UTC since 1970; in a
simulation it counts from the start of the run (the samples say 1230). A value below 1e12
(September 2001) names no instant, so the event time is None.

`positionCovariance` is 3 x 3. It counts where the xy block can be a covariance: symmetric, of
positive variances and not degenerate. All zeros is CARMA's "unknown". The samples' matrix has
three equal rows (1, 0, 0), which is not symmetric and claims no error in y: it is unknown here,
and the source's declared accuracy stands in. Of `velocityCovariance` the larger of the first two
variances gives the speed sigma, under the same rule. Dropped: angular velocity, projection text.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, Space
from operators.decode.json_text import read_json
from operators.decode.rows import (
    NAN,
    UNKNOWN_COVARIANCE,
    UNKNOWN_VELOCITY,
    FrameRows,
    decoded,
    id_hash,
)
from operators.frame import ObjectClass

_FIRST_EPOCH_MS = 1_000_000_000_000

_Metres = Annotated[float, Meta(ge=-100_000.0, le=100_000.0)]
_Mps = Annotated[float, Meta(ge=-200.0, le=200.0)]
_Extent = Annotated[float, Meta(ge=0.0, le=100.0)]
_Entry = Annotated[float, Meta(ge=-1e9, le=1e9)]
_Row = tuple[_Entry, _Entry, _Entry]
Matrix = tuple[_Row, _Row, _Row]

_CLASS_OF_TYPE = {
    "CAR": ObjectClass.CAR,
    "VAN": ObjectClass.VAN,
    "TRUCK": ObjectClass.TRUCK,
    "BUS": ObjectClass.BUS,
    "MOTORCYCLE": ObjectClass.MOTORCYCLE,
    "CYCLIST": ObjectClass.BICYCLE,
    "PEDESTRIAN": ObjectClass.PEDESTRIAN,
    "ANIMAL": ObjectClass.ANIMAL,
}


class _Vector(msgspec.Struct):
    x: _Metres
    y: _Metres
    z: _Metres = NAN


class _Velocity(msgspec.Struct):
    x: _Mps
    y: _Mps


class _Size(msgspec.Struct):
    length: _Extent = 0.0
    width: _Extent = 0.0
    height: _Extent = 0.0


class _Object(msgspec.Struct, rename="camel"):
    type: str
    sensor_id: str
    object_id: int | str
    position: _Vector
    timestamp: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    confidence: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    position_covariance: Matrix | None = None
    velocity: _Velocity | None = None
    velocity_covariance: Matrix | None = None
    size: _Size | None = None


_DECODER = msgspec.json.Decoder(_Object)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one detected object.

    Raises
    ------
    DecodeError
        The reasons of `json_text.read_json`.
    """
    one = read_json(_DECODER, payload)
    size = one.size or _Size()
    rows = FrameRows()
    rows.add(
        0,
        one.position.x,
        one.position.y,
        z_m=one.position.z,
        covariance_m2=planar_covariance(one.position_covariance),
        velocity_mps=(one.velocity.x, one.velocity.y) if one.velocity else UNKNOWN_VELOCITY,
        speed_sigma_mps=_speed_sigma_mps(one.velocity_covariance),
        size_m=(size.length, size.width, size.height),
        score=NAN if one.confidence is None else one.confidence,
        object_class=_CLASS_OF_TYPE.get(one.type.upper(), ObjectClass.UNKNOWN),
        local_id=id_hash(str(one.object_id)),
    )
    event_time_us = one.timestamp * 1000 if one.timestamp >= _FIRST_EPOCH_MS else None
    return decoded([rows.frame(one.sensor_id or None, event_time_us, 0, Space.LOCAL)])


def planar_covariance(matrix: Matrix | None) -> tuple[float, float, float]:
    """Return xx, xy and yy of a 3 x 3 covariance; NaN where it cannot be one."""
    if matrix is None:
        return UNKNOWN_COVARIANCE
    (xx, xy, _), (yx, yy, _), _ = matrix
    return valid_covariance(xx, xy, yx, yy)


def valid_covariance(xx: float, xy: float, yx: float, yy: float) -> tuple[float, float, float]:
    """Return xx, xy and yy if they are symmetric and positive definite, else NaN."""
    symmetric = math.isclose(xy, yx, rel_tol=1e-6, abs_tol=1e-9)
    if not symmetric or xx <= 0.0 or yy <= 0.0 or xx * yy <= xy * xy:
        return UNKNOWN_COVARIANCE
    return (xx, xy, yy)


def _speed_sigma_mps(matrix: Matrix | None) -> float:
    xx, _, yy = planar_covariance(matrix)
    return math.sqrt(max(xx, yy))

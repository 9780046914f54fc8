"""Format `bsm.csae.json`: Basic Safety Message of T/CSAE 53-2020 (YD/T 3709) in JSON.

The field names of the standard's ASN.1, one message a record, in raw units (`j2735`).

| field | unit | note |
|---|---|---|
| id | 8 octets, rotates | local id; the payload names no sender that lasts |
| secMark | ms of the minute, completed at the receive time | 60000 and more: no instant |
| pos | lat, long, elevation (also lon, ele): 1e-7 deg, 0.1 m | the vehicle's centre |
| posAccuracy | ellipse of **one sigma**, 0.05 m, 360/65535 deg | counts before posConfidence |
| posConfidence | 0-15 or `a500m` ... `a1cm`, **95 %** radius | sigma = c / 2.4477 |
| speed, heading | 0.02 m/s, 0.0125 deg clockwise from north | of the motion |
| motionCfd | speedCfd, headingCfd, 95 % of one axis | sigma = c / 1.96 |
| size | width, length cm; height 5 cm | 0 unknown |
| vehicleClass | 0-255 or `{classification}` | class |

Flags (`j2735_flags`): brakes with `brakePadel` (spelt so in the standard), reverse gear, safetyExt
events and lights, emergencyExt siren, light bar and kind of response. Dropped: msgCnt,
accelerations, steering, timeConfidence, path history and prediction, plate, kind of fuel.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString, flags_of
from operators.decode.decoded import Decoded
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_SIGMA_RAD,
    HEADING_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    SPEED_SIGMA_MPS,
    SPEED_UNAVAILABLE,
    Accuracy,
    Elevation,
    Heading,
    Latitude,
    Longitude,
    SecondMark,
    Speed,
    accuracy_covariance_m2,
    class_of_vehicle_class,
)
from operators.decode.j2735_flags import (
    EVENTS,
    LIGHTS,
    Brakes,
    Code,
    Emergency,
    flags_of_brakes,
    flags_of_emergency,
    is_reverse,
)
from operators.decode.json_text import read_json
from operators.decode.rows import NAN
from operators.decode.rsm_participant import (
    Confidence,
    Motion,
    PositionConfidence,
    Size,
    VehicleClass,
    position_covariance_m2,
)
from operators.decode.self_report import self_report
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.normalise.event_time import second_of_minute_us
from operators.reasons import Reason


class _Position(msgspec.Struct):
    lat: Latitude
    long: Longitude | None = None
    lon: Longitude | None = None
    elevation: Elevation = ELEVATION_UNAVAILABLE
    ele: Elevation = ELEVATION_UNAVAILABLE


class _Safety(msgspec.Struct):
    events: BitString | None = None
    lights: BitString | None = None


class _Bsm(msgspec.Struct, rename="camel"):
    id: str
    pos: _Position
    sec_mark: SecondMark
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    pos_accuracy: Accuracy | None = None
    pos_confidence: PositionConfidence | Confidence | None = None
    motion_cfd: Motion = msgspec.field(default_factory=Motion)
    transmission: Code | None = None
    brakes: Brakes | None = None
    size: Size = msgspec.field(default_factory=Size)
    vehicle_class: VehicleClass | Annotated[int, Meta(ge=0, le=255)] = 0
    safety_ext: _Safety = msgspec.field(default_factory=_Safety)
    emergency_ext: Emergency | None = None


_DECODER = msgspec.json.Decoder(_Bsm)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one BSM.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a position, OUT_OF_RANGE for a name that the standard does not know,
        and the reasons of `json_text.read_json`.
    """
    bsm = read_json(_DECODER, payload)
    motion = bsm.motion_cfd
    return self_report(
        bsm.id,
        second_of_minute_us(bsm.sec_mark, anchor_us),
        _place(bsm.pos),
        covariance_m2=_covariance_m2(bsm),
        speed_mps=NAN if bsm.speed == SPEED_UNAVAILABLE else bsm.speed / 50,
        speed_sigma_mps=SPEED_SIGMA_MPS[motion.speed_cfd],
        heading_deg=NAN if bsm.heading == HEADING_UNAVAILABLE else bsm.heading / 80,
        heading_sigma_rad=HEADING_SIGMA_RAD[motion.heading_cfd],
        size_m=bsm.size.metres(),
        object_class=_class_of(bsm),
        flags=_flags(bsm),
    )


def _place(at: _Position) -> tuple[float, float, float] | None:
    long = at.lon if at.long is None else at.long
    if long is None:
        raise DecodeError(Reason.MISSING_FIELD, "pos has neither long nor lon")
    if at.lat == LATITUDE_UNAVAILABLE or long == LONGITUDE_UNAVAILABLE:
        return None
    level = at.ele if at.elevation == ELEVATION_UNAVAILABLE else at.elevation
    return long / 1e7, at.lat / 1e7, NAN if level == ELEVATION_UNAVAILABLE else level / 10


def _covariance_m2(bsm: _Bsm) -> tuple[float, float, float]:
    if bsm.pos_accuracy is not None:
        ellipse = accuracy_covariance_m2(bsm.pos_accuracy)
        if not math.isnan(ellipse[0]):
            return ellipse
    return position_covariance_m2(bsm.pos_confidence)


def _class_of(bsm: _Bsm) -> ObjectClass:
    given = bsm.vehicle_class
    return class_of_vehicle_class(
        given.classification if isinstance(given, VehicleClass) else given
    )


def _flags(bsm: _Bsm) -> int:
    made = flags_of_brakes(bsm.brakes) | flags_of_emergency(bsm.emergency_ext)
    made |= flags_of(bsm.safety_ext.events, EVENTS) | flags_of(bsm.safety_ext.lights, LIGHTS)
    return made | (ObjectFlag.REVERSING if is_reverse(bsm.transmission) else 0)

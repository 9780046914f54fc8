"""Format `bsm.dris.json`: vehicle messages in the dialect of Huawei Cloud's DRIS.

Either as a vehicle's unit sends it (`oc/devices/{vehicle_id}/user/obu/bsm/up`) or as the service
forwards it on topic `v2x-v1-bsm`, ``{"header", "body": {...}}``; snake case, raw units of the
standard (`bsm_csae`) but for:

| field | meaning |
|---|---|
| time_stamp | ISO 8601 in UTC, whole: needs no receive time |
| pos | degrees or 1e-7 degrees (`dris`), ele in 0.1 m |
| pos_confidence | 0-15 from a vehicle, a map when forwarded: 95 % radius |
| brakes.wheel_brakes | a list: unavailable, left front, left rear, right front, right rear |
| brakes.brake_pedal | 0 unavailable, 1 off, 2 on |

`vehicle_id` is the local id; it rotates when forwarded, so it is no source id. What a roadside unit
passes on (`bsmDatas`) is not read: its speed is documented as km/h, its sample says 3000.
Dropped: as in `bsm_csae`.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString
from operators.decode.decoded import Decoded
from operators.decode.dris import ConfidenceDris, PositionDris, VehicleClassDris
from operators.decode.j2735 import (
    HEADING_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Accuracy,
    Heading,
    Speed,
    accuracy_covariance_m2,
    class_of_vehicle_class,
)
from operators.decode.j2735_flags import Brakes, Code, flags_of_brakes, is_reverse
from operators.decode.json_text import read_json
from operators.decode.rows import NAN
from operators.decode.rsm_participant import Size, position_covariance_m2
from operators.decode.rsm_position import resolve
from operators.decode.self_report import self_report
from operators.errors import DecodeError
from operators.frame import ObjectFlag
from operators.normalise.event_time import instant_us
from operators.reasons import Reason


class _Brakes(msgspec.Struct):
    wheel_brakes: BitString | None = None
    brake_pedal: Code | None = None
    traction: Code | None = None
    abs: Code | None = None
    scs: Code | None = None


class _Bsm(msgspec.Struct):
    vehicle_id: str
    time_stamp: str
    pos: PositionDris
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    pos_accuracy: Accuracy | None = None
    pos_confidence: ConfidenceDris | Annotated[int, Meta(ge=0, le=15)] = 0
    transmission: Code | None = None
    brakes: _Brakes = msgspec.field(default_factory=_Brakes)
    size: Size = msgspec.field(default_factory=Size)
    vehicle_class: VehicleClassDris = msgspec.field(default_factory=VehicleClassDris)


class _Forwarded(msgspec.Struct):
    body: _Bsm | None = None


_BARE = msgspec.json.Decoder(_Bsm)
_FORWARDED = msgspec.json.Decoder(_Forwarded)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; the anchor is not needed.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a position, OUT_OF_RANGE for a time that is none, and the reasons of
        `json_text.read_json`.
    """
    bsm = read_json(_FORWARDED, payload).body or read_json(_BARE, payload)
    event_time_us = instant_us(bsm.time_stamp)
    if event_time_us is None:
        msg = f"time_stamp {bsm.time_stamp[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    place = resolve(bsm.pos.raw(), None)
    return self_report(
        bsm.vehicle_id,
        event_time_us,
        None if place is None else (place[0] / 1e7, place[1] / 1e7, place[2]),
        covariance_m2=_covariance_m2(bsm),
        speed_mps=NAN if bsm.speed == SPEED_UNAVAILABLE else bsm.speed / 50,
        heading_deg=NAN if bsm.heading == HEADING_UNAVAILABLE else bsm.heading / 80,
        size_m=bsm.size.metres(),
        object_class=class_of_vehicle_class(bsm.vehicle_class.code()),
        flags=_flags(bsm),
    )


def _covariance_m2(bsm: _Bsm) -> tuple[float, float, float]:
    if bsm.pos_accuracy is not None:
        return accuracy_covariance_m2(bsm.pos_accuracy)
    given = bsm.pos_confidence
    code = given.position_confidence if isinstance(given, ConfidenceDris) else given
    return position_covariance_m2(code)


def _flags(bsm: _Bsm) -> int:
    told = bsm.brakes
    brakes = Brakes(told.wheel_brakes, told.brake_pedal, told.traction, told.abs, told.scs)
    return flags_of_brakes(brakes) | (ObjectFlag.REVERSING if is_reverse(bsm.transmission) else 0)

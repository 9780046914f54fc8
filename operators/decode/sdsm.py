"""Formats `sdsm.json`, `sdsm.enu.json`, `sdsm.carma.json`: SAE J3224 Sensor Data Sharing Message.

As the JPO-ODE writes it, `payload.data.value.SensorDataSharingMessage`, in the raw units of the
standard (schema 8 and later alike).

| field | unit | unavailable |
|---|---|---|
| sDSMTimeStamp | `j3224_time` | then the receive time counts |
| refPos lat, long, elevation | `j2735` | 900000001, 1800000001; left out or -4096 |
| refPosXYConf | ellipse of one sigma, 0.05 m, 360/65535 deg | 255, 65535 |
| pos offsetX, offsetY, offsetZ | 0.1 m from refPos, +-32767 | offsetZ left out |
| posConfidence.pos | a500m ... a1cm, 95 % radius: sigma = c / 2.4477 | unavailable |
| measurementTime | ms from the time stamp, +-1500 | - |
| speed, heading, size | `j2735`; heading clockwise from north, of the motion | `j2735` |
| speedConfidence, headingConf | 95 % of one axis: sigma = c / 1.96 | unavailable |
| objTypeCfd | % | 101 |
| detObst.obstSize | 0.1 m | 0 |
| detVeh.lights | `j2735_flags` | left out |

Public senders do not agree on the axes, nor on the sign of measurementTime, and the payload does
not tell; so each reading is a format, which the source's entry or a header names:

| format | offsetX, Y, Z | measurementTime +100 is | as in |
|---|---|---|---|
| `sdsm.json` | north, east, down | 100 ms after the stamp | CARMA Platform's decoder |
| `sdsm.enu.json` | east, north, up | 100 ms after the stamp | a vendor's sender for units |
| `sdsm.carma.json` | north, east, down | 100 ms **before** the stamp | CARMA Streets' encoder |

A source that is read with the wrong sign shows as objects that were measured after the receipt.

The event time is the lower median of the objects' instants, as with `rsm`. The error of an object
is its own and that of the reference position, so their covariances add up. Objects come out of
the sender's tracker: `FILTERED`. The sourceID of a roadside unit lasts and is the payload's name of
its sender; those of vehicles rotate, so the gateway is the source. Dropped: msgCnt, accelerations,
vertical speed, attitude, confidences of sizes and of elevation.
"""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString, flags_of
from operators.decode.decoded import Adapter, Decoded, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_SIGMA_RAD,
    HEADING_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    POSITION_COVARIANCE_M2,
    SPEED_SIGMA_MPS,
    SPEED_UNAVAILABLE,
    Accuracy,
    Elevation,
    Heading,
    Height5Cm,
    Latitude,
    LengthCm,
    Longitude,
    Speed,
    WidthCm,
    accuracy_covariance_m2,
    class_of_vehicle_class,
    raw_motion,
)
from operators.decode.j2735_flags import LIGHTS
from operators.decode.j3224_time import DateTime, instant_us
from operators.decode.json_text import read_json
from operators.decode.offsets import Origin, summed_m2
from operators.decode.rows import NAN, UNKNOWN_SIZE, FrameRows, decoded, id_hash, lower_median
from operators.errors import DecodeError
from operators.frame import FrameFlag, ObjectClass
from operators.reasons import Reason

_CONFIDENCE_UNAVAILABLE = 101

_Distance = Annotated[int, Meta(ge=-32_767, le=32_767)]
_Confidence = Annotated[int, Meta(ge=0, le=15)] | str
_Precision = Annotated[int, Meta(ge=0, le=7)] | str
_Extent10Cm = Annotated[int, Meta(ge=0, le=1023)]


class _Place(msgspec.Struct):
    lat: Latitude
    long: Longitude
    elevation: Elevation = ELEVATION_UNAVAILABLE


class _Offset(msgspec.Struct, rename="camel"):
    offset_x: _Distance
    offset_y: _Distance
    offset_z: _Distance | None = None


class _PositionConfidence(msgspec.Struct):
    pos: _Confidence = 0


class _Common(msgspec.Struct, rename="camel"):
    obj_type: Literal["unknown", "vehicle", "vru", "animal"]
    object_id: Annotated[int, Meta(ge=0, le=65_535)] = msgspec.field(name="objectID")
    measurement_time: Annotated[int, Meta(ge=-1500, le=1500)]
    pos: _Offset
    obj_type_cfd: Annotated[int, Meta(ge=0, le=_CONFIDENCE_UNAVAILABLE)] = _CONFIDENCE_UNAVAILABLE
    pos_confidence: _PositionConfidence = msgspec.field(default_factory=_PositionConfidence)
    speed: Speed = SPEED_UNAVAILABLE
    speed_confidence: _Precision = 0
    heading: Heading = HEADING_UNAVAILABLE
    heading_conf: _Precision = 0


class _Size(msgspec.Struct):
    width: WidthCm = 0
    length: LengthCm = 0


class _Vehicle(msgspec.Struct, rename="camel"):
    size: _Size | None = None
    height: Height5Cm = 0
    vehicle_class: Annotated[int, Meta(ge=0, le=255)] = 0
    lights: BitString | None = None


class _Walker(msgspec.Struct, rename="camel"):
    basic_type: str = ""


class _Extents(msgspec.Struct):
    width: _Extent10Cm = 0
    length: _Extent10Cm = 0
    height: _Extent10Cm = 0


class _Obstacle(msgspec.Struct, rename="camel"):
    obst_size: _Extents


class _Options(msgspec.Struct, rename="camel"):
    det_veh: _Vehicle | None = None
    det_vru: _Walker | None = msgspec.field(name="detVRU", default=None)
    det_obst: _Obstacle | None = None


class _Detected(msgspec.Struct, rename="camel"):
    det_obj_common: _Common
    det_obj_opt_data: _Options | None = None


class _Message(msgspec.Struct, rename="camel"):
    source_id: str = msgspec.field(name="sourceID")
    equipment_type: Literal["unknown", "rsu", "obu", "vru"]
    time: DateTime = msgspec.field(name="sDSMTimeStamp")
    ref_pos: _Place
    objects: list[_Detected]
    ref_pos_xy_conf: Accuracy = msgspec.field(name="refPosXYConf", default_factory=Accuracy)


class _Value(msgspec.Struct, rename="pascal"):
    sensor_data_sharing_message: _Message | None = None


class _Data(msgspec.Struct):
    value: _Value | None = None


class _Payload(msgspec.Struct):
    data: _Data


class _Record(msgspec.Struct):
    payload: _Payload


_DECODER = msgspec.json.Decoder(_Record)
_NO_OPTIONS = _Options()
_CLASS_OF_TYPE = {
    "unknown": ObjectClass.UNKNOWN,
    "vehicle": ObjectClass.CAR,
    "vru": ObjectClass.PEDESTRIAN,
    "animal": ObjectClass.ANIMAL,
}
_CLASS_OF_WALKER = {
    "aPEDALCYCLIST": ObjectClass.BICYCLE,
    "anANIMAL": ObjectClass.ANIMAL,
}


class _Reading(NamedTuple):
    """How a sender means what the standard leaves open."""

    north_first: bool
    newer_is_positive: bool


def reader(*, north_first: bool, newer_is_positive: bool) -> Adapter:
    """Adapter of one reading of the standard.

    Parameters
    ----------
    north_first
        True for axes north, east, down; False for east, north, up.
    newer_is_positive
        True if a positive measurementTime is after the message's time stamp.
    """
    reading = _Reading(north_first, newer_is_positive)

    def adapt(payload: bytes, anchor_us: int) -> Decoded:
        return _adapt(payload, anchor_us, reading)

    return adapt


def _adapt(payload: bytes, anchor_us: int, reading: _Reading) -> Decoded:
    value = read_json(_DECODER, payload).payload.data.value
    if value is None or value.sensor_data_sharing_message is None:
        raise DecodeError(Reason.WRONG_KIND, "payload.data holds no SensorDataSharingMessage")
    message = value.sensor_data_sharing_message
    check_objects(len(message.objects))
    found = [one.det_obj_common for one in message.objects]
    sign = 1000 if reading.newer_is_positive else -1000
    delays_us = [sign * one.measurement_time for one in found]
    stamp_us = instant_us(message.time, anchor_us)
    # without a stamp, the offsets count from the receive time, which the front puts in its place
    middle_us = (0 if stamp_us is None else lower_median(delays_us)) or 0
    rows, base = FrameRows(), _origin(message)
    if base is None:
        rows.refused = len(found)
    else:
        for index, one in enumerate(message.objects):
            _add(rows, index, one, delays_us[index] - middle_us, base, reading)
        rows.to_degrees(base.lon_deg, base.lat_deg)
    sender = message.source_id if message.equipment_type == "rsu" else None
    event_time_us = None if stamp_us is None else stamp_us + middle_us
    return decoded([rows.frame(sender, event_time_us, FrameFlag.FILTERED, Space.GEOGRAPHIC)])


def _origin(message: _Message) -> Origin | None:
    """Reference position with its error; None if unavailable."""
    at = message.ref_pos
    if at.lat == LATITUDE_UNAVAILABLE or at.long == LONGITUDE_UNAVAILABLE:
        return None
    level_m = NAN if at.elevation == ELEVATION_UNAVAILABLE else at.elevation / 10
    covariance_m2 = accuracy_covariance_m2(message.ref_pos_xy_conf)
    return Origin(at.long / 1e7, at.lat / 1e7, level_m, covariance_m2)


def _add(
    rows: FrameRows, index: int, one: _Detected, late_us: int, base: Origin, reading: _Reading
) -> None:
    common, options = one.det_obj_common, one.det_obj_opt_data or _NO_OPTIONS
    velocity, heading_rad = raw_motion(common.speed, common.heading)
    own_m2 = POSITION_COVARIANCE_M2[common.pos_confidence.pos]
    at, up = common.pos, -10 if reading.north_first else 10
    sure = common.obj_type_cfd
    rows.add(
        index,
        at.offset_y / 10 if reading.north_first else at.offset_x / 10,
        at.offset_x / 10 if reading.north_first else at.offset_y / 10,
        time_offset_us=late_us,
        z_m=NAN if at.offset_z is None else base.altitude_m + at.offset_z / up,
        covariance_m2=summed_m2(own_m2, base.covariance_m2),
        velocity_mps=velocity,
        speed_sigma_mps=SPEED_SIGMA_MPS[common.speed_confidence],
        heading_rad=heading_rad,
        heading_sigma_rad=HEADING_SIGMA_RAD[common.heading_conf],
        size_m=_size_m(options),
        class_confidence=NAN if sure == _CONFIDENCE_UNAVAILABLE else sure / 100,
        object_class=_class_of(common.obj_type, options),
        flags=flags_of(options.det_veh.lights, LIGHTS) if options.det_veh else 0,
        local_id=id_hash(str(common.object_id)),
    )


def _size_m(options: _Options) -> tuple[float, float, float]:
    if options.det_veh is not None:
        size = options.det_veh.size or _Size()
        return size.length / 100, size.width / 100, options.det_veh.height / 20
    if options.det_obst is not None:
        extents = options.det_obst.obst_size
        return extents.length / 10, extents.width / 10, extents.height / 10
    return UNKNOWN_SIZE


def _class_of(name: str, options: _Options) -> ObjectClass:
    """Class by the finest that is told; a vulnerable road user of no stated kind walks."""
    found = ObjectClass.UNKNOWN
    if options.det_veh is not None:
        found = class_of_vehicle_class(options.det_veh.vehicle_class)
    elif options.det_vru is not None:
        found = _CLASS_OF_WALKER.get(options.det_vru.basic_type, found)
    elif options.det_obst is not None:
        found = ObjectClass.OBSTACLE
    return found or _CLASS_OF_TYPE[name]

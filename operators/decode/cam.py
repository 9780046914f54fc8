"""Formats `cam.json`, `cam.utc.json`: ETSI Cooperative Awareness Message in its-client's JSON.

EN 302 637-2 and TS 103 900, in the integers of the standard. Two layouts, told apart by content:
version 1 (flat containers, accuracies in maps beside them) and version 2 (containers within
containers, each value with its accuracy).

| field | unit | note |
|---|---|---|
| generation_delta_time | TimestampIts modulo 65 536 ms | completed at the receive time |
| reference_position | `etsi` | **the middle of the front**, on the ground |
| station_type, vehicle_role | `etsi`, 0-15 | class; an RSU's own CAM is of the wrong kind |
| heading, speed | 0.1 deg clockwise from north, 0.01 m/s | of the motion; both with 95 % |
| drive_direction | 0 forward, 1 backward, 2 unavailable | backward: the box faces the other way |
| vehicle_length | 0.1 m | 1022 out of range, 1023 unavailable |
| vehicle_width | 0.1 m | 61 out of range, 62 unavailable |

The reference point is put back by half the length to the middle of the box; without length or
heading it stays at the front. The time counts leap seconds since 2004 in `cam.json`, as the
standard says; senders that forget the 5 of them are read by `cam.utc.json`, and show under the
other name as sources whose clock is 5 s slow.

Flags: brake pedal, emergency brake, exterior lights (left and right at once are the hazard
lights), reverse light or backward motion, roles rescue and emergency, light bar, siren, request of
the right of way, dangerous goods, passengers getting in or out.
Kept as local id: `station_id` (changes with the pseudonym). The source id is `source_uuid`.
Dropped: `timestamp` (of the gateway), accelerations, curvature, yaw rate, steering, lane, path
history, road works, sizes of special transports, confidence of length and altitude.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString, FlagTable, flags_of
from operators.decode.decoded import Adapter, Decoded
from operators.decode.etsi import (
    CONFIDENCE_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    ROADSIDE_UNIT,
    SPEED_OUT_OF_RANGE,
    Angle,
    Code,
    Confidence,
    DeltaTime,
    Heading,
    Magnitude,
    OldAccuracy,
    Position,
    Speed,
    StationId,
    angle_deg,
    angle_sigma_rad,
    class_of_station,
    component_mps,
    origin,
    speed_sigma_mps,
)
from operators.decode.json_text import read_json
from operators.decode.offsets import Origin, moved_deg
from operators.decode.rows import NAN
from operators.decode.self_report import self_report
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.normalise.event_time import generation_delta_us
from operators.reasons import Reason

_LENGTH_OUT_OF_RANGE, _WIDTH_OUT_OF_RANGE = 1022, 61
_BACKWARD = 1
_DANGEROUS_GOODS, _RESCUE, _EMERGENCY = 3, 5, 6
_LIGHTS: FlagTable = (
    ("low_beam_headlights_on", ObjectFlag.HEADLIGHTS),
    ("high_beam_headlights_on", ObjectFlag.HEADLIGHTS),
    ("left_turn_signal_on", ObjectFlag.LEFT_INDICATOR),
    ("right_turn_signal_on", ObjectFlag.RIGHT_INDICATOR),
    ("daytime_running_lights_on", 0),
    ("reverse_light_on", ObjectFlag.REVERSING),
    ("fog_light_on", 0),
    ("parking_lights_on", 0),
)
_CONTROL: FlagTable = (
    ("brake_pedal_engaged", ObjectFlag.BRAKING),
    ("gas_pedal_engaged", 0),
    ("emergency_brake_engaged", ObjectFlag.HARD_BRAKING),
    ("collision_warning_engaged", 0),
    ("acc_engaged", 0),
    ("cruise_control_engaged", 0),
    ("speed_limiter_engaged", 0),
)
_BOTH_INDICATORS = ObjectFlag.LEFT_INDICATOR | ObjectFlag.RIGHT_INDICATOR

_VehicleLength = Annotated[int, Meta(ge=1, le=1023)]
_VehicleWidth = Annotated[int, Meta(ge=1, le=62)]


class _LengthValue(msgspec.Struct):
    value: _VehicleLength = _LENGTH_OUT_OF_RANGE


class _OldConfidence(msgspec.Struct):
    heading: Confidence = CONFIDENCE_UNAVAILABLE
    speed: Confidence = CONFIDENCE_UNAVAILABLE


class _Fast(msgspec.Struct):
    heading: Angle | Heading = HEADING_UNAVAILABLE
    speed: Magnitude | Speed = SPEED_OUT_OF_RANGE
    drive_direction: Annotated[int, Meta(ge=0, le=2)] = 2
    vehicle_length: _LengthValue | _VehicleLength = _LENGTH_OUT_OF_RANGE
    vehicle_width: _VehicleWidth = _WIDTH_OUT_OF_RANGE
    acceleration_control: BitString | None = None
    confidence: _OldConfidence = msgspec.field(default_factory=_OldConfidence)
    inner: "_Fast | None" = msgspec.field(
        name="basic_vehicle_container_high_frequency", default=None
    )


class _Slow(msgspec.Struct):
    vehicle_role: Annotated[int, Meta(ge=0, le=15)] = 0
    exterior_lights: BitString | None = None
    inner: "_Slow | None" = msgspec.field(
        name="basic_vehicle_container_low_frequency", default=None
    )


class _LightBarSiren(msgspec.Struct):
    light_bar_activated: bool = False
    siren_activated: bool = False


class _Priority(msgspec.Struct):
    request_for_right_of_way: bool = False
    request_for_free_crossing_at_a_traffic_light: bool = False


class _Special(msgspec.Struct):
    """Any of the seven containers: which one is its key."""

    light_bar_siren_in_use: _LightBarSiren = msgspec.field(default_factory=_LightBarSiren)
    emergency_priority: _Priority = msgspec.field(default_factory=_Priority)
    embarkation_status: bool = False


class _Basic(msgspec.Struct):
    reference_position: Position
    station_type: Code = 0
    confidence: OldAccuracy | None = None


class _Message(msgspec.Struct):
    station_id: StationId
    generation_delta_time: DeltaTime
    basic_container: _Basic
    high_frequency_container: _Fast
    low_frequency_container: _Slow | None = None
    special_vehicle_container: dict[str, _Special] | None = None


class _Cam(msgspec.Struct):
    source_uuid: str
    message: _Message


_DECODER = msgspec.json.Decoder(_Cam)
_NO_SLOW = _Slow()


def reader(*, leap_seconds: bool) -> Adapter:
    """Adapter of one reading of the time.

    Parameters
    ----------
    leap_seconds
        Whether generation_delta_time counts the leap seconds since 2004.
    """

    def adapt(payload: bytes, anchor_us: int) -> Decoded:
        cam = read_json(_DECODER, payload)
        delta = cam.message.generation_delta_time
        instant = generation_delta_us(delta, anchor_us, leap_seconds=leap_seconds)
        return _content(cam, instant)

    return adapt


def _content(cam: _Cam, event_time_us: int | None) -> Decoded:
    message, basic = cam.message, cam.message.basic_container
    if basic.station_type == ROADSIDE_UNIT:
        raise DecodeError(Reason.WRONG_KIND, "a roadside unit's CAM observes nothing")
    fast = message.high_frequency_container
    fast = fast.inner or fast
    slow = message.low_frequency_container or _NO_SLOW
    slow = slow.inner or slow
    heading, heading_95, speed, speed_95 = _motion(fast)
    backward = fast.drive_direction == _BACKWARD
    length_m, width_m = _length_m(fast), _width_m(fast)
    at = origin(basic.reference_position, basic.confidence)
    facing_deg = heading + 180.0 if backward else heading
    return self_report(
        str(message.station_id),
        event_time_us,
        None if at is None else _middle(at, length_m, facing_deg),
        source_id=cam.source_uuid or None,
        covariance_m2=(NAN, NAN, NAN) if at is None else at.covariance_m2,
        speed_mps=speed,
        speed_sigma_mps=speed_95,
        heading_deg=heading,
        heading_sigma_rad=heading_95,
        size_m=(length_m, width_m, NAN),
        object_class=_class_of(basic.station_type, slow.vehicle_role),
        flags=_flags(fast, slow, message.special_vehicle_container or {}),
        backward=backward,
    )


def _motion(fast: _Fast) -> tuple[float, float, float, float]:
    """Heading in degrees and its sigma in radians, speed in m/s and its sigma."""
    turn, pace = fast.heading, fast.speed
    if isinstance(turn, Angle):
        heading, heading_95 = turn.value, turn.confidence
    else:
        heading, heading_95 = turn, fast.confidence.heading
    if isinstance(pace, Magnitude):
        speed, speed_95 = pace.value, pace.confidence
    else:
        speed, speed_95 = pace, fast.confidence.speed
    return (
        angle_deg(heading),
        angle_sigma_rad(heading_95),
        component_mps(speed),
        speed_sigma_mps(speed_95),
    )


def _length_m(fast: _Fast) -> float:
    given = fast.vehicle_length
    value = given.value if isinstance(given, _LengthValue) else given
    return NAN if value >= _LENGTH_OUT_OF_RANGE else value / 10


def _width_m(fast: _Fast) -> float:
    return NAN if fast.vehicle_width >= _WIDTH_OUT_OF_RANGE else fast.vehicle_width / 10


def _middle(at: Origin, length_m: float, facing_deg: float) -> tuple[float, float, float]:
    """Middle of a box whose front's middle is the reference position."""
    back_m = length_m / 2
    if math.isnan(back_m) or math.isnan(facing_deg):
        return at.lon_deg, at.lat_deg, at.altitude_m
    lon, lat = moved_deg(at.lon_deg, at.lat_deg, facing_deg, -back_m)
    return lon, lat, at.altitude_m


def _class_of(station_type: int, role: int) -> ObjectClass:
    if role in (_RESCUE, _EMERGENCY):
        return ObjectClass.EMERGENCY
    return class_of_station(station_type)


def _flags(fast: _Fast, slow: _Slow, special: dict[str, _Special]) -> int:
    made = flags_of(fast.acceleration_control, _CONTROL) | flags_of(slow.exterior_lights, _LIGHTS)
    if made & _BOTH_INDICATORS == _BOTH_INDICATORS:
        made = (made & ~_BOTH_INDICATORS) | ObjectFlag.HAZARD_LIGHTS
    if fast.drive_direction == _BACKWARD:
        made |= ObjectFlag.REVERSING
    if slow.vehicle_role == _DANGEROUS_GOODS or "dangerous_goods_container" in special:
        made |= ObjectFlag.DANGEROUS_GOODS
    for name, one in special.items():
        made |= _flags_of_special(name, one)
    return made


def _flags_of_special(name: str, one: _Special) -> int:
    made = 0
    if name in ("emergency_container", "rescue_container"):
        made |= ObjectFlag.EMERGENCY_VEHICLE
    if one.light_bar_siren_in_use.light_bar_activated:
        made |= ObjectFlag.LIGHT_BAR
    if one.light_bar_siren_in_use.siren_activated:
        made |= ObjectFlag.SIREN
    wants = one.emergency_priority
    if wants.request_for_right_of_way or wants.request_for_free_crossing_at_a_traffic_light:
        made |= ObjectFlag.RIGHT_OF_WAY
    if one.embarkation_status:
        made |= ObjectFlag.CROSSING
    return made

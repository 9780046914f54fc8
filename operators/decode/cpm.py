"""Format `cpm.json`: ETSI Collective Perception Message of release 2 in its-client's JSON.

TS 103 324 v2.1.1, JSON schema 2-1-1, in the integers of the standard (`etsi`).

| field | unit | out of range, unavailable |
|---|---|---|
| reference_time | ms since 2004 with leap seconds, absolute | - |
| measurement_delta_time | ms, -2048 to 2047, **positive is newer** | - |
| position x, y, z | 0.01 m from the reference position | -131072 and 131071 |
| its confidence, each axis, 95 % | 0.01 m: sigma = c / 1.96 | 4095, 4096 |
| velocity, polar or Cartesian | 0.01 m/s | 16382, 16383 |
| velocity_direction, z_angle | 0.1 deg | 3600 not used, 3601 |
| object_dimension x, y, z | 0.1 m: length, width, height | 255, 256 |
| object_perception_quality | 0-15, kept as score 0-1 | left out |
| classification confidence | 1-100 % | 101 |

**Axes**: x is east, y north, z up for every sender, vehicles too, and angles are counter-clockwise
from east: so says the text of the standard, though the schema's descriptions name north. The
position is the centre of the bounding box; its error and that of the reference position add up.

The event time is the lower median of the objects' instants. Objects come out of the sender's
tracker: FILTERED; those of sensors 12 (local aggregation) and 13 (aggregation of stations) are
made of others' data: FUSED. The surest class of each object counts; types 15 are roadside units
and no objects. A station leaves objects out that did not change much, so a message without any
is no proof of an empty road: it gives no frame.

The source id is `source_uuid`, the local id `object_id`. Dropped: acceleration, roll, pitch, turn
rate, correlations, age, map position, perception regions, trailers, segmentation (each message is
a frame), confidences of sizes, `timestamp` (of the gateway).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.cpm_objects import (
    Percent,
    Profiles,
    SensorId,
    Walker,
    class_confidence,
    class_of_group,
    class_of_walker,
    flags_of_sensors,
    gather,
    surest_of,
)
from operators.decode.decoded import Decoded, Space
from operators.decode.etsi import (
    CONFIDENCE_UNAVAILABLE,
    ROADSIDE_UNIT,
    SPEED_OUT_OF_RANGE,
    Angle,
    Code,
    Component,
    Confidence,
    Magnitude,
    Position,
    angle_sigma_rad,
    class_of_station,
    component_mps,
    origin,
    speed_sigma_mps,
    turn_rad,
    velocity_of,
)
from operators.decode.guard import check_objects
from operators.decode.j2735 import SIGMAS_AT_95_AXIS, velocity_mps
from operators.decode.json_text import read_json
from operators.decode.offsets import Origin, summed_m2
from operators.decode.rows import (
    NAN,
    UNKNOWN_COVARIANCE,
    UNKNOWN_VELOCITY,
    FrameRows,
    decoded,
    id_hash,
)
from operators.frame import ObjectClass
from operators.normalise.event_time import utc_us_from_its_ms

_AGGREGATING = frozenset({12, 13})
_FARTHEST = 131_071
_AXIS_UNAVAILABLE = 4096
_SIZE_OUT_OF_RANGE = 255
_QUALITIES = 15

_Coordinate = Annotated[int, Meta(ge=-_FARTHEST - 1, le=_FARTHEST)]


class _Axis(msgspec.Struct):
    value: _Coordinate
    confidence: Annotated[int, Meta(ge=0, le=_AXIS_UNAVAILABLE)] = _AXIS_UNAVAILABLE


class _Place(msgspec.Struct):
    x: _Axis = msgspec.field(name="x_coordinate")
    y: _Axis = msgspec.field(name="y_coordinate")
    z: _Axis | None = msgspec.field(name="z_coordinate", default=None)


class _Rate(msgspec.Struct):
    value: Component = SPEED_OUT_OF_RANGE
    confidence: Confidence = CONFIDENCE_UNAVAILABLE


class _Polar(msgspec.Struct):
    velocity_magnitude: Magnitude
    velocity_direction: Angle


class _Cartesian(msgspec.Struct):
    x_velocity: _Rate
    y_velocity: _Rate


class _Velocity(msgspec.Struct):
    polar: _Polar | None = msgspec.field(name="polar_velocity", default=None)
    cartesian: _Cartesian | None = msgspec.field(name="cartesian_velocity", default=None)


class _Angles(msgspec.Struct):
    z_angle: Angle


class _Dimension(msgspec.Struct):
    value: Annotated[int, Meta(ge=0, le=256)] = _SIZE_OUT_OF_RANGE


class _Group(msgspec.Struct):
    cluster_profiles: Profiles = msgspec.field(default_factory=Profiles)


class _Kind(msgspec.Struct):
    vehicle: Code | None = None
    vru: Walker | None = None
    group: _Group | None = None
    other: Code | None = None


class _Class(msgspec.Struct):
    object_class: _Kind
    confidence: Percent = 101


class _Object(msgspec.Struct):
    measurement_delta_time: Annotated[int, Meta(ge=-2048, le=2047)]
    position: _Place
    object_id: Annotated[int, Meta(ge=0, le=65_535)] | None = None
    velocity: _Velocity | None = None
    angles: _Angles | None = None
    x: _Dimension | None = msgspec.field(name="object_dimension_x", default=None)
    y: _Dimension | None = msgspec.field(name="object_dimension_y", default=None)
    z: _Dimension | None = msgspec.field(name="object_dimension_z", default=None)
    object_perception_quality: Annotated[int, Meta(ge=0, le=_QUALITIES)] | None = None
    sensor_id_list: list[SensorId] | None = None
    classification: list[_Class] | None = None


class _Management(msgspec.Struct):
    reference_time: Annotated[int, Meta(ge=0, le=4_398_046_511_103)]
    reference_position: Position


class _Sensor(msgspec.Struct):
    sensor_id: SensorId
    sensor_type: Annotated[int, Meta(ge=0, le=31)]


class _Message(msgspec.Struct):
    management: _Management = msgspec.field(name="management_container")
    sensors: list[_Sensor] = msgspec.field(
        name="sensor_information_container", default_factory=list
    )
    objects: list[_Object] = msgspec.field(name="perceived_object_container", default_factory=list)


class _Cpm(msgspec.Struct):
    source_uuid: str
    message: _Message


_DECODER = msgspec.json.Decoder(_Cpm)
_NO_ANGLE = Angle()
_NO_CLASS = _Class(_Kind())


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one CPM.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a reference position or if no object has a place, and the reasons of
        `json_text.read_json`.
    """
    cpm = read_json(_DECODER, payload)
    message = cpm.message
    seen = [(index, one) for index, one in enumerate(message.objects) if not _is_unit(one)]
    if not seen:
        return Decoded()
    check_objects(len(seen))
    delays_us = [one.measurement_delta_time * 1000 for _, one in seen]
    base = origin(message.management.reference_position)
    rows, middle_us = gather(seen, delays_us, base, _add)
    kinds = {sensor.sensor_id: sensor.sensor_type for sensor in message.sensors}
    flags = flags_of_sensors(kinds, (one.sensor_id_list for _, one in seen), _AGGREGATING)
    event_time_us = utc_us_from_its_ms(message.management.reference_time) + middle_us
    return decoded([rows.frame(cpm.source_uuid or None, event_time_us, flags, Space.GEOGRAPHIC)])


def _add(rows: FrameRows, index: int, one: _Object, late_us: int, base: Origin) -> None:
    x, y, z = one.position.x, one.position.y, one.position.z
    if _is_beyond(x) or _is_beyond(y):
        rows.refused += 1
        return
    angle = one.angles.z_angle if one.angles else _NO_ANGLE
    velocity, speed_sigma = _motion(one.velocity)
    quality, surest = one.object_perception_quality, surest_of(one.classification, _NO_CLASS)
    rows.add(
        index,
        x.value / 100,
        y.value / 100,
        time_offset_us=late_us,
        z_m=NAN if z is None or _is_beyond(z) else base.altitude_m + z.value / 100,
        covariance_m2=summed_m2(_covariance_m2(x, y), base.covariance_m2),
        velocity_mps=velocity,
        speed_sigma_mps=speed_sigma,
        heading_rad=turn_rad(angle.value),
        heading_sigma_rad=angle_sigma_rad(angle.confidence),
        size_m=(_extent_m(one.x), _extent_m(one.y), _extent_m(one.z)),
        score=NAN if quality is None else quality / _QUALITIES,
        object_class=_class_of(surest.object_class),
        class_confidence=class_confidence(surest.confidence),
        local_id=0 if one.object_id is None else id_hash(str(one.object_id)),
    )


def _is_beyond(axis: _Axis) -> bool:
    return not -_FARTHEST <= axis.value < _FARTHEST


def _covariance_m2(x: _Axis, y: _Axis) -> tuple[float, float, float]:
    """Covariance of axes that err on their own; unknown if one is."""
    if x.confidence in (0, _AXIS_UNAVAILABLE) or y.confidence in (0, _AXIS_UNAVAILABLE):
        return UNKNOWN_COVARIANCE
    per_m = 100 * SIGMAS_AT_95_AXIS
    return (x.confidence / per_m) ** 2, 0.0, (y.confidence / per_m) ** 2


def _motion(given: _Velocity | None) -> tuple[tuple[float, float], float]:
    """Velocity east and north and the sigma of the speed."""
    if given is not None and given.polar is not None:
        speed, direction = given.polar.velocity_magnitude, given.polar.velocity_direction
        velocity = velocity_mps(component_mps(speed.value), turn_rad(direction.value))
        return velocity, speed_sigma_mps(speed.confidence)
    if given is not None and given.cartesian is not None:
        x, y = given.cartesian.x_velocity, given.cartesian.y_velocity
        velocity = velocity_of(x.value, y.value)
        sigma = speed_sigma_mps(max(x.confidence, y.confidence))
        return velocity, sigma
    return UNKNOWN_VELOCITY, NAN


def _extent_m(given: _Dimension | None) -> float:
    return NAN if given is None or given.value >= _SIZE_OUT_OF_RANGE else given.value / 10


def _is_unit(one: _Object) -> bool:
    return surest_of(one.classification, _NO_CLASS).object_class.vehicle == ROADSIDE_UNIT


def _class_of(kind: _Kind) -> ObjectClass:
    if kind.vehicle is not None:
        return class_of_station(kind.vehicle)
    if kind.vru is not None:
        return class_of_walker(kind.vru)
    if kind.group is not None:
        return class_of_group(kind.group.cluster_profiles)
    return ObjectClass.OBSTACLE if kind.other else ObjectClass.UNKNOWN

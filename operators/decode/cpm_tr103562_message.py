"""The fields of a CPM of ETSI TR 103 562 that are read, in its-client's JSON (schema 1-2-2).

What they mean says `cpm_tr103562`.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.cpm_objects import Percent, Profiles, SensorId, Walker
from operators.decode.etsi import (
    CONFIDENCE_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    SPEED_OUT_OF_RANGE,
    Code,
    Component,
    Confidence,
    DeltaTime,
    Heading,
    OldAccuracy,
    Position,
)

DISTANCE_UNAVAILABLE = 4095
QUALITIES = 15

_Distance = Annotated[int, Meta(ge=-132_768, le=132_767)]
_DistanceConfidence = Annotated[int, Meta(ge=0, le=DISTANCE_UNAVAILABLE)]
_SpeedConfidence = Annotated[int, Meta(ge=0, le=7)]
_Extent = Annotated[int, Meta(ge=0, le=1023)]


class Confidences(msgspec.Struct):
    """Accuracies of an object, beside its values."""

    x_distance: _DistanceConfidence
    y_distance: _DistanceConfidence
    object: Annotated[int, Meta(ge=0, le=QUALITIES)]
    x_speed: _SpeedConfidence = 0
    y_speed: _SpeedConfidence = 0
    yaw_angle: Confidence = CONFIDENCE_UNAVAILABLE


class Group(msgspec.Struct):
    """A group of vulnerable road users."""

    group_type: Profiles


class Kind(msgspec.Struct):
    """One of the members is given."""

    vehicle: Code | None = None
    single_vru: Walker | None = None
    vru_group: Group | None = None
    other: Code | None = None


class Class(msgspec.Struct):
    """A class and how sure the sender is of it."""

    object_class: Kind
    confidence: Percent = 101


class Object(msgspec.Struct):
    """A perceived object."""

    object_id: Annotated[int, Meta(ge=0, le=255)]
    time_of_measurement: Annotated[int, Meta(ge=-1500, le=1500)]
    x_distance: _Distance
    y_distance: _Distance
    confidence: Confidences
    z_distance: _Distance | None = None
    x_speed: Component = SPEED_OUT_OF_RANGE
    y_speed: Component = SPEED_OUT_OF_RANGE
    yaw_angle: Heading = HEADING_UNAVAILABLE
    width: _Extent = msgspec.field(name="planar_object_dimension_1", default=0)
    length: _Extent = msgspec.field(name="planar_object_dimension_2", default=0)
    height: _Extent = msgspec.field(name="vertical_object_dimension", default=0)
    object_ref_point: Annotated[int, Meta(ge=0, le=8)] = 0
    sensor_id_list: list[SensorId] | None = None
    classification: list[Class] | None = None


class Vehicle(msgspec.Struct):
    """The sending vehicle."""

    heading: Heading


class Station(msgspec.Struct):
    """The sender: a vehicle, or else a roadside unit."""

    vehicle: Vehicle | None = msgspec.field(name="originating_vehicle_container", default=None)


class Management(msgspec.Struct):
    """Where the sender is."""

    reference_position: Position
    confidence: OldAccuracy


class Sensor(msgspec.Struct):
    """A sensor of the sender."""

    sensor_id: SensorId
    type: Annotated[int, Meta(ge=0, le=15)]


class Message(msgspec.Struct):
    """The containers of a CPM."""

    generation_delta_time: DeltaTime
    management: Management = msgspec.field(name="management_container")
    station: Station = msgspec.field(name="station_data_container", default_factory=Station)
    sensors: list[Sensor] = msgspec.field(name="sensor_information_container", default=[])
    objects: list[Object] = msgspec.field(name="perceived_object_container", default=[])


class Cpm(msgspec.Struct):
    """A CPM with its-client's envelope."""

    source_uuid: str
    message: Message

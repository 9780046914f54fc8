"""Formats `cpm.tr103562.json`, `cpm.tr103562.older.json`: CPM before release 2, its-client's JSON.

ETSI TR 103 562 v2.1.1, JSON schema 1-2-2, in integers (`etsi`). What differs from `cpm`:

| field | unit | unavailable |
|---|---|---|
| generation_delta_time | TimestampIts modulo 65 536 ms | - |
| time_of_measurement | ms, -1500 to 1500 | - |
| x, y, z_distance | 0.01 m from the reference position | z left out |
| their confidence, 95 % | 0.01 m: sigma = c / 1.96 | 4094 out of range, 4095 |
| x, y_speed | 0.01 m/s | 16383 |
| their confidence | enumeration of `j2735`, 95 % | 0 |
| yaw_angle | 0.1 deg, counter-clockwise from x | 3601 or left out |
| planar_object_dimension_1, _2 | 0.1 m: **width, then length** | 0 or left out |
| vertical_object_dimension | 0.1 m | 0 or left out |
| object_ref_point | 0 middle, else an edge or a corner of the box | left out: middle |
| confidence.object | 0-15, kept as score 0-1 | - |

**Axes**: of a roadside unit x is east, y north; of a vehicle x is forward, y left (ISO 8855),
turned by its heading, without which its objects have no place. A vehicle's speeds are relative to
itself while it turns: velocities are not used.

**Reference point**: 1 to 3 are the rear left, middle of the left side, front left; 4 and 5 the
middles of rear and front; 6 to 8 as 1 to 3 on the right. The place is moved to the middle of the
box where yaw and dimensions tell by how much, else it stays.

**Time**: the report has no rule for the sign of time_of_measurement. `cpm.tr103562.json` takes +100
for 100 ms newer than the message, as release 2 does; `cpm.tr103562.older.json` for older.

Classes are of a table of its own (4 is a heavy truck, 8 an emergency vehicle), and so are sensors:
8 (fusion) and 11 (aggregation of stations) are made of others' data. Object ids run from 0 to 255
and come round soon. Otherwise as `cpm`. Dropped: also dynamic status and free space.
"""

import math
from functools import partial
from typing import NamedTuple

import msgspec

from operators.decode.cpm_objects import (
    class_confidence,
    class_of_group,
    class_of_walker,
    flags_of_sensors,
    gather,
    surest_of,
)
from operators.decode.cpm_tr103562_message import (
    DISTANCE_UNAVAILABLE,
    QUALITIES,
    Class,
    Confidences,
    Cpm,
    Kind,
    Message,
    Object,
)
from operators.decode.decoded import Adapter, Decoded, Space
from operators.decode.etsi import (
    HEADING_UNAVAILABLE,
    angle_deg,
    angle_sigma_rad,
    origin,
    turn_rad,
    velocity_of,
)
from operators.decode.guard import check_objects
from operators.decode.j2735 import SIGMAS_AT_95_AXIS, SPEED_SIGMA_MPS
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
from operators.normalise.event_time import generation_delta_us

_AGGREGATING = frozenset({8, 11})
_ROADSIDE_UNIT = 1  # of the class `other`
_UNKNOWN_DISTANCE = (0, DISTANCE_UNAVAILABLE)
_PER_SIGMA_M = 100 * SIGMAS_AT_95_AXIS
# Along the heading and to the left, in half lengths and half widths, of each reference point.
_POINTS = ((0, 0), (-1, 1), (0, 1), (1, 1), (-1, 0), (1, 0), (-1, -1), (0, -1), (1, -1))
_CLASS_OF_VEHICLE = (
    ObjectClass.UNKNOWN,
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.VAN,
    ObjectClass.TRUCK,
    ObjectClass.TRAILER,
    ObjectClass.UNKNOWN,
    ObjectClass.TRAM,
    ObjectClass.EMERGENCY,
    ObjectClass.TRUCK,
)


class _View(NamedTuple):
    """Where the axes of a message lie: their point if it is known, and the turn of x from east."""

    base: Origin | None
    turn_rad: float
    cos: float
    sin: float
    moves: bool


_LOCAL_IDS = tuple(id_hash(str(number)) for number in range(256))
_DECODER = msgspec.json.Decoder(Cpm)
_NO_CLASS = Class(Kind())


def reader(*, newer_is_positive: bool) -> Adapter:
    """Adapter of one reading of time_of_measurement.

    Parameters
    ----------
    newer_is_positive
        True if a positive one is after the message's own time.
    """
    per_ms = 1000 if newer_is_positive else -1000

    def adapt(payload: bytes, anchor_us: int) -> Decoded:
        return _content(read_json(_DECODER, payload), anchor_us, per_ms)

    return adapt


def _content(cpm: Cpm, anchor_us: int, per_ms: int) -> Decoded:
    message = cpm.message
    seen = [
        (index, (one, sure))
        for index, one in enumerate(message.objects)
        if (sure := surest_of(one.classification, _NO_CLASS)).object_class.other != _ROADSIDE_UNIT
    ]
    if not seen:
        return Decoded()
    check_objects(len(seen))
    delays_us = [one.time_of_measurement * per_ms for _, (one, _) in seen]
    view = _view(message)
    rows, middle_us = gather(seen, delays_us, view.base, partial(_add, view=view))
    kinds = {sensor.sensor_id: sensor.type for sensor in message.sensors}
    flags = flags_of_sensors(kinds, (one.sensor_id_list for _, (one, _) in seen), _AGGREGATING)
    instant = generation_delta_us(message.generation_delta_time, anchor_us)
    event_time_us = None if instant is None else instant + middle_us
    return decoded([rows.frame(cpm.source_uuid or None, event_time_us, flags, Space.GEOGRAPHIC)])


def _view(message: Message) -> _View:
    base = origin(message.management.reference_position, message.management.confidence)
    vehicle = message.station.vehicle
    if vehicle is None:
        return _View(base, 0.0, 1.0, 0.0, moves=False)
    turn = math.radians(90.0 - angle_deg(vehicle.heading))
    known = None if math.isnan(turn) else base
    return _View(known, turn, math.cos(turn), math.sin(turn), moves=True)


def _add(
    rows: FrameRows,
    index: int,
    given: tuple[Object, Class],
    late_us: int,
    base: Origin,
    *,
    view: _View,
) -> None:
    one, surest = given
    sure = one.confidence
    x_m, y_m = one.x_distance / 100, one.y_distance / 100
    if one.object_ref_point:
        x_m, y_m = _middle_m(one, x_m, y_m)
    heading_rad, area_m2 = turn_rad(one.yaw_angle), _covariance_m2(sure)
    if view.moves:
        x_m, y_m = view.cos * x_m - view.sin * y_m, view.sin * x_m + view.cos * y_m
        heading_rad = math.remainder(heading_rad + view.turn_rad, math.tau)
        area_m2 = _turned_m2(area_m2, view.cos, view.sin)
    rows.add(
        index,
        x_m,
        y_m,
        time_offset_us=late_us,
        z_m=NAN if one.z_distance is None else base.altitude_m + one.z_distance / 100,
        covariance_m2=summed_m2(area_m2, base.covariance_m2),
        velocity_mps=UNKNOWN_VELOCITY if view.moves else velocity_of(one.x_speed, one.y_speed),
        speed_sigma_mps=NAN if view.moves else _speed_sigma_mps(sure),
        heading_rad=heading_rad,
        heading_sigma_rad=angle_sigma_rad(sure.yaw_angle),
        size_m=(one.length / 10, one.width / 10, one.height / 10),
        score=sure.object / QUALITIES,
        object_class=_class_of(surest.object_class),
        class_confidence=class_confidence(surest.confidence),
        local_id=_LOCAL_IDS[one.object_id],
    )


def _middle_m(one: Object, x_m: float, y_m: float) -> tuple[float, float]:
    """Middle of the box in the axes of the message, of its reference point's place; metres."""
    ahead, left = _POINTS[one.object_ref_point]
    if (
        one.yaw_angle == HEADING_UNAVAILABLE
        or (ahead and not one.length)
        or (left and not one.width)
    ):
        return x_m, y_m
    yaw_rad = turn_rad(one.yaw_angle)
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    along_m, across_m = ahead * one.length / 20, left * one.width / 20
    return x_m - along_m * cos + across_m * sin, y_m - along_m * sin - across_m * cos


def _covariance_m2(sure: Confidences) -> tuple[float, float, float]:
    """Covariance along axes that err on their own; unknown if one is."""
    if sure.x_distance in _UNKNOWN_DISTANCE or sure.y_distance in _UNKNOWN_DISTANCE:
        return UNKNOWN_COVARIANCE
    return (sure.x_distance / _PER_SIGMA_M) ** 2, 0.0, (sure.y_distance / _PER_SIGMA_M) ** 2


def _turned_m2(
    area_m2: tuple[float, float, float], cos: float, sin: float
) -> tuple[float, float, float]:
    x2, _, y2 = area_m2
    return x2 * cos * cos + y2 * sin * sin, (x2 - y2) * sin * cos, x2 * sin * sin + y2 * cos * cos


def _speed_sigma_mps(sure: Confidences) -> float:
    """One sigma of the worse axis: the table runs from unavailable to the best."""
    return SPEED_SIGMA_MPS[sure.x_speed if sure.x_speed < sure.y_speed else sure.y_speed]


def _class_of(kind: Kind) -> ObjectClass:
    if kind.vehicle is not None:
        known = kind.vehicle < len(_CLASS_OF_VEHICLE)
        return _CLASS_OF_VEHICLE[kind.vehicle] if known else ObjectClass.UNKNOWN
    if kind.single_vru is not None:
        return class_of_walker(kind.single_vru)
    return class_of_group(kind.vru_group.group_type) if kind.vru_group else ObjectClass.UNKNOWN

"""Format `ssm.json`: Sensor Sharing Message of T/CSAE 157-2020 in JSON.

Not to be taken for the Signal Status Message of SAE J2735. One message a record, bare or as
``{"msgFrameExt": {"messageId": 12 or 13, "value": {"SensorSharingMsg": {...}}}}``: implementations
disagree on the number, which is not looked at.

| field | meaning |
|---|---|
| id | the sender's, kept as source id if it is a roadside unit (a vehicle's rotates) |
| equipmentType | 0 unknown, 1 rsu, 2 obu, 3 vru, or the name |
| secMark | ms of the minute; the time of a message that saw nothing |
| sensorPos | what offset positions are relative to |
| participants: ptc | as in an RSM (`rsm_participant`) |
| participants: detectedPTCType | 0-10 or its name, counts before ptc's class |
| participants: typeConfidence | 0-200 in 0.5 % |
| participants: type_relatedExt | lights of a vehicle; a walker's request to cross, or crossing |
| obstacles | obsId, source, secMark, pos, speed, ... as of a participant; size in 0.1 m |

Of detectedPTCType, 0 and 1 (unknown, movable) say nothing, 2 (unmovable) is an obstacle, 3 car,
4 van, 5 truck, 6 bus, 7 cyclist, 8 motorcyclist, 9 tricyclist (a motorcycle), 10 pedestrian.

The standard's text is not public; names and units of the inner fields are those of published
implementations. Dropped: detectedRegion, rtes, tracking time, polygons, histories, plans,
confidences of sizes, attitudes, kinds of obstacle (all are obstacles).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString, flags_of
from operators.decode.decoded import Decoded
from operators.decode.guard import check_objects
from operators.decode.j2735 import (
    HEADING_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Heading,
    SecondMark,
    Speed,
)
from operators.decode.j2735_flags import LIGHTS, Code
from operators.decode.json_text import read_json
from operators.decode.rows import NAN, decoded
from operators.decode.rsm_participant import (
    Confidence,
    Detected,
    Motion,
    Participant,
    PositionConfidence,
    Size,
    detected,
    participant_frame,
)
from operators.decode.rsm_position import Place, Position
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.reasons import Reason

_TYPES = (
    ("unknown", ObjectClass.UNKNOWN),
    ("unknown-movable", ObjectClass.UNKNOWN),
    ("unknown-unmovable", ObjectClass.OBSTACLE),
    ("car", ObjectClass.CAR),
    ("van", ObjectClass.VAN),
    ("truck", ObjectClass.TRUCK),
    ("bus", ObjectClass.BUS),
    ("cyclist", ObjectClass.BICYCLE),
    ("motorcyclist", ObjectClass.MOTORCYCLE),
    ("tricyclist", ObjectClass.MOTORCYCLE),
    ("pedestrian", ObjectClass.PEDESTRIAN),
)
_CLASS_OF_TYPE: dict[str | int, ObjectClass] = dict(_TYPES)
_CLASS_OF_TYPE |= {number: kind for number, (_, kind) in enumerate(_TYPES)}
_CROSSING = frozenset({"request", "crossing", 1, 2})
_ROADSIDE_UNIT = ("rsu", 1)

_Half = Annotated[int, Meta(ge=0, le=200)]  # 0.5 %
_Extent = Annotated[int, Meta(ge=0, le=1023)]  # 0.1 m


class _MotorExt(msgspec.Struct):
    lights: BitString | None = None


class _Request(msgspec.Struct):
    crossing: Code | None = None


class _Walker(msgspec.Struct, rename="camel"):
    personal_req: _Request | None = None


class _WalkerExt(msgspec.Struct):
    walker: _Walker | None = msgspec.field(name="non_motorData", default=None)


class _Extension(msgspec.Struct):
    motor: _MotorExt | None = msgspec.field(name="motorExt", default=None)
    walker: _WalkerExt | None = msgspec.field(name="non_motorExt", default=None)


class _Detected(msgspec.Struct, rename="camel"):
    ptc: Participant
    detected_type: Code | None = msgspec.field(name="detectedPTCType", default=None)
    type_confidence: _Half | None = None
    extension: _Extension | None = msgspec.field(name="type_relatedExt", default=None)


class _ObjectSize(msgspec.Struct):
    width: _Extent = 0
    length: _Extent = 0
    height: _Extent = 0


class _Obstacle(msgspec.Struct, rename="camel"):
    obs_id: Annotated[int, Meta(ge=0, le=65_535)]
    sec_mark: SecondMark
    pos: Position
    source: Annotated[int, Meta(ge=0)] | str = 0
    obj_type_confidence: _Half | None = None
    pos_confidence: PositionConfidence | Confidence | None = None
    speed: Speed = SPEED_UNAVAILABLE
    speed_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0
    heading: Heading = HEADING_UNAVAILABLE
    heading_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0
    size: _ObjectSize = msgspec.field(default_factory=_ObjectSize)


class _Ssm(msgspec.Struct, rename="camel"):
    id: str
    equipment_type: Literal["unknown", "rsu", "obu", "vru", 0, 1, 2, 3]
    sec_mark: SecondMark
    sensor_pos: Place | None = None
    participants: list[_Detected] = []
    obstacles: list[_Obstacle] = []


class _Value(msgspec.Struct, rename="pascal"):
    sensor_sharing_msg: _Ssm | None = None


class _Extra(msgspec.Struct):
    value: _Value


class _Wrapped(msgspec.Struct, rename="camel"):
    msg_frame_ext: _Extra


_BARE = msgspec.json.Decoder(_Ssm)
_WRAPPED = msgspec.json.Decoder(_Wrapped)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one SSM.

    Raises
    ------
    DecodeError
        WRONG_KIND for another message in the wrapper, UNAVAILABLE if no object has a position,
        OUT_OF_RANGE for a name that is not known, and the reasons of `json_text.read_json`.
    """
    if b'"msgFrameExt"' in payload[:200]:
        ssm = read_json(_WRAPPED, payload).msg_frame_ext.value.sensor_sharing_msg
        if ssm is None:
            raise DecodeError(Reason.WRONG_KIND, "msgFrameExt holds no SensorSharingMsg")
    else:
        ssm = read_json(_BARE, payload)
    return _content(ssm, anchor_us)


def _content(ssm: _Ssm, anchor_us: int) -> Decoded:
    check_objects(len(ssm.participants) + len(ssm.obstacles))
    bare = detected(one.ptc for one in ssm.participants)
    seen = [_with_details(found, ssm.participants[found.number]) for found in bare]
    for index, one in enumerate(ssm.obstacles, len(ssm.participants)):
        sure = _share(one.obj_type_confidence)
        seen.append(Detected(index, _as_participant(one), ObjectClass.OBSTACLE, sure))
    marks = [one.ptc.sec_mark for one in ssm.participants]
    marks += [one.sec_mark for one in ssm.obstacles]
    sender = ssm.id if ssm.equipment_type in _ROADSIDE_UNIT else None
    return decoded(
        [participant_frame(seen, marks, ssm.sec_mark, ssm.sensor_pos, sender, anchor_us)]
    )


def _with_details(found: Detected, one: _Detected) -> Detected:
    kind = found.object_class
    if one.detected_type is not None:
        told = _CLASS_OF_TYPE.get(one.detected_type)
        if told is None:
            msg = f"detectedPTCType {str(one.detected_type)[:40]!r}"
            raise DecodeError(Reason.OUT_OF_RANGE, msg)
        kind = told or kind
    sure = _share(one.type_confidence)
    return Detected(found.number, found.one, kind, sure, _flags(one.extension))


def _share(half_percent: int | None) -> float:
    return NAN if half_percent is None else half_percent / 200


def _flags(given: _Extension | None) -> int:
    if given is None:
        return 0
    made = flags_of(given.motor.lights, LIGHTS) if given.motor else 0
    walker = given.walker.walker if given.walker else None
    if walker and walker.personal_req and walker.personal_req.crossing in _CROSSING:
        made |= ObjectFlag.CROSSING
    return made


def _as_participant(one: _Obstacle) -> Participant:
    """Return an obstacle as a participant of an unknown type, its size in centimetres."""
    size = one.size
    return Participant(
        ptc_type=0,
        ptc_id=one.obs_id,
        sec_mark=one.sec_mark,
        pos=one.pos,
        source=one.source,
        global_track_id=f"obstacle {one.obs_id}",
        pos_confidence=one.pos_confidence,
        speed=one.speed,
        heading=one.heading,
        motion_cfd=Motion(one.speed_cfd, one.heading_cfd),
        size=Size(size.width * 10, size.length * 10, size.height * 2),
    )

"""Format `rsm.json`: roadside safety message, T/CSAE 53-2020 (YD/T 3709) field names in JSON.

Accepted shapes: ``{"content": {"rsms": [...]}}`` as OpenV2X sends it, ``{"rsms": [...]}``, and one
bare RSM. Each RSM becomes one frame. The standard allows 16 participants in a message, so one
detection frame of a busy junction spans several messages: they arrive as separate frames of the
same source and event time, which association by frame time takes as they are.

| field | unit | note |
|---|---|---|
| refPos | 1e-7 deg, elevation 0.1 m | needed for offset positions only |
| ptcType | 0-4, as number, text or name (`participants`) | rsu is the unit itself |
| ptcId | 0-65535 | 0 is the unit itself; `global_track_id`, where given, is the local id |
| source | 0-7 or its name | 2 (V2X) and 7 (integrated) are made of others' data: `FUSED` |
| secMark | ms of the minute, 0-59999 | from 60000 on no instant: taken as the frame's time |
| pos | absolute `lat, lon, ele`, or `offsetLL` and `offsetV` against refPos | 1e-7 deg, 0.1 m |
| accuracy, posConfidence | 0-15 or `a500m` ... `a1cm` | 95 % radius: sigma = c / 2.4477 |
| speed, heading, size | `j2735` | heading clockwise from north, of the motion |
| motionCfd | speedCfd, headingCfd | 95 % of one axis: sigma = c / 1.96 |
| vehicleClass | 0-255 or `{classification}` | refines ptcType |

The event time is the lower median of the participants' instants, so that one wild mark moves
nothing but its own object; a message without participants may carry a `secMark` of its own (an
extension: the standard gives no time to a message that saw nothing). Positions are the centre of
the object. The unit itself is no observation and is left out, uncounted. Dropped: transmission,
steering angle, accelerations, lane, the vehicle's own id and plate.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, DecodedFrame, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import (
    HEADING_CONFIDENCE_DEG,
    HEADING_CONFIDENCE_NAMES,
    HEADING_UNAVAILABLE,
    POSITION_CONFIDENCE_M,
    POSITION_CONFIDENCE_NAMES,
    SIGMAS_AT_95_AXIS,
    SIGMAS_AT_95_RADIAL,
    SPEED_CONFIDENCE_MPS,
    SPEED_CONFIDENCE_NAMES,
    SPEED_UNAVAILABLE,
    Heading,
    Height5Cm,
    LengthCm,
    SecondMark,
    Speed,
    WidthCm,
    coded,
    heading_from_north_rad,
    isotropic_covariance_m2,
    velocity_mps,
)
from operators.decode.json_text import read_json
from operators.decode.participants import (
    FUSED_SOURCES,
    ROADSIDE_UNIT,
    class_of_participant,
    participant_type,
    source_code,
)
from operators.decode.rows import NAN, FrameRows, decoded, id_hash, lower_median
from operators.decode.rsm_position import Place, Position, resolve
from operators.errors import DecodeError
from operators.frame import FrameFlag
from operators.normalise.event_time import second_of_minute_us
from operators.reasons import Reason

_Confidence = Annotated[int, Meta(ge=0, le=15)] | str


class _PositionConfidence(msgspec.Struct):
    pos: _Confidence = 0


class _Motion(msgspec.Struct, rename="camel"):
    speed_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0
    heading_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0


class _Size(msgspec.Struct):
    width: WidthCm | None = None
    length: LengthCm | None = None
    height: Height5Cm | None = None


class _VehicleClass(msgspec.Struct):
    classification: Annotated[int, Meta(ge=0, le=255)] = 0


class _Participant(msgspec.Struct, rename="camel"):
    ptc_type: Annotated[int, Meta(ge=0)] | str
    ptc_id: Annotated[int, Meta(ge=0, le=65_535)]
    sec_mark: SecondMark
    pos: Position
    source: Annotated[int, Meta(ge=0)] | str = 0
    global_track_id: str | int | None = msgspec.field(name="global_track_id", default=None)
    accuracy: _PositionConfidence | _Confidence | None = None
    pos_confidence: _PositionConfidence | _Confidence | None = None
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    motion_cfd: _Motion | None = None
    size: _Size | None = None
    vehicle_class: _VehicleClass | Annotated[int, Meta(ge=0, le=255)] | None = None


class _Rsm(msgspec.Struct, rename="camel"):
    participants: list[_Participant]
    id: str | int | None = None
    ref_pos: Place | None = None
    sec_mark: SecondMark | None = None


class _Content(msgspec.Struct):
    rsms: list[_Rsm]


class _Message(msgspec.Struct, rename="camel"):
    id: str | int | None = None
    content: _Content | None = None
    rsms: list[_Rsm] | None = None
    participants: list[_Participant] | None = None
    ref_pos: Place | None = None
    sec_mark: SecondMark | None = None


_NO_SIZE = _Size()
_NO_MOTION = _Motion()
_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; each RSM in it is one frame.

    Raises
    ------
    DecodeError
        MISSING_FIELD without a list of RSMs or participants, UNAVAILABLE if no object has
        a position, OUT_OF_RANGE for a name or offset the standard does not know, and the
        reasons of `json_text.read_json`.
    """
    message = read_json(_DECODER, payload)
    rsms = _rsms_of(message)
    check_objects(sum(len(r.participants) for r in rsms))
    return decoded([_frame(rsm, message.id, anchor_us) for rsm in rsms])


def _rsms_of(message: _Message) -> list[_Rsm]:
    if message.content is not None:
        return message.content.rsms
    if message.rsms is not None:
        return message.rsms
    if message.participants is None:
        msg = "neither content.rsms, rsms nor participants"
        raise DecodeError(Reason.MISSING_FIELD, msg)
    return [_Rsm(message.participants, message.id, message.ref_pos, message.sec_mark)]


def _frame(rsm: _Rsm, outer_id: str | int | None, anchor_us: int) -> DecodedFrame:
    marks = {p.sec_mark for p in rsm.participants}
    instants = {mark: second_of_minute_us(mark, anchor_us) for mark in marks}
    event_time_us = _event_time_us(rsm, instants, anchor_us)
    rows, flags = FrameRows(), 0
    for index, one in enumerate(rsm.participants):
        kind = participant_type(one.ptc_type)
        if one.ptc_id == 0 or kind == ROADSIDE_UNIT:
            continue
        if source_code(one.source) in FUSED_SOURCES:
            flags |= FrameFlag.FUSED
        instant = instants[one.sec_mark]
        late_us = 0 if instant is None or event_time_us is None else instant - event_time_us
        _add(rows, index, one, kind, late_us, rsm.ref_pos)
    sender = rsm.id if rsm.id is not None else outer_id
    return rows.frame(
        None if sender is None else str(sender), event_time_us, flags, Space.GEOGRAPHIC
    )


def _event_time_us(rsm: _Rsm, instants: dict[int, int | None], anchor_us: int) -> int | None:
    """Lower median of the participants' instants, else the message's own mark."""
    known = (t for p in rsm.participants if (t := instants[p.sec_mark]) is not None)
    middle_us = lower_median(known)
    if middle_us is not None or rsm.sec_mark is None:
        return middle_us
    return second_of_minute_us(rsm.sec_mark, anchor_us)


def _add(
    rows: FrameRows, index: int, one: _Participant, kind: int, late_us: int, origin: Place | None
) -> None:
    place = resolve(one.pos, origin)
    if place is None:
        rows.refused += 1
        return
    heading_rad = heading_from_north_rad(
        NAN if one.heading == HEADING_UNAVAILABLE else one.heading / 80
    )
    speed_mps = NAN if one.speed == SPEED_UNAVAILABLE else one.speed / 50
    size, motion = one.size or _NO_SIZE, one.motion_cfd or _NO_MOTION
    speed_95 = coded(motion.speed_cfd, SPEED_CONFIDENCE_MPS, SPEED_CONFIDENCE_NAMES)
    heading_95 = coded(motion.heading_cfd, HEADING_CONFIDENCE_DEG, HEADING_CONFIDENCE_NAMES)
    known_as = one.ptc_id if one.global_track_id is None else one.global_track_id
    rows.add(
        index,
        place[0] / 1e7,
        place[1] / 1e7,
        time_offset_us=late_us,
        z_m=place[2],
        covariance_m2=isotropic_covariance_m2(_position_sigma_m(one)),
        velocity_mps=velocity_mps(speed_mps, heading_rad),
        speed_sigma_mps=speed_95 / SIGMAS_AT_95_AXIS,
        heading_rad=heading_rad,
        heading_sigma_rad=math.radians(heading_95) / SIGMAS_AT_95_AXIS,
        size_m=((size.length or 0) / 100, (size.width or 0) / 100, (size.height or 0) / 20),
        object_class=class_of_participant(kind, _class_code(one)),
        local_id=id_hash(str(known_as)),
    )


def _position_sigma_m(one: _Participant) -> float:
    """One sigma of the declared 95 % radius, NaN if none is declared."""
    given = one.accuracy if one.accuracy is not None else one.pos_confidence
    if given is None:
        return NAN
    code = given.pos if isinstance(given, _PositionConfidence) else given
    return coded(code, POSITION_CONFIDENCE_M, POSITION_CONFIDENCE_NAMES) / SIGMAS_AT_95_RADIAL


def _class_code(one: _Participant) -> int:
    given = one.vehicle_class
    return given.classification if isinstance(given, _VehicleClass) else given or 0

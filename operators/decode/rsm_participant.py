"""A traffic participant of T/CSAE 53-2020 (DF_ParticipantData), and the frame that some make.

| field | unit | note |
|---|---|---|
| ptcType | 0-4, as number, text or name (`participants`) | rsu is the unit itself |
| ptcId | 0-65535 | 0 is the unit itself; `global_track_id`, where given, is the local id |
| source | 0-7 or its name | 2 (V2X) and 7 (integrated) are made of others' data: `FUSED` |
| secMark | ms of the minute, 0-59999 | from 60000 on no instant: taken as the frame's time |
| pos | absolute `lat, lon, ele`, or `offsetLL` and `offsetV` against refPos | 1e-7 deg, 0.1 m |
| accuracy, posConfidence | 0-15 or `a500m` ... `a1cm` | 95 % radius: sigma = c / 2.4477 |
| transmission | 3 or its name is the reverse gear | flag REVERSING |
| speed, heading, size | `j2735` | heading clockwise from north, of the motion |
| motionCfd | speedCfd, headingCfd | 95 % of one axis: sigma = c / 1.96 |
| vehicleClass | 0-255 or `{classification}` | refines ptcType |
"""

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import DecodedFrame, Space
from operators.decode.j2735 import (
    HEADING_SIGMA_RAD,
    HEADING_UNAVAILABLE,
    POSITION_COVARIANCE_M2,
    SPEED_SIGMA_MPS,
    SPEED_UNAVAILABLE,
    Heading,
    Height5Cm,
    LengthCm,
    SecondMark,
    Speed,
    WidthCm,
    raw_motion,
)
from operators.decode.j2735_flags import Code, is_reverse
from operators.decode.participants import (
    FUSED_SOURCES,
    ROADSIDE_UNIT,
    class_of_participant,
    participant_type,
    source_code,
)
from operators.decode.rows import NAN, FrameRows, id_hash, lower_median
from operators.decode.rsm_position import Place, Position, resolve
from operators.frame import FrameFlag, ObjectClass, ObjectFlag
from operators.normalise.event_time import second_of_minute_us

Confidence = Annotated[int, Meta(ge=0, le=15)] | str


class PositionConfidence(msgspec.Struct):
    """DF_PositionConfidenceSet; the elevation's is dropped."""

    pos: Confidence = 0


class Motion(msgspec.Struct, rename="camel"):
    """DF_MotionConfidenceSet."""

    speed_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0
    heading_cfd: Annotated[int, Meta(ge=0, le=7)] | str = 0


class Size(msgspec.Struct):
    """DF_VehicleSize."""

    width: WidthCm | None = None
    length: LengthCm | None = None
    height: Height5Cm | None = None

    def metres(self) -> tuple[float, float, float]:
        """Length, width and height, 0 if unknown."""
        return (self.length or 0) / 100, (self.width or 0) / 100, (self.height or 0) / 20


class VehicleClass(msgspec.Struct):
    """DF_VehicleClassification; the kind of fuel is dropped."""

    classification: Annotated[int, Meta(ge=0, le=255)] = 0


class Participant(msgspec.Struct, rename="camel"):
    """DF_ParticipantData."""

    ptc_type: Annotated[int, Meta(ge=0)] | str
    ptc_id: Annotated[int, Meta(ge=0, le=65_535)]
    sec_mark: SecondMark
    pos: Position
    source: Annotated[int, Meta(ge=0)] | str = 0
    global_track_id: str | int | None = msgspec.field(name="global_track_id", default=None)
    accuracy: PositionConfidence | Confidence | None = None
    pos_confidence: PositionConfidence | Confidence | None = None
    transmission: Code | None = None
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    motion_cfd: Motion | None = None
    size: Size | None = None
    vehicle_class: VehicleClass | Annotated[int, Meta(ge=0, le=255)] | None = None


class Detected(msgspec.Struct, gc=False):
    """A participant that is an object, with what a message says of it besides.

    Parameters
    ----------
    number
        In the message.
    one
        The participant.
    object_class, class_confidence
        The confidence is 0 to 1, NaN if unknown.
    flags
        `operators.frame.ObjectFlag` bits.
    """

    number: int
    one: Participant
    object_class: ObjectClass
    class_confidence: float = NAN
    flags: int = 0


_NO_SIZE = Size()
_NO_MOTION = Motion()


def detected(participants: Iterable[Participant]) -> list[Detected]:
    """Participants that are objects: the unit itself is none, and is left out, uncounted.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a type that the standard does not know.
    """
    found = []
    for index, one in enumerate(participants):
        kind = participant_type(one.ptc_type)
        if one.ptc_id != 0 and kind != ROADSIDE_UNIT:
            found.append(Detected(index, one, class_of_participant(kind, class_code(one))))
    return found


def class_code(one: Participant) -> int:
    """DE_BasicVehicleClass of a participant, 0 if it has none."""
    given = one.vehicle_class
    return given.classification if isinstance(given, VehicleClass) else given or 0


def participant_frame(
    seen: Sequence[Detected],
    marks: Sequence[int],
    own_mark: int | None,
    origin: Place | None,
    sender: str | None,
    anchor_us: int,
) -> DecodedFrame:
    """Return the frame of some participants.

    Its event time is the lower median of the instants, so that one wild mark moves nothing but its
    own object; without any, that of the message's own mark.

    Parameters
    ----------
    marks
        Of all participants, the unit itself too.
    own_mark
        Of the message; None if it has none.
    origin
        What offset positions are relative to.
    sender
        Source id.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a name or offset that the standard does not know, MISSING_FIELD for an
        offset without its origin.
    """
    instants = {mark: second_of_minute_us(mark, anchor_us) for mark in marks}
    event_time_us = lower_median(t for mark in marks if (t := instants[mark]) is not None)
    if event_time_us is None and own_mark is not None:
        event_time_us = second_of_minute_us(own_mark, anchor_us)
    rows, flags = FrameRows(), 0
    for found in seen:
        if source_code(found.one.source) in FUSED_SOURCES:
            flags |= FrameFlag.FUSED
        instant = instants[found.one.sec_mark]
        late_us = 0 if instant is None or event_time_us is None else instant - event_time_us
        _add(rows, found, late_us, origin)
    return rows.frame(sender, event_time_us, flags, Space.GEOGRAPHIC)


def _add(rows: FrameRows, found: Detected, late_us: int, origin: Place | None) -> None:
    one = found.one
    place = resolve(one.pos, origin)
    if place is None:
        rows.refused += 1
        return
    velocity, heading_rad = raw_motion(one.speed, one.heading)
    motion = one.motion_cfd or _NO_MOTION
    known_as = one.ptc_id if one.global_track_id is None else one.global_track_id
    reversing = ObjectFlag.REVERSING if is_reverse(one.transmission) else 0
    rows.add(
        found.number,
        place[0] / 1e7,
        place[1] / 1e7,
        time_offset_us=late_us,
        z_m=place[2],
        covariance_m2=position_covariance_m2(
            one.pos_confidence if one.accuracy is None else one.accuracy
        ),
        velocity_mps=velocity,
        speed_sigma_mps=SPEED_SIGMA_MPS[motion.speed_cfd],
        heading_rad=heading_rad,
        heading_sigma_rad=HEADING_SIGMA_RAD[motion.heading_cfd],
        size_m=(one.size or _NO_SIZE).metres(),
        class_confidence=found.class_confidence,
        object_class=found.object_class,
        flags=found.flags | reversing,
        local_id=id_hash(str(known_as)),
    )


def position_covariance_m2(
    given: PositionConfidence | Confidence | None,
) -> tuple[float, float, float]:
    """Covariance of a declared 95 % radius, unknown if none is declared.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a name that the standard does not know.
    """
    if isinstance(given, PositionConfidence):
        given = given.pos
    return POSITION_COVARIANCE_M2[0 if given is None else given]

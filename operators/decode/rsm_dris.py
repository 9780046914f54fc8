"""Format `rsm.dris.json`: roadside safety message in the dialect of Huawei Cloud's DRIS.

| where | shape | names |
|---|---|---|
| from a unit, `v2x/v1/rsu/{esn}/rsm/up` | ``{"rsms": [{"refPos", "participants"}]}`` | camel case |
| forwarded, `v2x-v1-rsm` | ``{"header", "body": {"participant_list"}}`` | snake case |

Values as in `rsm_participant`, but for: positions (`dris`); ptcType is the number's text from a
unit, the name when forwarded; `global_track_id` is a whole number of up to 63 bits; source 1 is
called rsu. **secMark** is in ms: the documentation calls it "in units of 0.1 s" and in the same
sentence gives its range as 0 to 59999 with a resolution of 1 ms, 60000 and more invalid.

The source id is the unit's `esn` where the service forwards it; a unit's own message does not name
it, so the record's key or topic has to. Dropped: header, refPos (positions are absolute), id of the
vehicle's own message, accelerations, lane.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, DecodedFrame
from operators.decode.dris import ConfidenceDris, PositionDris, VehicleClassDris
from operators.decode.guard import check_objects
from operators.decode.j2735 import (
    HEADING_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Heading,
    SecondMark,
    Speed,
)
from operators.decode.j2735_flags import Code
from operators.decode.json_text import read_json
from operators.decode.rows import decoded
from operators.decode.rsm_participant import Participant, Size, detected, participant_frame
from operators.errors import DecodeError
from operators.reasons import Reason

_PtcId = Annotated[int, Meta(ge=0, le=65_535)]
_TrackId = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class _FromUnit(msgspec.Struct, rename="camel"):
    ptc_type: str
    ptc_id: _PtcId
    sec_mark: SecondMark
    pos: PositionDris
    source: Annotated[int, Meta(ge=0, le=7)] = 0
    global_track_id: _TrackId | None = msgspec.field(name="global_track_id", default=None)
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    size: Size | None = None

    def participant(self) -> Participant:
        """Return it as the standard has it."""
        return Participant(
            ptc_type=self.ptc_type,
            ptc_id=self.ptc_id,
            sec_mark=self.sec_mark,
            pos=self.pos.raw(),
            source=self.source,
            global_track_id=self.global_track_id,
            speed=self.speed,
            heading=self.heading,
            size=self.size,
        )


class _Forwarded(msgspec.Struct):
    ptc_type: str
    ptc_id: _PtcId
    sec_mark: SecondMark
    pos: PositionDris
    source: str = "unknown"
    global_track_id: _TrackId | None = None
    pos_confidence: ConfidenceDris | None = None
    transmission: Code | None = None
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    size: Size | None = None
    vehicle_class: VehicleClassDris | None = None

    def participant(self) -> Participant:
        """Return it as the standard has it."""
        sure = self.pos_confidence
        return Participant(
            ptc_type=self.ptc_type,
            ptc_id=self.ptc_id,
            sec_mark=self.sec_mark,
            pos=self.pos.raw(),
            source=self.source,
            global_track_id=self.global_track_id,
            pos_confidence=None if sure is None else sure.position_confidence,
            transmission=self.transmission,
            speed=self.speed,
            heading=self.heading,
            size=self.size,
            vehicle_class=None if self.vehicle_class is None else self.vehicle_class.code(),
        )


class _Rsm(msgspec.Struct):
    participants: list[_FromUnit]


class _Source(msgspec.Struct):
    esn: str | None = None


class _Body(msgspec.Struct):
    rsm_source: _Source = msgspec.field(default_factory=_Source)
    participant_list: list[_Forwarded] = []


class _Message(msgspec.Struct):
    rsms: list[_Rsm] | None = None
    body: _Body | None = None


_DECODER = msgspec.json.Decoder(_Message)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; each RSM in it is one frame.

    Raises
    ------
    DecodeError
        MISSING_FIELD without RSMs or a body, UNAVAILABLE if no object has a position,
        OUT_OF_RANGE for a name that the standard does not know, and the reasons of
        `json_text.read_json`.
    """
    message = read_json(_DECODER, payload)
    if message.body is not None:
        check_objects(len(message.body.participant_list))
        told = [one.participant() for one in message.body.participant_list]
        return decoded([_frame(told, message.body.rsm_source.esn, anchor_us)])
    if message.rsms is None:
        raise DecodeError(Reason.MISSING_FIELD, "neither rsms nor body")
    check_objects(sum(len(rsm.participants) for rsm in message.rsms))
    each = [[one.participant() for one in rsm.participants] for rsm in message.rsms]
    return decoded([_frame(told, None, anchor_us) for told in each])


def _frame(told: list[Participant], sender: str | None, anchor_us: int) -> DecodedFrame:
    marks = [one.sec_mark for one in told]
    return participant_frame(detected(told), marks, None, None, sender or None, anchor_us)

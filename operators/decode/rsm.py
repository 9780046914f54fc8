"""Format `rsm.json`: roadside safety message, T/CSAE 53-2020 (YD/T 3709) field names in JSON.

Accepted shapes: ``{"content": {"rsms": [...]}}`` as OpenV2X sends it, ``{"rsms": [...]}``, and one
bare RSM. Each RSM becomes one frame. The standard allows 16 participants in a message, so one
detection frame of a busy junction spans several messages: they arrive as separate frames of the
same source and event time, which association by frame time takes as they are.

Participants are read as `rsm_participant` says; refPos (1e-7 deg, elevation 0.1 m) is needed for
offset positions only.

The event time is the lower median of the participants' instants, so that one wild mark moves
nothing but its own object; a message without participants may carry a `secMark` of its own (an
extension: the standard gives no time to a message that saw nothing). Positions are the centre of
the object. The unit itself is no observation and is left out, uncounted. Dropped: steering angle,
accelerations, lane, the vehicle's own id and plate.
"""

import msgspec

from operators.decode.decoded import Decoded, DecodedFrame
from operators.decode.guard import check_objects
from operators.decode.j2735 import SecondMark
from operators.decode.json_text import read_json
from operators.decode.rows import decoded
from operators.decode.rsm_participant import Participant, detected, participant_frame
from operators.decode.rsm_position import Place
from operators.errors import DecodeError
from operators.reasons import Reason


class _Rsm(msgspec.Struct, rename="camel"):
    participants: list[Participant]
    id: str | int | None = None
    ref_pos: Place | None = None
    sec_mark: SecondMark | None = None


class _Content(msgspec.Struct):
    rsms: list[_Rsm]


class _Message(msgspec.Struct, rename="camel"):
    id: str | int | None = None
    content: _Content | None = None
    rsms: list[_Rsm] | None = None
    participants: list[Participant] | None = None
    ref_pos: Place | None = None
    sec_mark: SecondMark | None = None


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
    sender = rsm.id if rsm.id is not None else outer_id
    return participant_frame(
        detected(rsm.participants),
        [one.sec_mark for one in rsm.participants],
        rsm.sec_mark,
        rsm.ref_pos,
        None if sender is None else str(sender),
        anchor_us,
    )

"""Format `rsm.dawnline.json`: the DAWNLINE dialect of the RSM that OpenV2X adaptors send.

Either the bare payload, a list of ``{"dev_pos", "content": [participant, ...]}``, or the same in a
wrapper ``{"topic", "payload"}``, whose third topic level is the unit's id. Each list item is one
frame. Physical units instead of raw ones: degrees, m/s, metres; heading in degrees clockwise from
north as in the standard (the one known sample cannot show otherwise; the same sender's other
files mirror it, see `openv2x_points`). `timeStamp` is UTC milliseconds since 1970; without it
`secMark` is anchored. No accuracy is given: the covariance is unknown. Size 0 or missing is
unknown. Types and sources as in `participants`; ptcId 0 and type rsu are the unit itself.
Dropped: lane, dev_pos.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, DecodedFrame, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import SecondMark, heading_from_north_rad, velocity_mps
from operators.decode.json_text import read_json
from operators.decode.participants import (
    FUSED_SOURCES,
    ROADSIDE_UNIT,
    class_of_participant,
    participant_type,
    source_code,
)
from operators.decode.rows import NAN, FrameRows, decoded, id_hash, lower_median
from operators.frame import FrameFlag
from operators.normalise.event_time import second_of_minute_us

_Metres = Annotated[float, Meta(ge=0.0, le=100.0)]
# An object observed further than this from its frame's time belongs to another frame.
_MAX_SPREAD_US = 60_000_000
_EpochMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # up to the year 9999


class _Participant(msgspec.Struct, rename="camel"):
    ptc_type: Annotated[int, Meta(ge=0)] | str
    ptc_id: Annotated[int, Meta(ge=0, le=65_535)]
    lat_deg: Annotated[float, Meta(ge=-90.0, le=90.0)] = msgspec.field(name="pos_lat")
    lon_deg: Annotated[float, Meta(ge=-180.0, le=180.0)] = msgspec.field(name="pos_lon")
    source: Annotated[int, Meta(ge=0)] | str = 0
    global_track_id: str | None = msgspec.field(name="global_track_id", default=None)
    time_stamp: _EpochMs | None = None
    sec_mark: SecondMark = 65_535
    speed: Annotated[float, Meta(ge=0.0, le=163.8)] | None = None
    heading: Annotated[float, Meta(ge=0.0, le=360.0)] | None = None
    length: _Metres | None = None
    width: _Metres | None = None
    height: _Metres | None = None


class _Device(msgspec.Struct):
    content: list[_Participant]


class _Wrapper(msgspec.Struct):
    payload: list[_Device]
    topic: str = ""


_WRAPPED = msgspec.json.Decoder(_Wrapper)
_BARE = msgspec.json.Decoder(list[_Device])


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; each device in it is one frame.

    Raises
    ------
    DecodeError
        The reasons of `json_text.read_json` and `participants.participant_type`.
    """
    if payload.lstrip().startswith(b"["):
        devices, source_id = read_json(_BARE, payload), None
    else:
        wrapper = read_json(_WRAPPED, payload)
        devices, source_id = wrapper.payload, _unit_of_topic(wrapper.topic)
    check_objects(sum(len(d.content) for d in devices))
    return decoded([_frame(d.content, source_id, anchor_us) for d in devices])


def _unit_of_topic(topic: str) -> str | None:
    """``R328328`` of ``V2X/RSU/R328328/RSM/UP/DAWNLINE``."""
    levels = topic.split("/")
    return levels[2] if levels[:2] == ["V2X", "RSU"] and len(levels) > 2 and levels[2] else None


def _instant_us(one: _Participant, anchor_us: int) -> int | None:
    if one.time_stamp is not None:
        return one.time_stamp * 1000
    return second_of_minute_us(one.sec_mark, anchor_us)


def _frame(content: list[_Participant], source_id: str | None, anchor_us: int) -> DecodedFrame:
    instants = [_instant_us(one, anchor_us) for one in content]
    event_time_us = lower_median(t for t in instants if t is not None)
    rows, flags = FrameRows(), 0
    for index, (one, instant) in enumerate(zip(content, instants, strict=True)):
        kind = participant_type(one.ptc_type)
        if one.ptc_id == 0 or kind == ROADSIDE_UNIT:
            continue
        if source_code(one.source) in FUSED_SOURCES:
            flags |= FrameFlag.FUSED
        late_us = 0 if instant is None or event_time_us is None else instant - event_time_us
        _add(rows, index, one, kind, late_us)
    return rows.frame(source_id, event_time_us, flags, Space.GEOGRAPHIC)


def _add(rows: FrameRows, index: int, one: _Participant, kind: int, late_us: int) -> None:
    if abs(late_us) > _MAX_SPREAD_US:
        rows.refused += 1
        return
    heading_rad = heading_from_north_rad(NAN if one.heading is None else one.heading)
    rows.add(
        index,
        one.lon_deg,
        one.lat_deg,
        time_offset_us=late_us,
        velocity_mps=velocity_mps(NAN if one.speed is None else one.speed, heading_rad),
        heading_rad=heading_rad,
        size_m=(one.length or NAN, one.width or NAN, one.height or NAN),
        object_class=class_of_participant(kind, 0),
        local_id=id_hash(one.global_track_id or str(one.ptc_id)),
    )

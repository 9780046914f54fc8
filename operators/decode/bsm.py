"""Format `bsm.json`: SAE J2735 Basic Safety Message in the JSON of the JPO-ODE.

Two dialects, told apart by content:

* schema 6 and 8, `payload.data.coreData`: degrees, m/s, metres (`ode_si`; 8191 x 0.02 m/s is taken
  as unavailable too); the size stays in centimetres;
* schema 9, `payload.data.value.BasicSafetyMessage.coreData`: raw J2735 units (`j2735`).

Kept: `id` (temporary, rotates) as local id; `secMark` anchored at the receive time; position and
elevation (of the vehicle's centre); speed and heading as velocity; size; the accuracy ellipse,
which is **one sigma** (0.05 m, 255 unavailable, 254 means 12.70 m or more; orientation 360/65535
deg clockwise from north, 65535 unavailable); brakes and reverse gear as flags; of part II what
`bsm_parts` says. Dropped: msgCnt (a repeated message is known by its bytes), accelerations,
steering. The heading is the motion's; the box is taken to point the same way.
The payload names no sender that lasts: the source id is None, the log's gateway is the source.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.bsm_core import raw_report
from operators.decode.bsm_parts import (
    PartRaw,
    PartSi,
    Supplement,
    supplement_raw,
    supplement_si,
)
from operators.decode.decoded import Decoded
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Accuracy,
    Elevation,
    Heading,
    Latitude,
    LengthCm,
    Longitude,
    SecondMark,
    Speed,
    WidthCm,
)
from operators.decode.j2735_flags import Brakes, Code, flags_of_brakes, is_reverse
from operators.decode.json_text import read_json
from operators.decode.ode_si import AccuracySi, PositionSi, covariance_si_m2, or_nan
from operators.decode.rows import NAN
from operators.decode.self_report import self_report
from operators.errors import DecodeError
from operators.frame import ObjectFlag
from operators.normalise.event_time import second_of_minute_us
from operators.reasons import Reason

_SPEED_GONE_MPS = SPEED_UNAVAILABLE / 50

_SpeedMps = Annotated[float, Meta(ge=0.0, le=_SPEED_GONE_MPS)]
_HeadingDeg = Annotated[float, Meta(ge=0.0, le=360.0)]


class _Size(msgspec.Struct, rename="camel"):
    width: WidthCm | None = None
    length: LengthCm | None = None


class _CoreSi(msgspec.Struct, rename="camel"):
    id: str
    position: PositionSi
    sec_mark: SecondMark | None = None
    accuracy: AccuracySi | None = None
    speed: _SpeedMps | None = None
    heading: _HeadingDeg | None = None
    size: _Size | None = None
    transmission: Code | None = None
    brakes: Brakes | None = None


class _CoreRaw(msgspec.Struct, rename="camel"):
    id: str
    lat: Latitude
    long: Longitude
    sec_mark: SecondMark = 65_535
    elev: Elevation = ELEVATION_UNAVAILABLE
    accuracy: Accuracy = msgspec.field(default_factory=Accuracy)
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    size: _Size | None = None
    transmission: Code | None = None
    brakes: Brakes | None = None


class _BsmRaw(msgspec.Struct, rename="camel"):
    core_data: _CoreRaw
    parts: list[PartRaw] | None = msgspec.field(name="partII", default=None)


class _FrameValue(msgspec.Struct, rename="pascal"):
    basic_safety_message: _BsmRaw | None = None


class _Data(msgspec.Struct, rename="camel"):
    core_data: _CoreSi | None = None
    parts: list[PartSi] | None = msgspec.field(name="partII", default=None)
    value: _FrameValue | None = None


class _Payload(msgspec.Struct, rename="camel"):
    data: _Data


class _Record(msgspec.Struct, rename="camel"):
    payload: _Payload


_DECODER = msgspec.json.Decoder(_Record)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one BSM.

    Raises
    ------
    DecodeError
        WRONG_KIND if the record carries no BSM, UNAVAILABLE without a position, and the reasons
        of `json_text.read_json`.
    """
    data = read_json(_DECODER, payload).payload.data
    if data.core_data is not None:
        return _from_si(data.core_data, supplement_si(data.parts or ()), anchor_us)
    if data.value is not None and data.value.basic_safety_message is not None:
        bsm = data.value.basic_safety_message
        return _from_raw(bsm.core_data, supplement_raw(bsm.parts or ()), anchor_us)
    raise DecodeError(Reason.WRONG_KIND, "payload.data holds no BasicSafetyMessage")


def _from_si(core: _CoreSi, more: Supplement, anchor_us: int) -> Decoded:
    return self_report(
        core.id,
        None if core.sec_mark is None else second_of_minute_us(core.sec_mark, anchor_us),
        core.position.place(),
        covariance_m2=covariance_si_m2(core.accuracy),
        speed_mps=NAN if core.speed == _SPEED_GONE_MPS else or_nan(core.speed),
        heading_deg=NAN if core.heading == 360.0 else or_nan(core.heading),
        size_m=_size_m(core.size, more.height_m),
        object_class=more.object_class,
        flags=more.flags | _flags_of_core(core),
    )


def _from_raw(core: _CoreRaw, more: Supplement, anchor_us: int) -> Decoded:
    return raw_report(
        core.id,
        core,
        core.accuracy,
        anchor_us,
        size_m=_size_m(core.size, more.height_m),
        flags=more.flags | _flags_of_core(core),
        object_class=more.object_class,
    )


def _size_m(size: _Size | None, height_m: float) -> tuple[float, float, float]:
    length_cm, width_cm = (size.length, size.width) if size else (None, None)
    return (length_cm or 0) / 100, (width_cm or 0) / 100, height_m


def _flags_of_core(core: _CoreSi | _CoreRaw) -> int:
    reversing = ObjectFlag.REVERSING if is_reverse(core.transmission) else 0
    return flags_of_brakes(core.brakes) | reversing

"""Format `bsm.carma.json`: SAE J2735 Basic Safety Message in the JSON of CARMA Streets.

The core data of one message in raw units (`j2735`), names in snake case, each number as a text (a
number itself is read too).

| field | unit | unavailable |
|---|---|---|
| core_data.id | 4 octets as a **decimal** number, rotates | - |
| sec_mark | ms of the minute, completed at the receive time | 60000 and more |
| lat, long, elev | 1e-7 deg, 0.1 m | 900000001, 1800000001, -4096 |
| accuracy | ellipse of one sigma, 0.05 m, 360/65535 deg | 255, 65535 |
| speed, heading | 0.02 m/s, 0.0125 deg clockwise from north | 8191, 28800 |
| size | width, length cm | 0 |
| transmission, brakes | codes: 3 is reverse; 3 is engaged | - |

The local id is the hexadecimal one that the same vehicle has in `bsm.json`. Kept as flags: reverse
gear, traction control, ABS and stability control at work. Dropped: msg_count, accelerations,
steering angle, wheel brakes (bits whose order the number does not tell). There is no part II.
The payload names no sender that lasts: the record's key or header does.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.bsm_core import raw_report
from operators.decode.decoded import Decoded
from operators.decode.j2735 import (
    AXIS_UNAVAILABLE,
    ELEVATION_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    ORIENTATION_UNAVAILABLE,
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
from operators.decode.j2735_flags import Brakes, flags_of_brakes, is_reverse
from operators.decode.json_text import read_json
from operators.decode.rows import NAN
from operators.frame import ObjectFlag

_Axis = Annotated[int, Meta(ge=0, le=AXIS_UNAVAILABLE)]
_State = Annotated[int, Meta(ge=0, le=7)]


class _Accuracy(msgspec.Struct):
    semi_major: _Axis = AXIS_UNAVAILABLE
    semi_minor: _Axis = AXIS_UNAVAILABLE
    orientation: Annotated[int, Meta(ge=0, le=ORIENTATION_UNAVAILABLE)] = ORIENTATION_UNAVAILABLE


class _Size(msgspec.Struct):
    width: WidthCm = 0
    length: LengthCm = 0


class _Brakes(msgspec.Struct):
    traction: _State = 0
    abs: _State = 0
    scs: _State = 0


class _Core(msgspec.Struct):
    id: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
    lat: Latitude
    long: Longitude
    sec_mark: SecondMark = 65_535
    elev: Elevation = ELEVATION_UNAVAILABLE
    accuracy: _Accuracy = msgspec.field(default_factory=_Accuracy)
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    size: _Size = msgspec.field(default_factory=_Size)
    transmission: _State = 7
    brakes: _Brakes = msgspec.field(default_factory=_Brakes)


class _Bsm(msgspec.Struct):
    core_data: _Core


_DECODER = msgspec.json.Decoder(_Bsm, strict=False)


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one BSM.

    Raises
    ------
    DecodeError
        UNAVAILABLE without a position, and the reasons of `json_text.read_json`.
    """
    core = read_json(_DECODER, payload).core_data
    known = core.accuracy
    return raw_report(
        f"{core.id:08X}",
        core,
        Accuracy(known.semi_major, known.semi_minor, known.orientation),
        anchor_us,
        size_m=(core.size.length / 100, core.size.width / 100, NAN),
        flags=_flags(core),
    )


def _flags(core: _Core) -> int:
    at_work = core.brakes
    made = flags_of_brakes(Brakes(traction=at_work.traction, abs=at_work.abs, scs=at_work.scs))
    return made | (ObjectFlag.REVERSING if is_reverse(core.transmission) else 0)

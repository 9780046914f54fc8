"""Format `psm.json`: SAE J2735 Personal Safety Message in the JSON of the JPO-ODE.

What a walker's or cyclist's device says. Two dialects, told apart by content: schema 8,
`payload.data.basicType`, and schema 9, `payload.data.value.PersonalSafetyMessage`.

| field | schema 8 | schema 9 | unavailable |
|---|---|---|---|
| position | degrees, metres (`ode_si`) | 1e-7 deg, 0.1 m | `ode_si`; 900000001, 1800000001, -4096 |
| accuracy, one sigma | metres, degrees | 0.05 m, 360/65535 deg | left out; 255, 65535 |
| **speed** | **0.02 m/s, raw** | 0.02 m/s | 8191 |
| **heading** | **0.0125 deg clockwise from north, raw** | the same | 28800 |
| secMark | ms of the minute, completed at the receive time | the same | 60000 and more |

basicType gives the class: aPEDESTRIAN, aPUBLICSAFETYWORKER, aPEDALCYCLIST, anANIMAL. A request to
cross or being on the crossing (crossRequest, crossState) sets the flag CROSSING. `id` (rotates) is
the local id; the payload names no sender that lasts. A record that does not say rightly who made it
(`metadata.recordGeneratedBy`) is no record of an ODE. Dropped: msgCnt, accelerations, path history
and prediction, propulsion, size and activity of a cluster, attachments, kinds of worker and animal.
"""

from typing import Literal

import msgspec

from operators.decode.decoded import Decoded
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_UNAVAILABLE,
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    SPEED_UNAVAILABLE,
    Accuracy,
    Elevation,
    Heading,
    Latitude,
    Longitude,
    SecondMark,
    Speed,
    accuracy_covariance_m2,
)
from operators.decode.json_text import read_json
from operators.decode.ode_si import AccuracySi, PositionSi, covariance_si_m2
from operators.decode.rows import NAN
from operators.decode.self_report import self_report
from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.normalise.event_time import second_of_minute_us
from operators.reasons import Reason


class _Core(msgspec.Struct, rename="camel"):
    """What both dialects write alike."""

    basic_type: str
    id: str
    sec_mark: SecondMark = 65_535
    speed: Speed = SPEED_UNAVAILABLE
    heading: Heading = HEADING_UNAVAILABLE
    cross_request: bool = False
    cross_state: bool = False


class _PositionRaw(msgspec.Struct):
    lat: Latitude
    long: Longitude
    elevation: Elevation = ELEVATION_UNAVAILABLE


class _PsmRaw(_Core, rename="camel", kw_only=True):
    position: _PositionRaw
    accuracy: Accuracy = msgspec.field(default_factory=Accuracy)


class _Value(msgspec.Struct, rename="pascal"):
    personal_safety_message: _PsmRaw | None = None


class _Data(_Core, rename="camel", kw_only=True):
    basic_type: str = ""
    id: str = ""
    position: PositionSi | None = None
    accuracy: AccuracySi | None = None
    value: _Value | None = None


class _Payload(msgspec.Struct):
    data: _Data


class _Metadata(msgspec.Struct, rename="camel"):
    record_generated_by: (
        Literal["", "OBU", "RSU", "TMC", "TMC_VIA_SAT", "TMC_VIA_SNMP", "UNKNOWN"] | None
    ) = None


class _Record(msgspec.Struct):
    payload: _Payload
    metadata: _Metadata | None = None


_DECODER = msgspec.json.Decoder(_Record)
_CLASS_OF_TYPE = {
    "aPEDESTRIAN": ObjectClass.PEDESTRIAN,
    "aPUBLICSAFETYWORKER": ObjectClass.PEDESTRIAN,
    "aPEDALCYCLIST": ObjectClass.BICYCLE,
    "anANIMAL": ObjectClass.ANIMAL,
}


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one PSM.

    Raises
    ------
    DecodeError
        WRONG_KIND if the record carries no PSM, UNAVAILABLE without a position, and the reasons
        of `json_text.read_json`.
    """
    data = read_json(_DECODER, payload).payload.data
    if data.value is not None and data.value.personal_safety_message is not None:
        raw = data.value.personal_safety_message
        return _report(raw, _place(raw.position), accuracy_covariance_m2(raw.accuracy), anchor_us)
    if data.basic_type and data.position is not None:
        return _report(data, data.position.place(), covariance_si_m2(data.accuracy), anchor_us)
    raise DecodeError(Reason.WRONG_KIND, "payload.data holds no PersonalSafetyMessage")


def _place(at: _PositionRaw) -> tuple[float, float, float] | None:
    if at.lat == LATITUDE_UNAVAILABLE or at.long == LONGITUDE_UNAVAILABLE:
        return None
    elevation_m = NAN if at.elevation == ELEVATION_UNAVAILABLE else at.elevation / 10
    return at.long / 1e7, at.lat / 1e7, elevation_m


def _report(
    core: _Core,
    place: tuple[float, float, float] | None,
    covariance_m2: tuple[float, float, float],
    anchor_us: int,
) -> Decoded:
    return self_report(
        core.id,
        second_of_minute_us(core.sec_mark, anchor_us),
        place,
        covariance_m2=covariance_m2,
        speed_mps=NAN if core.speed == SPEED_UNAVAILABLE else core.speed / 50,
        heading_deg=NAN if core.heading == HEADING_UNAVAILABLE else core.heading / 80,
        object_class=_CLASS_OF_TYPE.get(core.basic_type, ObjectClass.UNKNOWN),
        flags=ObjectFlag.CROSSING if core.cross_request or core.cross_state else 0,
    )

"""Lights, brakes, events and emergency use of SAE J2735 and T/CSAE 53 vehicles, as flags.

The flags are bits of `operators.frame.ObjectFlag`. Bit strings are numbered from the most
significant bit and come in four writings:

* a map of names to truth values, ``{"leftTurnSignalOn": true}`` (ODE schema 8);
* hexadecimal digits of whole octets, ``"80"`` (ODE schema 9), also as ``{"value", "length"}``;
* one character a bit, ``"100000000"``;
* a list of the bits, 0 or 1, or of the names that are set.

| bit string | bits | kept as |
|---|---|---|
| ExteriorLights | low beam, high beam | HEADLIGHTS |
| | left, right, hazard | LEFT_INDICATOR, RIGHT_INDICATOR, HAZARD_LIGHTS |
| | automatic, daytime, fog, parking | dropped |
| VehicleEventFlags | hazard lights, stop line violation, hard braking | of the same names |
| | ABS, traction control, stability control, jack-knife | CONTROL_LOSS |
| | hazardous materials | DANGEROUS_GOODS |
| | flat tyre, disabled vehicle, air bag | DISABLED |
| | lights changed, wipers changed, reserved | dropped |
| BrakeAppliedStatus | any wheel | BRAKING |

Enumerations are numbers or names, in any case. A siren in use, or a response of the kind emergency
or pursuit, makes an EMERGENCY_VEHICLE whatever its class; a light bar alone does not, since tow
trucks have one too.
"""

from collections.abc import Iterable

import msgspec

from operators.errors import DecodeError
from operators.frame import ObjectClass, ObjectFlag
from operators.reasons import Reason

BitString = str | dict[str, bool | int | str] | list[int | str]
Code = str | int
FlagTable = tuple[tuple[str, int], ...]

LIGHTS: FlagTable = (
    ("lowBeamHeadlightsOn", ObjectFlag.HEADLIGHTS),
    ("highBeamHeadlightsOn", ObjectFlag.HEADLIGHTS),
    ("leftTurnSignalOn", ObjectFlag.LEFT_INDICATOR),
    ("rightTurnSignalOn", ObjectFlag.RIGHT_INDICATOR),
    ("hazardSignalOn", ObjectFlag.HAZARD_LIGHTS),
    ("automaticLightControlOn", 0),
    ("daytimeRunningLightsOn", 0),
    ("fogLightOn", 0),
    ("parkingLightsOn", 0),
)
EVENTS: FlagTable = (
    ("eventHazardLights", ObjectFlag.HAZARD_LIGHTS),
    ("eventStopLineViolation", ObjectFlag.STOP_LINE_VIOLATION),
    ("eventABSactivated", ObjectFlag.CONTROL_LOSS),
    ("eventTractionControlLoss", ObjectFlag.CONTROL_LOSS),
    ("eventStabilityControlactivated", ObjectFlag.CONTROL_LOSS),
    ("eventHazardousMaterials", ObjectFlag.DANGEROUS_GOODS),
    ("eventReserved1", 0),
    ("eventHardBraking", ObjectFlag.HARD_BRAKING),
    ("eventLightsChanged", 0),
    ("eventWipersChanged", 0),
    ("eventFlatTire", ObjectFlag.DISABLED),
    ("eventDisabledVehicle", ObjectFlag.DISABLED),
    ("eventAirBagDeployment", ObjectFlag.DISABLED),
    ("eventJackKnife", ObjectFlag.CONTROL_LOSS),
)
WHEEL_BRAKES: FlagTable = (
    ("unavailable", 0),
    ("leftFront", ObjectFlag.BRAKING),
    ("leftRear", ObjectFlag.BRAKING),
    ("rightFront", ObjectFlag.BRAKING),
    ("rightRear", ObjectFlag.BRAKING),
)
# Least length of the bit string that each table is of: the 14th event came with an extension.
_LENGTH = {LIGHTS: 9, EVENTS: 13, WHEEL_BRAKES: 5}
_DIGITS = frozenset("0123456789abcdefABCDEF")
_ENGAGED = frozenset({"engaged", 3})
_IN_USE = frozenset({"inuse", 2})
_CALLED = frozenset({"emergency", "pursuit", 1, 3})
_REVERSE = frozenset({"reversegears", 3})
_PEDAL_ON = frozenset({"on", 2})


class Brakes(msgspec.Struct, rename="camel"):
    """DF_BrakeSystemStatus; the pedal is T/CSAE 53's own, and spelt so there."""

    wheel_brakes: BitString | None = None
    brake_pedal: Code | None = msgspec.field(name="brakePadel", default=None)
    traction: Code | None = None
    abs: Code | None = None
    scs: Code | None = None


class Emergency(msgspec.Struct, rename="camel"):
    """DF_EmergencyDetails of J2735, DF_VehicleEmergencyExtensions of T/CSAE 53."""

    siren_use: Code | None = None
    lights_use: Code | None = None
    response_type: Code | None = None


def flags_of(given: BitString | None, table: FlagTable) -> int:
    """Flags of a bit string.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE if it is neither of the writings.
    """
    if not given:
        return 0
    if isinstance(given, dict):
        if "value" in given:
            return flags_of(str(given["value"]), table)
        return _of_names((name for name, on in given.items() if on is True), table)
    if isinstance(given, list):
        if all(isinstance(one, str) for one in given):
            return _of_names((str(one) for one in given), table)
        given = "".join(str(one) for one in given)
    return _of_bits(_bits(given, table), table)


def _bits(text: str, table: FlagTable) -> str:
    """Characters 0 and 1, the first bit first."""
    if len(text) >= _LENGTH[table] and set(text) <= {"0", "1"}:
        return text
    if len(text) > 16 or not set(text) <= _DIGITS:
        msg = f"bit string {text[:40]!r}"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)
    return f"{int(text, 16):0{4 * len(text)}b}"


def _of_bits(bits: str, table: FlagTable) -> int:
    made = 0
    for bit, (_, flag) in zip(bits, table, strict=False):
        if bit == "1":
            made |= flag
    return made


def _of_names(names: Iterable[str], table: FlagTable) -> int:
    known, made = dict(table), 0
    for name in names:
        made |= known.get(name, 0)
    return made


def is_reverse(transmission: Code | None) -> bool:
    """Whether a DE_TransmissionState says that the reverse gear is in."""
    return _plain(transmission) in _REVERSE


def flags_of_brakes(given: Brakes | None) -> int:
    """BRAKING and CONTROL_LOSS of a brake system's status."""
    if given is None:
        return 0
    made = flags_of(given.wheel_brakes, WHEEL_BRAKES)
    if _plain(given.brake_pedal) in _PEDAL_ON:
        made |= ObjectFlag.BRAKING
    if any(_plain(one) in _ENGAGED for one in (given.traction, given.abs, given.scs)):
        made |= ObjectFlag.CONTROL_LOSS
    return made


def flags_of_emergency(given: Emergency | None, kind: ObjectClass) -> int:
    """EMERGENCY_VEHICLE, SIREN, LIGHT_BAR and RIGHT_OF_WAY of a vehicle and its equipment."""
    made = int(ObjectFlag.EMERGENCY_VEHICLE) if kind == ObjectClass.EMERGENCY else 0
    if given is None:
        return made
    if _plain(given.siren_use) in _IN_USE:
        made |= ObjectFlag.SIREN | ObjectFlag.EMERGENCY_VEHICLE
    if _plain(given.response_type) in _CALLED:
        made |= ObjectFlag.RIGHT_OF_WAY | ObjectFlag.EMERGENCY_VEHICLE
    if _plain(given.lights_use) in _IN_USE:
        made |= ObjectFlag.LIGHT_BAR
    return made


def _plain(code: Code | None) -> Code | None:
    """`code` in lower case without separators: ``IN_USE`` and ``inUse`` are one."""
    if isinstance(code, str):
        return code.lower().replace("_", "").replace("-", "")
    return code

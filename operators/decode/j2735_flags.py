"""Lights, brakes, events and emergency use of SAE J2735 and T/CSAE 53 vehicles, as flags.

The flags are bits of `operators.frame.ObjectFlag`; the writings of bit strings, `bit_strings`.

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

from functools import lru_cache

import msgspec

from operators.decode.bit_strings import BitString, FlagTable, flags_of
from operators.frame import ObjectFlag

Code = str | int
# Plain numbers: "or" of an enumeration costs a message of one vehicle a tenth of its time.
_BRAKING, _CONTROL_LOSS = int(ObjectFlag.BRAKING), int(ObjectFlag.CONTROL_LOSS)

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


def is_reverse(transmission: Code | None) -> bool:
    """Whether a DE_TransmissionState says that the reverse gear is in."""
    return transmission is not None and _plain(transmission) in _REVERSE


def flags_of_brakes(given: Brakes | None) -> int:
    """BRAKING and CONTROL_LOSS of a brake system's status."""
    if given is None:
        return 0
    made = flags_of(given.wheel_brakes, WHEEL_BRAKES)
    if _plain(given.brake_pedal) in _PEDAL_ON:
        made |= _BRAKING
    if any(_plain(one) in _ENGAGED for one in (given.traction, given.abs, given.scs)):
        made |= _CONTROL_LOSS
    return made


def flags_of_emergency(given: Emergency | None) -> int:
    """EMERGENCY_VEHICLE, SIREN, LIGHT_BAR and RIGHT_OF_WAY of a vehicle's equipment in use."""
    if given is None:
        return 0
    made = 0
    if _plain(given.siren_use) in _IN_USE:
        made |= ObjectFlag.SIREN | ObjectFlag.EMERGENCY_VEHICLE
    if _plain(given.response_type) in _CALLED:
        made |= ObjectFlag.RIGHT_OF_WAY | ObjectFlag.EMERGENCY_VEHICLE
    if _plain(given.lights_use) in _IN_USE:
        made |= ObjectFlag.LIGHT_BAR
    return made


@lru_cache(maxsize=256)
def _plain(code: Code | None) -> Code | None:
    """`code` in lower case without separators: ``IN_USE`` and ``inUse`` are one."""
    if isinstance(code, str):
        return code.lower().replace("_", "").replace("-", "")
    return code

"""Part II of the SAE J2735 Basic Safety Message, in both dialects of the JPO-ODE.

| extension | kept |
|---|---|
| VehicleSafetyExtensions | events and exterior lights, as flags (`j2735_flags`) |
| SpecialVehicleExtensions | vehicleAlerts: siren, light bar, kind of response, as flags |
| SupplementalVehicleExtensions | classDetails: keyType (DE_BasicVehicleClass), else role; height |

Dropped: path history and prediction, trailers, weather, mass, classification by other lists.
Height is in metres in schema 8, in 5 cm in schema 9, 0 unavailable.
"""

from collections.abc import Iterable
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from operators.decode.bit_strings import BitString, flags_of
from operators.decode.j2735 import Height5Cm, class_of_vehicle_class
from operators.decode.j2735_flags import (
    EVENTS,
    LIGHTS,
    Emergency,
    flags_of_emergency,
)
from operators.decode.rows import NAN
from operators.frame import ObjectClass

_HeightM = Annotated[float, Meta(ge=0.0, le=6.35)]


class ClassDetails(msgspec.Struct, rename="camel"):
    """DF_VehicleClassification."""

    key_type: Annotated[int, Meta(ge=0, le=255)] | None = None
    role: str | int | None = None


class _VehicleDataSi(msgspec.Struct, rename="camel"):
    height: _HeightM | None = None


class _VehicleDataRaw(msgspec.Struct, rename="camel"):
    height: Height5Cm = 0


class _ExtensionSi(msgspec.Struct, rename="camel"):
    """Any of the extensions: which one shows by its members."""

    events: BitString | None = None
    lights: BitString | None = None
    vehicle_alerts: Emergency | None = None
    class_details: ClassDetails | None = None
    vehicle_data: _VehicleDataSi | None = None


class PartSi(msgspec.Struct, rename="camel"):
    """One part of schema 8."""

    value: _ExtensionSi | None = None


class _SafetyRaw(msgspec.Struct, rename="camel"):
    events: BitString | None = None
    lights: BitString | None = None


class _SpecialRaw(msgspec.Struct, rename="camel"):
    vehicle_alerts: Emergency | None = None


class _SupplementalRaw(msgspec.Struct, rename="camel"):
    class_details: ClassDetails | None = None
    vehicle_data: _VehicleDataRaw | None = None


class _ValueRaw(msgspec.Struct, rename="pascal"):
    vehicle_safety_extensions: _SafetyRaw | None = None
    special_vehicle_extensions: _SpecialRaw | None = None
    supplemental_vehicle_extensions: _SupplementalRaw | None = None


class PartRaw(msgspec.Struct, rename="camel"):
    """One part of schema 9."""

    value: _ValueRaw | None = msgspec.field(name="partII-Value", default=None)


class Supplement(NamedTuple):
    """What the parts of one message add to its core.

    Parameters
    ----------
    object_class
        By vehicle class or role.
    height_m
        NaN or 0 if unavailable.
    flags
        `operators.frame.ObjectFlag` bits.
    """

    object_class: ObjectClass = ObjectClass.UNKNOWN
    height_m: float = NAN
    flags: int = 0


_CLASS_OF_ROLE = {
    "basicVehicle": ObjectClass.CAR,
    "publicTransport": ObjectClass.BUS,
    "dangerousGoods": ObjectClass.TRUCK,
    "emergency": ObjectClass.EMERGENCY,
    "fire": ObjectClass.EMERGENCY,
    "ambulance": ObjectClass.EMERGENCY,
    "police": ObjectClass.EMERGENCY,
    "truck": ObjectClass.TRUCK,
    "motorcycle": ObjectClass.MOTORCYCLE,
    "transit": ObjectClass.BUS,
}


def supplement_si(parts: Iterable[PartSi]) -> Supplement:
    """Read the parts of schema 8.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for a bit string that is none.
    """
    made, alerts = Supplement(), None
    for one in (part.value for part in parts if part.value):
        flags = made.flags | flags_of(one.events, EVENTS) | flags_of(one.lights, LIGHTS)
        kind = class_of(one.class_details) or made.object_class
        tall = one.vehicle_data and one.vehicle_data.height
        alerts = one.vehicle_alerts or alerts
        made = Supplement(kind, tall or made.height_m, flags)
    return made._replace(flags=made.flags | flags_of_emergency(alerts))


def supplement_raw(parts: Iterable[PartRaw]) -> Supplement:
    """Read the parts of schema 9; the errors are those of `supplement_si`."""
    kind, height_m, flags, alerts = ObjectClass.UNKNOWN, NAN, 0, None
    for one in (part.value for part in parts if part.value):
        if (safety := one.vehicle_safety_extensions) is not None:
            flags |= flags_of(safety.events, EVENTS) | flags_of(safety.lights, LIGHTS)
        if (special := one.special_vehicle_extensions) is not None:
            alerts = special.vehicle_alerts
        if (more := one.supplemental_vehicle_extensions) is not None:
            kind = class_of(more.class_details)
            height_m = more.vehicle_data.height / 20 if more.vehicle_data else NAN
    return Supplement(kind, height_m, flags | flags_of_emergency(alerts))


def class_of(details: ClassDetails | None) -> ObjectClass:
    """Class of a BSM's sender: the vehicle class if it is set, else its role."""
    if details is None:
        return ObjectClass.UNKNOWN
    coded = class_of_vehicle_class(details.key_type or 0)
    return coded or _CLASS_OF_ROLE.get(str(details.role), ObjectClass.UNKNOWN)

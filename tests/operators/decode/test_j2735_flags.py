"""Bit strings and enumerations of J2735 vehicles in each of their writings."""

import json
from typing import Any

import pytest

from operators.decode.bit_strings import flags_of
from operators.decode.j2735_flags import (
    EVENTS,
    LIGHTS,
    WHEEL_BRAKES,
    Brakes,
    Emergency,
    flags_of_brakes,
    flags_of_emergency,
    is_reverse,
)
from operators.decode.registry import decode
from operators.errors import DecodeError
from operators.frame import ObjectFlag
from operators.reasons import Reason
from tests.operators.decode.test_bsm import RAW, SI

AMBULANCE = ObjectFlag.EMERGENCY_VEHICLE | ObjectFlag.SIREN | ObjectFlag.LIGHT_BAR


@pytest.mark.parametrize(
    "given",
    [
        {"leftTurnSignalOn": True, "rightTurnSignalOn": False},
        "2000",
        "001000000",
        {"value": "2000", "length": 9},
        [0, 0, 1, 0, 0, 0, 0, 0, 0],
        ["leftTurnSignalOn"],
    ],
)
def test_four_writings_of_one_bit_string_agree(given: Any) -> None:
    assert flags_of(given, LIGHTS) == ObjectFlag.LEFT_INDICATOR


@pytest.mark.parametrize("table", [LIGHTS, EVENTS, WHEEL_BRAKES])
def test_each_bit_alone_is_its_own_flag(table: Any) -> None:
    for place, (name, flag) in enumerate(table):
        bits = "".join("1" if k == place else "0" for k in range(len(table)))
        digits = f"{int(bits.ljust(16, '0'), 2):04x}"
        assert flags_of(bits, table) == flags_of({name: True}, table) == flag
        assert flags_of(digits, table) == flag


@pytest.mark.parametrize("given", [None, "", {}, [], "00", {"value": "0000", "length": 13}])
def test_nothing_set_is_no_flag(given: Any) -> None:
    assert flags_of(given, EVENTS) == 0


@pytest.mark.parametrize("given", ["zz", "-1", "0x10", "1" * 17 + "2", {"value": 3.5}])
def test_what_is_no_bit_string_is_refused(given: Any) -> None:
    with pytest.raises(DecodeError) as caught:
        flags_of(given, EVENTS)
    assert caught.value.reason is Reason.OUT_OF_RANGE


def test_unavailable_wheel_brakes_of_the_real_messages_do_not_brake() -> None:
    given = {"leftFront": False, "unavailable": True}
    assert flags_of_brakes(Brakes(wheel_brakes=given)) == 0
    assert flags_of_brakes(Brakes(wheel_brakes="80")) == 0  # the same in schema 9
    assert flags_of_brakes(Brakes(wheel_brakes="78")) == ObjectFlag.BRAKING


def test_pedal_and_control_systems() -> None:
    assert flags_of_brakes(None) == 0
    assert flags_of_brakes(Brakes(brake_pedal=2)) == ObjectFlag.BRAKING
    assert flags_of_brakes(Brakes(brake_pedal=1, traction="off", abs="on", scs=2)) == 0
    assert flags_of_brakes(Brakes(abs="engaged")) == ObjectFlag.CONTROL_LOSS
    assert flags_of_brakes(Brakes(scs=3)) == ObjectFlag.CONTROL_LOSS


@pytest.mark.parametrize("code", ["inUse", "INUSE", "IN_USE", 2])
def test_siren_makes_an_emergency_vehicle_and_a_light_bar_does_not(code: Any) -> None:
    siren, bar = Emergency(siren_use=code), Emergency(lights_use=code)
    assert flags_of_emergency(siren) == ObjectFlag.SIREN | ObjectFlag.EMERGENCY_VEHICLE
    assert flags_of_emergency(bar) == ObjectFlag.LIGHT_BAR


@pytest.mark.parametrize("code", ["notInUse", "unavailable", 0, 1, 3, None])
def test_equipment_that_is_not_in_use_is_no_flag(code: Any) -> None:
    given = Emergency(siren_use=code, lights_use=code, response_type="notInUseOrNotEquipped")
    assert flags_of_emergency(given) == 0


def test_kind_of_response_claims_the_right_of_way() -> None:
    called = ObjectFlag.RIGHT_OF_WAY | ObjectFlag.EMERGENCY_VEHICLE
    for code in ("emergency", "PURSUIT", 1, 3):
        assert flags_of_emergency(Emergency(response_type=code)) == called
    for code in ("nonEmergency", "stationary", 2, 4):
        assert flags_of_emergency(Emergency(response_type=code)) == 0


def test_reverse_gear() -> None:
    assert all(is_reverse(code) for code in ("reverseGears", "REVERSEGEARS", 3))
    assert not any(is_reverse(code) for code in ("forwardGears", "UNAVAILABLE", 2, 7, None))


def flags(data: dict[str, Any]) -> int:
    payload = json.dumps({"metadata": {}, "payload": {"data": data}}).encode()
    return int(decode("bsm.json", payload, 0).frames[0].observations["flags"][0])


def test_ambulance_of_schema_8_is_marked() -> None:
    alerts = {"sspRights": 0, "sirenUse": "INUSE", "lightsUse": "INUSE", "multi": "UNAVAILABLE"}
    parts = [
        {"id": "SpecialVehicleExtensions", "value": {"vehicleAlerts": alerts}},
        {"id": "SupplementalVehicleExtensions", "value": {"classDetails": {"role": "ambulance"}}},
        {"id": "VehicleSafetyExtensions", "value": {"lights": {"hazardSignalOn": True}}},
    ]
    core = SI | {"transmission": "REVERSEGEARS", "brakes": {"wheelBrakes": {"leftFront": True}}}
    expected = AMBULANCE | ObjectFlag.HAZARD_LIGHTS | ObjectFlag.REVERSING | ObjectFlag.BRAKING
    assert flags({"coreData": core, "partII": parts}) == expected


def test_ambulance_of_schema_9_is_marked() -> None:
    alerts = {"sspRights": 0, "sirenUse": "inUse", "lightsUse": "inUse", "multi": "unavailable"}
    parts = [
        {"partII-Id": 1, "partII-Value": {"SpecialVehicleExtensions": {"vehicleAlerts": alerts}}},
        {"partII-Id": 0, "partII-Value": {"VehicleSafetyExtensions": {"events": "0100"}}},
    ]
    core = RAW | {"transmission": "reverseGears", "brakes": {"wheelBrakes": "40"}}
    value = {"BasicSafetyMessage": {"coreData": core, "partII": parts}}
    expected = AMBULANCE | ObjectFlag.HARD_BRAKING | ObjectFlag.REVERSING | ObjectFlag.BRAKING
    assert flags({"value": value}) == expected


def test_police_car_off_duty_is_an_emergency_vehicle_without_siren() -> None:
    part = {"value": {"classDetails": {"keyType": 62}}}
    assert flags({"coreData": SI, "partII": [part]}) == ObjectFlag.EMERGENCY_VEHICLE
    assert flags({"coreData": SI, "partII": []}) == 0

"""Emergency vehicles on a call are features like any other: told, dated, seen across borders."""

import numpy as np
import pytest

from operators.enrich.records import NEAR_M, ON_CALL_US, vehicles_on_call
from operators.enrich.told import ContextFlag
from operators.frame import ObjectFlag
from operators.transform.cells import LOCAL
from tests.builders import (
    HOME,
    SECOND_US,
    START_US,
    a_frame,
    a_log,
    an_observation,
    outputs_of,
    values,
)
from tests.builders import column as packed

NEAR = int(ContextFlag.EMERGENCY_VEHICLE)


def ambulance(x_m=0.0, flags=("emergency_vehicle", "siren")):
    return an_observation(x_m, flags=list(flags), local_id="a7")


def flags_by_tick(log):
    """For each tick the flags of the objects by their distance east of the cell's middle."""
    found = {}
    for value in values(outputs_of(log), "fused.objects"):
        lat, lon = packed(value, "lat_e7", "<i4") / 1e7, packed(value, "lon_e7", "<i4") / 1e7
        x, _ = HOME.frame.to_local(lon, lat)
        told = zip(np.rint(x / 100.0).tolist(), packed(value, "context_flags", "<u4"), strict=True)
        tick = (value["tick_us"] - START_US) // 100_000
        found.setdefault(tick, {}).update({int(100 * at): int(flag) for at, flag in told})
    return found


def a_call(flags=("emergency_vehicle", "siren"), called=range(10, 20), edge_m=0.0):
    log = a_log()
    for k in range(70):
        seen = [an_observation(edge_m + 200.0), an_observation(edge_m + 400.0)]
        if k in called:
            seen.append(ambulance(edge_m, flags))
        log.see(START_US + 100_000 * k, seen)
    return log


def test_vehicles_near_one_on_a_call_know_it_from_its_receipt_until_it_is_silent():
    flags = flags_by_tick(a_call())
    assert {flags[k][200] for k in range(5, 11)} == {0}
    assert {flags[k][200] for k in range(12, 49)} == {NEAR}  # last told of at 1.9 s
    assert {flags[k][200] for k in range(50, 69)} == {0}
    assert {flags[k][400] for k in range(5, 69)} == {0}


def test_a_border_of_cells_hides_no_vehicle():
    east_m = np.arange(0.0, 2500.0, 100.0)
    inside_m = HOME.inside_m(east_m, np.zeros(len(east_m)))
    last_m = float(east_m[inside_m > 0].max())
    assert inside_m[east_m == last_m + 200.0] < -60.0  # that car is beyond the halo
    flags = flags_by_tick(a_call(edge_m=last_m))
    assert {flags[k][int(last_m) + 200] for k in range(14, 45)} == {NEAR}


@pytest.mark.parametrize("flags", [(), ("emergency_vehicle",), ("light_bar",), ("siren",)])
def test_one_that_is_not_on_a_call_or_no_emergency_vehicle_is_nobodys_concern(flags):
    outputs = outputs_of(a_call(flags))
    assert values(outputs, "context.features") == []


def test_it_is_told_once_a_second():
    told = values(outputs_of(a_call(called=range(60))), "context.features")
    assert [t["valid_from_us"] - START_US for t in told] == [900_000 * k for k in range(7)]
    (first, *_) = told
    assert (first["kind"], first["radius_m"]) == ("emergency_vehicle", NEAR_M)
    assert first["valid_to_us"] - first["valid_from_us"] == ON_CALL_US
    assert first["feature_id"].startswith("vehicle/unit-1/")
    assert first["properties"] == {"shows": "siren"}
    assert len({t["feature_id"] for t in told}) == 1


def test_what_another_cell_owns_and_what_has_no_place_is_left_to_others():
    frame = a_frame(((0.0, 0.0), (5.0, 0.0)))
    frame.observations["flags"] = ObjectFlag.EMERGENCY_VEHICLE | ObjectFlag.LIGHT_BAR
    frame.observations["owned"] = (1, 0)
    assert [f.feature_id for f in vehicles_on_call(HOME.key, frame)] == ["vehicle/unit-1/0"]
    assert list(vehicles_on_call(LOCAL, frame)) == []


def test_a_replay_is_moved_to_its_receive_time():
    shift = 1000 * SECOND_US
    log = a_log(receive_us=START_US)
    for k in range(30):
        at_us = START_US + 20 * SECOND_US + 100_000 * k
        log.see(at_us - shift, [ambulance()], delay_us=shift + 50_000, shift_us=shift)
    (told, *_) = values(outputs_of(log), "context.features")
    assert told["valid_from_us"] == START_US + 20 * SECOND_US

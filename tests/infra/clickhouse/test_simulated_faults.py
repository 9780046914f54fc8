"""The simulator's faults, through fusion and tables: each lowers its own dimension alone."""

from dataclasses import replace

import pytest

from infra.simulator.probes import Fleet
from infra.simulator.roadside import default_units
from infra.simulator.scenario import Scenario, sense, simulate
from infra.simulator.traffic import Demand
from operators.parameters import Parameters
from operators.pipeline import Pipeline, run
from tests.accounts import assert_accounts_close, by_topic
from tests.infra.clickhouse.graded import grades_of, lowered
from tests.infra.simulator.log import log_of

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

MINUTE_US = 1_790_000_040_000_000
WARM_UP_S = 12.0
HONEST = [
    replace(
        unit, clock_offset_ms=0, bias_x_m=0.0, bias_y_m=0.0, yaw_bias_deg=0.0, sigma_near_m=0.3,
        sigma_far_m=0.4, latency_mean_ms=45.0,
    )
    for unit in default_units()[:3]
]  # fmt: skip
SCENARIO = Scenario(
    start_us=MINUTE_US - round(WARM_UP_S * 1e6),
    duration_s=WARM_UP_S + 62.0,
    seed=3,
    demand=Demand(motor_per_s=0.5, bicycle_per_s=0.05, pedestrian_per_s=0.05),
    fleets=(Fleet("fleet-a", vehicles=4, rate_hz=2.0, bias_sigma_m=0.2),),
)
# Faults of units in one run, and what each lowers to less than good for assisted driving.
RUNS = {
    "late and duplicating": {
        "RSU-EAST": ({"latency_mean_ms": 220.0}, {"delay_s"}),
        "RSU-WEST": ({"copies": 2}, {"repeats"}),
    },
    "over-confident and dead": {
        "RSU-EAST": ({"declared_sigma_scale": 0.2}, {"overconfidence"}),
        "RSU-WEST": ({"dead_after_s": WARM_UP_S + 50.0}, {"completeness"}),
    },
    "biased": {"RSU-EAST": ({"bias_x_m": 1.6, "bias_y_m": -1.2}, {"bias_m"})},
}


@pytest.fixture(scope="module")
def truth():
    return simulate(replace(SCENARIO, units=(), fleets=())).truth


@pytest.mark.parametrize("name", RUNS)
def test_each_fault_lowers_its_own_dimension_and_no_other(engine_port, truth, name):
    faults = RUNS[name]
    units = [replace(u, **faults.get(u.source_id, ({}, ()))[0]) for u in HONEST]
    log = log_of(sense(replace(SCENARIO, units=tuple(units)), truth))
    outputs = list(run(log, Pipeline(Parameters())))
    assert_accounts_close(by_topic(outputs), log)
    grades = grades_of(engine_port, "sim_" + name.replace(" ", "_").replace("-", "_"), outputs,
                       MINUTE_US)  # fmt: skip
    found = {unit.source_id: lowered(grades["assisted", unit.source_id]) for unit in HONEST}
    assert found == {u.source_id: faults.get(u.source_id, ({}, set()))[1] for u in HONEST}

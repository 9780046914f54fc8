"""One short scenario, simulated once for all tests of the simulator."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.simulator.junctions import read_junctions
from infra.simulator.network import build_network
from infra.simulator.scenario import Scenario, Simulated, sense
from infra.simulator.traffic import simulate_traffic

START_US = 1_763_850_059_000_000  # 1 s before a full minute: secMark wraps


@dataclass(frozen=True)
class Run:
    scenario: Scenario
    folder: Path  # SUMO's own files
    simulated: Simulated


def run_in(folder: Path, scenario: Scenario) -> Run:
    network = build_network(scenario.district, folder, scenario.seed)
    truth = simulate_traffic(
        network,
        scenario.district,
        scenario.demand,
        scenario.placement,
        scenario.start_us,
        scenario.duration_s,
        scenario.seed,
    )
    begin_us = scenario.start_us - round(scenario.demand.warm_up_s * 1e6)
    junctions = read_junctions(network.path, scenario.district.side_m, begin_us)
    return Run(scenario, folder, sense(scenario, truth, junctions))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_in(tmp_path_factory.mktemp("district"), Scenario(START_US, duration_s=15.0))

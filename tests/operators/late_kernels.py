"""Prints the kernels that a district needs and that no warm-up asked for; a process of its own.

Other tests in a process ask for kernels, too, so the question has to be put to a new one.
"""

import importlib
import pkgutil
import sys

import msgspec
from numba.core.dispatcher import Dispatcher

import operators
from infra.simulator.scenario import Scenario, simulate
from infra.simulator.stories import Stories
from operators.parameters import Parameters
from operators.pipeline import Pipeline, run
from operators.segments.flow import SegmentFlow, committed
from operators.warm import warm_up
from tests.infra.simulator.log import log_of

START_US = 1_790_000_000_000_000


def modules():
    """All modules of the core, imported."""
    return [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(operators.__path__, "operators.")
    ]


def asked_for():
    """Kernels with the types that they were asked for."""
    return {
        f"{module.__name__}.{name}{signature}"
        for module in modules()
        for name, one in vars(module).items()
        if isinstance(one, Dispatcher)
        for signature in one.overloads
    }


def run_district():
    simulated = simulate(Scenario(START_US, duration_s=12.0, stories=Stories(), spat_hz=1.0))
    parameters = Parameters()
    made = list(run(log_of(simulated), Pipeline(parameters)))
    flow = SegmentFlow(parameters, lambda _topic, packed: msgspec.msgpack.decode(packed))
    return made, list(run(committed(made, START_US + 60_000_000), flow))


if __name__ == "__main__":
    if sys.argv[1:] != ["cold"]:
        warm_up()
    before = asked_for()
    made, told = run_district()
    assert len(made) > 100, len(made)
    assert len(told) > 10, len(told)
    for late in sorted(asked_for() - before):
        print(late)

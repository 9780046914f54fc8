"""Recordings by name: traffic, then its sensors; equal names and seeds give equal bytes."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from infra.simulator import moving, radars
from infra.simulator.moving import Convoy
from infra.simulator.network import District, build_network
from infra.simulator.placement import Placement
from infra.simulator.radars import Crossing
from infra.simulator.told import Recorded
from infra.simulator.traffic import Demand, simulate_traffic
from infra.simulator.truth import Truth

START_US = 1_763_850_060_000_000


@lru_cache(maxsize=4)  # presets share it
def traffic(district: District, demand: Demand, duration_s: float, seed: int) -> Truth:
    """SUMO's traffic alone."""
    with tempfile.TemporaryDirectory(prefix="district-") as folder:
        network = build_network(district, Path(folder), seed)
        return simulate_traffic(network, district, demand, Placement(), START_US, duration_s, seed)


@dataclass(frozen=True, slots=True)
class Preset:
    """How a kind of recording is made, and what can be asked of its tracks.

    Parameters
    ----------
    make
        Of a length in seconds and a seed.
    solid
        Its observations have size and heading.
    frames_are_instants
        Its frames lie at the instants of the truth; else its sources have rates of their own.
    """

    make: Callable[[float, int], Recorded]
    solid: bool = True
    frames_are_instants: bool = True


def _convoy(vehicles: int, duration_s: float, seed: int) -> Recorded:
    convoy = Convoy(vehicles=vehicles)
    longer_s = duration_s + moving.EXTRA_S
    driven = traffic(convoy.district, convoy.demand, longer_s, seed)
    return moving.record(convoy, driven, duration_s, seed)


def _radars(duration_s: float, seed: int) -> Recorded:
    crossing = Crossing()
    driven = traffic(crossing.district, crossing.demand, duration_s, seed)
    return radars.record(crossing, driven, seed)


PRESETS = {
    "two_vehicles": Preset(partial(_convoy, 2)),
    "one_vehicle": Preset(partial(_convoy, 1)),
    "roadside_radars": Preset(_radars, solid=False, frames_are_instants=False),
}

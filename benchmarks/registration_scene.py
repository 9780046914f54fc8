"""Roadside units with wrong clocks and poses, and probes, over SUMO traffic.

The sensor model is that of the reference sketch: six units with range 130 m, 10 Hz at a phase of
their own, sigma 0.4 m, detection probability 0.9, one false object a frame; 15 % of the vehicles
are probes of 1 Hz and sigma 1 m. A unit's stamp is true time + tau, its place
``c + R(psi) (p - c) + t``.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from infra.simulator.network import District, build_network
from infra.simulator.placement import Placement
from infra.simulator.traffic import Demand, simulate_traffic
from infra.simulator.truth import Truth
from operators._typing import FloatArray, IntArray
from operators.frame import Frame, ObjectClass, SourceKind, empty_observations

START_US = 1_700_000_000_000_000
RANGE_M, SIGMA_M, DETECTION, CLUTTER = 130.0, 0.4, 0.9, 1.0
PROBE_SHARE, PROBE_SIGMA_M = 0.15, 1.0
TAU_S, PLACE_M, YAW_RAD = 0.15, 0.5, np.radians(1.0)
MOTOR = (ObjectClass.CAR, ObjectClass.VAN, ObjectClass.TRUCK, ObjectClass.BUS)

# Errors (tau s, tx m, ty m, psi rad, stretch) of a unit at seconds after the start, (K, 5).
Errors = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class UnitModel:
    """One unit; `warp` is applied to its places at the end (a wrong datum, a wrong unit)."""

    source_id: str
    x_m: float
    y_m: float
    errors: Errors
    sigma_m: float = SIGMA_M
    warp: Callable[[FloatArray], FloatArray] = field(default=lambda places: places)


@dataclass(frozen=True)
class ProbeModel:
    """Probe vehicles; `disturb` changes one vehicle's reported places, of shape (K, 2), at s."""

    share: float = PROBE_SHARE
    rate_hz: float = 1.0
    sigma_m: float = PROBE_SIGMA_M
    disturb: Callable[[np.random.Generator, FloatArray, FloatArray], FloatArray] = field(
        default=lambda rng, at_s, places: places
    )


def constant(tau_s: float, tx_m: float, ty_m: float, psi_rad: float) -> Errors:
    """Errors that do not change."""
    return lambda at_s: np.tile([tau_s, tx_m, ty_m, psi_rad, 0.0], (len(at_s), 1)).astype(float)


def stepping(before: Errors, after: Errors, step_s: float) -> Errors:
    """Errors that change at once."""
    return lambda at_s: np.where((at_s >= step_s)[:, None], after(at_s), before(at_s))


def traffic(seed: int, seconds: float) -> Truth:
    """SUMO truth of the district, kept in the temporary folder."""
    kept = Path(tempfile.gettempdir()) / f"registration-{seed}-{seconds:.0f}.npz"
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="district-") as folder:
            district, placement = District(), Placement()
            network = build_network(district, Path(folder), seed)
            made = simulate_traffic(network, district, Demand(), placement, START_US, seconds, seed)
        made.save(kept)
    return Truth.load(kept)


def motor_vehicles(truth: Truth) -> IntArray:
    """Numbers of the truth's motor vehicles."""
    return np.flatnonzero(np.isin(truth.object_class, MOTOR))


def crossings(n: int = 6) -> FloatArray:
    """Places of units: `n` of the district's nine crossings, neighbours first."""
    side = 190.0
    grid = [(i, j) for j in (0, 1, -1) for i in (-1, 0, 1)]
    return np.array(grid[:n], float) * side


def drawn_units(seed: int, n: int = 6) -> list[UnitModel]:
    """Units with errors drawn as in the sketch."""
    rng = np.random.default_rng([seed, 11])
    spread = np.array([TAU_S, PLACE_M, PLACE_M, YAW_RAD])
    return [
        UnitModel(f"unit-{k}", *place, constant(*rng.normal(0.0, spread)))
        for k, place in enumerate(crossings(n).tolist())
    ]


def _frame(
    source: str, kind: int, event_us: int, places: FloatArray, sigma_m: float, circle: FloatArray
) -> Frame:
    made = empty_observations(len(places))
    made["index"] = np.arange(len(places))
    made["x_m"], made["y_m"] = places[:, 0], places[:, 1]
    made["cov_xx_m2"] = made["cov_yy_m2"] = sigma_m**2
    made["cov_xy_m2"] = 0.0
    return Frame(source, kind, 0, event_us, event_us, "", 0, 0, 0, *circle.tolist(), made)


def unit_frames(
    unit: UnitModel, truth: Truth, seed: int, right: bool = False, declared_m2: float = 0.0
) -> Iterator[Frame]:
    """Frames of one unit.

    Parameters
    ----------
    right
        Leave its errors away: what an oracle's corrections would give.
    declared_m2
        Added to the declared variance.
    """
    rng = np.random.default_rng([seed, 12, *unit.source_id.encode()])
    span_us = int(truth.time_us[-1] - truth.time_us[0])
    times = truth.time_us[0] + np.arange(int(rng.integers(100_000)), span_us, 100_000)
    snapshot = truth.at(times, motor_vehicles(truth))
    errors = unit.errors((times - truth.time_us[0]) / 1e6) * (0.0 if right else 1.0)
    site = np.array([unit.x_m, unit.y_m])
    sigma_m = float(np.sqrt(unit.sigma_m**2 + declared_m2))
    for k, at_us in enumerate(times.tolist()):
        lever = np.column_stack((snapshot.x_m[k], snapshot.y_m[k])) - site
        with np.errstate(invalid="ignore"):
            seen = np.hypot(*lever.T) < RANGE_M
        lever = lever[seen & (rng.random(len(seen)) < DETECTION)]
        cos, sin = np.cos(errors[k, 3]), np.sin(errors[k, 3])
        turned = (1.0 + errors[k, 4]) * lever @ np.array([[cos, sin], [-sin, cos]])
        turned = turned + errors[k, 1:3]
        false = rng.uniform(-RANGE_M, RANGE_M, (rng.poisson(CLUTTER), 2))
        places = np.vstack((turned + rng.normal(0.0, unit.sigma_m, turned.shape), false)) + site
        places = places if right else unit.warp(places)
        yield _frame(
            unit.source_id,
            SourceKind.ROADSIDE,
            at_us + round(errors[k, 0] * 1e6),
            places,
            sigma_m,
            np.array([*site, RANGE_M + 5.0]),
        )


def probe_frames(probes: ProbeModel, truth: Truth, seed: int) -> Iterator[Frame]:
    """Frames of all probe vehicles, one object each."""
    rng = np.random.default_rng([seed, 13])
    vehicles = motor_vehicles(truth)
    for vehicle in vehicles[rng.random(len(vehicles)) < probes.share].tolist():
        first_us = int(truth.time_us[0]) + int(rng.integers(1_000_000))
        times = np.arange(first_us, int(truth.time_us[-1]), round(1e6 / probes.rate_hz))
        snapshot = truth.at(times, np.array([vehicle]))
        places = np.column_stack((snapshot.x_m[:, 0], snapshot.y_m[:, 0]))
        there = ~np.isnan(places[:, 0])
        times, places = times[there], places[there]
        places = places + rng.normal(0.0, probes.sigma_m, places.shape)
        places = probes.disturb(rng, (times - START_US) / 1e6, places)
        for at_us, place in zip(times.tolist(), places, strict=True):
            one = _frame(
                "probes", SourceKind.PROBE, at_us, place[None], probes.sigma_m, np.full(3, np.nan)
            )
            one.observations["local_id"] = vehicle + 1
            yield one


def in_order(frames: list[Frame]) -> list[Frame]:
    """Frames as a cell takes them."""
    return sorted(frames, key=lambda frame: frame.order)

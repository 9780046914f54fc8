"""Probe vehicles: cars that report their own state by satellite positioning."""

from dataclasses import dataclass

import numpy as np

from infra.simulator.frames import SensorFrame
from infra.simulator.roadside import MS_US, frame_times
from infra.simulator.truth import Truth
from operators._typing import BoolArray, FloatArray, IntArray
from operators.frame import ObjectClass

_EQUIPPED = (ObjectClass.CAR, ObjectClass.VAN, ObjectClass.TRUCK, ObjectClass.BUS)


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet of probe vehicles: one source, whose vehicles are its local ids.

    Parameters
    ----------
    source_id
        Of the fleet's gateway.
    vehicles
        So many are on the road at a time; one that leaves is followed by another that enters.
    rate_hz
        10 Hz as SAE J2945/1 asks.
    bias_sigma_m, bias_time_s
        Slowly varying part of the position error, per axis (first-order Gauss-Markov): atmosphere
        and multipath of single-frequency receivers, correlated over a minute or so.
    white_sigma_m
        Rest from fix to fix, per axis. With the bias 0.69 m in all: a good L1 receiver with SBAS.
    declared_sigma_scale
        Declared over true sigma; 1 is honest.
    speed_sigma_mps, heading_sigma_deg
        Doppler speed and course are good: 0.1 m/s.
    latency_least_ms, latency_mean_ms, latency_most_ms
        Cellular uplink and gateway.
    id_life_s
        A temporary id is replaced after this time (J2945/1: 5 min), at a random phase.
    classes
        `ObjectClass` of the vehicles that may be of this fleet.
    """

    source_id: str
    vehicles: int = 10
    rate_hz: float = 10.0
    bias_sigma_m: float = 0.6
    bias_time_s: float = 60.0
    white_sigma_m: float = 0.35
    declared_sigma_scale: float = 1.0
    speed_sigma_mps: float = 0.1
    heading_sigma_deg: float = 1.5
    latency_least_ms: float = 30.0
    latency_mean_ms: float = 70.0
    latency_most_ms: float = 150.0
    id_life_s: float = 300.0
    classes: tuple[ObjectClass, ...] = _EQUIPPED

    @property
    def position_sigma_m(self) -> float:
        """True standard deviation of each axis, metres."""
        return float(np.hypot(self.bias_sigma_m, self.white_sigma_m))


def default_fleets() -> tuple[Fleet, ...]:
    """Two fleets of ten."""
    return Fleet("fleet-a"), Fleet("fleet-b")


def ambulances() -> Fleet:
    """Ambulances, all of which report and show that they are on a call."""
    return Fleet("ambulances", vehicles=3, classes=(ObjectClass.EMERGENCY,))


def assign(fleets: tuple[Fleet, ...], truth: Truth) -> dict[str, list[int]]:
    """Choose the vehicles of each fleet: a free place takes the next vehicle that comes."""
    first, last = _lifetimes(truth)
    places = [(fleet.source_id, n) for fleet in fleets for n in range(fleet.vehicles)]
    classes = {fleet.source_id: fleet.classes for fleet in fleets}
    places.sort(key=lambda place: place[1])  # fleets take turns
    free_from = dict.fromkeys(places, -1)
    chosen: dict[str, list[int]] = {fleet.source_id: [] for fleet in fleets}
    for vehicle in np.argsort(first, kind="stable"):
        for place, until in free_from.items():
            if until < first[vehicle] and truth.object_class[vehicle] in classes[place[0]]:
                free_from[place] = int(last[vehicle])
                chosen[place[0]].append(int(vehicle))
                break
    return chosen


def _lifetimes(truth: Truth) -> tuple[IntArray, IntArray]:
    """First and last index in time of each object."""
    present = truth.states.present
    return present.argmax(axis=0), len(present) - 1 - present[::-1].argmax(axis=0)


def reporting(fleet: Fleet, fleets: tuple[Fleet, ...], truth: Truth) -> BoolArray:
    """Whether each object reports for `fleet` at each instant of the truth, shape (T, N)."""
    mask = np.zeros(len(truth.object_id), np.bool_)
    mask[assign(fleets, truth)[fleet.source_id]] = True
    return truth.states.present & mask


def observe(fleet: Fleet, fleets: tuple[Fleet, ...], truth: Truth, seed: int) -> list[SensorFrame]:
    """All reports of one fleet, vehicle by vehicle; each is a frame of one object."""
    rng = np.random.default_rng([seed, 3, *fleet.source_id.encode()])
    frames = []
    for vehicle in assign(fleets, truth)[fleet.source_id]:
        frames += _reports(fleet, truth, vehicle, rng)
    return frames


def _reports(
    fleet: Fleet, truth: Truth, vehicle: int, rng: np.random.Generator
) -> list[SensorFrame]:
    period_ms = round(1000.0 / fleet.rate_hz)
    times = frame_times(truth, fleet.rate_hz, int(rng.integers(period_ms)))
    state = truth.at(times, np.array([vehicle]))
    times, state_at = times[state.present[:, 0]], np.flatnonzero(state.present[:, 0])
    n = len(times)
    noise = _drift(fleet, n, rng) + rng.normal(0.0, fleet.white_sigma_m, (2, n))
    speed = np.hypot(state.vx_mps[state_at, 0], state.vy_mps[state_at, 0])
    speed = np.abs(speed + rng.normal(0.0, fleet.speed_sigma_mps, n))
    heading = state.heading_rad[state_at, 0]
    heading = heading + rng.normal(0.0, np.radians(fleet.heading_sigma_deg), n)
    x, y = state.x_m[state_at, 0] + noise[0], state.y_m[state_at, 0] + noise[1]
    spread_ms = rng.gamma(2.0, (fleet.latency_mean_ms - fleet.latency_least_ms) / 2.0, n)
    latency_ms = np.minimum(fleet.latency_least_ms + spread_ms, fleet.latency_most_ms)
    ids = _temporary_ids(fleet, times, rng)
    size = [np.array([s[vehicle]]) for s in (truth.length_m, truth.width_m, truth.height_m)]
    sigma = np.array([fleet.position_sigma_m * fleet.declared_sigma_scale])
    return [
        SensorFrame(
            source_id=fleet.source_id,
            event_time_us=int(times[i]),
            claimed_time_us=int(times[i]),  # disciplined by the satellites
            receive_time_us=int(times[i]) + round(latency_ms[i] * MS_US),
            object_index=np.array([vehicle]),
            local_id=ids[i : i + 1],
            object_class=truth.object_class[vehicle : vehicle + 1],
            x_m=x[i : i + 1],
            y_m=y[i : i + 1],
            speed_mps=speed[i : i + 1],
            heading_rad=heading[i : i + 1],
            length_m=size[0],
            width_m=size[1],
            height_m=size[2],
            position_sigma_m=sigma,
            score=np.ones(1),
        )
        for i in range(n)
    ]


def _drift(fleet: Fleet, n: int, rng: np.random.Generator) -> FloatArray:
    """First-order Gauss-Markov error of both axes at n instants, shape (2, n), stationary."""
    keep = np.exp(-1.0 / (fleet.rate_hz * fleet.bias_time_s))
    steps = rng.normal(0.0, fleet.bias_sigma_m, (2, n))
    drift = np.empty((2, n))
    last = steps[:, 0] if n else np.zeros(2)
    for i in range(n):
        if i:
            last = keep * last + np.sqrt(1.0 - keep**2) * steps[:, i]
        drift[:, i] = last
    return drift


def _temporary_ids(fleet: Fleet, times: IntArray, rng: np.random.Generator) -> IntArray:
    """32-bit id at each instant; a new one whenever a life of it ends."""
    if not len(times):
        return np.zeros(0, np.int64)
    age_s = rng.uniform(0.0, fleet.id_life_s) + (times - times[0]) / 1e6
    life = (age_s // fleet.id_life_s).astype(np.int64)
    ids = rng.integers(1, 2**32, life[-1] + 1)
    return np.asarray(ids[life])

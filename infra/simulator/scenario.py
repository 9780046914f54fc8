"""A whole scenario: traffic, sensors, messages, source entries. `simulate` is the one entry."""

import math
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from infra.simulator import probes, roadside
from infra.simulator.bsm import encode_bsm
from infra.simulator.context import (
    EMERGENCY_SOURCE,
    WEATHER_SOURCE,
    all_clear,
    emergency_alert,
    fog_report,
)
from infra.simulator.frames import SensorFrame
from infra.simulator.junctions import Junction, read_junctions
from infra.simulator.network import District, build_network
from infra.simulator.placement import Placement
from infra.simulator.probes import Fleet, ambulances, default_fleets
from infra.simulator.roadside import MS_US, RoadsideUnit, default_units
from infra.simulator.rsm import encode_rsm
from infra.simulator.signal_messages import encode_map, encode_spat
from infra.simulator.stories import Stories
from infra.simulator.traffic import STEP_US, Demand, simulate_traffic
from infra.simulator.truth import Truth
from operators._typing import BoolArray

PART_GAP_US = 500  # between the messages of one frame, which leave one after the other
FEED_DELAY_US = 250_000
SIGNAL_DELAY_US = 40_000
SIGNAL_REACH_M = 150.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated; equal scenarios give equal bytes.

    Parameters
    ----------
    start_us
        UTC microseconds of the first instant: now for live sending, anything for a backfill; a
        multiple of 100 ms, so that the truth's instants are also ticks of a station.
    duration_s, seed
        Length and the seed of all chance.
    placement, district, demand
        Where, which streets, how much traffic.
    units, fleets
        The sensors.
    alert_area_m
        Corners of the emergency alert's polygon, local metres.
    fog_radius_m
        How far from the middle the weather report holds.
    spat_hz
        How often each junction tells what its signals show; SAE J2735 means 10 Hz.
    stories
        What happens besides ordinary traffic.
    """

    start_us: int
    duration_s: float = 120.0
    seed: int = 1
    placement: Placement = Placement()  # noqa: RUF009  (frozen)
    district: District = District()  # noqa: RUF009  (frozen)
    demand: Demand = Demand()  # noqa: RUF009  (frozen)
    units: tuple[RoadsideUnit, ...] = default_units()
    fleets: tuple[Fleet, ...] = default_fleets()
    alert_area_m: tuple[tuple[float, float], ...] = ((20, 20), (260, 20), (260, 260), (20, 260))
    fog_radius_m: float = 8000.0  # the vicinity of an aerodrome (ICAO Annex 3)
    spat_hz: float = 10.0
    stories: Stories | None = None

    def __post_init__(self) -> None:
        if self.start_us % STEP_US:
            msg = f"start_us={self.start_us} must be a multiple of {STEP_US}"
            raise ValueError(msg)

    @property
    def all_fleets(self) -> tuple[Fleet, ...]:
        """The fleets, and that of the ambulances if one comes."""
        comes = self.stories is not None and self.stories.ambulance_s is not None
        return (*self.fleets, ambulances()) if comes else self.fleets


@dataclass(frozen=True, slots=True)
class Sent:
    """One raw record on its way to the broker.

    `event_time_us` is the true instant of the sensing (or of issue), which the payload states by
    the source's own clock; `receive_time_us` is when the broker appends the record.
    """

    topic: str
    source_id: str
    format: str
    payload: bytes
    event_time_us: int
    receive_time_us: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """Outcome of a scenario.

    Parameters
    ----------
    truth
        Never sent to anybody.
    frames
        What the sensors saw, in order of receive time, before it became messages.
    sent
        The messages in order of receive time.
    sources
        Entries for `station.sources`.
    views
        For each source whether each object was in its view at each instant of the truth, shape
        (T, N): geometry and occlusion, not luck of detection.
    units
        The roadside units with their faults; never sent either.
    junctions
        With what their signals really show; sent is what the messages say of it.
    """

    truth: Truth
    frames: list[SensorFrame]
    sent: list[Sent]
    sources: list[dict[str, Any]]
    views: Mapping[str, BoolArray]
    units: tuple[RoadsideUnit, ...]
    junctions: tuple[Junction, ...] = ()

    def since(self, time_us: int) -> "Simulated":
        """What is scored if all before `time_us` was only to get going; messages stay."""
        later = self.truth.since(time_us)
        skipped = len(self.truth.time_us) - len(later.time_us)
        frames = [frame for frame in self.frames if frame.event_time_us >= time_us]
        views = {source: view[skipped:] for source, view in self.views.items()}
        return replace(self, truth=later, frames=frames, views=views)


def simulate(scenario: Scenario) -> Simulated:
    """Run a scenario: SUMO first (in a folder of its own that is removed), then the sensors."""
    with tempfile.TemporaryDirectory(prefix="district-") as folder:
        network = build_network(scenario.district, Path(folder), scenario.seed)
        truth = simulate_traffic(
            network,
            scenario.district,
            scenario.demand,
            scenario.placement,
            scenario.start_us,
            scenario.duration_s,
            scenario.seed,
            scenario.stories,
        )
        begin_us = scenario.start_us - round(scenario.demand.warm_up_s * 1e6)
        junctions = read_junctions(network.path, scenario.district.side_m, begin_us)
    return sense(scenario, truth, junctions)


def sense(scenario: Scenario, truth: Truth, junctions: tuple[Junction, ...] = ()) -> Simulated:
    """Run the sensors alone, on any truth (for instance one that was stored).

    Signals are told of the `junctions`.
    """
    frames: list[SensorFrame] = []
    views: dict[str, BoolArray] = {}
    for unit in scenario.units:
        frames += roadside.observe(unit, truth, scenario.seed)
        views[unit.source_id] = roadside.in_view(unit, truth, truth.states)
    fleets = scenario.all_fleets
    for fleet in fleets:
        frames += probes.observe(fleet, fleets, truth, scenario.seed)
        views[fleet.source_id] = probes.reporting(fleet, fleets, truth)
    frames.sort(key=lambda f: (f.receive_time_us, f.source_id, int(f.local_id[0]) if len(f) else 0))
    sent = [*_messages(scenario, frames), *_signals(scenario, junctions), *_context(scenario)]
    sent.sort(key=lambda s: s.receive_time_us)
    sources = source_entries(scenario, junctions)
    return Simulated(truth, frames, sent, sources, views, scenario.units, junctions)


def _messages(scenario: Scenario, frames: list[SensorFrame]) -> Iterator[Sent]:
    units = {unit.source_id: unit for unit in scenario.units}
    counts: defaultdict[tuple[str, int], int] = defaultdict(int)
    serials: defaultdict[str, int] = defaultdict(int)
    for frame in frames:
        source, event_us = frame.source_id, frame.event_time_us
        if source in units:
            parts = encode_rsm(frame, units[source], scenario.placement, counts[source, 0])
            counts[source, 0] += len(parts)
            for i, part in enumerate(parts * units[source].copies):
                receive_us = frame.receive_time_us + i * PART_GAP_US
                yield Sent("raw.roadside", source, "rsm.json", part, event_us, receive_us)
            continue
        vehicle = (source, int(frame.object_index[0]))
        payload = encode_bsm(frame, scenario.placement, counts[vehicle], serials[source])
        counts[vehicle] += 1
        serials[source] += 1
        yield Sent("raw.probe", source, "bsm.json", payload, event_us, frame.receive_time_us)


def _signals(scenario: Scenario, junctions: Iterable[Junction]) -> Iterator[Sent]:
    """Each junction's map once, then what its signals show; junctions do not speak at once."""
    for junction in junctions:
        source, at_us = _signal_source(junction), scenario.start_us
        receive_us = at_us + SIGNAL_DELAY_US
        payload = encode_map(junction, scenario.placement, source, receive_us)
        yield Sent("raw.signal", source, "map.json", payload, at_us, receive_us)
        first_us = at_us + junction.number * MS_US
        for serial in range(round(scenario.duration_s * scenario.spat_hz)):
            at_us = first_us + round(serial * 1e6 / scenario.spat_hz)
            receive_us = at_us + SIGNAL_DELAY_US
            payload = encode_spat(junction, source, at_us, receive_us, serial)
            yield Sent("raw.signal", source, "spat.json", payload, at_us, receive_us)


def _signal_source(junction: Junction) -> str:
    return f"SIGNALS-{junction.name}"


def _context(scenario: Scenario) -> Iterator[Sent]:
    """Fog from the start, the alert after a fifth of the time, its end after three fifths."""
    report = fog_report(scenario.start_us).encode()
    alert_us = scenario.start_us + round(scenario.duration_s * 0.2) * 1_000_000
    alert = emergency_alert(alert_us, scenario.placement, scenario.alert_area_m).encode()
    clear_us = scenario.start_us + round(scenario.duration_s * 0.6) * 1_000_000
    clear = all_clear(clear_us, alert_us).encode()
    for source, kind, payload, at_us in (
        (WEATHER_SOURCE, "metar", report, scenario.start_us),
        (EMERGENCY_SOURCE, "cap", alert, alert_us),
        (EMERGENCY_SOURCE, "cap", clear, clear_us),
    ):
        yield Sent("raw.context", source, kind, payload, at_us, at_us + FEED_DELAY_US)


def source_entries(scenario: Scenario, junctions: Iterable[Junction] = ()) -> list[dict[str, Any]]:
    """Entries of `station.sources` (`operators.sources.SourceEntry`), in force from the start."""
    place = scenario.placement
    entries = [_unit_entry(unit, place) for unit in scenario.units]
    entries += [_fleet_entry(fleet) for fleet in scenario.all_fleets]
    entries += [_signal_entry(one, scenario) for one in junctions]
    feeds: tuple[dict[str, Any], ...] = (
        {
            "source_id": WEATHER_SOURCE,
            "format": "metar",
            "lat_deg": place.lat_deg,
            "lon_deg": place.lon_deg,
            "coverage_radius_m": scenario.fog_radius_m,
            "owner": "weather service",
        },
        {"source_id": EMERGENCY_SOURCE, "format": "cap", "owner": "emergency office"},
    )
    entries += [{**feed, "kind": "feed", "nominal_delay_ms": FEED_DELAY_US / 1e3} for feed in feeds]
    return [{**e, "datum": "WGS-84", "valid_from_us": scenario.start_us} for e in entries]


def _unit_entry(unit: RoadsideUnit, placement: Placement) -> dict[str, Any]:
    return {
        "source_id": unit.source_id,
        "kind": "roadside",
        "format": "rsm.json",
        **_place(unit, placement),
        "heading_rad": math.radians(90.0 - unit.heading_deg),
        "coverage_radius_m": unit.range_m,
        "nominal_rate_hz": unit.rate_hz,
        "nominal_delay_ms": unit.latency_mean_ms,
        "position_sigma_m": unit.sigma_far_m * unit.declared_sigma_scale,
        "owner": "city roads",
    }


def _place(what: RoadsideUnit | Junction, placement: Placement) -> dict[str, float]:
    lat, lon, _ = placement.local_to_wgs84(np.array(what.x_m), np.array(what.y_m), np.array(0.0))
    return {"lat_deg": float(lat), "lon_deg": float(lon)}


def _signal_entry(junction: Junction, scenario: Scenario) -> dict[str, Any]:
    return {
        "source_id": _signal_source(junction),
        "kind": "feed",
        "format": "spat.json",
        **_place(junction, scenario.placement),
        "coverage_radius_m": SIGNAL_REACH_M,
        "nominal_rate_hz": scenario.spat_hz,
        "nominal_delay_ms": SIGNAL_DELAY_US / 1e3,
        "owner": "city roads",
    }


def _fleet_entry(fleet: Fleet) -> dict[str, Any]:
    return {
        "source_id": fleet.source_id,
        "kind": "probe",
        "format": "bsm.json",
        "nominal_rate_hz": fleet.rate_hz * fleet.vehicles,
        "nominal_delay_ms": fleet.latency_mean_ms,
        "position_sigma_m": fleet.position_sigma_m * fleet.declared_sigma_scale,
        "owner": f"operator of {fleet.source_id}",
    }

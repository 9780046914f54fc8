"""Ordinary traffic of the district by SUMO, and what is told of it."""

import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.events.feed import START_US, Feed, Noise, certain
from infra.roads.sumo import read_sumo
from infra.roads.sumo_links import Links
from infra.roads.xml_tags import read_tags
from infra.simulator.lights import Group, read_groups
from infra.simulator.network import District, build_network
from infra.simulator.placement import Placement
from infra.simulator.traffic import Demand, simulate_traffic
from infra.simulator.truth import Truth
from operators._typing import RecordArray
from operators.road.network import RoadPart
from operators.track import TRACK_ROW
from operators.transform.cells import cell, owner

Told = dict[str, object]
Lights = dict[str, dict[int, Group]]


class Ordinary(NamedTuple):
    """Traffic with its roads and its signals."""

    roads: RoadPart
    lights: Lights
    truth: Truth


def simulate(seconds: float, seed: int) -> Ordinary:
    """Traffic of the district for so many seconds."""
    demand, district, placement = Demand(), District(), Placement()
    with tempfile.TemporaryDirectory(prefix="district-") as folder:
        network = build_network(district, Path(folder), seed)
        with network.path.open("rb") as file:
            roads = _roads(file, district, placement)
        lights = _lights(network.path, START_US - round(demand.warm_up_s * 1e6))
        truth = simulate_traffic(network, district, demand, placement, START_US, seconds, seed)
    return Ordinary(roads, lights, truth)


def drive(traffic: Ordinary, noise: Noise | None) -> Iterator[Told]:
    """Records of `road.events` of traffic."""
    placement = traffic.truth.placement
    home = cell(owner(placement.lat_deg, placement.lon_deg, 7))
    feed = Feed(home, [traffic.roads])
    for tick_us, rows in _ticks(traffic.truth, home.key):
        for name, groups in traffic.lights.items():
            feed.show(name, {k: int(g.shown(tick_us).phase) for k, g in groups.items()}, tick_us)
        if noise is not None:
            noise.apply(rows)
        yield from feed.tick(rows, tick_us)
    yield from feed.drain(int(traffic.truth.time_us[-1]) + 60_000_000)


def _roads(file, district: District, placement: Placement) -> RoadPart:  # type: ignore[no-untyped-def]
    half_m = district.side_m / 2

    def place(x_m, y_m):  # type: ignore[no-untyped-def]
        lat, lon, _ = placement.local_to_wgs84(x_m - half_m, y_m - half_m, np.zeros_like(x_m))
        return lon, lat

    return RoadPart("district", read_sumo(file, "district", place=place).segments)


def _lights(path: Path, begin_us: int) -> Lights:
    """Signal groups of each intersection, numbered as the roads number them."""
    links = Links()
    with path.open("rb") as file:
        for tag in read_tags(file):
            links.take(tag)
    root = ET.parse(path).getroot()
    known: dict[str, dict[int, Group]] = {}
    found: Lights = {}
    for (light, link), number in links.groups().items():
        if light not in known:
            known[light] = read_groups(root, light, begin_us)
        found.setdefault(light, {})[number] = known[light][link]
    return found


def _ticks(truth: Truth, key: str) -> Iterator[tuple[int, RecordArray]]:
    """Instants with true tracks in the frame of a cell, dtype `TRACK_ROW`."""
    table = truth.rows()
    rows = np.zeros(len(table), TRACK_ROW)
    x, y = cell(key).frame.to_local(table["lon_deg"].copy(), table["lat_deg"].copy())
    rows["x_m"], rows["y_m"], rows["track_id"] = x, y, table["object_id"] + 1
    names = ("vx_mps", "vy_mps", "heading_rad", "length_m", "width_m", "object_class")
    for name in names:
        rows[name] = table[name]
    times, first = np.unique(table["time_us"], return_index=True)
    for at_us, one in zip(times.tolist(), np.split(rows, first[1:]), strict=True):
        certain(one, at_us)
        yield at_us, one

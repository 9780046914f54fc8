"""Road users that cross the borders of H3 cells, and what sources see of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray
from operators.frame import SourceKind
from operators.transform.cells import LocalFrame, cell, neighbours

PATHS = ("straight", "oblique", "along", "u-turn", "corner")
SOURCES = ("one unit", "two units", "probes", "shadow")
DT_S = 0.05
RADIUS_M = 150.0  # what a unit looks at
APART_M = 280.0  # between places where groups cross
REACH_M = 80.0
CLUTTER = 0.5  # false observations a frame of a unit
DETECTION = 0.95
NOISE_M = {"one unit": 0.3, "two units": 0.3, "probes": 1.0, "shadow": 0.3}
SIDEWAYS_MPS2 = 2.5  # acceleration in comfortable turns
RADIUS_OF_TURN_M = 14.0
LANE_M, HEADWAY_S = 3.5, 1.5
BIAS_M = 0.2  # of each of two units


class Crossing(NamedTuple):
    """One road user: where it is at each step of `DT_S` from `start_s`, in the town's frame."""

    spot: int
    path: str
    source: str
    start_s: float
    places: FloatArray
    hidden: tuple[float, float]  # seconds, none if equal


@dataclass(frozen=True, slots=True)
class Town:
    """Cells about a home cell, and the spots on their borders where groups cross."""

    frame: LocalFrame
    spots: FloatArray  # shape (n, 2), town's frame
    beside: list[list[str]]  # cells that each spot concerns
    crossings: list[Crossing]


def a_path(kind: str, rng: np.random.Generator) -> FloatArray:
    """Places by step, in metres (across, along) a border; across is positive at the start."""
    speed = rng.uniform(7.0, 25.0) if kind in ("straight", "corner") else rng.uniform(8.0, 15.0)
    if kind == "along":
        along, swing = np.arange(-REACH_M, REACH_M, speed * DT_S), rng.uniform(3.0, 15.0)
        turns = np.sqrt(SIDEWAYS_MPS2 / swing) / speed  # per metre
        return np.column_stack((swing * np.cos(turns * along + rng.uniform(0.0, 6.0)), along))
    if kind == "u-turn":
        return _u_turn(np.sqrt(SIDEWAYS_MPS2 * RADIUS_OF_TURN_M), rng.uniform(0.0, 30.0))
    angle = rng.uniform(0.8, 0.95) if kind == "oblique" else rng.uniform(-0.35, 0.35)
    across = np.arange(REACH_M, -REACH_M, -speed * DT_S * np.cos(angle))
    return np.column_stack((across, across * np.tan(angle) * rng.choice((-1.0, 1.0))))


def _u_turn(speed: float, beyond: float) -> FloatArray:
    radius = RADIUS_OF_TURN_M
    out = np.arange(REACH_M, radius - beyond, -speed * DT_S)
    turn = np.linspace(0.0, np.pi, round(np.pi * radius / speed / DT_S) + 1)[1:]
    bow = np.column_stack((out[-1] - radius * np.sin(turn), radius * (1.0 - np.cos(turn))))
    back = np.column_stack((out[-2::-1], np.full(len(out) - 1, 2.0 * radius)))
    return np.vstack((np.column_stack((out, np.zeros(len(out)))), bow, back))


def a_town(home: str, rng: np.random.Generator, limit: int | None = None) -> Town:
    """Groups of two to six at every spot of the borders around a cell and its neighbours.

    With a `limit`, only at as many, spread over all.
    """
    frame = cell(home).frame
    inner = neighbours(home)
    cells = tuple(sorted({far for near in inner for far in neighbours(near)}))
    spots: list[FloatArray] = []
    crossings: list[Crossing] = []
    every = list(_spots(inner, frame))
    for foot, inward, corner in every[:: max(1, len(every) // limit)] if limit else every:
        kind = "corner" if corner else str(rng.choice(PATHS[:-1]))
        source = str(rng.choice(SOURCES[:-1] if kind in ("u-turn", "along") else SOURCES))
        crossings += _group(len(spots), kind, source, foot, inward, rng)
        spots.append(foot)
    beside = [_beside(cells, frame, foot) for foot in spots]
    return Town(frame, np.array(spots), beside, crossings)


def _beside(cells: tuple[str, ...], frame: LocalFrame, spot: FloatArray) -> list[str]:
    """Cells that have anything to do with a spot."""
    lon, lat = frame.to_geographic(spot[:1], spot[1:])
    reach_m = RADIUS_M + 100.0
    return [
        key
        for key in cells
        if cell(key).inside_m(*cell(key).frame.to_local(lon, lat))[0] > -reach_m
    ]


def _group(
    spot: int,
    kind: str,
    source: str,
    foot: FloatArray,
    inward: FloatArray,
    rng: np.random.Generator,
) -> Iterator[Crossing]:
    """Some of a kind behind and beside each other; one alone if it is to be hidden."""
    aside = np.array([-inward[1], inward[0]])
    path, start_s = a_path(kind, rng), rng.uniform(0.0, 3.0)
    turn = rng.uniform(0.0, 2 * np.pi) if kind == "corner" else 0.0
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    path = path @ turned + (rng.uniform(-12.0, 12.0, 2) if kind == "corner" else 0.0)
    hidden = (0.0, 0.0)
    if source == "shadow":
        middle_s = start_s + DT_S * int(np.argmin(np.hypot(*path.T)))
        half_s = rng.uniform(1.0, 2.5)
        hidden = (middle_s - half_s, middle_s + half_s)
    for k in range(1 if source == "shadow" else int(rng.integers(2, 7))):
        places = foot + np.outer(path[:, 0], inward) + np.outer(path[:, 1], aside)
        beside = LANE_M * (k % 3) * (aside if kind != "along" else inward)
        behind_s = HEADWAY_S * (k // 3)
        yield Crossing(spot, kind, source, start_s + behind_s, places + beside, hidden)


def _spots(
    cells: tuple[str, ...], frame: LocalFrame
) -> Iterator[tuple[FloatArray, FloatArray, bool]]:
    """Places on borders and at corners, with the way inward, in the town's frame."""
    taken: list[FloatArray] = []
    for key in cells:
        one = cell(key)
        for k, (a, b, c) in enumerate(one.edges):
            d, e, f = one.edges[(k + 1) % len(one.edges)]
            end = np.linalg.solve([[a, b], [d, e]], [-c, -f])
            middle = np.array([-c * a, -c * b])
            steps = np.arange(-1.5, 2.0) * APART_M
            on_edge = [(middle + s * np.array([-b, a]), False) for s in steps]
            for foot, corner in [*on_edge, (end, True)]:
                pair = np.vstack((foot, foot + np.array([a, b])))
                at, inside = np.column_stack(frame.to_local(*one.frame.to_geographic(*pair.T)))
                if all(np.hypot(*(at - other)) > APART_M / 2 for other in taken):
                    taken.append(at)
                    yield at, (inside - at) / np.hypot(*(inside - at)), corner


class Sight(NamedTuple):
    """What one source is about to send at one instant, in the town's frame."""

    source: str
    kind: int
    event_us: int
    places: FloatArray
    velocity: FloatArray | None
    local_id: int
    spread_m: float
    spot: int


def sights(town: Town, start_us: int, rng: np.random.Generator) -> Iterator[Sight]:
    """Everything that is seen, in no order."""
    for spot, foot in enumerate(town.spots):
        there = [c for c in town.crossings if c.spot == spot]
        end_s = max(c.start_s + DT_S * len(c.places) for c in there)
        if there[0].source == "probes":
            every_s = float(rng.choice((0.1, 0.1, 0.5)))
            for k, crossing in enumerate(there):
                yield from _of_probe(crossing, k, every_s, start_us, rng)
            continue
        for unit in range(2 if there[0].source == "two units" else 1):
            bias = rng.normal(0.0, BIAS_M, 2) if there[0].source == "two units" else np.zeros(2)
            for n in range(int(end_s / 0.1)):
                at_s = 0.1 * n + 0.05 * unit
                yield _of_unit(there, at_s, f"u{spot}-{unit}", bias, start_us, foot, rng)


def _of_unit(
    there: list[Crossing],
    at_s: float,
    source: str,
    bias: FloatArray,
    start_us: int,
    foot: FloatArray,
    rng: np.random.Generator,
) -> Sight:
    spread = NOISE_M[there[0].source]
    hits = []
    for crossing in there:
        place = place_at(crossing, at_s)
        shadowed = crossing.hidden[0] < at_s < crossing.hidden[1]
        if place is not None and not shadowed and rng.random() < DETECTION:
            hits.append(place + bias + rng.normal(0.0, spread, 2))
    n, turn = rng.poisson(CLUTTER), rng.uniform(0.0, 2 * np.pi, 20)
    away = RADIUS_M * np.sqrt(rng.random(20))
    false = foot + np.column_stack((away * np.cos(turn), away * np.sin(turn)))[:n]
    places = np.vstack((np.reshape(hits, (-1, 2)), false))
    event_us = start_us + round(at_s * 1e6)
    spot = there[0].spot
    return Sight(source, SourceKind.ROADSIDE, event_us, places, None, 0, spread, spot)


def _of_probe(
    crossing: Crossing,
    k: int,
    every_s: float,
    start_us: int,
    rng: np.random.Generator,
) -> Iterator[Sight]:
    spread = NOISE_M["probes"]
    # Most of a satellite fix's error stays for minutes; kept within the lane, so that scores can.
    drift = rng.normal(0.0, 0.8 * spread, 2).clip(-spread, spread)
    for at_s in np.arange(
        crossing.start_s, crossing.start_s + DT_S * len(crossing.places), every_s
    ):
        place, later = place_at(crossing, at_s), place_at(crossing, at_s + DT_S)
        if place is None or later is None:
            continue
        event_us = start_us + round(at_s * 1e3) * 1000
        seen = (place + drift + rng.normal(0.0, 0.3 * spread, 2))[None]
        velocity = (later - place) / DT_S
        fleet, spot = f"fleet-{crossing.spot}", crossing.spot
        yield Sight(fleet, SourceKind.PROBE, event_us, seen, velocity, k + 1, spread, spot)


def place_at(crossing: Crossing, at_s: float) -> FloatArray | None:
    """Where a road user is, town's frame; None before and after it is there."""
    step = (at_s - crossing.start_s) / DT_S
    if not 0.0 <= step <= len(crossing.places) - 1:
        return None
    low = int(step)
    part = step - low
    high = min(low + 1, len(crossing.places) - 1)
    place: FloatArray = (1.0 - part) * crossing.places[low] + part * crossing.places[high]
    return place

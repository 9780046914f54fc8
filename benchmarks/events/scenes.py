"""Scenes by script: what happens, and what nearly happens, of each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.events.feed import START_US, Actor, an_actor
from benchmarks.events.town import (
    EAST_M,
    HALF_M,
    RURAL_EAST_M,
    RURAL_WEST_M,
    STOP_M,
    WEST_M,
    geographic,
    turned,
)
from operators.events.kinds import EventKind
from operators.frame import ObjectClass
from operators.road.signal import Phase

RED, GREEN, AMBER = (
    Phase.STOP_AND_REMAIN,
    Phase.PROTECTED_MOVEMENT_ALLOWED,
    Phase.PROTECTED_CLEARANCE,
)
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that happens: its kind, one of its tracks, and when it begins."""

    kind: EventKind
    tracks: tuple[int, ...]
    begins_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """One scene.

    Parameters
    ----------
    actors
        Who is there.
    expected
        What happens.
    also
        Kinds that may be told as a consequence: neither right nor wrong.
    signals
        Phases of the two groups from each second on.
    features
        What third parties say, from each second on.
    """

    actors: list[Actor]
    expected: list[Expected] = field(default_factory=list)
    also: tuple[EventKind, ...] = ()
    signals: Mapping[float, tuple[int, int]] = field(default_factory=dict)
    features: Mapping[float, list[dict[str, object]]] = field(default_factory=dict)


def a_point(x_m: float, y_m: float) -> str:
    """GeoJSON of a place."""
    (place,) = geographic([(x_m, y_m), (x_m, y_m)])[:1]
    return f'{{"type":"Point","coordinates":[{place[0]:.7f},{place[1]:.7f}]}}'


def an_area(*corners: tuple[float, float]) -> str:
    """GeoJSON of a polygon."""
    ring = ",".join(f"[{lon:.7f},{lat:.7f}]" for lon, lat in geographic([*corners, corners[0]]))
    return f'{{"type":"Polygon","coordinates":[[{ring}]]}}'


def along(y_m: float, back: bool = False) -> list[tuple[float, float]]:
    """A straight way through the cell."""
    ends = [(-HALF_M, y_m), (HALF_M, y_m)]
    return ends[::-1] if back else ends


def through(angle_rad: float) -> list[tuple[float, float]]:
    """Straight over the junction."""
    return turned([(-250.0, -1.75), (250.0, -1.75)], angle_rad)


def brakes_at(speed: float, away_m: float, braking: float) -> float:
    """Seconds of steady driving before a stop `away_m` ahead."""
    return (away_m - speed**2 / (2 * braking)) / speed


# -- stopped vehicle

STOPPED = EventKind.STOPPED_VEHICLE


def stops_in_the_lane(rng: Rng) -> Script:
    v, b = rng.uniform(10, 16), rng.uniform(1.5, 3.0)
    y = float(rng.choice([RURAL_EAST_M, EAST_M[1]]))
    car = an_actor(1, along(y), v, [(12, 0), (v / b, -b), (rng.uniform(30, 60), 0), (30, 2)])
    other = an_actor(2, along(EAST_M[0]), 20.0, [(70, 0)])
    return Script([car, other], [Expected(STOPPED, (1,), 12 + v / b)])


def waits_at_red(rng: Rng) -> Script:
    v, b, gap = rng.uniform(8, 13), 2.0, rng.uniform(0.5, 2.5)
    reach = 250.0 - STOP_M - 2.3 - gap
    cars = []
    for k in range(4):
        starts_s = 60 - k + 7.5 * k / v  # after its stop: one and a half seconds after who is ahead
        phases = [(brakes_at(v, reach - 7.5 * k, b), 0), (v / b, -b), (starts_s, 0), (20, 2)]
        cars.append(an_actor(k + 1, through(0.0), v, phases, from_s=2.5 * k))
    green_s = brakes_at(v, reach, b) + v / b + 58
    return Script(cars, signals={0: (RED, GREEN), green_s: (GREEN, RED)})


def drops_somebody(rng: Rng) -> Script:
    v, b = rng.uniform(10, 14), 2.0
    car = an_actor(
        1,
        along(RURAL_EAST_M),
        v,
        [(12, 0), (v / b, -b), (rng.uniform(3, 7.5), 0), (9, 1.5), (30, 0)],
    )
    return Script([car])


def bus_at_a_stop(rng: Rng) -> Script:
    v = 11.0
    phases = [(12, 0), (7.4, -1.5), (rng.uniform(20, 50), 0), (9, 1.2), (20, 0)]
    return Script([an_actor(1, along(RURAL_EAST_M), v, phases, kind=ObjectClass.BUS)])


def parked_beside(rng: Rng) -> Script:
    y = RURAL_EAST_M - 1.75 - rng.uniform(1.6, 2.5)
    parked = an_actor(1, [(0, y), (9, y)], 0.0, [(80, 0)])
    return Script([parked, an_actor(2, along(RURAL_EAST_M), 13.0, [(80, 0)])])


# -- wrong way


def drives_the_wrong_way(rng: Rng) -> Script:
    v, y = rng.uniform(14, 30), float(rng.choice(EAST_M))
    car = an_actor(1, along(y, back=True), v, [(80, 0)])
    right = an_actor(2, along(WEST_M[0], back=True), 28.0, [(80, 0)])
    return Script([car, right], [Expected(EventKind.WRONG_WAY, (1,), 0.0)])


def stays_on_the_left(rng: Rng) -> Script:
    car = an_actor(1, along(RURAL_WEST_M), rng.uniform(11, 16), [(80, 0)])
    return Script([car], [Expected(EventKind.WRONG_WAY, (1,), 0.0)])


def overtakes(rng: Rng) -> Script:
    v = rng.uniform(17, 20)
    out = -430.0 + 15 * (v - 9)
    path = [
        (-HALF_M, RURAL_EAST_M), (out - 40, RURAL_EAST_M), (out, RURAL_WEST_M),
        (out + 6 * v, RURAL_WEST_M), (out + 6 * v + 40, RURAL_EAST_M), (HALF_M, RURAL_EAST_M),
    ]  # fmt: skip
    # The slow one is passed half way out.
    meet_s = (out + 3 * v + HALF_M) / v
    slow = an_actor(
        2, [(out + 3 * v - 9 * meet_s, RURAL_EAST_M), (HALF_M, RURAL_EAST_M)], 9.0, [(80, 0)]
    )
    return Script([an_actor(1, path, v, [(80, 0)]), slow])


def drives_on_the_right(rng: Rng) -> Script:
    cars = [
        an_actor(1, along(EAST_M[0]), 30.0, [(60, 0)]),
        an_actor(2, along(WEST_M[0], back=True), 30.0, [(60, 0)]),
        an_actor(3, along(RURAL_EAST_M + rng.uniform(-0.5, 0.4)), 14.0, [(80, 0)]),
        an_actor(4, along(RURAL_WEST_M, back=True), 14.0, [(80, 0)]),
    ]
    return Script(cars)


# -- hard braking


def brakes_hard(rng: Rng) -> Script:
    v, b = rng.uniform(18, 28), rng.uniform(6.5, 8.5)
    lasts = rng.uniform(1.2, 2.0)
    car = an_actor(1, along(EAST_M[0]), v, [(10, 0), (lasts, -b), (20, 0.5)])
    return Script([car], [Expected(EventKind.HARD_BRAKING, (1,), 10.0)])


def brakes_gently(rng: Rng) -> Script:
    v, b = rng.uniform(18, 28), rng.uniform(2.0, 3.5)
    return Script([an_actor(1, along(EAST_M[0]), v, [(10, 0), (0.7 * v / b, -b), (30, 0.5)])])


# -- conflict

CONFLICT = EventKind.CONFLICT
_MAY = (EventKind.HARD_BRAKING, EventKind.RED_LIGHT_RUNNING, EventKind.GROUP_STOP)


def _to_middle(
    v: float, at_s: float, angle: float, track_id: int, phases: list[tuple[float, float]]
) -> Actor:
    """Somebody whose middle would be in the middle of the junction at an instant."""
    start = -(v * at_s)
    return an_actor(track_id, turned([(start, -1.75), (250.0, -1.75)], angle), v, phases)


def crosses_just_before(rng: Rng) -> Script:
    """Two on a course to collide; one brakes at the last moment."""
    v, w = rng.uniform(9, 13), rng.uniform(9, 13)
    at = 12.0
    brake_s = rng.uniform(0.9, 1.1)
    one = _to_middle(v, at, 0.0, 1, [(30, 0)])
    other = _to_middle(w, at, np.pi / 2, 2, [(at - brake_s, 0), (w / 8.0, -8.0), (20, 0)])
    return Script([one, other], [Expected(CONFLICT, (1, 2), at - 1.5)], _MAY, {0: (GREEN, GREEN)})


def misses_by_little(rng: Rng) -> Script:
    v, w = rng.uniform(8, 12), rng.uniform(8, 12)
    at, later = 12.0, rng.uniform(0.15, 0.4)
    # Paths cross at (1.75, -1.75) of the junction: both are timed to that place.
    one = _to_middle(v, at - 1.75 / v, 0.0, 1, [(40, 0)])
    gap = 2.3 / v + 2.3 / w + later  # rear of the first to front of the second
    other = _to_middle(w, at + gap + 1.75 / w, np.pi / 2, 2, [(40, 0)])
    return Script(
        [one, other], [Expected(CONFLICT, (1, 2), at + gap - 1.0)], _MAY, {0: (GREEN, GREEN)}
    )


def closes_up_fast(rng: Rng) -> Script:
    v, b = rng.uniform(20, 26), 8.5
    reach = v**2 / (2 * b) + rng.uniform(1.0, 2.5)
    ahead = an_actor(2, [(100, EAST_M[0]), (200, EAST_M[0])], 0.0, [(60, 0)])
    start = 100 - 4.6 - reach - 10 * v
    car = an_actor(1, [(start, EAST_M[0]), (200, EAST_M[0])], v, [(10, 0), (v / b, -b), (8, 0)])
    return Script([car, ahead], [Expected(CONFLICT, (1, 2), 10.0)], (*_MAY, STOPPED))


def crosses_well_behind(rng: Rng) -> Script:
    v, w = rng.uniform(9, 13), rng.uniform(9, 13)
    at = 12.0
    one = _to_middle(v, at, 0.0, 1, [(40, 0)])
    other = _to_middle(w, at + 0.9 + rng.uniform(1.8, 3.0), np.pi / 2, 2, [(40, 0)])
    return Script([one, other], signals={0: (GREEN, GREEN)})


def follows_and_stops(rng: Rng) -> Script:
    v = rng.uniform(10, 14)
    headway = rng.uniform(1.2, 1.6)
    ahead = an_actor(1, along(RURAL_EAST_M), v, [(10, 0), (v / 2.5, -2.5), (4, 0), (30, 1.5)])
    behind = an_actor(
        2, along(RURAL_EAST_M), v, [(10, 0), (v / 2.5, -2.5), (4, 0), (30, 1.5)], from_s=headway
    )
    return Script([ahead, behind])


def meets_on_the_next_lane(rng: Rng) -> Script:
    one = an_actor(1, along(RURAL_EAST_M), rng.uniform(13, 18), [(60, 0)])
    other = an_actor(2, along(RURAL_WEST_M, back=True), rng.uniform(13, 18), [(60, 0)])
    return Script([one, other])


# -- walkers

VULNERABLE = EventKind.VULNERABLE_ON_CARRIAGEWAY


def walks_on_the_road(rng: Rng) -> Script:
    y = RURAL_EAST_M + rng.uniform(-0.6, 0.6)
    walker = an_actor(1, [(0, -12), (0, y), (40, y)], 1.4, [(60, 0)], kind=ObjectClass.PEDESTRIAN)
    begins = (12 + RURAL_EAST_M - 1.75) / 1.4
    return Script([walker], [Expected(VULNERABLE, (1,), begins)])


def cycles_on_the_motorway(rng: Rng) -> Script:
    rider = an_actor(1, along(EAST_M[1]), rng.uniform(4, 7), [(60, 0)], kind=ObjectClass.BICYCLE)
    return Script([rider], [Expected(VULNERABLE, (1,), 0.0)])


def walks_over_the_crossing(rng: Rng) -> Script:
    x = 16.0 + rng.uniform(-0.8, 0.8)
    path = turned([(x, -20), (x, 20)], 0.0)
    walker = an_actor(1, path, 1.4, [(60, 0)], kind=ObjectClass.PEDESTRIAN)
    return Script([walker], signals={0: (RED, GREEN)})


def walks_beside(rng: Rng) -> Script:
    y = RURAL_EAST_M - 1.75 - rng.uniform(1.2, 2.5)
    walker = an_actor(1, [(-30, y), (50, y)], 1.4, [(60, 0)], kind=ObjectClass.PEDESTRIAN)
    rider = an_actor(2, along(RURAL_EAST_M - 1.0), 5.0, [(60, 0)], kind=ObjectClass.BICYCLE)
    return Script([walker, rider])


# -- queues and groups


def _row(
    v: float,
    count: int,
    gap_m: float,
    y: float,
    phases: Callable[[int], list[tuple[float, float]]],
    start: float = -HALF_M,
) -> list[Actor]:
    return [
        an_actor(k + 1, [(start - gap_m * k, y), (HALF_M, y)], v, phases(k)) for k in range(count)
    ]


def queue_on_the_motorway(rng: Rng) -> Script:
    """A row that slows to a crawl, each a little later than the one ahead."""
    count, v = int(rng.integers(7, 11)), 20.0
    crawl = rng.uniform(0.5, 1.5)

    def phases(k: int) -> list[tuple[float, float]]:
        later = k * (34.0 - 8.5) / (v - crawl)
        return [(8 + later, 0), ((v - crawl) / 2.5, -2.5), (40, 0), (10, 1.5)]

    cars = _row(v, count, 34.0, EAST_M[0], phases, 0.0)
    begins = 8 + 4 * (34.0 - 8.5) / (v - crawl) + (v - 3.0) / 2.5
    tracks = tuple(range(1, count + 1))
    return Script(
        cars, [Expected(EventKind.QUEUE_END, tracks, begins)], (EventKind.GROUP_STOP, STOPPED)
    )


def dense_but_moving(rng: Rng) -> Script:
    v = rng.uniform(6, 9)
    return Script(_row(v, 10, 14.0, EAST_M[0], lambda _: [(60, 0)], 0.0))


def queue_at_red(rng: Rng) -> Script:
    v, b, count = 12.0, 2.0, 8
    reach = 250 - STOP_M - 3.5
    cars = []
    for k in range(count):
        phases = [(brakes_at(v, reach - 7.5 * k, b), 0), (v / b, -b), (50 + 1.2 * k, 0), (20, 2)]
        cars.append(an_actor(k + 1, through(0.0), v, phases, from_s=2.2 * k))
    green = brakes_at(v, 250 - STOP_M - 3.5, b) + v / b + 49
    return Script(cars, signals={0: (RED, GREEN), green: (GREEN, RED)})


def group_stops_suddenly(rng: Rng) -> Script:
    count, v = int(rng.integers(3, 5)), rng.uniform(18, 25)

    def phases(k: int) -> list[tuple[float, float]]:
        return [(8 + 0.8 * k, 0), (v / 4.0, -4.0), (20, 0), (20, 1.5)]

    # Each stops a car length behind the one ahead: what it has less, it drives later.
    cars = _row(v, count, 0.8 * v + 8.5, EAST_M[0], phases, 0.0)
    begins = 8 + 0.8 * 2 + v / 4.0
    tracks = tuple(range(1, count + 1))
    return Script(
        cars, [Expected(EventKind.GROUP_STOP, tracks, begins)], (STOPPED, EventKind.HARD_BRAKING)
    )


# -- red light

RUNS = EventKind.RED_LIGHT_RUNNING


def runs_the_red(rng: Rng) -> Script:
    v, at = rng.uniform(7, 14), 15.0
    car = _to_middle(v, at + STOP_M / v, 0.0, 1, [(60, 0)])
    since = rng.uniform(1.2, 5.0)
    crossing = at - 2.3 / v
    return Script(
        [car],
        [Expected(RUNS, (1,), crossing)],
        (),
        {0: (GREEN, RED), crossing - since: (RED, GREEN)},
    )


def passes_at_green(rng: Rng) -> Script:
    return Script(
        [_to_middle(rng.uniform(7, 14), 15, 0.0, 1, [(60, 0)])], signals={0: (GREEN, RED)}
    )


def passes_at_amber(rng: Rng) -> Script:
    v = rng.uniform(9, 14)
    at = 15.0 - (STOP_M + 2.3) / v
    late = {0: (GREEN, RED), at - rng.uniform(1.0, 2.5): (AMBER, RED), at + 0.6: (RED, GREEN)}
    return Script([_to_middle(v, 15.0, 0.0, 1, [(60, 0)])], signals=late)


def stops_over_the_line(rng: Rng) -> Script:
    v, b = 10.0, 2.5
    reach = 250 - STOP_M - 2.3 + rng.uniform(0.3, 1.2)
    steady = brakes_at(v, reach, b)
    car = an_actor(1, through(0.0), v, [(steady, 0), (v / b, -b), (20, 0), (20, 2)])
    return Script([car], signals={0: (RED, GREEN), steady + v / b + 19.5: (GREEN, RED)})


# -- third parties

EMERGENCY = EventKind.EMERGENCY_VEHICLE


def _ambulance(
    v: float, seconds: int, told: bool
) -> tuple[Actor, dict[float, list[dict[str, object]]]]:
    car = an_actor(1, along(RURAL_EAST_M), v, [(seconds, 0)], kind=ObjectClass.EMERGENCY)
    says: dict[float, list[dict[str, object]]] = {}
    for second in range(seconds if told else 0):
        at_us = START_US + second * 1_000_000
        x = -HALF_M + v * second
        says[second] = [
            {
                "feature_id": "vehicle/unit/1", "kind": "emergency_vehicle",
                "area": a_point(x, RURAL_EAST_M), "radius_m": 300.0, "issued_us": at_us,
                "valid_from_us": at_us, "valid_to_us": at_us + 3_000_000,
            }
        ]  # fmt: skip
    return car, says


def ambulance_comes(rng: Rng) -> Script:
    v = rng.uniform(16, 22)
    car, says = _ambulance(v, 40, told=True)
    near = an_actor(2, [(-100, RURAL_EAST_M), (HALF_M, RURAL_EAST_M)], 10.0, [(40, 0)])
    begins = max((HALF_M - 100 - 300) / (v - 10.0), 0.0)
    return Script(
        [car, near], [Expected(EMERGENCY, (1,), begins)], (*_MAY, CONFLICT), features=says
    )


def ambulance_off_duty(rng: Rng) -> Script:
    car, _ = _ambulance(rng.uniform(10, 14), 40, told=False)
    return Script([car, an_actor(2, along(RURAL_WEST_M, back=True), 12.0, [(40, 0)])])


def ambulance_alone(rng: Rng) -> Script:
    car, says = _ambulance(rng.uniform(16, 22), 40, told=True)
    far = an_actor(2, along(EAST_M[0] + 20.0), 20.0, [(40, 0)])
    return Script([car, far], features=says)


INTRUDES = EventKind.WORK_ZONE_INTRUSION
_CORNERS = ((0, -1.75), (120, -1.75), (120, 1.75), (0, 1.75))
_ZONE = {
    "feature_id": "works-1", "kind": "work_zone",
    "area": an_area(*((x, EAST_M[1] + y) for x, y in _CORNERS)),
}  # fmt: skip


def drives_into_the_works(rng: Rng) -> Script:
    v = rng.uniform(8, 22)
    car = an_actor(1, along(EAST_M[1]), v, [(80, 0)])
    begins = HALF_M / v
    return Script([car], [Expected(INTRUDES, (1,), begins)], features={0: [_ZONE]})


def passes_the_works(rng: Rng) -> Script:
    car = an_actor(1, along(EAST_M[0]), rng.uniform(10, 22), [(80, 0)])
    worker = an_actor(
        2,
        [(40, EAST_M[1]), (60, EAST_M[1])],
        0.0,
        [(10, 0), (8, 0.2), (5, 0), (30, 0)],
        kind=ObjectClass.TRUCK,
    )
    return Script([car, worker], also=(STOPPED,), features={0: [_ZONE]})


def road_with_works(rng: Rng) -> Script:
    ends = geographic([(0, EAST_M[1]), (120, EAST_M[1])])
    line = ",".join(f"[{lon:.7f},{lat:.7f}]" for lon, lat in ends)
    zone = _ZONE | {
        "area": f'{{"type":"LineString","coordinates":[{line}]}}', "radius_m": 10.0,
        "properties": {"vehicle_impact": "some-lanes-closed"},
    }  # fmt: skip
    return Script(
        [an_actor(1, along(EAST_M[0]), rng.uniform(10, 22), [(80, 0)])], features={0: [zone]}
    )


SCENES: tuple[Callable[[Rng], Script], ...] = (
    stops_in_the_lane, waits_at_red, drops_somebody, bus_at_a_stop, parked_beside,
    drives_the_wrong_way, stays_on_the_left, overtakes, drives_on_the_right,
    brakes_hard, brakes_gently,
    crosses_just_before, misses_by_little, closes_up_fast, crosses_well_behind, follows_and_stops,
    meets_on_the_next_lane,
    walks_on_the_road, cycles_on_the_motorway, walks_over_the_crossing, walks_beside,
    queue_on_the_motorway, dense_but_moving, queue_at_red, group_stops_suddenly,
    runs_the_red, passes_at_green, passes_at_amber, stops_over_the_line,
    ambulance_comes, ambulance_off_duty, ambulance_alone,
    drives_into_the_works, passes_the_works, road_with_works,
)  # fmt: skip

"""Scenes of several: conflicts, walkers, queues and groups."""

from collections.abc import Callable

import numpy as np

from benchmarks.events.feed import Actor, an_actor
from benchmarks.events.script import (
    BESIDES,
    CONFLICT,
    GREEN,
    RED,
    STOPPED,
    Expected,
    Rng,
    Script,
    along,
    brakes_at,
    through,
    to_middle,
)
from benchmarks.events.town import EAST_M, HALF_M, RURAL_EAST_M, RURAL_WEST_M, STOP_M, turned
from operators.events.kinds import EventKind
from operators.frame import ObjectClass

# -- conflict


def crosses_just_before(rng: Rng) -> Script:
    """Two on a course to collide; one brakes at the last moment."""
    v, w = rng.uniform(9, 13), rng.uniform(9, 13)
    at = 12.0
    brake_s = rng.uniform(0.9, 1.1)
    one = to_middle(v, at, 0.0, 1, [(30, 0)])
    other = to_middle(w, at, np.pi / 2, 2, [(at - brake_s, 0), (w / 8.0, -8.0), (20, 0)])
    return Script(
        [one, other], [Expected(CONFLICT, (1, 2), at - 1.5)], BESIDES, {0: (GREEN, GREEN)}
    )


def misses_by_little(rng: Rng) -> Script:
    v, w = rng.uniform(8, 12), rng.uniform(8, 12)
    at, later = 12.0, rng.uniform(0.15, 0.4)
    # Paths cross at (1.75, -1.75) of the junction: both are timed to that place.
    one = to_middle(v, at - 1.75 / v, 0.0, 1, [(40, 0)])
    gap = 2.3 / v + 2.3 / w + later  # rear of the first to front of the second
    other = to_middle(w, at + gap + 1.75 / w, np.pi / 2, 2, [(40, 0)])
    return Script(
        [one, other], [Expected(CONFLICT, (1, 2), at + gap - 1.0)], BESIDES, {0: (GREEN, GREEN)}
    )


def closes_up_fast(rng: Rng) -> Script:
    v, b = rng.uniform(20, 26), 8.5
    reach = v**2 / (2 * b) + rng.uniform(1.0, 2.5)
    ahead = an_actor(2, [(100, EAST_M[0]), (200, EAST_M[0])], 0.0, [(60, 0)])
    start = 100 - 4.6 - reach - 10 * v
    car = an_actor(1, [(start, EAST_M[0]), (200, EAST_M[0])], v, [(10, 0), (v / b, -b), (8, 0)])
    return Script([car, ahead], [Expected(CONFLICT, (1, 2), 10.0)], (*BESIDES, STOPPED))


def crosses_well_behind(rng: Rng) -> Script:
    v, w = rng.uniform(9, 13), rng.uniform(9, 13)
    at = 12.0
    one = to_middle(v, at, 0.0, 1, [(40, 0)])
    other = to_middle(w, at + 0.9 + rng.uniform(1.8, 3.0), np.pi / 2, 2, [(40, 0)])
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


def joins_who_waits(rng: Rng) -> Script:
    """Three stop behind each other, four seconds apart: a queue, and no stop of several at once.

    The first stands for nine seconds, which is about where a stopped vehicle begins.
    """
    v, b, apart_s = rng.uniform(12, 15), 3.0, 4.0

    def phases(k: int) -> list[tuple[float, float]]:
        return [(8 + apart_s * k, 0), (v / b, -b), (8.5 - apart_s * k, 0), (20, 1.5)]

    return Script(_row(v, 3, apart_s * v + 8.5, EAST_M[0], phases, 0.0), also=(STOPPED,))


def queue_on_two_lanes(rng: Rng) -> Script:
    """Three of two lanes stop within five seconds, each behind who has stood for longer."""
    v, b = rng.uniform(12, 15), 3.0

    def stops(track: int, lane: int, place: int, after_s: float) -> Actor:
        start = -8.5 * place - v * after_s
        phases = [(8 + after_s, 0), (v / b, -b), (14 - after_s, 0), (20, 1.5)]
        return an_actor(track, [(start, EAST_M[lane]), (HALF_M, EAST_M[lane])], v, phases)

    rows = ((0, 0, 0), (1, 0, 0), (0, 1, 8), (1, 1, 10), (0, 2, 12))
    return Script([stops(k + 1, *row) for k, row in enumerate(rows)], also=(STOPPED,))


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

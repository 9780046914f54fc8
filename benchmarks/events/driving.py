"""Scenes of single drivers: standing, driving the wrong way, braking, running a red light."""

from benchmarks.events.feed import an_actor
from benchmarks.events.script import (
    AMBER,
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
from benchmarks.events.town import EAST_M, HALF_M, RURAL_EAST_M, RURAL_WEST_M, STOP_M, WEST_M
from operators.events.kinds import EventKind
from operators.frame import ObjectClass

# -- stopped vehicle


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


# -- red light

RUNS = EventKind.RED_LIGHT_RUNNING


def runs_the_red(rng: Rng) -> Script:
    v, at = rng.uniform(7, 14), 15.0
    car = to_middle(v, at + STOP_M / v, 0.0, 1, [(60, 0)])
    since = rng.uniform(1.2, 5.0)
    crossing = at - 2.3 / v
    return Script(
        [car],
        [Expected(RUNS, (1,), crossing)],
        (),
        {0: (GREEN, RED), crossing - since: (RED, GREEN)},
    )


def passes_at_green(rng: Rng) -> Script:
    return Script([to_middle(rng.uniform(7, 14), 15, 0.0, 1, [(60, 0)])], signals={0: (GREEN, RED)})


def passes_at_amber(rng: Rng) -> Script:
    v = rng.uniform(9, 14)
    at = 15.0 - (STOP_M + 2.3) / v
    late = {0: (GREEN, RED), at - rng.uniform(1.0, 2.5): (AMBER, RED), at + 0.6: (RED, GREEN)}
    return Script([to_middle(v, 15.0, 0.0, 1, [(60, 0)])], signals=late)


def stops_over_the_line(rng: Rng) -> Script:
    v, b = 10.0, 2.5
    reach = 250 - STOP_M - 2.3 + rng.uniform(0.3, 1.2)
    steady = brakes_at(v, reach, b)
    car = an_actor(1, through(0.0), v, [(steady, 0), (v / b, -b), (20, 0), (20, 2)])
    return Script([car], signals={0: (RED, GREEN), steady + v / b + 19.5: (GREEN, RED)})


def starts_before_the_news(rng: Rng) -> Script:
    """Starts at green, of which the station learns a second later."""
    v, b = 10.0, 2.5
    reach = 250 - STOP_M - 2.3 - rng.uniform(0.2, 0.6)
    steady = brakes_at(v, reach, b)
    car = an_actor(1, through(0.0), v, [(steady, 0), (v / b, -b), (20, 0), (20, 3.0)])
    told_s = steady + v / b + 20.0 + rng.uniform(1.0, 1.8)
    return Script([car], signals={0: (RED, GREEN), told_s: (GREEN, RED)})

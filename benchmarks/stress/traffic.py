"""Truth for the scenarios: vehicles that follow each other over a signalled crossing, walkers.

The crossing lies at the origin, two lanes a direction. Vehicles follow the Intelligent Driver
Model (Treiber, Hennecke, Helbing, 2000) and stop at red; bicycles and pedestrians go straight.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.frame import ObjectClass

STEP_S = 0.1
REACH_M = 150.0  # of the arms
LANE_M = 3.5
STOP_M = -14.0  # stop line, along the way
GREEN_S, CLEARING_S = 17.0, 4.0
FREE_MPS, GAP_S, GAP_M, BRAKE_MPS2, PUSH_MPS2 = 13.0, 1.2, 2.0, 2.5, 1.8
SIZES = {
    ObjectClass.CAR: (4.5, 1.8, 1.5),
    ObjectClass.TRUCK: (9.0, 2.5, 3.4),
    ObjectClass.BUS: (12.0, 2.55, 3.1),
    ObjectClass.BICYCLE: (1.8, 0.6, 1.7),
    ObjectClass.PEDESTRIAN: (0.5, 0.5, 1.75),
}


class View(NamedTuple):
    """n objects at K instants: place and velocity of shape (K, n, 2), NaN where absent; heading."""

    place_m: FloatArray
    velocity_mps: FloatArray
    heading_rad: FloatArray


@dataclass(frozen=True, slots=True)
class Traffic:
    """Paths of n objects at T steps of `STEP_S`.

    Parameters
    ----------
    place_m : ndarray of shape (T, n, 2)
        Middle of the box; NaN while it is not there.
    heading_rad : ndarray of shape (T, n)
        Counter-clockwise from +x.
    object_class : ndarray of shape (n,)
    """

    place_m: FloatArray
    heading_rad: FloatArray
    object_class: IntArray

    @property
    def size_m(self) -> FloatArray:
        """Length, width, height; shape (n, 3)."""
        return np.array([SIZES[ObjectClass(int(one))] for one in self.object_class])

    @property
    def seconds(self) -> float:
        """Length."""
        return (len(self.place_m) - 1) * STEP_S

    def at(self, seconds: FloatArray) -> View:
        """Objects at K instants between the first and the last step, by straight lines."""
        k = np.clip((seconds / STEP_S).astype(int), 0, len(self.place_m) - 2)
        share = (seconds / STEP_S - k)[:, None, None]
        step = self.place_m[k + 1] - self.place_m[k]
        return View(self.place_m[k] + share * step, step / STEP_S, self.heading_rad[k])


@dataclass(slots=True)
class _Vehicle:
    length_m: float
    along_m: float = -REACH_M
    speed_mps: float = FREE_MPS
    path: list[tuple[int, float]] = field(default_factory=list)

    def drive(self, gap_m: float, closing_mps: float) -> None:
        """One step of the model behind something `gap_m` ahead."""
        wish_m = GAP_M + max(
            0.0,
            self.speed_mps * GAP_S
            + self.speed_mps * closing_mps / (2.0 * math.sqrt(PUSH_MPS2 * BRAKE_MPS2)),
        )
        free = 1.0 - (self.speed_mps / FREE_MPS) ** 4
        push = PUSH_MPS2 * (free - (wish_m / max(gap_m, 0.3)) ** 2)
        before = self.speed_mps
        self.speed_mps = max(0.0, before + max(push, -8.0) * STEP_S)
        self.along_m += 0.5 * (before + self.speed_mps) * STEP_S


def _is_green(second: float, north_south: bool) -> bool:
    phase = second % (2.0 * (GREEN_S + CLEARING_S))
    start = GREEN_S + CLEARING_S if north_south else 0.0
    return start <= phase < start + GREEN_S


def _lane(
    rng: np.random.Generator, steps: int, north_south: bool
) -> Iterator[tuple[_Vehicle, ObjectClass]]:
    """Vehicles of one lane, in the order in which they come."""
    there: list[_Vehicle] = []
    free_s = -60.0
    # what came before the beginning is already under way
    for k in range(-round(60.0 / STEP_S), steps):
        second = k * STEP_S
        if second >= free_s and (not there or there[-1].along_m > -REACH_M + 25.0):
            kinds = (ObjectClass.CAR, ObjectClass.TRUCK, ObjectClass.BUS)
            kind = kinds[int(rng.choice(3, p=(0.85, 0.1, 0.05)))]
            made = _Vehicle(SIZES[kind][0])
            there.append(made)
            yield made, kind
            free_s = second + rng.exponential(5.0)
        green = _is_green(second, north_south)
        ahead = None
        for one in there:
            _follow(one, ahead, green)
            if k >= 0:
                one.path.append((k, one.along_m))
            ahead = one
        there = [one for one in there if one.along_m < REACH_M]


def _follow(one: _Vehicle, ahead: _Vehicle | None, green: bool) -> None:
    gap_m, closing_mps = 1e3, 0.0
    if ahead is not None:
        gap_m = ahead.along_m - one.along_m - 0.5 * (ahead.length_m + one.length_m)
        closing_mps = one.speed_mps - ahead.speed_mps
    to_line_m = STOP_M - one.along_m - one.length_m / 2.0
    can_stop = to_line_m > one.speed_mps**2 / (2.0 * 4.0)
    if not green and can_stop and to_line_m < gap_m:
        gap_m, closing_mps = to_line_m + GAP_M, one.speed_mps
    one.drive(gap_m, closing_mps)


def straight(
    start_m: FloatArray,
    velocity_mps: FloatArray,
    from_s: FloatArray,
    last_s: FloatArray,
    steps: int,
) -> tuple[FloatArray, FloatArray]:
    """Places of shape (T, n, 2) and headings of n objects that go straight from a second on."""
    second = np.arange(steps)[:, None] * STEP_S - from_s
    place = start_m + second[..., None] * velocity_mps
    place[(second < 0.0) | (second > last_s)] = np.nan
    heading = np.arctan2(velocity_mps[:, 1], velocity_mps[:, 0])
    return place, np.broadcast_to(heading, second.shape)


def crossing(seconds: float, seed: int, walkers: int = 12, cyclists: int = 6) -> Traffic:
    """Traffic of a crossing."""
    rng = np.random.default_rng([seed, 1])
    steps = round(seconds / STEP_S) + 1
    places, headings, classes = [], [], []
    for arm in range(4):
        ahead = np.array([np.cos(arm * np.pi / 2), np.sin(arm * np.pi / 2)])
        right = np.array([ahead[1], -ahead[0]])
        for lane in (0.5, 1.5):
            made = list(_lane(rng, steps, arm % 2 == 1))
            place = np.full((steps, len(made), 2), np.nan)
            for column, (vehicle, kind) in enumerate(made):
                for k, along_m in vehicle.path:
                    place[k, column] = along_m * ahead + lane * LANE_M * right
                classes.append(kind)
            places.append(place)
            headings.append(np.full((steps, len(made)), arm * np.pi / 2))
    for made_of, number, across_m, half_m in (
        (ObjectClass.PEDESTRIAN, walkers, 11.0, 12.0),
        (ObjectClass.BICYCLE, cyclists, 8.6, 60.0),
    ):
        place, heading = _passers(rng, steps, number, across_m, half_m, made_of)
        places.append(place)
        headings.append(heading)
        classes += [made_of] * number
    place, heading = np.concatenate(places, axis=1), np.concatenate(headings, axis=1)
    seen = ~np.isnan(place[..., 0]).all(axis=0)
    return Traffic(place[:, seen], heading[:, seen], np.array(classes, np.int64)[seen])


def _passers(
    rng: np.random.Generator,
    steps: int,
    number: int,
    across_m: float,
    half_m: float,
    kind: ObjectClass,
) -> tuple[FloatArray, FloatArray]:
    """Those who go straight along a side of the crossing, `across_m` from its middle."""
    slow, fast = (1.1, 1.6) if kind is ObjectClass.PEDESTRIAN else (3.5, 5.5)
    arm = rng.integers(0, 4, number) * np.pi / 2
    ahead = np.column_stack((np.cos(arm), np.sin(arm)))
    right = np.column_stack((ahead[:, 1], -ahead[:, 0]))
    speed = rng.uniform(slow, fast, number)
    aside = across_m + rng.uniform(-1.0, 1.0, number)
    start = -half_m * ahead + aside[:, None] * right
    from_s = rng.uniform(-10.0, max(1.0, (steps - 1) * STEP_S - 15.0), number)
    return straight(start, speed[:, None] * ahead, from_s, 2.0 * half_m / speed, steps)

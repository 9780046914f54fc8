"""Scenes of the scenarios that need a road of their own: a queue at red, a bus that stands."""

import numpy as np

from benchmarks.stress.traffic import LANE_M, STEP_S, Traffic, straight
from operators.frame import ObjectClass

CAR_M, QUEUE_GAP_M = 4.5, 2.0
START_WAVE_S, START_MPS2, DRIVE_MPS = 1.2, 1.5, 10.0  # second to second, car to car


def queue(standing_s: float, moving_s: float, lanes: int = 4, cars: int = 25) -> Traffic:
    """Cars that stand 2 m behind each other in neighbouring lanes, then start one by one."""
    second = np.arange(round((standing_s + moving_s) / STEP_S) + 1)[:, None] * STEP_S
    row = np.tile(np.arange(cars), lanes)
    rolling = np.maximum(second - standing_s - START_WAVE_S * (row + 1), 0.0)
    pulled = np.minimum(rolling, DRIVE_MPS / START_MPS2)
    along = 0.5 * START_MPS2 * pulled**2 + DRIVE_MPS * (rolling - pulled)
    x = along - row * (CAR_M + QUEUE_GAP_M)
    y = np.broadcast_to((np.repeat(np.arange(lanes), cars) + 0.5) * LANE_M, x.shape)
    place = np.stack((x + 75.0, y), axis=-1)
    return Traffic(place, np.zeros(x.shape), np.full(len(row), int(ObjectClass.CAR)))


def bus_shadow(seconds: float) -> Traffic:
    """A bus that stands at (0, -1.75) for good, and cars that pass behind it in three lanes.

    From (0, -12) its shadow is 18, 23 and 28 m long in those lanes: 3.3, 5.1 and 7.9 s.
    """
    lanes, speeds, cars = np.array([0.5, 1.5, 2.5]) * LANE_M, np.array([5.5, 4.5, 3.5]), 6
    y, speed = np.repeat(lanes, cars), np.repeat(speeds, cars)
    number = np.tile(np.arange(cars), len(lanes))
    start = np.column_stack((-45.0 - 28.0 * number, y))
    n, steps = len(start), round(seconds / STEP_S) + 1
    velocity = np.column_stack((speed, np.zeros(n)))
    place, heading = straight(start, velocity, np.zeros(n), np.full(n, seconds), steps)
    bus = np.broadcast_to(np.array([0.0, -1.75]), (steps, 1, 2))
    classes = np.full(n + 1, int(ObjectClass.CAR))
    classes[-1] = int(ObjectClass.BUS)
    return Traffic(
        np.concatenate((place, bus), axis=1),
        np.concatenate((heading, np.zeros((steps, 1))), axis=1),
        classes,
    )

"""Boxes of a detector where no vehicle is, or a second one where a vehicle has one already."""

import numpy as np

from infra.simulator.lidar import BOX, FALSE, Lidar
from infra.simulator.sight import box_corners, look
from infra.simulator.wander import lasting_draws, mixed
from operators._typing import FloatArray, IntArray, RecordArray


def hedge_places(area_m: tuple[float, float], density_per_km2: float, walls_m: FloatArray,
                 rng: np.random.Generator) -> RecordArray:  # fmt: skip
    """Places of false boxes, all along walls, within a rectangle about the origin."""
    number = int(rng.poisson(density_per_km2 * area_m[0] * area_m[1] / 1e6))
    wall = walls_m[rng.integers(len(walls_m), size=number)]
    side, along = rng.integers(4, size=number), rng.random(number)
    off = rng.uniform(0.3, 2.0, number)
    x = np.where(side < 2, wall[:, 0] + along * (wall[:, 2] - wall[:, 0]), 0.0)
    y = np.where(side >= 2, wall[:, 1] + along * (wall[:, 3] - wall[:, 1]), 0.0)
    made = np.zeros(number, BOX)
    made["object"] = FALSE
    made["x_m"] = np.select([side == 2, side == 3], [wall[:, 0] - off, wall[:, 2] + off], x)
    made["y_m"] = np.select([side == 0, side == 1], [wall[:, 1] - off, wall[:, 3] + off], y)
    made["heading_rad"] = np.where(side < 2, 0.0, np.pi / 2) + rng.normal(0.0, 0.15, number)
    _size_of_a_car(made, rng)
    made["logit"] = rng.normal(-0.6, 0.7, number)
    inside = (np.abs(made["x_m"]) < area_m[0] / 2) & (np.abs(made["y_m"]) < area_m[1] / 2)
    chosen: RecordArray = made[inside]
    return chosen


def _size_of_a_car(boxes: RecordArray, rng: np.random.Generator) -> None:
    n = len(boxes)
    boxes["length_m"] = rng.normal(4.3, 0.5, n)
    boxes["width_m"] = rng.normal(1.8, 0.2, n)
    boxes["height_m"] = rng.normal(1.6, 0.2, n)
    boxes["z_m"] = boxes["height_m"] / 2.0 + rng.normal(0.0, 0.15, n)


def second_boxes(true: RecordArray, rng: np.random.Generator) -> RecordArray:
    """Another box on the end of a body: often on a long one, seldom on a car."""
    chance = np.where(true["length_m"] > 7.0, 0.15, 0.015)
    made: RecordArray = true[rng.random(len(true)) < chance].copy()
    shift = made["length_m"] * rng.uniform(0.25, 0.45, len(made)) * rng.choice((-1, 1), len(made))
    made["x_m"] += shift * np.cos(made["heading_rad"])
    made["y_m"] += shift * np.sin(made["heading_rad"])
    made["length_m"] *= rng.uniform(0.4, 0.8, len(made))
    made["logit"] -= rng.uniform(0.5, 2.0, len(made))
    made["object"] = FALSE
    return made


def hedge_boxes(
    lidar: Lidar,
    at_m: FloatArray,
    walls_m: FloatArray,
    hedges: RecordArray,
    rng: np.random.Generator,
) -> RecordArray:
    """Boxes at the fixed places, each by its own habit, and less often from afar."""
    steps, n = len(at_m), len(hedges)
    habit = rng.uniform(0.05, 0.7, n)
    away = np.hypot(hedges["x_m"] - at_m[:, :1], hedges["y_m"] - at_m[:, 1:])
    chance = np.where(away < lidar.range_m, habit * np.exp(-((away / 45.0) ** 2)), 0.0)
    corners = box_corners(
        hedges["x_m"], hedges["y_m"], hedges["heading_rad"], (hedges["length_m"], hedges["width_m"])
    )
    for step in range(0, steps, 5):  # a vehicle gets on by 7 m at most
        near = np.flatnonzero(chance[step : step + 5].max(axis=0) > 0.0)
        seen = look(tuple(at_m[step]), lidar.height_m, corners[near], hedges["height_m"][near],
                    walls_m)  # fmt: skip
        chance[step : step + 5, near] *= seen.visible
    at, of = np.nonzero(lasting_draws(chance, rng, 8.0))
    made: RecordArray = hedges[of].copy()
    made["step"] = at
    jitter = [mixed(rng, steps, (n,), 10.0, 0.5)[at, of] for _ in range(4)]
    made["x_m"] += 0.35 * jitter[0]
    made["y_m"] += 0.35 * jitter[1]
    made["heading_rad"] += 0.1 * jitter[2]
    made["logit"] += 0.7 * jitter[3]
    return made


def flicker(lidar: Lidar, at_m: FloatArray, rng: np.random.Generator) -> RecordArray:
    """Boxes that are there in one frame only, anywhere within 0.7 of the range."""
    counts: IntArray = rng.poisson(lidar.false_per_frame, len(at_m))
    made = np.zeros(int(counts.sum()), BOX)
    made["step"], made["object"] = np.repeat(np.arange(len(at_m)), counts), FALSE
    away = 0.7 * lidar.range_m * np.sqrt(rng.random(len(made)))
    bearing = rng.uniform(-np.pi, np.pi, len(made))
    made["x_m"] = at_m[made["step"], 0] + away * np.cos(bearing)
    made["y_m"] = at_m[made["step"], 1] + away * np.sin(bearing)
    made["heading_rad"] = rng.uniform(-np.pi, np.pi, len(made))
    _size_of_a_car(made, rng)
    made["logit"] = rng.normal(-1.0, 0.8, len(made))
    return made

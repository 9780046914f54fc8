"""Boxes that a 3-D detector finds in the points of a lidar on a vehicle.

Every number is of physics or of what published detectors are known to do; none is of a recording:

* points on a box fall with the square of the range and with what is hidden; few points are found
  seldom, and what is missed stays missed for some frames, since shadow and shape stay too;
* the far end of a box gets no points: its length comes out short and its middle near;
* errors last, as the points on a body change slowly, and are larger along the line of sight;
* scores follow the points, so that far true boxes rank among the false ones;
* walls, hedges and signs look like a vehicle again and again, from one place; other false boxes
  flicker up once; long bodies are found in two pieces.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from infra.simulator.sight import look
from infra.simulator.truth import Snapshot, Truth
from infra.simulator.wander import mixed, wander
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.frame import ObjectClass

MOTOR = (ObjectClass.CAR, ObjectClass.VAN, ObjectClass.TRUCK, ObjectClass.BUS)
FALSE = -1
# One box: step of the recording, index of the object in the truth or `FALSE`, then the box.
BOX = np.dtype(
    [
        *(("step", "<i4"), ("object", "<i4")),
        *((name, "<f8") for name in ("x_m", "y_m", "z_m", "heading_rad")),
        *((name, "<f8") for name in ("length_m", "width_m", "height_m", "logit")),
    ]
)


@dataclass(frozen=True, slots=True)
class Lidar:
    """A lidar of 32 lines on the roof, with its detector.

    Parameters
    ----------
    height_m, range_m
        Of the sensor above ground; beyond the range there is nothing.
    column_deg, row_deg
        Angles between points.
    points_needed, best
        Detection has probability best * (1 - exp(-points / points_needed)).
    sight_sigma_m, sight_sigma_growth, cross_share
        Error of the middle along the line of sight: at 0 m, growth with each metre of range; across
        it that share.
    heading_sigma_deg, turned_share
        Error at 0 m, and twice that at the end of the range; share of boxes turned by half a turn.
    size_sigma, short_share
        Relative error of a size; share of the length or width lost where points are few.
    pitch_sigma_deg
        Of the vehicle's body: lifts or lowers what is far.
    false_per_frame, hedges_per_km2
        Mean number of flickering boxes; density of the places that look like a vehicle.
    least_score
        Boxes below are not told.
    """

    height_m: float = 1.9
    range_m: float = 100.0
    column_deg: float = 0.2
    row_deg: float = 0.6
    points_needed: float = 10.0
    best: float = 0.97
    sight_sigma_m: float = 0.12
    sight_sigma_growth: float = 0.006
    cross_share: float = 0.5
    heading_sigma_deg: float = 2.0
    turned_share: float = 0.03
    size_sigma: float = 0.04
    short_share: float = 0.25
    pitch_sigma_deg: float = 0.15
    false_per_frame: float = 0.8
    hedges_per_km2: float = 900.0
    least_score: float = 0.2


@dataclass(frozen=True, slots=True)
class Found:
    """What one lidar saw.

    Parameters
    ----------
    boxes : structured array, dtype `BOX`
        In the world's axes, by step; z from the ground.
    visible : ndarray of shape (T, N)
        Share of each object that nothing hid, 0 beyond the range.
    """

    boxes: RecordArray
    visible: FloatArray


def detect(
    lidar: Lidar,
    truth: Truth,
    states: Snapshot,
    own: int,
    walls_m: FloatArray,
    hedges: RecordArray,
    rng: np.random.Generator,
) -> Found:
    """Let the lidar on object `own` look at each step of `states` (shape (T, N)).

    `hedges` are boxes (`BOX`) at fixed places that look like a vehicle.
    """
    grids = _looked(lidar, truth, states, own, walls_m)
    true = _true_boxes(lidar, truth, states, grids, rng)
    parts = [true, _second_boxes(true, rng)]
    at = np.column_stack((states.x_m[:, own], states.y_m[:, own]))
    parts += [_hedge_boxes(lidar, at, walls_m, hedges, rng), _flicker(lidar, at, rng)]
    boxes = np.concatenate(parts)
    boxes = boxes[boxes["logit"] >= np.log(lidar.least_score / (1.0 - lidar.least_score))]
    order = np.lexsort((rng.random(len(boxes)), boxes["step"]))
    return Found(boxes[order], grids["visible"])


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


def box_corners(
    x_m: FloatArray, y_m: FloatArray, heading_rad: FloatArray, size_m: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Corners of n boxes of length and width `size_m`, shape (n, 4, 2)."""
    along = np.array([0.5, -0.5, -0.5, 0.5]) * size_m[0][:, None]
    across = np.array([0.5, 0.5, -0.5, -0.5]) * size_m[1][:, None]
    cos, sin = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
    corners = np.stack((along * cos - across * sin, along * sin + across * cos), axis=-1)
    placed: FloatArray = corners + np.stack((x_m, y_m), axis=-1)[:, None]
    return placed


def _looked(
    lidar: Lidar, truth: Truth, states: Snapshot, own: int, walls_m: FloatArray
) -> Mapping[str, FloatArray]:
    """Range, bearing, visible share and points of each motor vehicle, shape (T, N)."""
    shape = states.x_m.shape
    grids = {name: np.zeros(shape) for name in ("range", "bearing", "visible", "points")}
    motor = np.isin(truth.object_class, MOTOR)
    point = np.radians(lidar.column_deg) * np.radians(lidar.row_deg)
    for step in range(shape[0]):
        x, y = states.x_m[step], states.y_m[step]
        with np.errstate(invalid="ignore"):
            near = motor & (np.hypot(x - x[own], y - y[own]) <= lidar.range_m)
        near[own] = False
        of = np.flatnonzero(near)
        size = (truth.length_m[of], truth.width_m[of])
        corners = box_corners(x[of], y[of], states.heading_rad[step, of], size)
        seen = look((x[own], y[own]), lidar.height_m, corners, truth.height_m[of], walls_m)
        rows = truth.height_m[of] / np.maximum(seen.range_m, 2.0)
        grids["range"][step, of], grids["bearing"][step, of] = seen.range_m, seen.bearing_rad
        grids["visible"][step, of] = seen.visible
        grids["points"][step, of] = seen.visible * seen.width_rad * rows / point
    return grids


def _detected(probability: FloatArray, rng: np.random.Generator, lasting_steps: float) -> BoolArray:
    """Draws of the given probabilities, shape (T, N), alike in steps that follow each other."""
    level = ndtr(mixed(rng, len(probability), probability.shape[1:], lasting_steps, 0.6))
    drawn: BoolArray = level < probability
    return drawn


def _true_boxes(
    lidar: Lidar,
    truth: Truth,
    states: Snapshot,
    grids: Mapping[str, FloatArray],
    rng: np.random.Generator,
) -> RecordArray:
    shape, points = states.x_m.shape, grids["points"]
    detected = _detected(lidar.best * -np.expm1(-points / lidar.points_needed), rng, 5.0)
    noise = {name: mixed(rng, *_args(shape), 0.7) for name in ("sight", "cross", "turn", "z")}
    noise["score"] = mixed(rng, *_args(shape), 0.5)
    sizes = [mixed(rng, shape[0], shape[1:], 30.0, 0.7) for _ in range(3)]
    turned = _detected(np.full(shape, lidar.turned_share), rng, 5.0)
    at, of = np.nonzero(detected & (points > 0.0))
    cell = (at, of)
    made = np.zeros(len(at), BOX)
    made["step"], made["object"] = at, of
    heading, bearing, far = states.heading_rad[cell], grids["bearing"][cell], grids["range"][cell]
    short = lidar.short_share * np.exp(-points[cell] / 60.0)
    aspect = bearing - heading
    lost = np.stack((short * np.abs(np.cos(aspect)), short * np.abs(np.sin(aspect))))
    size = np.stack((truth.length_m[of], truth.width_m[of]))
    # the end that faces away is what is lost
    ahead = -np.sign(np.cos(aspect)) * lost[0] * size[0] / 2.0
    left = -np.sign(np.sin(aspect)) * lost[1] * size[1] / 2.0
    sigma = lidar.sight_sigma_m + lidar.sight_sigma_growth * far
    sight, cross = sigma * noise["sight"][cell], sigma * lidar.cross_share * noise["cross"][cell]
    cos, sin, to_x, to_y = np.cos(heading), np.sin(heading), np.cos(bearing), np.sin(bearing)
    made["x_m"] = states.x_m[cell] + ahead * cos - left * sin + sight * to_x - cross * to_y
    made["y_m"] = states.y_m[cell] + ahead * sin + left * cos + sight * to_y + cross * to_x
    made["z_m"] = truth.height_m[of] / 2.0 + 0.06 * noise["z"][cell]
    made["z_m"] += far * (np.radians(lidar.pitch_sigma_deg) * wander(rng, shape[0], (), 10.0))[at]
    spread = np.radians(lidar.heading_sigma_deg) * (1.0 + far / lidar.range_m)
    made["heading_rad"] = heading + spread * noise["turn"][cell] + np.pi * turned[cell]
    for name, one, less, scale in zip(
        ("length_m", "width_m"), size, lost, (sizes[0], sizes[1]), strict=True
    ):
        made[name] = one * (1.0 - less) * (1.0 + lidar.size_sigma * scale[cell])
    made["height_m"] = truth.height_m[of] * (1.0 + lidar.size_sigma * sizes[2][cell])
    made["logit"] = 0.3 + 0.8 * np.log(points[cell] / 12.0) + 0.9 * noise["score"][cell]
    return made


def _args(shape: tuple[int, ...]) -> tuple[int, tuple[int, ...], float]:
    return shape[0], shape[1:], 10.0


def _second_boxes(true: RecordArray, rng: np.random.Generator) -> RecordArray:
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


def _hedge_boxes(
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
    at, of = np.nonzero(_detected(chance, rng, 8.0))
    made: RecordArray = hedges[of].copy()
    made["step"] = at
    jitter = [mixed(rng, steps, (n,), 10.0, 0.5)[at, of] for _ in range(4)]
    made["x_m"] += 0.35 * jitter[0]
    made["y_m"] += 0.35 * jitter[1]
    made["heading_rad"] += 0.1 * jitter[2]
    made["logit"] += 0.7 * jitter[3]
    return made


def _flicker(lidar: Lidar, at_m: FloatArray, rng: np.random.Generator) -> RecordArray:
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

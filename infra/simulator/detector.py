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

from infra.simulator.false_boxes import flicker, hedge_boxes, second_boxes
from infra.simulator.lidar import BOX, Lidar
from infra.simulator.sight import box_corners, look
from infra.simulator.truth import Snapshot, Truth
from infra.simulator.wander import lasting_draws, mixed, wander
from operators._typing import FloatArray, RecordArray
from operators.frame import ObjectClass

MOTOR = (ObjectClass.CAR, ObjectClass.VAN, ObjectClass.TRUCK, ObjectClass.BUS)


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
    parts = [true, second_boxes(true, rng)]
    at = np.column_stack((states.x_m[:, own], states.y_m[:, own]))
    parts += [hedge_boxes(lidar, at, walls_m, hedges, rng), flicker(lidar, at, rng)]
    boxes = np.concatenate(parts)
    boxes = boxes[boxes["logit"] >= np.log(lidar.least_score / (1.0 - lidar.least_score))]
    order = np.lexsort((rng.random(len(boxes)), boxes["step"]))
    return Found(boxes[order], grids["visible"])


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


def _true_boxes(
    lidar: Lidar,
    truth: Truth,
    states: Snapshot,
    grids: Mapping[str, FloatArray],
    rng: np.random.Generator,
) -> RecordArray:
    """Boxes of what is there and found, by step."""
    shape, points = states.x_m.shape, grids["points"]
    noise = _noise(shape, rng)
    pitch = np.radians(lidar.pitch_sigma_deg) * wander(rng, shape[0], (), 10.0)
    turned = lasting_draws(np.full(shape, lidar.turned_share), rng, 5.0)
    chance = lidar.best * -np.expm1(-points / lidar.points_needed)
    cell = np.nonzero(lasting_draws(chance, rng, 5.0) & (points > 0.0))
    at, of = cell
    far, aspect = grids["range"][cell], grids["bearing"][cell] - states.heading_rad[cell]
    made = np.zeros(len(at), BOX)
    made["step"], made["object"] = at, of
    size = np.column_stack((truth.length_m[of], truth.width_m[of], truth.height_m[of]))
    lost = _lost(lidar, points[cell], aspect) * size
    scales = np.column_stack([noise[name][cell] for name in ("length", "width", "height")])
    told = (size - lost) * (1.0 + lidar.size_sigma * scales)
    made["length_m"], made["width_m"], made["height_m"] = told.T
    # the end that faces away is the one that is lost
    ahead = -np.sign(np.cos(aspect)) * lost[:, 0] / 2.0
    left = -np.sign(np.sin(aspect)) * lost[:, 1] / 2.0
    sigma = lidar.sight_sigma_m + lidar.sight_sigma_growth * far
    sight, cross = sigma * noise["sight"][cell], sigma * lidar.cross_share * noise["cross"][cell]
    by_body = _turned(ahead, left, states.heading_rad[cell])
    by_sight = _turned(sight, cross, grids["bearing"][cell])
    made["x_m"] = states.x_m[cell] + by_body[0] + by_sight[0]
    made["y_m"] = states.y_m[cell] + by_body[1] + by_sight[1]
    made["z_m"] = size[:, 2] / 2.0 + 0.06 * noise["z"][cell] + far * pitch[at]
    spread = np.radians(lidar.heading_sigma_deg) * (1.0 + far / lidar.range_m)
    wrong = spread * noise["turn"][cell] + np.pi * turned[cell]
    made["heading_rad"] = states.heading_rad[cell] + wrong
    made["logit"] = 0.3 + 0.8 * np.log(points[cell] / 12.0) + 0.9 * noise["score"][cell]
    return made


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Mapping[str, FloatArray]:
    """Errors of unit variance, shape (T, N): a second for what moves by, longer for sizes."""
    lasting = {
        **dict.fromkeys(("sight", "cross", "turn", "z"), (10.0, 0.7)),
        **dict.fromkeys(("length", "width", "height"), (30.0, 0.7)),
        "score": (10.0, 0.5),
    }
    return {
        name: mixed(rng, shape[0], shape[1:], steps, share)
        for name, (steps, share) in lasting.items()
    }


def _lost(lidar: Lidar, points: FloatArray, aspect_rad: FloatArray) -> FloatArray:
    """Share of length, width and height that gets no points, shape (n, 3)."""
    short = lidar.short_share * np.exp(-points / 60.0)
    sides = short * np.abs(np.cos(aspect_rad)), short * np.abs(np.sin(aspect_rad))
    return np.column_stack((*sides, np.zeros(len(points))))


def _turned(ahead_m: FloatArray, left_m: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """East and north of vectors given ahead and to the left of a direction, shape (2, n)."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.stack((ahead_m * cos - left_m * sin, ahead_m * sin + left_m * cos))

"""Truth without SUMO: vehicles on given paths; and a lidar without faults."""

import numpy as np

from infra.simulator.lidar import Lidar
from infra.simulator.network import District
from infra.simulator.placement import Placement
from infra.simulator.truth import Snapshot, Truth
from operators.frame import ObjectClass

STEP_US = 100_000
NO_WALLS = np.zeros((0, 4))
OPEN = District(crossings=81, block_m=25.0, approach_m=0.0)  # no house within a kilometre
EXACT = Lidar(
    points_needed=1e-6, best=1.0, sight_sigma_m=0.0, sight_sigma_growth=0.0, heading_sigma_deg=0.0,
    turned_share=0.0, size_sigma=0.0, short_share=0.0, pitch_sigma_deg=0.0, false_per_frame=0.0,
    least_score=1e-9,
)  # fmt: skip


def truth_of(x_m, y_m, heading_rad, *, size_m=(4.6, 1.82, 1.5)):
    """Cars with positions and headings of shape (T, N)."""
    x, y, heading = np.array(np.broadcast_arrays(x_m, y_m, heading_rad), float)
    steps, n = x.shape
    velocity = (np.gradient(x, 0.1, axis=0), np.gradient(y, 0.1, axis=0))
    sides = (np.full(n, side) for side in size_m)
    return Truth(
        Placement(),
        1_763_850_060_000_000 + np.arange(steps) * STEP_US,
        np.arange(n),
        np.full(n, int(ObjectClass.CAR)),
        *sides,
        Snapshot(x, y, *velocity, heading),
    )


def ring(steps, distance_m, count=12):
    """A standing car at the origin and others around it, all heading east."""
    bearing = np.arange(count) * 2 * np.pi / count
    x = np.concatenate(([0.0], distance_m * np.cos(bearing)))
    y = np.concatenate(([0.0], distance_m * np.sin(bearing)))
    return truth_of(np.tile(x, (steps, 1)), np.tile(y, (steps, 1)), 0.0)


def drive(steps=150, speed_mps=8.0, turn_radps=0.15):
    """A car on a bend (0), one behind it on the same bend (1), standing ones about (2...)."""
    time = np.arange(steps) * 0.1
    radius = speed_mps / turn_radps
    columns = []
    for late_s in (0.0, 2.5):
        heading = turn_radps * (time - late_s)
        columns.append((radius * np.sin(heading), radius * (1 - np.cos(heading)), heading))
    places = ((30.0, -9.0, 0.1), (45.0, 25.0, 2.0), (-10.0, 14.0, -1.2), (60.0, 60.0, 0.7))
    columns += [tuple(np.full(steps, value) for value in place) for place in places]
    x, y, heading = (np.column_stack(side) for side in zip(*columns, strict=True))
    return truth_of(x, y, np.arctan2(np.sin(heading), np.cos(heading)))

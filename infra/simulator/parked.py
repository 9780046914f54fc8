"""Parked cars along the kerbs: SUMO knows none, a lidar sees little else."""

from dataclasses import fields, replace

import numpy as np

from infra.simulator.network import District
from infra.simulator.truth import Snapshot, Truth
from operators._typing import FloatArray
from operators.frame import ObjectClass

_SLOT_M = 7.0
_FROM_AXIS_M = 11.0  # beyond the cycle lane
_FROM_CROSSING_M = 22.0


def with_parked(truth: Truth, district: District, share: float, rng: np.random.Generator) -> Truth:
    """Truth with cars on that share of the places along all streets, there all the time."""
    x, y, heading = _places(district)
    taken = rng.random(len(x)) < share
    n = int(taken.sum())
    # who parks is neither exact nor always with the traffic
    x, y = x[taken] + rng.normal(0.0, 0.25, n), y[taken] + rng.normal(0.0, 0.25, n)
    heading = heading[taken] + rng.normal(0.0, 0.03, n) + np.pi * (rng.random(n) < 0.1)
    still = np.zeros(n)
    columns = Snapshot(x, y, still, still, np.arctan2(np.sin(heading), np.cos(heading)))
    states = Snapshot(
        *(
            np.column_stack(
                (
                    getattr(truth.states, one.name),
                    np.tile(getattr(columns, one.name), (len(truth.time_us), 1)),
                )
            )
            for one in fields(Snapshot)
        )
    )
    size = {"length_m": (4.5, 0.3), "width_m": (1.8, 0.08), "height_m": (1.55, 0.12)}
    made = {
        name: np.concatenate((getattr(truth, name), rng.normal(*of, n)))
        for name, of in size.items()
    }
    return replace(
        truth,
        object_id=np.concatenate((truth.object_id, truth.object_id.max() + 1 + np.arange(n))),
        object_class=np.concatenate((truth.object_class, np.full(n, int(ObjectClass.CAR)))),
        states=states,
        **made,
    )


def _places(district: District) -> tuple[FloatArray, FloatArray, FloatArray]:
    """All places along the kerbs of both directions of all streets."""
    half = district.side_m / 2.0
    streets = np.arange(district.crossings) * district.block_m + district.approach_m - half
    along = np.arange(-half + _SLOT_M, half, _SLOT_M)
    away = np.abs(along[:, None] - streets[None]).min(axis=1)
    along = along[away > _FROM_CROSSING_M]
    axis, place, side = (
        grid.ravel() for grid in np.meshgrid(streets, along, (-1.0, 1.0), indexing="ij")
    )
    off = axis + side * _FROM_AXIS_M
    # traffic keeps to the right: east on the southern side, north on the eastern
    east, north = np.where(side < 0, 0.0, np.pi), np.where(side > 0, np.pi / 2, -np.pi / 2)
    return (
        np.concatenate((place, off)),
        np.concatenate((off, place)),
        np.concatenate((east, north)),
    )

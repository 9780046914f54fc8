"""A road without a broker: pictures of cells whose objects drive on, as snapshots."""

import numpy as np

from operators.frame import ObjectClass
from operators.fused import FUSED, Snapshot
from operators.transform.cells import local_frame

LAT_DEG, LON_DEG = 39.9, 116.4
TICK_US = 100_000
HALF_M = 1000.0  # objects spread over a square of twice this side


class Road:
    """Objects of several cells.

    Parameters
    ----------
    objects, cells
        How many there are in all.
    """

    def __init__(self, objects: int, cells: int = 8) -> None:
        draw = np.random.default_rng(7)
        self._cells = cells
        self._rows = np.zeros(objects, FUSED)
        self._places = draw.uniform(-HALF_M, HALF_M, (2, objects))
        self._velocity = draw.uniform(-15, 15, (2, objects))
        rows = self._rows
        rows["track_id"] = np.arange(1, objects + 1)
        rows["velocity_east_mps"], rows["velocity_north_mps"] = self._velocity
        rows["heading_rad"] = np.arctan2(*self._velocity) % (2 * np.pi)
        rows["object_class"] = ObjectClass.CAR
        rows["length_m"], rows["width_m"], rows["height_m"] = 4.5, 1.8, 1.5
        rows["cov_ee_m2"] = rows["cov_nn_m2"] = 0.1
        rows["velocity_variance_m2ps2"], rows["existence"], rows["sources"] = 0.04, 0.99, 1

    def at(self, tick_us: int) -> list[Snapshot]:
        """Pictures of all cells at a tick; objects leave on one side and come in on the other."""
        moved = self._places + self._velocity * (tick_us % 3_600_000_000 / 1e6)
        x, y = (moved + HALF_M) % (2 * HALF_M) - HALF_M
        frame = local_frame(LON_DEG, LAT_DEG)
        self._rows["lon_deg"], self._rows["lat_deg"] = frame.to_geographic(x, y)
        self._rows["tick_us"] = tick_us
        x, width = x + HALF_M, 2 * HALF_M / self._cells
        return [
            Snapshot(tick_us, f"cell-{n}", "run", ["unit-1"], [], [], rows)
            for n, rows in enumerate(self._rows[x // width == n] for n in range(self._cells))
        ]

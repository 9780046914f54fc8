"""What really was on the road: every object's box at every instant, apart from all messages."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

import numpy as np

from infra.simulator.placement import Placement
from operators._typing import BoolArray, FloatArray, IntArray, RecordArray

# One object at one instant. Positions are box centres in local east-north-up metres, headings
# counter-clockwise from east; latitude and longitude are those of the same point.
TRUTH_ROW = np.dtype(
    [
        ("time_us", "<i8"),
        ("object_id", "<i4"),
        ("object_class", "u1"),  # operators.frame.ObjectClass
        ("x_m", "<f8"),
        ("y_m", "<f8"),
        ("z_m", "<f8"),
        ("vx_mps", "<f8"),
        ("vy_mps", "<f8"),
        ("heading_rad", "<f8"),
        ("length_m", "<f8"),
        ("width_m", "<f8"),
        ("height_m", "<f8"),
        ("lat_deg", "<f8"),
        ("lon_deg", "<f8"),
    ]
)
_MOVING = ("x_m", "y_m", "vx_mps", "vy_mps", "heading_rad")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All objects at K instants; every array has shape (K, M), NaN where an object is absent."""

    x_m: FloatArray
    y_m: FloatArray
    vx_mps: FloatArray
    vy_mps: FloatArray
    heading_rad: FloatArray

    @property
    def present(self) -> BoolArray:
        """Whether the object is on the road, shape (K, M)."""
        return ~np.isnan(self.x_m)


@dataclass(frozen=True, slots=True)
class Truth:
    """Truth on a regular grid of T instants and N objects.

    Parameters
    ----------
    placement
        Where the district lies.
    time_us : ndarray of shape (T,)
        UTC microseconds, equally spaced.
    object_id, object_class, length_m, width_m, height_m : ndarrays of shape (N,)
        What does not change in an object's life; ids ascend.
    states : Snapshot of shape (T, N)
    """

    placement: Placement
    time_us: IntArray
    object_id: IntArray
    object_class: IntArray
    length_m: FloatArray
    width_m: FloatArray
    height_m: FloatArray
    states: Snapshot

    @property
    def step_us(self) -> int:
        """Distance of two instants, microseconds."""
        return int(self.time_us[1] - self.time_us[0])

    def since(self, time_us: int) -> Self:
        """The part from `time_us` on; objects that had left by then stay as columns of NaN."""
        first = int(np.searchsorted(self.time_us, time_us))
        later = Snapshot(*(getattr(self.states, f.name)[first:] for f in fields(self.states)))
        return replace(self, time_us=self.time_us[first:], states=later)

    @classmethod
    def from_rows(cls, rows: RecordArray, placement: Placement) -> Self:
        """Truth of rows in `TRUTH_ROW`, in any order; there must be two instants at least."""
        time_us, at = np.unique(rows["time_us"], return_inverse=True)
        object_id, first, of = np.unique(rows["object_id"], return_index=True, return_inverse=True)
        if len(time_us) < 2 or len(np.unique(np.diff(time_us))) > 1:
            msg = f"truth needs two or more equally spaced instants, got {len(time_us)}"
            raise ValueError(msg)
        grids = []
        for name in _MOVING:
            grid = np.full((len(time_us), len(object_id)), np.nan)
            grid[at, of] = rows[name]
            grids.append(grid)
        fixed = rows[first]
        return cls(
            placement,
            time_us,
            object_id.astype(np.int64),
            fixed["object_class"].astype(np.int64),
            fixed["length_m"],
            fixed["width_m"],
            fixed["height_m"],
            Snapshot(*grids),
        )

    def rows(self) -> RecordArray:
        """Table of `TRUTH_ROW` records, ordered by time, then object."""
        at, of = np.nonzero(self.states.present)
        rows = np.zeros(len(at), TRUTH_ROW)
        rows["time_us"] = self.time_us[at]
        for name in _MOVING:
            rows[name] = getattr(self.states, name)[at, of]
        for name in ("object_id", "object_class", "length_m", "width_m", "height_m"):
            rows[name] = getattr(self, name)[of]
        rows["z_m"] = rows["height_m"] / 2.0
        lat, lon, _ = self.placement.local_to_wgs84(rows["x_m"], rows["y_m"], rows["z_m"])
        rows["lat_deg"], rows["lon_deg"] = lat, lon
        return rows

    def at(self, time_us: IntArray, objects: IntArray | slice = slice(None)) -> Snapshot:
        """State at `time_us` (shape (K,)) of the objects with the given indices.

        Linear between the instants on both sides: an acceleration of 3 m/s² leaves an error of
        a dt²/8 = 4 mm at 10 Hz. An object that is absent at either side of a time between
        two instants is absent.
        """
        position = (time_us - self.time_us[0]) / self.step_us
        last = len(self.time_us) - 1
        low = np.clip(np.floor(position).astype(np.int64), 0, last)
        high = np.minimum(low + 1, last)
        weight = np.clip(position - low, 0.0, 1.0)[:, None]
        outside = ((position < 0) | (position > last))[:, None]
        made = {}
        for name in _MOVING:
            grid = getattr(self.states, name)[:, objects]
            step = grid[high] - grid[low]
            if name == "heading_rad":
                step = np.arctan2(np.sin(step), np.cos(step))
            step = np.where(weight > 0.0, weight * step, 0.0)
            made[name] = np.where(outside, np.nan, grid[low] + step)
        return Snapshot(**made)

    def save(self, path: Path) -> None:
        """Write a compressed .npz of `rows` and `origin` (latitude, longitude, height)."""
        origin = (self.placement.lat_deg, self.placement.lon_deg, self.placement.alt_m)
        with path.open("wb") as file:
            np.savez_compressed(file, rows=self.rows(), origin=np.array(origin))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls.from_rows(stored["rows"], Placement(*map(float, stored["origin"])))

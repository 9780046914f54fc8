"""Small areas: H3 cells of resolution 11, as the table `road_minute` has them.

An area is that of the cell which owns its middle. The hierarchy of H3 would not do: a child's place
may lie 160 m outside its parent, where the parent's sources do not look.
"""

from functools import lru_cache
from typing import NamedTuple

import h3.api.basic_int as h3
import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.picture import positions
from operators.transform.cells import cell

RESOLUTION = 11  # an edge of 29 m


class CellAreas(NamedTuple):
    """Areas of a cell.

    Parameters
    ----------
    h3 : ndarray of shape (n,), uint64
        Ascending.
    x_m, y_m : ndarrays of shape (n,)
        Their middles in the frame of the cell.
    """

    h3: IntArray
    x_m: FloatArray
    y_m: FloatArray


def areas_of(key: str, rows: RecordArray) -> IntArray:
    """Area of each track of a cell, shape (n,), uint64.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
    """
    lon, lat = positions(key, rows)
    level = _level(key)
    found = [h3.latlng_to_cell(*at, level) for at in zip(lat.tolist(), lon.tolist(), strict=True)]
    return np.array(found, np.uint64)


@lru_cache(maxsize=256)
def cell_areas(key: str) -> CellAreas:
    """Areas whose middles a cell owns."""
    own, level = h3.str_to_int(key), _level(key)
    around = [child for near in h3.grid_disk(own, 1) for child in h3.cell_to_children(near, level)]
    middles = {area: h3.cell_to_latlng(area) for area in around}
    owners = h3.get_resolution(own)
    mine = sorted(a for a, at in middles.items() if h3.latlng_to_cell(*at, owners) == own)
    lat, lon = np.array([middles[area] for area in mine]).T
    return CellAreas(np.array(mine, np.uint64), *cell(key).frame.to_local(lon, lat))


def _level(key: str) -> int:
    """Resolution of the areas of a cell, which are no larger than it."""
    return max(RESOLUTION, int(h3.get_resolution(h3.str_to_int(key))))

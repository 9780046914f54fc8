"""What other datums add to a place, so that a source that uses one unsaid can be named."""

from functools import lru_cache

import numpy as np

from operators._typing import FloatArray
from operators.transform.bd09 import wgs84_to_bd09
from operators.transform.cells import LOCAL, cell
from operators.transform.gcj02 import wgs84_to_gcj02


@lru_cache(maxsize=4096)
def datum_offsets_m(key: str) -> FloatArray:
    """How far GCJ-02 and BD-09 move the centre of a cell: east and north, metres, shape (2, 2).

    Zero outside China, and for the pseudo-cell of local recordings. Within a cell the offsets
    change by less than 1 % of the distance, so those of the centre tell the fields apart.
    """
    made = np.zeros((2, 2))
    if key == LOCAL:
        return made
    frame = cell(key).frame
    lon, lat = np.array([frame.lon_deg]), np.array([frame.lat_deg])
    middle = np.concatenate(frame.to_local(lon, lat))  # zero but for nanometres
    for row, shifted in enumerate((wgs84_to_gcj02(lon, lat), wgs84_to_bd09(lon, lat))):
        made[row] = np.concatenate(frame.to_local(*shifted)) - middle
    made.flags.writeable = False
    return made

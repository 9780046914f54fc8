"""A picture: what one cell publishes at one tick, as the columns of `fused.objects`.

What applies where its objects are stands in `operators.enrich.context`.
"""

from typing import Any

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.jit import KeyArray, compiled
from operators.transform.cells import LOCAL, cell

_F4 = "<f4"


def positions(key: str, rows: RecordArray) -> tuple[FloatArray, FloatArray]:
    """Longitude and latitude of tracks of a cell, WGS-84 degrees; empty for a local recording."""
    if key == LOCAL or not len(rows):
        return np.zeros(0), np.zeros(0)
    return cell(key).frame.to_geographic(rows["x_m"], rows["y_m"])


def columns(
    key: str, rows: RecordArray, places: tuple[FloatArray, FloatArray], tick_us: int
) -> dict[str, Any]:
    """Packed columns of the objects of a picture.

    Parameters
    ----------
    key
        The cell's.
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        Tracks to publish.
    places
        Their `positions`.
    tick_us
        The tick.
    """
    lon, lat = places
    local = key == LOCAL
    heading = rows["heading_rad"].astype(float)
    if not local:
        heading = (np.pi / 2 - heading) % (2 * np.pi)
        # Rounded to four bytes a hair less than a full turn is more than one.
        heading[heading.astype(_F4) >= 2 * np.pi] = 0.0
    empty = np.zeros(0)
    packed = {
        "track_id": rows["track_id"],
        "lat_e7": np.rint(lat * 1e7).astype("<i4"),
        "lon_e7": np.rint(lon * 1e7).astype("<i4"),
        "x_m": rows["x_m"] if local else empty,
        "y_m": rows["y_m"] if local else empty,
        "altitude_m": rows["z_m"],
        "velocity_east_mps": rows["vx_mps"],
        "velocity_north_mps": rows["vy_mps"],
        "heading_rad": heading.astype(_F4),
        "cov_ee_m2": rows["cov_xx_m2"],
        "cov_en_m2": rows["cov_xy_m2"],
        "cov_nn_m2": rows["cov_yy_m2"],
        "age_us": (tick_us - rows["last_us"]).clip(-(2**31), 2**31 - 1).astype("<i4"),
    }
    for name in _TAKEN_OVER:
        packed[name] = rows[name]
    counts, index = contributors(rows["sources"])
    packed["source_count"] = counts.astype("u1")
    packed["source_index"] = index.astype("<u2")
    return {name: np.ascontiguousarray(column).tobytes() for name, column in packed.items()}


_TAKEN_OVER = (
    "acceleration_mps2",
    "turn_rate_radps",
    "length_m",
    "width_m",
    "height_m",
    "object_class",
    "class_probability",
    "existence",
    "velocity_variance_m2ps2",
    "observations",
)


def contributors(masks: IntArray) -> tuple[IntArray, IntArray]:
    """Number of sources of each track, and their slots one behind the other.

    Parameters
    ----------
    masks : ndarray of shape (n,), uint64
        Bit s is set if slot s contributed.
    """
    return _slots(np.array(masks, np.uint64))


@compiled
def _slots(masks: KeyArray) -> tuple[IntArray, IntArray]:
    counts, slots = np.zeros(len(masks), np.int64), np.empty(64 * len(masks), np.int64)
    size = 0
    for k in range(len(masks)):
        rest = masks[k]
        slot = 0
        while rest != np.uint64(0):
            if rest & np.uint64(1):
                slots[size] = slot
                counts[k] += 1
                size += 1
            rest >>= np.uint64(1)
            slot += 1
    return counts, slots[:size]

"""Objects of a picture in the frame of its cell, with what is not known filled in."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from operators._typing import BoolArray, FloatArray, RecordArray
from operators.frame import ObjectClass
from operators.transform.cells import cell

# Axes x east, y north of the cell's middle; headings counter-clockwise from x.
ROW = np.dtype(
    [
        ("track_id", "<u8"),
        ("x_m", "<f8"),
        ("y_m", "<f8"),
        ("vx_mps", "<f8"),
        ("vy_mps", "<f8"),
        ("speed_mps", "<f8"),
        ("heading_rad", "<f8"),  # of the box; NaN if unknown
        ("length_m", "<f8"),
        ("width_m", "<f8"),
        ("cov_xx_m2", "<f8"),
        ("cov_xy_m2", "<f8"),
        ("cov_yy_m2", "<f8"),
        ("sigma_m", "<f8"),  # root mean square of both axes
        ("speed_sigma_mps", "<f8"),
        ("inside_m", "<f8"),  # distance inside the cell's border
        ("age_s", "<f8"),  # since it was observed
        ("segment_id", "<u8"),
        ("lane_id", "<u8"),
        ("along_m", "<f8"),
        ("signal_end_s", "<f8"),
        ("context_flags", "<u4"),
        ("weather_index", "<u2"),
        ("signal_phase", "u1"),
        ("object_class", "u1"),
        ("own", "?"),  # shown by this cell, not by a neighbour
    ]
)
VEHICLES = (
    ObjectClass.CAR,
    ObjectClass.VAN,
    ObjectClass.TRUCK,
    ObjectClass.BUS,
    ObjectClass.MOTORCYCLE,
    ObjectClass.EMERGENCY,
    ObjectClass.TRAILER,
)
_LEAST_SIGMA_M = 0.05
_LEAST_SIGMA_MPS = 0.05
_USUAL = {
    ObjectClass.PEDESTRIAN: (0.5, 0.6),
    ObjectClass.BICYCLE: (1.8, 0.65),
    ObjectClass.MOTORCYCLE: (2.2, 0.8),
    ObjectClass.TRUCK: (9.0, 2.5),
    ObjectClass.BUS: (12.0, 2.55),
}
_COLUMNS = {
    "track_id": "<u8",
    "segment_id": "<u8",
    "lane_id": "<u8",
    "along_m": "<f4",
    "signal_phase": "u1",
    "signal_end_s": "<f4",
    "object_class": "u1",
    "context_flags": "<u4",
    "weather_index": "<u2",
    "length_m": "<f4",
    "width_m": "<f4",
}


def rows_of(picture: Mapping[str, Any]) -> RecordArray:
    """Objects of a record of `fused.objects`, sorted by track.

    Parameters
    ----------
    picture
        Its fields, columns as packed bytes; of a cell on the Earth. The first ``own`` objects are
        the cell's, all if that is missing (`operators.events.strips`).

    Returns
    -------
    structured array of shape (n,), dtype `ROW`
    """
    rows = np.zeros(picture["count"], ROW)
    if not len(rows):
        return rows
    for name, kind in _COLUMNS.items():
        rows[name] = _column(picture, name, kind)
    rows["own"][: picture.get("own", len(rows))] = True
    _place(rows, picture)
    _fill_sizes(rows)
    sorted_rows: RecordArray = rows[np.argsort(rows["track_id"], kind="stable")]
    return sorted_rows


def _column(picture: Mapping[str, Any], name: str, kind: str) -> RecordArray:
    return np.frombuffer(picture[name], kind)


def _place(rows: RecordArray, picture: Mapping[str, Any]) -> None:
    home = cell(picture["cell_key"])
    lon, lat = (_column(picture, name, "<i4") / 1e7 for name in ("lon_e7", "lat_e7"))
    rows["x_m"], rows["y_m"] = home.frame.to_local(lon, lat)
    rows["inside_m"] = home.inside_m(rows["x_m"], rows["y_m"])
    rows["vx_mps"] = _column(picture, "velocity_east_mps", "<f4")
    rows["vy_mps"] = _column(picture, "velocity_north_mps", "<f4")
    rows["speed_mps"] = np.hypot(rows["vx_mps"], rows["vy_mps"])
    rows["heading_rad"] = np.pi / 2 - _column(picture, "heading_rad", "<f4")
    for name, given in (("xx", "ee"), ("xy", "en"), ("yy", "nn")):
        rows[f"cov_{name}_m2"] = _column(picture, f"cov_{given}_m2", "<f4")
    variance = (rows["cov_xx_m2"] + rows["cov_yy_m2"]) / 2
    rows["sigma_m"] = np.sqrt(variance.clip(min=_LEAST_SIGMA_M**2))
    speed_variance = _column(picture, "velocity_variance_m2ps2", "<f4")
    rows["speed_sigma_mps"] = np.sqrt(speed_variance.clip(min=_LEAST_SIGMA_MPS**2))
    rows["age_s"] = _column(picture, "age_us", "<i4") / 1e6


def _fill_sizes(rows: RecordArray) -> None:
    """Usual sizes where none is known."""
    usual = np.tile((4.6, 1.8), (256, 1))
    for kind, size in _USUAL.items():
        usual[kind] = size
    for k, name in enumerate(("length_m", "width_m")):
        unknown = ~(rows[name] > 0.0)
        rows[name][unknown] = usual[rows["object_class"][unknown], k]


def is_vehicle(rows: RecordArray) -> BoolArray:
    """Which rows are motor vehicles, shape (n,)."""
    vehicles: BoolArray = _VEHICLES[rows["object_class"]]
    return vehicles


def one_of(*codes: int) -> BoolArray:
    """Table of 256 codes: which are among some."""
    table = np.zeros(256, np.bool_)
    table[list(codes)] = True
    return table


_VEHICLES = one_of(*VEHICLES)


def sigma_along_m(rows: RecordArray, ux: FloatArray, uy: FloatArray) -> FloatArray:
    """Standard deviation of positions along unit vectors, shape (n,)."""
    xx, xy, yy = (rows[f"cov_{name}_m2"] for name in ("xx", "xy", "yy"))
    variance: FloatArray = ux * ux * xx + 2.0 * ux * uy * xy + uy * uy * yy
    sigma: FloatArray = np.sqrt(variance.clip(min=_LEAST_SIGMA_M**2))
    return sigma

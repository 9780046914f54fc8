"""Fused objects as a reader of `fused.objects` holds them: one row each, in degrees.

The inverse of `operators.picture`: what a service, whatever it runs in, makes of a picture. Only
the columns that services use are taken; a picture of a local recording has no place and no rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.transform.ellipsoid import metres_per_degree

# Axes east and north; headings clockwise from north; NaN is unknown.
FUSED = np.dtype(
    [
        ("tick_us", "<i8"),  # the instant that the row holds for
        ("track_id", "<u8"),
        ("lat_deg", "<f8"),
        ("lon_deg", "<f8"),
        ("altitude_m", "<f4"),
        ("velocity_east_mps", "<f4"),
        ("velocity_north_mps", "<f4"),
        ("acceleration_mps2", "<f4"),
        ("heading_rad", "<f4"),
        ("length_m", "<f4"),
        ("width_m", "<f4"),
        ("height_m", "<f4"),
        ("cov_ee_m2", "<f4"),
        ("cov_en_m2", "<f4"),
        ("cov_nn_m2", "<f4"),
        ("velocity_variance_m2ps2", "<f4"),
        ("existence", "<f4"),
        ("class_probability", "<f4"),
        ("age_us", "<i4"),
        ("context_flags", "<u4"),
        ("lane_id", "<u8"),  # 0 if not known
        ("along_m", "<f4"),
        ("sources", "<u8"),  # bit s: source s of the snapshot's table contributed
        ("object_class", "u1"),
    ]
)
_MADE_HERE = ("tick_us", "lat_deg", "lon_deg", "sources")
TAKEN = tuple(name for name in FUSED.names or () if name not in _MADE_HERE)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture with its objects as rows.

    Parameters
    ----------
    tick_us
        The instant, UTC microseconds.
    cell
        Key of the cell.
    run_id
        Run that made the picture.
    sources
        Table that the bits of ``FUSED.sources`` point into.
    live, missing
        Sources that look at the cell: heard in the last second; expected but silent.
    rows : structured array of shape (n,), dtype `FUSED`
        Objects of the picture.
    """

    tick_us: int
    cell: str
    run_id: str
    sources: list[str]
    live: list[str]
    missing: list[str]
    rows: RecordArray


def snapshot(picture: Mapping[str, Any]) -> Snapshot:
    """Take the objects out of a record of `fused.objects`.

    Parameters
    ----------
    picture
        The record's fields; columns as packed bytes.
    """
    n = picture["count"] if picture["frame"] == "wgs84" else 0
    rows = np.zeros(n, FUSED)
    if n:
        for name in TAKEN:
            rows[name] = np.frombuffer(picture[name], FUSED[name])
        rows["tick_us"] = picture["tick_us"]
        rows["lat_deg"] = np.frombuffer(picture["lat_e7"], "<i4") / 1e7
        rows["lon_deg"] = np.frombuffer(picture["lon_e7"], "<i4") / 1e7
        counts = np.frombuffer(picture["source_count"], "u1")
        slots = np.frombuffer(picture["source_index"], "<u2").astype(np.uint64)
        bits = np.uint64(1) << slots
        np.bitwise_or.at(rows["sources"], np.repeat(np.arange(n), counts), bits)
    return Snapshot(
        tick_us=picture["tick_us"],
        cell=picture["cell_key"],
        run_id=picture["run_id"],
        sources=picture["sources"],
        live=picture["live_sources"],
        missing=picture["missing_sources"],
        rows=rows,
    )


def speed_mps(rows: RecordArray) -> FloatArray:
    """Speed of each object, shape (n,)."""
    return np.hypot(rows["velocity_east_mps"], rows["velocity_north_mps"]).astype(float)


def sigma_m(rows: RecordArray) -> FloatArray:
    """Standard deviation of the position along its worst direction, shape (n,).

    Square root of the larger eigenvalue of the covariance.
    """
    ee, en, nn = (rows[name].astype(float) for name in ("cov_ee_m2", "cov_en_m2", "cov_nn_m2"))
    larger: FloatArray = (ee + nn) / 2 + np.hypot((ee - nn) / 2, en)
    return np.sqrt(larger)


def speed_sigma_mps(rows: RecordArray) -> FloatArray:
    """Standard deviation of each axis of the velocity, shape (n,)."""
    sigma: FloatArray = np.sqrt(rows["velocity_variance_m2ps2"].astype(float))
    return sigma


def offsets_m(rows: RecordArray, lat_deg: float, lon_deg: float) -> tuple[FloatArray, FloatArray]:
    """East and north of a point, each of shape (n,); for points that change all the time.

    Middle-latitude formula: the lengths of a degree half way. True to 1 mm at 10 km, and cheaper
    than a projection of its own.
    """
    east_m, north_m = metres_per_degree((rows["lat_deg"] + lat_deg) / 2)
    return (rows["lon_deg"] - lon_deg) * east_m, (rows["lat_deg"] - lat_deg) * north_m

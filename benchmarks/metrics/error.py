"""How far matched tracks are off, and whether they say so."""

from typing import NamedTuple

import numpy as np

from benchmarks.metrics.boxes import Boxes
from benchmarks.metrics.clear import Clear
from operators._typing import FloatArray


class Errors(NamedTuple):
    """Over the matches; NaN where nothing can be said.

    Parameters
    ----------
    rmse_m, p95_m
        Horizontal distance of the centres.
    along_m, across_m
        Root mean square along and across the true heading.
    along_bias_m
        Mean along it; positive is ahead.
    heading_deg
        Median of the absolute error.
    velocity_mps
        Root mean square of the vector's error.
    anees
        Mean of e' P^-1 e / 2 (Bar-Shalom, Li, Kirubarajan, 2001, 5.4.2): 1 is honest, above is
        too sure.
    median_nees
        Median of e' P^-1 e over 2 ln 2, the median of chi-square with 2 degrees: the same without
        the outliers that rule the mean.
    """

    rmse_m: float
    p95_m: float
    along_m: float
    across_m: float
    along_bias_m: float
    heading_deg: float
    velocity_mps: float
    anees: float
    median_nees: float


def errors(truth: Boxes, tracks: Boxes, matches: Clear) -> Errors:
    """Errors of the matched track boxes."""
    i, j = matches.truth_row, matches.track_row
    off = tracks.centre_m[j, :2] - truth.centre_m[i, :2]
    cos, sin = np.cos(truth.heading_rad[i]), np.sin(truth.heading_rad[i])
    along, across = off[:, 0] * cos + off[:, 1] * sin, off[:, 1] * cos - off[:, 0] * sin
    turn = tracks.heading_rad[j] - truth.heading_rad[i]
    turn = np.abs(np.arctan2(np.sin(turn), np.cos(turn)))
    away = np.hypot(off[:, 0], off[:, 1])
    nees = _nees(off, tracks.covariance_m2[j])
    return Errors(
        _rms(away),
        _quantile(away, 0.95),
        _rms(along),
        _rms(across),
        float(along.mean()) if len(along) else np.nan,
        float(np.degrees(_quantile(turn, 0.5))),
        _rms(np.hypot(*(tracks.velocity_mps[j] - truth.velocity_mps[i]).T)),
        float(nees.mean() / 2.0) if len(nees) else np.nan,
        _quantile(nees, 0.5) / (2.0 * np.log(2.0)),
    )


def _nees(off: FloatArray, covariance: FloatArray) -> FloatArray:
    known = np.isfinite(covariance).all(axis=(1, 2))
    known &= np.linalg.det(np.where(known[:, None, None], covariance, 0.0)) > 0.0
    off, covariance = off[known], covariance[known]
    nees: FloatArray = (off * np.linalg.solve(covariance, off[..., None])[..., 0]).sum(axis=1)
    return nees


def _rms(values: FloatArray) -> float:
    values = values[~np.isnan(values)]
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")


def _quantile(values: FloatArray, share: float) -> float:
    values = values[~np.isnan(values)]
    return float(np.quantile(values, share)) if len(values) else float("nan")

"""Observations made fit for the filter: checked, completed with defaults, in one block."""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fuse.sources import POSITION_VARIANCE, SPEED_VARIANCE
from operators.gaussian import (
    AFTER,
    OVX,
    OVY,
    OX,
    OY,
    PREPARED,
    RV,
    RXX,
    RXY,
    RYY,
    repaired,
)
from operators.jit import Record, compiled

LARGEST_COORDINATE_M = 1e7
LARGEST_OFFSET_US = 2_000_000
LARGEST_SPEED_MPS = 120.0
SPEED_SIGMA_FLOOR_MPS = 0.1
LARGEST_SPEED_SIGMA_MPS = 30.0
HEADING_SIGMA_RAD = 0.03  # direction of a velocity whose source does not say how sure it is


@compiled
def usable(observation: Record) -> bool:
    """Whether the observation is somewhere, at some time near its frame's."""
    x, y = observation.x_m, observation.y_m
    near = abs(x) <= LARGEST_COORDINATE_M and abs(y) <= LARGEST_COORDINATE_M  # False for NaN
    return bool(near and abs(np.int64(observation.time_offset_us)) <= LARGEST_OFFSET_US)


@compiled
def velocity_variance(observation: Record, default_m2ps2: float) -> float:
    """Variance of a velocity by axis, m²/s²; -1 if there is no usable velocity.

    The declared speed sigma is along the motion; across it the error is the speed times the error
    of the heading. One number stands for both.
    """
    vx, vy = float(observation.vx_mps), float(observation.vy_mps)
    speed = math.hypot(vx, vy)
    if not speed <= LARGEST_SPEED_MPS:
        return -1.0
    sigma = float(observation.speed_sigma_mps)
    turn = float(observation.heading_sigma_rad)
    if not 0.0 < turn < math.pi:
        turn = HEADING_SIGMA_RAD
    along = default_m2ps2
    if sigma > 0.0 and math.isfinite(sigma):
        along = min(max(sigma, SPEED_SIGMA_FLOOR_MPS), LARGEST_SPEED_SIGMA_MPS) ** 2
    return along + 0.5 * (speed * turn) ** 2


@compiled
def usable_ones(observations: RecordArray) -> IntArray:
    """Numbers of the usable observations, ascending."""
    found = np.empty(observations.shape[0], np.int64)
    size = 0
    for j in range(observations.shape[0]):
        if usable(observations[j]):
            found[size] = j
            size += 1
    return found[:size]


@compiled
def prepare(observations: RecordArray, chosen: IntArray, kind: FloatArray) -> FloatArray:
    """Observations as the filter wants them.

    Parameters
    ----------
    observations : structured array of shape (n,), dtype `operators.frame.OBSERVATION`
    chosen : ndarray of shape (m,)
        The usable ones.
    kind : ndarray of shape (6,)
        Row of `operators.fuse.sources.source_table`.

    Returns
    -------
    ndarray of shape (m, PREPARED)
        Columns as in `operators.gaussian`.
    """
    made = np.zeros((chosen.shape[0], PREPARED))
    for j in range(chosen.shape[0]):
        seen, row = observations[chosen[j]], made[j]
        row[OX], row[OY] = seen.x_m, seen.y_m
        row[AFTER] = seen.time_offset_us / 1e6
        row[RXX], row[RXY], row[RYY] = repaired(
            float(seen.cov_xx_m2),
            float(seen.cov_xy_m2),
            float(seen.cov_yy_m2),
            kind[POSITION_VARIANCE],
        )
        row[RV] = velocity_variance(seen, kind[SPEED_VARIANCE])
        if row[RV] >= 0.0:
            row[OVX], row[OVY] = seen.vx_mps, seen.vy_mps
    return made

"""Algebra of means and covariances in small arrays: repair, distance."""

import math

from operators._typing import FloatArray
from operators.jit import compiled, inlined

VARIANCE_FLOOR_M2 = 0.05**2  # no road user's box centre is known better than 5 cm
VARIANCE_CEILING_M2 = 1e4
LARGEST_CORRELATION = 0.99

# Columns of a predicted track: mean, covariance of position, of position with velocity (both
# orders summed), of velocity; seconds from the state's time to the frame's (0, or less if the
# state is younger); noise intensity; how far off a manoeuvre may have carried it unnoticed, metres.
X, Y, VX, VY, PXX, PXY, PYY, CXX, CXY, CYY, VXX, VXY, VYY, LAG, NOISE, UNNOTICED_M = range(16)
PREDICTED = 16
# Columns of a prepared observation: place, seconds after the frame's event time, covariance,
# velocity, its variance (negative: not given); variance of its source's clock, s²; log odds of
# being of an object.
OX, OY, AFTER, RXX, RXY, RYY, OVX, OVY, RV, CLOCK, WORTH = range(11)
PREPARED = 11


@compiled
def repaired(xx: float, xy: float, yy: float, default_m2: float) -> tuple[float, float, float]:
    """A declared 2x2 covariance made usable.

    A variance that is missing, zero, negative or infinite becomes `default_m2`; variances keep to
    (0.05 m)² ... (100 m)²; a correlation that makes the matrix indefinite is cut to 0.99.
    """
    if not (xx > 0.0 and math.isfinite(xx)):
        xx = default_m2
    if not (yy > 0.0 and math.isfinite(yy)):
        yy = default_m2
    xx = min(max(xx, VARIANCE_FLOOR_M2), VARIANCE_CEILING_M2)
    yy = min(max(yy, VARIANCE_FLOOR_M2), VARIANCE_CEILING_M2)
    if not math.isfinite(xy):
        xy = 0.0
    most = LARGEST_CORRELATION * math.sqrt(xx * yy)
    return xx, min(max(xy, -most), most), yy


@inlined
def squared_distance(dx: float, dy: float, xx: float, xy: float, yy: float) -> tuple[float, float]:
    """Squared Mahalanobis distance of ``(dx, dy)`` under a 2x2 covariance, and its determinant."""
    determinant = xx * yy - xy * xy
    return (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / determinant, determinant


@inlined
def innovation(track: FloatArray, seen: FloatArray) -> tuple[float, float, float]:
    """Squared distance, determinant of S, and squared metres between a track and an observation."""
    dt = track[LAG] + seen[AFTER]
    dx = seen[OX] - track[X] - dt * track[VX]
    dy = seen[OY] - track[Y] - dt * track[VY]
    noise = track[NOISE] * abs(dt) ** 3 / 3.0
    xx = track[PXX] + dt * (track[CXX] + dt * track[VXX]) + noise + seen[RXX]
    xy = track[PXY] + dt * (track[CXY] + dt * track[VXY]) + seen[RXY]
    yy = track[PYY] + dt * (track[CYY] + dt * track[VYY]) + noise + seen[RYY]
    xx += seen[CLOCK] * track[VX] ** 2
    xy += seen[CLOCK] * track[VX] * track[VY]
    yy += seen[CLOCK] * track[VY] ** 2
    d2, determinant = squared_distance(dx, dy, xx, xy, yy)
    return d2, determinant, dx * dx + dy * dy


@inlined
def velocity_distance(track: FloatArray, seen: FloatArray) -> tuple[float, float]:
    """Squared distance of the velocities, and the determinant of its covariance."""
    xx, xy, yy = track[VXX] + seen[RV], track[VXY], track[VYY] + seen[RV]
    return squared_distance(seen[OVX] - track[VX], seen[OVY] - track[VY], xx, xy, yy)

"""A lidar on a vehicle with its detector: the numbers of both, and the boxes that come out."""

from dataclasses import dataclass

import numpy as np

FALSE = -1
# One box: step of the recording, index of the object in the truth or `FALSE`, then the box.
BOX = np.dtype(
    [
        *(("step", "<i4"), ("object", "<i4")),
        *((name, "<f8") for name in ("x_m", "y_m", "z_m", "heading_rad")),
        *((name, "<f8") for name in ("length_m", "width_m", "height_m", "logit")),
    ]
)


@dataclass(frozen=True, slots=True)
class Lidar:
    """A lidar of 32 lines on the roof, with its detector.

    Parameters
    ----------
    height_m, range_m
        Of the sensor above ground; beyond the range there is nothing.
    column_deg, row_deg
        Angles between points.
    points_needed, best
        Detection has probability best * (1 - exp(-points / points_needed)).
    sight_sigma_m, sight_sigma_growth, cross_share
        Error of the middle along the line of sight: at 0 m, growth with each metre of range; across
        it that share.
    heading_sigma_deg, turned_share
        Error at 0 m, and twice that at the end of the range; share of boxes turned by half a turn.
    size_sigma, short_share
        Relative error of a size; share of the length or width lost where points are few.
    pitch_sigma_deg
        Of the vehicle's body: lifts or lowers what is far.
    false_per_frame, hedges_per_km2
        Mean number of flickering boxes; density of the places that look like a vehicle.
    least_score
        Boxes below are not told.
    """

    height_m: float = 1.9
    range_m: float = 100.0
    column_deg: float = 0.2
    row_deg: float = 0.6
    points_needed: float = 10.0
    best: float = 0.97
    sight_sigma_m: float = 0.12
    sight_sigma_growth: float = 0.006
    cross_share: float = 0.5
    heading_sigma_deg: float = 2.0
    turned_share: float = 0.03
    size_sigma: float = 0.04
    short_share: float = 0.25
    pitch_sigma_deg: float = 0.15
    false_per_frame: float = 0.8
    hedges_per_km2: float = 900.0
    least_score: float = 0.2

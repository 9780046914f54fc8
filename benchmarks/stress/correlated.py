"""Inputs that are no fresh observations: smoothed tracks, and the station's own output."""

from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.stress.faults import Frames, changed, only, seconds_of
from benchmarks.stress.sensing import START_US
from operators._typing import FloatArray, RecordArray
from operators.frame import Frame, FrameFlag, SourceKind, empty_observations

NOISE_M2PS3 = 0.5  # of the sender's own filter
FIRST_SPEED_MPS = 10.0
CLOUD, RETURNED_US = "cloud", 200_000  # who sends pictures back, and how soon


@dataclass(slots=True)
class _Filter:
    """Kalman filter of constant velocity; both axes have the same covariance."""

    second: float
    place_m: FloatArray
    variance_m2: float
    velocity_mps: FloatArray = field(default_factory=lambda: np.zeros(2))
    crossed: float = 0.0
    speed_variance: float = FIRST_SPEED_MPS**2

    def take(self, second: float, place_m: FloatArray, noise_m2: float) -> None:
        t = second - self.second
        self.second = second
        self.place_m = self.place_m + t * self.velocity_mps
        self.variance_m2 += (
            t * (2 * self.crossed + t * self.speed_variance) + NOISE_M2PS3 * t**3 / 3
        )
        self.crossed += t * self.speed_variance + NOISE_M2PS3 * t**2 / 2
        self.speed_variance += NOISE_M2PS3 * t
        gain = np.array([self.variance_m2, self.crossed]) / (self.variance_m2 + noise_m2)
        off = place_m - self.place_m
        self.place_m = self.place_m + gain[0] * off
        self.velocity_mps = self.velocity_mps + gain[1] * off
        self.speed_variance -= gain[1] * self.crossed
        self.crossed *= 1.0 - gain[0]
        self.variance_m2 *= 1.0 - gain[0]


def smoothed(frames: Frames, source: str, flagged: bool) -> Frames:
    """A unit that sends the tracks of its own filter, with that filter's covariance.

    The frames must carry ids. `flagged` is whether the sender says so.
    """
    filters: dict[int, _Filter] = {}

    def fault(frame: Frame) -> Frame:
        seen = frame.observations
        x, y, variance = (seen[name].astype(float) for name in ("x_m", "y_m", "cov_xx_m2"))
        second = seconds_of(frame)
        for j, name in enumerate(seen["local_id"].tolist()):
            place = np.array([x[j], y[j]])
            if name == 0:
                continue
            if name in filters:
                filters[name].take(second, place, float(variance[j]))
            else:
                filters[name] = _Filter(second, place, float(variance[j]))
            x[j], y[j] = filters[name].place_m
            variance[j] = filters[name].variance_m2
        made = changed(frame, x_m=x, y_m=y, cov_xx_m2=variance, cov_yy_m2=variance)
        return replace(made, flags=int(FrameFlag.FILTERED)) if flagged else made

    return only(frames, source, fault)


def republished(at_us: int, rows: RecordArray, flagged: bool) -> list[Frame]:
    """What a cloud makes of the station's own picture: a frame of the same states."""
    if not len(rows):
        return []
    made = empty_observations(len(rows))
    made["index"] = np.arange(len(rows))
    for name in ("x_m", "y_m", "cov_xx_m2", "cov_xy_m2", "cov_yy_m2", "vx_mps", "vy_mps"):
        made[name] = rows[name]
    made["speed_sigma_mps"] = np.sqrt(rows["velocity_variance_m2ps2"])
    made["object_class"] = rows["object_class"]
    made["local_id"] = rows["track_id"]
    flags = int(FrameFlag.FUSED | FrameFlag.FILTERED) if flagged else 0
    kind, after_us = int(SourceKind.FEED), at_us - START_US
    where = ("raw.roadside", 0, after_us, 0, 0.0, 0.0, float("nan"))
    return [Frame(CLOUD, kind, flags, at_us, at_us + RETURNED_US, *where, made)]

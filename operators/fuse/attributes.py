"""What a track is besides where: class, size, heading, height."""

import math

import numpy as np

from operators.fuse.imm import TURN_RATE
from operators.jit import Record, inlined
from operators.motion import TURN

UNKNOWN_PRIOR = 0.5  # votes that "unknown" starts with
UNSURE = 0.5  # confidence or score of a source that gives none
MOST_VOTES = 20.0  # beyond, all are halved: a class may still change its mind
MOST_SIZE_WEIGHT = 20.0
LARGEST_SIZE_M = 60.0
Z_NOISE_M2PS = 0.1
Z_VARIANCE_M2 = 1.0
LARGEST_HEIGHT_M = 1e5
HEADING_NOISE_RAD2PS = 0.05**2  # beyond what the turn rate foretells
TURNING_NOISE_RAD2PS = 0.3**2  # while it is thought to turn
BOX_HEADING_SIGMA_RAD = 0.15
FIRST_HEADING_VOTES, MOST_HEADING_VOTES = 2.0, 10.0
MOTION_HEADING_MPS = 2.0  # slower, the direction of motion is mostly noise


@inlined
def wrapped(angle_rad: float) -> float:
    """Angle in [-pi, pi)."""
    turns = math.floor((angle_rad + math.pi) / (2.0 * math.pi))
    return angle_rad - turns * 2.0 * math.pi


@inlined
def share_or_unsure(value: float) -> float:
    """A confidence in (0, 1]; scores on a scale of their own count as 1, missing ones as 0.5."""
    return min(value, 1.0) if value > 0.0 else UNSURE


@inlined
def take_class(track: Record, observation: Record) -> None:
    """Count one vote, weighted by its confidence (mean of a Dirichlet belief)."""
    seen = observation.object_class
    counts = track.class_counts
    if not 0 < seen < counts.shape[0]:
        return
    counts[seen] += np.float32(share_or_unsure(float(observation.class_confidence)))
    total, best, most = 0.0, 0, UNKNOWN_PRIOR
    for k in range(1, counts.shape[0]):
        total += counts[k]
        if counts[k] > most:
            best, most = k, counts[k]
    track.object_class = best
    if total > MOST_VOTES:
        for k in range(1, counts.shape[0]):
            counts[k] *= np.float32(0.5)


@inlined
def class_probability(track: Record) -> float:
    """Probability of the track's class."""
    total = UNKNOWN_PRIOR
    for k in range(1, track.class_counts.shape[0]):
        total += track.class_counts[k]
    best = track.object_class
    return (track.class_counts[best] if best > 0 else UNKNOWN_PRIOR) / total


@inlined
def take_size(track: Record, observation: Record) -> None:
    """Running mean of each dimension, weighted by score; what is missing changes nothing."""
    weight = share_or_unsure(float(observation.score))
    for k in range(3):
        size = float(observation.length_m)
        if k == 1:
            size = float(observation.width_m)
        elif k == 2:
            size = float(observation.height_m)
        if not 0.0 < size <= LARGEST_SIZE_M:
            continue
        known = track.size_weight[k]
        mean = track.size_m[k] if known > 0.0 else 0.0
        track.size_m[k] = np.float32(mean + weight / (known + weight) * (size - mean))
        track.size_weight[k] = np.float32(min(known + weight, MOST_SIZE_WEIGHT))


@inlined
def take_height(track: Record, observation: Record, dt_s: float) -> None:
    """Scalar Kalman filter of z: random walk."""
    z = float(observation.z_m)
    if not abs(z) <= LARGEST_HEIGHT_M:
        return
    if math.isnan(track.z_m):
        track.z_m, track.z_variance_m2 = np.float32(z), np.float32(Z_VARIANCE_M2)
        return
    variance = track.z_variance_m2 + Z_NOISE_M2PS * dt_s
    gain = variance / (variance + Z_VARIANCE_M2)
    track.z_m = np.float32(track.z_m + gain * (z - track.z_m))
    track.z_variance_m2 = np.float32((1.0 - gain) * variance)


@inlined
def _motion_heading(track: Record) -> tuple[float, float]:
    """Direction of motion and its variance; variance -1 below 2 m/s."""
    vx, vy = track.mean[2], track.mean[3]
    square = vx * vx + vy * vy
    if square < MOTION_HEADING_MPS**2:
        return 0.0, -1.0
    across = track.covariance[7] * vy * vy - 2.0 * track.covariance[8] * vx * vy
    across = (across + track.covariance[9] * vx * vx) / square
    return math.atan2(vy, vx), max(across, 0.0) / square


@inlined
def take_heading(
    track: Record, observation: Record, trusted: bool, moving: bool, dt_s: float
) -> None:
    """Filter the heading on the circle, from the box if there is one, else from the motion.

    A box of a detector may be the wrong way round: it is turned by pi if it opposes the motion, or
    without motion what is known; the majority of boxes decides which of the two ways that is. The
    heading of a probe is `trusted`. In a frame that is `moving` the motion says nothing of it.
    """
    motion, motion_variance = _motion_heading(track)
    if moving:
        motion_variance = -1.0
    sigma = float(observation.heading_sigma_rad)
    sigma = min(max(sigma, 0.01), math.pi) if sigma > 0.0 else BOX_HEADING_SIGMA_RAD
    heading, variance = float(observation.heading_rad), sigma * sigma
    if not abs(heading) < 1e3:
        # the motion is an estimate already: it may steer the heading but not make it certain
        heading, variance = motion, max(motion_variance, 0.1)
        if motion_variance < 0.0:
            return
    elif not trusted:
        if motion_variance < 0.0:
            _vote(track, heading)
        reference = motion if motion_variance >= 0.0 else float(track.heading_rad)
        if abs(wrapped(heading - reference)) > 0.5 * math.pi:  # False without a reference
            heading += math.pi
    _filter_heading(track, heading, variance, dt_s)


@inlined
def _vote(track: Record, heading: float) -> None:
    """Count for or against the way that the track is thought to point; turn it if outvoted."""
    off = wrapped(heading - float(track.heading_rad))
    if math.isnan(off):
        return
    vote = 1.0 if abs(off) < 0.5 * math.pi else -1.0
    track.heading_votes = np.float32(min(track.heading_votes + vote, MOST_HEADING_VOTES))
    if track.heading_votes < 0.0:
        track.heading_rad = np.float32(wrapped(float(track.heading_rad) + math.pi))
        track.heading_votes = np.float32(FIRST_HEADING_VOTES)


@inlined
def _filter_heading(track: Record, heading: float, variance: float, dt_s: float) -> None:
    turns = track.models[TURN]
    known = wrapped(float(track.heading_rad) + turns * track.models[TURN_RATE] * dt_s)
    noise = HEADING_NOISE_RAD2PS + turns * TURNING_NOISE_RAD2PS
    prior = float(track.heading_variance_rad2) + noise * dt_s
    off = wrapped(heading - known)
    if math.isnan(known) or abs(off) > 0.75 * math.pi:  # unknown, or known the wrong way round
        track.heading_rad = np.float32(wrapped(heading))
        track.heading_variance_rad2 = np.float32(variance)
        return
    gain = prior / (prior + variance)
    track.heading_rad = np.float32(wrapped(known + gain * off))
    track.heading_variance_rad2 = np.float32((1.0 - gain) * prior)

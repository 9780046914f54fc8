"""Kalman filter on track records: look ahead, update, start."""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.gaussian import (
    AFTER,
    CLOCK,
    CXX,
    CXY,
    CYY,
    LAG,
    NOISE,
    OVX,
    OVY,
    OX,
    OY,
    PREDICTED,
    PXX,
    PXY,
    PYY,
    RV,
    RXX,
    RXY,
    RYY,
    VX,
    VXX,
    VXY,
    VY,
    VYY,
    X,
    Y,
    update_pair,
    velocity_distance,
)
from operators.jit import Record, compiled
from operators.motion import NOISE as MOTION_NOISE
from operators.motion import SPEED_VARIANCE, predict

SECOND_US = 1e6
VELOCITY_GATE = 16.0
# A smoothed input repeats its own past for about this long; a fused one repeats others' too.
MEMORY_US = 1_000_000
LARGEST_INFLATION = 20.0
FUSED_INFLATION = 2.0


@compiled
def load(track: Record, mean: FloatArray, covariance: FloatArray) -> None:
    """Unfold a track's state into `mean` of shape (4,) and `covariance` of shape (4, 4)."""
    k = 0
    for i in range(4):
        mean[i] = track.mean[i]
        for j in range(i, 4):
            covariance[i, j] = track.covariance[k]
            covariance[j, i] = track.covariance[k]
            k += 1


@compiled
def store(track: Record, mean: FloatArray, covariance: FloatArray) -> None:
    """Fold a state into the track."""
    k = 0
    for i in range(4):
        track.mean[i] = mean[i]
        for j in range(i, 4):
            track.covariance[k] = covariance[i, j]
            k += 1


@compiled
def _reach(track: Record, dt_s: float, noise: float, widest_m2: float, gate: float) -> float:
    """Upper bound, on either axis, of how far off an observation can be and pass the gate."""
    place = max(track.covariance[0], track.covariance[4])
    cross = max(abs(track.covariance[2]), abs(track.covariance[6]))
    speed = max(track.covariance[7], track.covariance[9])
    variance = place + dt_s * (2.0 * cross + dt_s * speed) + noise * dt_s**3 / 3.0
    return math.sqrt(gate * (variance + widest_m2))


@compiled
def narrow(
    tracks: RecordArray,
    slots: IntArray,
    event_us: int,
    seen: FloatArray,
    order: IntArray,
    circle: FloatArray,
    gate: float,
    farthest_m: float,
    motion: FloatArray,
) -> IntArray:
    """Of the tracks filed near a frame, those that its source may have seen, or should have.

    A cheap bound for each track saves its full prediction, which in a dense cell most do not need.

    Parameters
    ----------
    slots : ndarray of shape (n,)
    seen : ndarray of shape (m, PREPARED)
    order : ndarray of shape (m,)
        Observations in ascending x.
    circle : ndarray of shape (3,)
    gate, farthest_m
        Squared distance and metres beyond which no pair is made.
    """
    kept = np.empty(slots.shape[0], np.int64)
    size = 0
    xs = seen[order, OX]
    widest_m2, latest_s = 0.0, 0.0
    for j in range(seen.shape[0]):
        widest_m2 = max(widest_m2, seen[j, RXX], seen[j, RYY])
        latest_s = max(latest_s, abs(seen[j, AFTER]))
    for i in range(slots.shape[0]):
        track = tracks[slots[i]]
        dt_s = (event_us - track.time_us) / SECOND_US
        vx, vy = track.mean[2], track.mean[3]
        x, y = track.mean[0] + dt_s * vx, track.mean[1] + dt_s * vy
        noise = motion[track.object_class, MOTION_NOISE]
        reach_m = min(_reach(track, abs(dt_s) + latest_s, noise, widest_m2, gate), farthest_m)
        reach_m += latest_s * max(abs(vx), abs(vy))
        inside = (x - circle[0]) ** 2 + (y - circle[1]) ** 2 < circle[2] ** 2
        at = np.searchsorted(xs, x - reach_m)
        while not inside and at < xs.shape[0] and xs[at] <= x + reach_m:
            inside = abs(seen[order[at], OY] - y) <= reach_m
            at += 1
        if inside:
            kept[size] = slots[i]
            size += 1
    return kept[:size]


@compiled
def foresee(tracks: RecordArray, slots: IntArray, event_us: int, motion: FloatArray) -> FloatArray:
    """Tracks as a frame at `event_us` should see them; the tracks are not changed.

    Returns
    -------
    ndarray of shape (len(slots), PREDICTED)
        Columns as in `operators.gaussian`.
    """
    ahead = np.empty((slots.shape[0], PREDICTED))
    mean, covariance = np.empty(4), np.empty((4, 4))
    for i in range(slots.shape[0]):
        track = tracks[slots[i]]
        row = ahead[i]
        load(track, mean, covariance)
        lag_us = event_us - track.time_us
        row[NOISE] = motion[track.object_class, MOTION_NOISE]
        if lag_us > 0:
            predict(mean, covariance, lag_us / SECOND_US, row[NOISE])
        row[LAG] = min(lag_us, 0) / SECOND_US
        row[X], row[Y], row[VX], row[VY] = mean[0], mean[1], mean[2], mean[3]
        row[PXX], row[PXY], row[PYY] = covariance[0, 0], covariance[0, 1], covariance[1, 1]
        row[CXX] = 2.0 * covariance[0, 2]
        row[CXY] = covariance[0, 3] + covariance[1, 2]
        row[CYY] = 2.0 * covariance[1, 3]
        row[VXX], row[VXY], row[VYY] = covariance[2, 2], covariance[2, 3], covariance[3, 3]
    return ahead


@compiled
def inflation(filtered: bool, fused: bool, since_us: int) -> float:
    """Factor on the noise of an input that is not independent evidence.

    A smoothed input at 10 Hz does not bring ten independent observations a second, but about one
    in its memory: its noise is multiplied by memory / interval, so that the information that it
    brings in a second is that of one observation. Made of other sources' data, it counts half.

    Parameters
    ----------
    filtered, fused
        The frame's flags.
    since_us
        Microseconds since the source's previous frame; negative if this is its first.
    """
    if not (filtered or fused):
        return 1.0
    factor = 1.0
    if since_us >= 0:
        factor = min(max(MEMORY_US / max(since_us, 1), 1.0), LARGEST_INFLATION)
    return factor * FUSED_INFLATION if fused else factor


@compiled
def update(
    track: Record, ahead: FloatArray, seen: FloatArray, event_us: int, factor: float
) -> float:
    """Take one observation into a track.

    Parameters
    ----------
    track : record of `operators.fuse.state.TRACK`
    ahead : ndarray of shape (PREDICTED,)
        The track as foreseen for this frame.
    seen : ndarray of shape (PREPARED,)
    event_us
        Event time of the frame.
    factor
        `inflation` of the frame.

    Returns
    -------
    float
        The observation's share of the information on the position, 0..1.
    """
    mean, covariance = np.empty(4), np.empty((4, 4))
    z, noise = np.empty(2), np.empty(3)
    load(track, mean, covariance)
    if event_us > track.time_us:
        predict(mean, covariance, (event_us - track.time_us) / SECOND_US, ahead[NOISE])
        track.time_us = event_us
    dt = ahead[LAG] + seen[AFTER]
    wandered = ahead[NOISE] * abs(dt) ** 3 / 3.0
    z[0], z[1] = seen[OX], seen[OY]
    vx, vy = ahead[VX], ahead[VY]
    noise[0] = factor * seen[RXX] + wandered + seen[CLOCK] * vx * vx
    noise[1] = factor * seen[RXY] + seen[CLOCK] * vx * vy
    noise[2] = factor * seen[RYY] + wandered + seen[CLOCK] * vy * vy
    share = update_pair(mean, covariance, z, 1.0, dt, noise)
    # a velocity that contradicts the track is a wrong claim more often than a manoeuvre
    if seen[RV] >= 0.0 and velocity_distance(ahead, seen)[0] < VELOCITY_GATE:
        z[0], z[1] = seen[OVX], seen[OVY]
        noise[0], noise[1], noise[2] = factor * seen[RV], 0.0, factor * seen[RV]
        update_pair(mean, covariance, z, 0.0, 1.0, noise)
    store(track, mean, covariance)
    return min(max(share, 0.0), 1.0)


@compiled
def start(track: Record, seen: FloatArray, object_class: int, motion: FloatArray) -> None:
    """Give a new track the state that one observation tells, at the frame's event time."""
    mean, covariance = np.zeros(4), np.zeros((4, 4))
    spread = motion[object_class, SPEED_VARIANCE]
    if seen[RV] >= 0.0:
        mean[2], mean[3], spread = seen[OVX], seen[OVY], seen[RV]
    # seen a little after the frame's time: carry it back, with what the velocity leaves open
    dt = seen[AFTER]
    mean[0], mean[1] = seen[OX] - dt * mean[2], seen[OY] - dt * mean[3]
    wandered = spread * dt * dt + motion[object_class, MOTION_NOISE] * abs(dt) ** 3 / 3.0
    covariance[0, 0], covariance[1, 1] = seen[RXX] + wandered, seen[RYY] + wandered
    covariance[0, 1] = seen[RXY]
    covariance[0, 2], covariance[1, 3] = -dt * spread, -dt * spread
    covariance[2, 2], covariance[3, 3] = spread, spread
    store(track, mean, covariance)

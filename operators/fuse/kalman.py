"""The filter on track records: look ahead, update, start, look at an instant."""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray, Vector
from operators.fuse.imm import (
    LENGTH,
    SECOND_US,
    TURN_RATE,
    Models,
    change_over,
    is_fast,
    load_models,
    mix,
    mixed_motion,
    no_changes,
    predict,
    store_models,
)
from operators.fuse.measure import reweighed, take_place, take_velocity
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
    UNNOTICED_M,
    VX,
    VXX,
    VXY,
    VY,
    VYY,
    X,
    Y,
    velocity_distance,
)
from operators.jit import Record, compiled, inlined
from operators.motion import (
    ALONG,
    FIRST_TURN_VARIANCE,
    SPEED_VARIANCE,
    STILL,
    STILL_SPEED_VARIANCE,
    TURN,
    UNNOTICED,
    stays_still,
    steady_ahead,
)
from operators.motion import NOISE as MOTION_NOISE

VELOCITY_GATE = 16.0
# A smoothed input repeats its own past for about this long; a fused one repeats others' too.
MEMORY_US = 1_000_000
LARGEST_INFLATION = 20.0
FUSED_INFLATION = 2.0
# What a first observation tells of the model: most of what is seen for the first time moves.
FIRST_WEIGHTS = (0.2, 0.5, 0.3)


@inlined
def _reach(track: Record, dt_s: float, noise: float, widest_m2: float, gate: float) -> float:
    """Upper bound, on either axis, of how far off an observation can be and pass the gate."""
    place = max(track.covariance[0], track.covariance[4])
    cross = max(abs(track.covariance[2]), abs(track.covariance[6]))
    speed = max(track.covariance[7], track.covariance[9])
    variance = place + dt_s * (2.0 * cross + dt_s * speed) + noise * dt_s**3 / 3.0
    return math.sqrt(gate * (variance + widest_m2))


@compiled
def _is_near(
    x: float, y: float, reach_m: float, seen: FloatArray, order: IntArray, xs: FloatArray
) -> bool:
    """Whether an observation lies in a square about a place."""
    at = np.searchsorted(xs, x - reach_m)
    while at < xs.shape[0] and xs[at] <= x + reach_m:
        if abs(seen[order[at], OY] - y) <= reach_m:
            return True
        at += 1
    return False


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
        if (x - circle[0]) ** 2 + (y - circle[1]) ** 2 < circle[2] ** 2:
            kept[size] = slots[i]
            size += 1
            continue
        noise = motion[track.object_class, ALONG]
        reach_m = min(_reach(track, abs(dt_s) + latest_s, noise, widest_m2, gate), farthest_m)
        unnoticed_m = motion[track.object_class, UNNOTICED]
        reach_m = max(reach_m, unnoticed_m, 0.5 * float(track.size_m[0]))
        reach_m += latest_s * max(abs(vx), abs(vy))
        if _is_near(x, y, reach_m, seen, order, xs):
            kept[size] = slots[i]
            size += 1
    return kept[:size]


@inlined
def models_ahead(
    track: Record,
    lag_us: int,
    kind: FloatArray,
    rates: FloatArray,
    fades: FloatArray,
    change: FloatArray,
) -> Models:
    """Models of a track, carried forward by `lag_us` > 0; the rest as for `change_over`."""
    at = change_over(lag_us, rates, fades, change)
    dt_s = fades[at, 0]
    stays = stays_still(track.stood_s, dt_s, rates)
    fast = is_fast(track.mean[2], track.mean[3])
    models = mix(load_models(track.models), change[at, fast], stays)
    return predict(models, dt_s, fades[at, 1], kind)


@inlined
def moments(track: Record) -> tuple[Vector, Vector]:
    """Mean and covariance of a track at its own time, as `keep` wrote them."""
    m, c = track.mean, track.covariance
    spread = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]
    return (m[0], m[1], m[2], m[3]), spread


@compiled
def foresee(
    tracks: RecordArray,
    slots: IntArray,
    event_us: int,
    motion: FloatArray,
    rates: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Tracks as a frame at `event_us` should see them; the tracks are not changed.

    Returns
    -------
    ahead : ndarray of shape (len(slots), PREDICTED)
        Columns as in `operators.gaussian`: moments over the models.
    models : ndarray of shape (n, LENGTH)
        Rows of `operators.fuse.imm`.
    """
    n = slots.shape[0]
    ahead, rows = np.empty((n, PREDICTED)), np.empty((n, LENGTH))
    fades, change = no_changes()
    for i in range(n):
        track, row = tracks[slots[i]], ahead[i]
        lag_us = event_us - track.time_us
        kind = motion[track.object_class]
        if lag_us > 0:
            models = models_ahead(track, lag_us, kind, rates, fades, change)
            store_models(rows[i], models)
            mean, covariance = mixed_motion(models[0], models)
        else:
            rows[i] = track.models
            mean, covariance = moments(track)
        row[NOISE] = kind[MOTION_NOISE]
        row[UNNOTICED_M] = max(kind[UNNOTICED], 0.5 * float(track.size_m[0]))
        row[LAG] = min(lag_us, 0) / SECOND_US
        _fill(row, mean, covariance)
    return ahead, rows


@inlined
def _fill(row: FloatArray, mean: Vector, spread: Vector) -> None:
    xx, xy, xu, xv, yy, yu, yv, uu, uv, vv = spread
    row[X], row[Y], row[VX], row[VY] = mean
    row[PXX], row[PXY], row[PYY] = xx, xy, yy
    row[CXX], row[CXY], row[CYY] = 2.0 * xu, xv + yu, 2.0 * yv
    row[VXX], row[VXY], row[VYY] = uu, uv, vv


@inlined
def state_at(
    track: Record,
    at_us: int,
    motion: FloatArray,
    rates: FloatArray,
    fades: FloatArray,
    change: FloatArray,
) -> tuple[Vector, Vector, float]:
    """Mean, covariance (10 numbers) and turn rate, rad/s, of a track at an instant.

    `fades` and `change` are those of `no_changes`, or what the call before left.
    """
    kind = motion[track.object_class]
    lag_us = at_us - track.time_us
    if lag_us > 0:
        models = models_ahead(track, lag_us, kind, rates, fades, change)
        mean, spread = mixed_motion(models[0], models)
        return mean, spread, models[0][TURN] * models[5][4]
    mean, spread = moments(track)
    mean, spread = steady_ahead(mean, spread, lag_us / SECOND_US, kind[MOTION_NOISE])
    return mean, spread, track.models[TURN] * track.models[TURN_RATE]


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


@inlined
def update(
    track: Record,
    ahead: FloatArray,
    row: FloatArray,
    seen: FloatArray,
    event_us: int,
    factor: float,
    known_m2: float,
) -> float:
    """Take one observation into a track.

    Parameters
    ----------
    track : record of `operators.fuse.state.TRACK`
    ahead, row
        Rows of what `foresee` gave for the track.
    seen : ndarray of shape (PREPARED,)
    event_us
        Event time of the frame.
    factor
        `inflation` of the frame.
    known_m2
        Part of the observation's variance that the track has in it already, an axis: errors that
        last, if no other source sees the track.

    Returns
    -------
    float
        The observation's share of the information on the position, 0..1.
    """
    dt = ahead[LAG] + seen[AFTER]
    wandered = ahead[NOISE] * abs(dt) ** 3 / 3.0
    vx, vy = ahead[VX], ahead[VY]
    noise = (
        factor * (seen[RXX] - known_m2) + wandered + seen[CLOCK] * vx * vx,
        factor * seen[RXY] + seen[CLOCK] * vx * vy,
        factor * (seen[RYY] - known_m2) + wandered + seen[CLOCK] * vy * vy,
    )
    models, share = take_place(load_models(row), (seen[OX], seen[OY]), noise, dt)
    # a velocity that contradicts the track is a wrong claim more often than a manoeuvre
    if seen[RV] >= 0.0 and velocity_distance(ahead, seen)[0] < VELOCITY_GATE:
        models = take_velocity(models, (seen[OVX], seen[OVY]), factor * seen[RV])
    keep(track, models)
    lag_us = max(event_us - track.time_us, 0)
    stands = models[0][STILL] > 0.5
    track.stood_s = np.float32(track.stood_s + lag_us / SECOND_US if stands else 0.0)
    track.time_us += lag_us
    return share


@inlined
def keep(track: Record, models: Models) -> None:
    """Write models into a track, and their moments."""
    store_models(track.models, models)
    mean, spread = mixed_motion(models[0], models)
    for i in range(4):
        track.mean[i] = mean[i]
    for i in range(10):
        track.covariance[i] = spread[i]


@compiled
def start(track: Record, seen: FloatArray, object_class: int, motion: FloatArray) -> None:
    """Give a new track the state that one observation tells, at the frame's event time."""
    variance, vx, vy = motion[object_class, SPEED_VARIANCE], 0.0, 0.0
    weights: Vector = FIRST_WEIGHTS
    if seen[RV] >= 0.0:  # a claimed velocity tells whether it stands
        vx, vy, variance = seen[OVX], seen[OVY], seen[RV]
        square = vx * vx + vy * vy
        distance = square / (variance + STILL_SPEED_VARIANCE)
        weights = reweighed(FIRST_WEIGHTS, (distance, 0.0, 0.0), (1.0, 1.0, 1.0))
    # seen a little after the frame's time: carry it back, with what the velocity leaves open
    dt = seen[AFTER]
    noise = motion[object_class, MOTION_NOISE] * abs(dt) ** 3 / 3.0
    far, slow = noise + variance * dt * dt, noise + STILL_SPEED_VARIANCE * dt * dt
    x, y, xx, xy, yy = seen[OX], seen[OY], seen[RXX], seen[RXY], seen[RYY]
    back = -dt * variance
    Q = (xx + far, xy, back, 0.0, yy + far, 0.0, back, variance, 0.0, variance)
    T = (
        xx + far,
        xy,
        back,
        0.0,
        0.0,
        yy + far,
        0.0,
        back,
        0.0,
        variance,
        0.0,
        0.0,
        variance,
        0.0,
        FIRST_TURN_VARIANCE,
    )
    before = x - dt * vx, y - dt * vy
    steady, turn = (before[0], before[1], vx, vy), (before[0], before[1], vx, vy, 0.0)
    P = (xx + slow, xy, yy + slow)
    keep(track, (weights, (x, y), P, steady, Q, turn, T))

"""The filter on track records: look ahead, update, start, look at an instant."""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fuse.imm import (
    KNOWN,
    change_over,
    is_fast,
    load_models,
    mix,
    moments,
    predict_models,
    reweigh,
    store_models,
    update_model,
)
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
from operators.jit import Record, compiled
from operators.motion import (
    ALONG,
    DIM,
    FIRST_TURN_VARIANCE,
    MODELS,
    SPEED_VARIANCE,
    STILL,
    STILL_SPEED_VARIANCE,
    TURN,
    predict_steady,
)
from operators.motion import NOISE as MOTION_NOISE

SECOND_US = 1e6
UNNOTICED_S = 0.5
VELOCITY_GATE = 16.0
# A smoothed input repeats its own past for about this long; a fused one repeats others' too.
MEMORY_US = 1_000_000
LARGEST_INFLATION = 20.0
FUSED_INFLATION = 2.0
# What a first observation tells of the model: most of what is seen for the first time moves.
FIRST_WEIGHTS = (0.2, 0.5, 0.3)


@compiled
def load(track: Record, mean: FloatArray, covariance: FloatArray) -> None:
    """Unfold the moments of a track into `mean` of shape (4,) and `covariance` of shape (4, 4)."""
    k = 0
    for i in range(4):
        mean[i] = track.mean[i]
        for j in range(i, 4):
            covariance[i, j] = track.covariance[k]
            covariance[j, i] = track.covariance[k]
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
def unnoticed_m(noise: float) -> float:
    """How far a manoeuvre may carry a track before the models weigh it: 4 sigma of half a second.

    The filter needs about five frames to believe in a brake; the gate must not lose the track until
    then. Who brakes with 8 m/s² is 1 m off after half a second, and observations err besides.
    """
    return math.sqrt(16.0 * noise * UNNOTICED_S**3 / 3.0)


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
        noise = motion[track.object_class, ALONG]
        reach_m = min(_reach(track, abs(dt_s) + latest_s, noise, widest_m2, gate), farthest_m)
        reach_m = max(reach_m, unnoticed_m(noise), 0.5 * float(track.size_m[0]))
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
def foresee(
    tracks: RecordArray,
    slots: IntArray,
    event_us: int,
    motion: FloatArray,
    rates: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Tracks as a frame at `event_us` should see them; the tracks are not changed.

    Returns
    -------
    ahead : ndarray of shape (len(slots), PREDICTED)
        Columns as in `operators.gaussian`: moments over the models.
    weights, means, covariances : ndarrays of shape (n, 3), (n, 3, 5) and (n, 3, 5, 5)
        The models.
    """
    n = slots.shape[0]
    ahead = np.empty((n, PREDICTED))
    weights, means = np.empty((n, MODELS)), np.empty((n, MODELS, DIM))
    covariances = np.empty((n, MODELS, DIM, DIM))
    before = np.empty(MODELS), np.empty((MODELS, DIM)), np.empty((MODELS, DIM, DIM))
    change, scratch, known_s = np.empty((2, MODELS, MODELS)), np.empty((2, DIM, DIM)), -1.0
    mean, covariance, shares = np.empty(4), np.empty((4, 4)), np.empty(MODELS)
    for i in range(n):
        track, row = tracks[slots[i]], ahead[i]
        w, m, P = weights[i], means[i], covariances[i]
        lag_us = event_us - track.time_us
        kind = motion[track.object_class]
        if lag_us > 0:
            dt_s = lag_us / SECOND_US
            known_s = change_over(dt_s, rates, change, known_s)
            load_models(track, before[0], before[1], before[2])
            mix(change[is_fast(track)], before[0], before[1], before[2], w, m, P, shares)
            predict_models(dt_s, kind, m, P, scratch)
        else:
            load_models(track, w, m, P)
        moments(w, m, P, mean, covariance)
        row[NOISE] = kind[MOTION_NOISE]
        row[UNNOTICED_M] = max(unnoticed_m(kind[ALONG]), 0.5 * float(track.size_m[0]))
        row[LAG] = min(lag_us, 0) / SECOND_US
        _fill(row, mean, covariance)
    return ahead, weights, means, covariances


@compiled
def _fill(row: FloatArray, mean: FloatArray, covariance: FloatArray) -> None:
    row[X], row[Y], row[VX], row[VY] = mean[0], mean[1], mean[2], mean[3]
    row[PXX], row[PXY], row[PYY] = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    row[CXX] = 2.0 * covariance[0, 2]
    row[CXY] = covariance[0, 3] + covariance[1, 2]
    row[CYY] = 2.0 * covariance[1, 3]
    row[VXX], row[VXY], row[VYY] = covariance[2, 2], covariance[2, 3], covariance[3, 3]


@compiled
def state_at(
    track: Record,
    at_us: int,
    motion: FloatArray,
    rates: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> float:
    """Moments of a track at an instant, into shapes (4,) and (4, 4); its turn rate, rad/s."""
    kind = motion[track.object_class]
    dt_s = (at_us - track.time_us) / SECOND_US
    weights, means = np.empty(MODELS), np.empty((MODELS, DIM))
    covariances = np.empty((MODELS, DIM, DIM))
    load_models(track, weights, means, covariances)
    if dt_s <= 0.0:
        load(track, mean, covariance)
        predict_steady(mean, covariance, dt_s, kind[MOTION_NOISE])
        return float(weights[TURN] * means[TURN, 4])
    change = np.empty((2, MODELS, MODELS))
    change_over(dt_s, rates, change, -1.0)
    after, states = np.empty(MODELS), np.empty((MODELS, DIM))
    spreads = np.empty((MODELS, DIM, DIM))
    mix(
        change[is_fast(track)],
        weights,
        means,
        covariances,
        after,
        states,
        spreads,
        np.empty(MODELS),
    )
    predict_models(dt_s, kind, states, spreads, np.empty((2, DIM, DIM)))
    moments(after, states, spreads, mean, covariance)
    return float(after[TURN] * states[TURN, 4])


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
    track: Record,
    ahead: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    seen: FloatArray,
    event_us: int,
    factor: float,
    known_m2: float,
    work: FloatArray,
) -> float:
    """Take one observation into a track.

    Parameters
    ----------
    track : record of `operators.fuse.state.TRACK`
    ahead, weights, means, covariances
        Row of what `foresee` gave for the track; the models are changed in place.
    seen : ndarray of shape (PREPARED,)
    event_us
        Event time of the frame.
    factor
        `inflation` of the frame.
    known_m2
        Part of the observation's variance that the track has in it already, an axis: errors that
        last, if no other source sees the track.
    work : ndarray of shape (12, 5)
        Scratch.

    Returns
    -------
    float
        The observation's share of the information on the position, 0..1.
    """
    z, noise, fits = work[4], work[5], work[6]
    dt = ahead[LAG] + seen[AFTER]
    wandered = ahead[NOISE] * abs(dt) ** 3 / 3.0
    z[0], z[1] = seen[OX], seen[OY]
    vx, vy = ahead[VX], ahead[VY]
    noise[0] = factor * (seen[RXX] - known_m2) + wandered + seen[CLOCK] * vx * vx
    noise[1] = factor * seen[RXY] + seen[CLOCK] * vx * vy
    noise[2] = factor * (seen[RYY] - known_m2) + wandered + seen[CLOCK] * vy * vy
    total = 0.0
    for m in range(MODELS):
        part = 0.0 if m == STILL else dt
        fits[m], share = update_model(means[m], covariances[m], z, 1.0, part, noise, KNOWN[m], work)
        total += weights[m] * share
    # a velocity that contradicts the track is a wrong claim more often than a manoeuvre
    if seen[RV] >= 0.0 and velocity_distance(ahead, seen)[0] < VELOCITY_GATE:
        z[0], z[1] = seen[OVX], seen[OVY]
        noise[0], noise[1], noise[2] = factor * seen[RV], 0.0, factor * seen[RV]
        for m in range(MODELS):
            fits[m] += update_model(
                means[m], covariances[m], z, 0.0, 1.0, noise, max(KNOWN[m], 4), work
            )[0]
        means[STILL, 2] = means[STILL, 3] = 0.0
    reweigh(weights, fits)
    store_models(track, weights, means, covariances, work[7], work[8:12])
    track.time_us = max(track.time_us, event_us)
    return min(max(total, 0.0), 1.0)


@compiled
def start(track: Record, seen: FloatArray, object_class: int, motion: FloatArray) -> None:
    """Give a new track the state that one observation tells, at the frame's event time."""
    weights, means = np.empty(MODELS), np.zeros((MODELS, DIM))
    covariances = np.zeros((MODELS, DIM, DIM))
    spread, vx, vy = motion[object_class, SPEED_VARIANCE], 0.0, 0.0
    if seen[RV] >= 0.0:
        vx, vy, spread = seen[OVX], seen[OVY], seen[RV]
    # seen a little after the frame's time: carry it back, with what the velocity leaves open
    dt = seen[AFTER]
    for m in range(MODELS):
        weights[m] = FIRST_WEIGHTS[m]
        mean, covariance = means[m], covariances[m]
        moving = m != STILL
        variance = spread if moving else STILL_SPEED_VARIANCE
        if moving:
            mean[2], mean[3] = vx, vy
        mean[0], mean[1] = seen[OX] - dt * mean[2], seen[OY] - dt * mean[3]
        wandered = variance * dt * dt + motion[object_class, MOTION_NOISE] * abs(dt) ** 3 / 3.0
        covariance[0, 0], covariance[1, 1] = seen[RXX] + wandered, seen[RYY] + wandered
        covariance[0, 1] = covariance[1, 0] = seen[RXY]
        covariance[2, 2] = covariance[3, 3] = variance
        covariance[4, 4] = FIRST_TURN_VARIANCE
        if moving:
            for i in range(2):
                covariance[i, i + 2] = covariance[i + 2, i] = -dt * variance
    if seen[RV] >= 0.0:  # a claimed velocity tells whether it stands
        fits = np.zeros(MODELS)
        square = vx * vx + vy * vy
        fits[STILL] = -0.5 * square / (seen[RV] + STILL_SPEED_VARIANCE)
        reweigh(weights, fits)
    store_models(track, weights, means, covariances, np.empty(4), np.empty((4, 4)))

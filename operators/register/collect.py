"""What a frame adds to the registration: pairs on its own tracks, candidates for the search."""

import math

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fuse.account import is_shared
from operators.fuse.index import SIDE as SQUARES
from operators.fuse.index import SQUARE_M, bucket_of
from operators.gaussian import AFTER, LAG, OX, OY, RXX, RYY, VX, VXX, VY, VYY, X, Y
from operators.jit import Record, compiled
from operators.register.anchors import hear_probe
from operators.register.correct import true_place
from operators.register.pairs import SIDE, T_S, aim, fill_side, take_pair
from operators.register.remember import (
    NEVER,
    REMEMBERED,
    SPACING_US,
    own_entry,
    remember,
    stamp_us,
)
from operators.register.state import (
    ANCHOR,
    DX,
    DY,
    LX,
    LY,
    MARK,
    MOST_CANDIDATES,
    NO_ROLE,
    TAU,
    VARIANCE,
    WVX,
    WVY,
    Registry,
)
from operators.register.units import is_reference

# Paired observations were made within half a sample's distance, by their corrected clocks;
# candidates, whose clocks are in question, were stamped so.
APART_S, APART_US = 0.11, 150_000
YOUNGEST_US = 500_000  # a track's velocity means something from then on
MOST_VELOCITY_VARIANCE = 4.0
# Errors of a detector's box last as long as the view of the object does not change: so long pairs
# count as one. How sure probes are in all: `operators.register.anchors`.
UNIT_MEMORY_S, ANCHOR_MEMORY_S = 0.5, 1.0
MARKS = 1 << 20  # whole numbers that a float32 holds
FARTHEST_M = 25.0  # 1 s at 25 m/s
WIDEST_ACROSS_M = 8.0
LARGEST_CHANGE_MPS = 3.0


@compiled
def collect(
    registry: Registry,
    role: int,
    slot: int,
    event_us: int,
    noise_factor: float,
    about: Record,
    source: Record,
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    raw: FloatArray,
    heads: IntArray,
    links: IntArray,
) -> None:
    """Learn from a frame whose observations have found their tracks.

    Parameters
    ----------
    role, slot
        Of the frame's source.
    noise_factor
        On the noise of inputs that are not independent evidence.
    about, source
        Of the frame; a source of probes learns how its errors last.
    tracks, slots, observation_of, ahead
        As in `operators.fuse.take.update_all`, without repeats; the lists of the updated tracks
        are changed.
    raw : ndarray of shape (m, PREPARED)
        Prepared observations before any correction.
    heads, links
        Index of the tracks.
    """
    if role == NO_ROLE:
        return
    for i in range(slots.shape[0]):
        if observation_of[i] < 0:
            continue
        track, seen = tracks[slots[i]], raw[observation_of[i]]
        vx, vy = ahead[i, VX], ahead[i, VY]
        own, at_us = own_entry(track, slot), stamp_us(seen, event_us)
        if own >= 0 and abs(at_us - track.raw_us[own]) < SPACING_US:
            continue
        spread = 0.5 * (ahead[i, VXX] + ahead[i, VYY])
        if event_us - track.born_us >= YOUNGEST_US and spread < MOST_VELOCITY_VARIANCE:
            weight = _weight(track, own, at_us, role)
            variance = 0.5 * noise_factor * (seen[RXX] + seen[RYY])
            place = (ahead[i, X], ahead[i, Y])
            if about.trusted:
                _hear(track, source, about, at_us, ahead[i], seen, variance)
            _pair(registry, role, slot, at_us, track, seen, variance, vx, vy, spread, weight, place)
            if role >= 0:
                mark = float(track.track_id % np.uint64(MARKS))
                _offer(registry, role, at_us, mark, variance, seen, vx, vy, tracks, heads, links)
        remember(track, slot, at_us, seen, vx, vy)


@compiled
def _weight(track: Record, own: int, at_us: int, role: int) -> float:
    """Share of an independent observation: the time since the last over the errors' memory."""
    if own < 0:
        return 1.0
    memory_s = ANCHOR_MEMORY_S if role == ANCHOR else UNIT_MEMORY_S
    return float(min(max((at_us - track.raw_us[own]) / 1e6 / memory_s, 0.0), 1.0))


@compiled
def _hear(
    track: Record,
    source: Record,
    about: Record,
    at_us: int,
    ahead: FloatArray,
    seen: FloatArray,
    variance: float,
) -> None:
    """Let a source of probes learn from where a vehicle says it is, beside its track."""
    dt = ahead[LAG] + seen[AFTER]
    off = (seen[OX] - ahead[X] - dt * ahead[VX], seen[OY] - ahead[Y] - dt * ahead[VY])
    beside = is_shared(track, about.slot, about.event_us)
    hear_probe(track, source, at_us, about.since_us, off, variance, beside)


@compiled
def _pair(
    registry: Registry,
    role: int,
    slot: int,
    at_us: int,
    track: Record,
    seen: FloatArray,
    variance: float,
    vx: float,
    vy: float,
    spread: float,
    weight: float,
    place: tuple[float, float],
) -> None:
    """Pair one observation with those of other sources on its track that were made with it.

    Its own error is in each of these pairs, so together they count as one.
    """
    sides = np.empty((REMEMBERED + 1, SIDE))
    fill_side(sides[0], registry, role, seen[OX], seen[OY], 0.0, variance)
    n = 0
    for k in range(REMEMBERED):
        if track.raw_slot[k] == slot or track.raw_us[k] == NEVER:
            continue
        other = registry.roles[track.raw_slot[k]]
        if other == NO_ROLE or (other == ANCHOR and role == ANCHOR):
            continue
        age_s = (track.raw_us[k] - at_us) / 1e6
        x, y, var = track.raw_x_m[k], track.raw_y_m[k], float(track.raw_variance_m2[k])
        fill_side(sides[n + 1], registry, other, x, y, age_s, var)
        if abs(sides[0, T_S] - sides[n + 1, T_S]) <= APART_S:
            n += 1
    for k in range(n + 1):
        aim(sides[k], registry, place)
    for k in range(n):
        take_pair(registry, sides[0], sides[k + 1], vx, vy, spread, weight / n)


@compiled
def _offer(
    registry: Registry,
    role: int,
    at_us: int,
    mark: float,
    variance: float,
    seen: FloatArray,
    vx: float,
    vy: float,
    tracks: RecordArray,
    heads: IntArray,
    links: IntArray,
) -> None:
    """Note every reference's sample that could be of the same object, on whatever track."""
    if registry.units[role].candidates >= MOST_CANDIDATES:
        return
    reach = math.ceil(FARTHEST_M / SQUARE_M)
    bucket = bucket_of(seen[OX], seen[OY])
    i, j = bucket // SQUARES, bucket % SQUARES
    for di in range(-reach, reach + 1):
        for dj in range(-reach, reach + 1):
            other = heads[((i + di) % SQUARES) * SQUARES + (j + dj) % SQUARES]
            while other >= 0:
                track = tracks[other]
                for k in range(REMEMBERED):
                    if abs(at_us - track.raw_us[k]) <= APART_US:
                        _consider(registry, role, at_us, mark, variance, seen, vx, vy, track, k)
                other = links[other]


@compiled
def _consider(
    registry: Registry,
    role: int,
    at_us: int,
    mark: float,
    variance: float,
    seen: FloatArray,
    vx: float,
    vy: float,
    track: Record,
    k: int,
) -> None:
    """Add one candidate if it may be one.

    The object is taken to have moved at the mean of the two tracks' velocities: if one track is
    behind by a clock's error, that is exact for a constant acceleration.
    """
    other = registry.roles[track.raw_slot[k]]
    unit = registry.units[role]
    if other == role or unit.candidates >= MOST_CANDIDATES or not is_reference(registry, other):
        return
    x, y, t_s = track.raw_x_m[k], track.raw_y_m[k], (track.raw_us[k] - at_us) / 1e6
    var = float(track.raw_variance_m2[k])
    if other >= 0:
        x, y = true_place(registry, other, x, y)
        t_s -= registry.bias[other, TAU]
    ux, uy = float(track.raw_vx_mps[k]), float(track.raw_vy_mps[k])
    if math.hypot(ux - vx, uy - vy) > LARGEST_CHANGE_MPS:
        return
    ux, uy = 0.5 * (ux + vx), 0.5 * (uy + vy)
    dx, dy = seen[OX] - x + t_s * ux, seen[OY] - y + t_s * uy
    if not _is_plausible(dx, dy, ux, uy):
        return
    row = registry.candidates[role, unit.candidates]
    row[DX], row[DY], row[WVX], row[WVY] = dx, dy, ux, uy
    row[LX], row[LY] = seen[OX] - unit.site_x_m, seen[OY] - unit.site_y_m
    row[VARIANCE], row[MARK] = variance + var, mark
    registry.candidates_us[role, unit.candidates] = at_us
    unit.candidates += 1


@compiled
def _is_plausible(dx: float, dy: float, vx: float, vy: float) -> bool:
    """Whether an offset is near enough, and near enough across the motion."""
    apart, speed = math.hypot(dx, dy), math.hypot(vx, vy)
    if apart > FARTHEST_M:
        return False
    if apart < WIDEST_ACROSS_M:
        return True
    return bool(abs(dx * vy - dy * vx) < WIDEST_ACROSS_M * speed)

"""Doubles: two tracks of one object, by their states or because no two bodies have room there."""

import math

from operators._typing import FloatArray, IntArray, RecordArray
from operators.frame import ObjectClass
from operators.fuse.account import held_by, was_seen
from operators.fuse.index import SIDE, bucket_of
from operators.gaussian import OX, OY
from operators.jit import Record, compiled, inlined

TWIN_M = 2.0
TWIN_DISTANCE = 13.3  # chi-square of 4 degrees, 99 %
TWIN_FLOOR_M2 = 0.3**2  # what registration leaves between two sources

# Two reflections of one body go side by side for ever. No two vehicles do so nearer than this: the
# middles of two cars in a lane are 4 m apart, of two beside each other 1.9 m.
BODY_LENGTH_M, BODY_WIDTH_M = 3.0, 1.2
TOGETHER_MPS = 2.0
RUNNER_MPS = 5.0  # what is faster is no runner, who may go beside another
_SLIM = (ObjectClass.MOTORCYCLE, ObjectClass.BICYCLE, ObjectClass.PEDESTRIAN, ObjectClass.ANIMAL)
SLIM = tuple(int(name) for name in _SLIM)


@inlined
def is_wide(track: Record) -> bool:
    """Whether a track without a size is as wide as a car: by its class and its speed."""
    if track.size_m[0] > 0.0 or track.object_class in SLIM:
        return False
    vx, vy = track.mean[2], track.mean[3]
    return bool(vx * vx + vy * vy > RUNNER_MPS**2)


@inlined
def in_room(dx: float, dy: float, vx: float, vy: float) -> bool:
    """Whether a place is on the body of what goes with (vx, vy), dx and dy off."""
    speed = math.hypot(vx, vy)
    along, across = abs(dx * vx + dy * vy), abs(dx * vy - dy * vx)
    return bool(along < BODY_LENGTH_M * speed and across < BODY_WIDTH_M * speed)


@compiled
def share_body(a: Record, b: Record) -> bool:
    """Whether a track goes in the room of the vehicle that `a` is.

    Of sources that tell points: what tells boxes knows bodies, and parked ones may stand closer.
    """
    if not is_wide(a) or b.size_m[0] > 0.0 or b.object_class in SLIM:
        return False
    vx, vy = a.mean[2], a.mean[3]
    ux, uy = b.mean[2] - vx, b.mean[3] - vy
    unsure = a.covariance[7] + b.covariance[7] + a.covariance[9] + b.covariance[9]
    if ux * ux + uy * uy > TOGETHER_MPS**2 + 4.0 * unsure:
        return False
    dt = (b.time_us - a.time_us) / 1e6
    dx, dy = b.mean[0] - a.mean[0] - dt * vx, b.mean[1] - a.mean[1] - dt * vy
    return in_room(dx, dy, vx, vy)


@compiled
def are_one(a: Record, b: Record) -> bool:
    """Whether two tracks may be of one object.

    Two probes that report themselves at one time are two, however near: satellites put one that
    drives behind another into its room. What reports itself under a new id, beside a probe that
    has been silent since, may be that probe: ids are rotated.
    """
    other_probe = a.probe_id != b.probe_id and b.probe_id != 0
    if other_probe and held_by(a, b.probe_us) != 0 and a.probe_us > b.born_us:
        return False
    return are_alike(a, b) or share_body(a, b)


@compiled
def are_alike(a: Record, b: Record) -> bool:
    """Whether two tracks could be one object: position and velocity agree statistically.

    States are compared as they were last updated, carried to the later of the two times.
    """
    dt = (b.time_us - a.time_us) / 1e6
    total = 0.0
    square_m2 = 0.0
    for k in range(2):
        dx = b.mean[k] - a.mean[k] - (dt * a.mean[k + 2] if dt > 0.0 else dt * b.mean[k + 2])
        if abs(dx) > TWIN_M:
            return False
        dv = b.mean[k + 2] - a.mean[k + 2]
        at, cross, speed = 4 * k, 2 + 4 * k, 7 + 2 * k  # diagonal of the packed covariances
        variance = a.covariance[at] + b.covariance[at] + TWIN_FLOOR_M2
        older = a.covariance if dt > 0.0 else b.covariance
        variance += abs(dt) * (2.0 * older[cross] + abs(dt) * older[speed])
        spread = a.covariance[speed] + b.covariance[speed] + TWIN_FLOOR_M2
        total += dx * dx / variance + dv * dv / spread
        square_m2 += dx * dx
    return square_m2 < TWIN_M**2 and total < TWIN_DISTANCE


@compiled
def is_older(a: Record, b: Record) -> bool:
    """Whether `a` was born before `b`; of two born at once the one with the smaller id."""
    return bool(a.born_us < b.born_us or (a.born_us == b.born_us and a.track_id < b.track_id))


@compiled
def find_twin(tracks: RecordArray, slot: int, heads: IntArray, links: IntArray) -> int:
    """Oldest older track that `slot` may be a double of; -1 if there is none."""
    track = tracks[slot]
    best = -1
    i, j = track.bucket // SIDE, track.bucket % SIDE
    for di in range(-1, 2):
        for dj in range(-1, 2):
            other = heads[((i + di) % SIDE) * SIDE + (j + dj) % SIDE]
            while other >= 0:
                if other != slot and is_older(tracks[other], track):
                    older_still = best < 0 or is_older(tracks[other], tracks[best])
                    if older_still and are_one(tracks[other], track):
                        best = other
                other = links[other]
    return best


@compiled
def tell_twins_apart(tracks: RecordArray, slots: IntArray) -> None:
    """Clear the suspicion on tracks whose supposed double was seen in the same frame.

    Parameters
    ----------
    slots : ndarray of shape (n,)
        Tracks that the frame updated: one source sees two of them, so they are two, unless no two
        bodies have room there.
    """
    for i in range(slots.shape[0]):
        track = tracks[slots[i]]
        if track.twin_sweeps == 0:
            continue
        for j in range(slots.shape[0]):
            other = tracks[slots[j]]
            if other.track_id == track.twin_id and not share_body(other, track):
                track.twin_sweeps = 0


@compiled
def is_on_body(
    seen: FloatArray,
    slot: int,
    event_us: int,
    tracks: RecordArray,
    heads: IntArray,
    links: IntArray,
) -> bool:
    """Whether an observation is in the room of a vehicle that source `slot` saw in this frame."""
    bucket = bucket_of(seen[OX], seen[OY])
    i, j = bucket // SIDE, bucket % SIDE
    for di in range(-1, 2):
        for dj in range(-1, 2):
            other = heads[((i + di) % SIDE) * SIDE + (j + dj) % SIDE]
            while other >= 0:
                track = tracks[other]
                dx, dy = seen[OX] - track.mean[0], seen[OY] - track.mean[1]
                # the place first: of most neighbours nothing else is read
                near = in_room(dx, dy, track.mean[2], track.mean[3])
                if near and track.confirmed and is_wide(track) and was_seen(track, slot, event_us):
                    return True
                other = links[other]
    return False

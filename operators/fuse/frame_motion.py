"""How a recording's own frame moves, told by what all its tracks have in common.

A vehicle gives boxes in axes that ride and turn with it, without saying how. When it turns, all
that stands seems to fly aside at once, and each track would have to find out alone. So the tracks
of such a recording live in axes that keep going straight, and the *pose* of the recording's frame
in them is estimated: the innovations of a frame's confirmed tracks are fitted with one rigid
motion, weighted least squares of ``v_i + t + a J (z_i - o) = 0``, whose information updates a
Kalman filter of pose and rates, ``(x, y, heading; vx, vy, turn rate)``. A steady velocity of the
frame stays in the tracks' velocities: nobody can tell it from theirs, and nobody needs to.

How much the frame accelerates is learned from how well the filter foresees it (its normalised
innovation squared should be 3), so that a frame that stands on a mast does not follow the noise of
its tracks.
"""

import math

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.gaussian import (
    AFTER,
    LAG,
    OVX,
    OVY,
    OX,
    OY,
    RXX,
    RXY,
    RYY,
    VX,
    VY,
    X,
    Y,
    innovation,
)
from operators.jit import Record, compiled

# Layout of `pose`: x, y, heading, rates of the three, covariance by rows, log of the noise factor.
HEADING, RATES, COVARIANCE, UNREST = 2, 3, 6, 42
POSE = 43
FIRST_RATE_SIGMA = (0.1, 0.1, 0.01)  # m/s and rad/s: the axes start with the frame's velocity
PUSH_MPS, SWING_RPS = 1.5, 0.3  # how far speed and turn rate of a vehicle wander in a second
UNREST_RANGE = (math.log(1e-3), math.log(10.0))
FEWEST = 3  # tracks; two cars that brake are no frame that moves
SETTLED_LOOKS = 10.0
OUTLIER = 4.0


def at_rest() -> FloatArray:
    """Pose of a frame that was never seen to move, shape (43,)."""
    pose = np.zeros(POSE)
    pose[COVARIANCE:UNREST] = np.diag([0.0, 0.0, 0.0, *np.square(FIRST_RATE_SIGMA)]).ravel()
    pose[UNREST] = UNREST_RANGE[0]
    return pose


@compiled
def carry(pose: FloatArray, dt_s: float) -> None:
    """Let a pose go on for dt, in place; its rates wander."""
    F = np.eye(6)
    size, factor = abs(dt_s), math.exp(pose[UNREST])
    for i in range(3):
        F[i, i + 3] = dt_s
        pose[i] += dt_s * pose[i + RATES]
    P = F @ pose[COVARIANCE:UNREST].copy().reshape((6, 6)) @ F.T
    for i in range(3):
        q = factor * (SWING_RPS if i == HEADING else PUSH_MPS) ** 2
        P[i, i] += q * size**3 / 3.0
        P[i, i + 3] += q * dt_s * size / 2.0
        P[i + 3, i] += q * dt_s * size / 2.0
        P[i + 3, i + 3] += q * size
    pose[COVARIANCE:UNREST] = P.ravel()


@compiled
def _turn(vx: float, vy: float, c: float, s: float) -> tuple[float, float]:
    return c * vx - s * vy, s * vx + c * vy


@compiled
def _turn_covariance(
    xx: float, xy: float, yy: float, c: float, s: float
) -> tuple[float, float, float]:
    """Upper triangle of R C R'."""
    return (
        c * c * xx - 2.0 * c * s * xy + s * s * yy,
        c * s * (xx - yy) + (c * c - s * s) * xy,
        s * s * xx + 2.0 * c * s * xy + c * c * yy,
    )


@compiled
def to_axes(
    seen: FloatArray, usable: IntArray, observations: RecordArray, pose: FloatArray
) -> None:
    """Carry prepared observations from the moving frame into the axes of the tracks, in place.

    Parameters
    ----------
    seen : ndarray of shape (m, PREPARED)
    usable : ndarray of shape (m,)
        The observations that they are of, whose headings are turned with them.
    """
    c, s, w = math.cos(pose[HEADING]), math.sin(pose[HEADING]), pose[RATES + HEADING]
    for j in range(seen.shape[0]):
        row = seen[j]
        x, y = row[OX], row[OY]
        vx, vy = _turn(row[OVX] - w * y, row[OVY] + w * x, c, s)
        row[OVX], row[OVY] = vx + pose[RATES], vy + pose[RATES + 1]
        row[OX], row[OY] = _turn(x, y, c, s)
        row[OX] += pose[0]
        row[OY] += pose[1]
        row[RXX], row[RXY], row[RYY] = _turn_covariance(row[RXX], row[RXY], row[RYY], c, s)
        observations[usable[j]].heading_rad += np.float32(pose[HEADING])


@compiled
def in_frame(ahead: FloatArray, pose: FloatArray) -> FloatArray:
    """Predicted tracks with place and velocity as the moving frame sees them."""
    made = ahead.copy()
    c, s, w = math.cos(pose[HEADING]), -math.sin(pose[HEADING]), pose[RATES + HEADING]
    for i in range(made.shape[0]):
        row = made[i]
        x, y = _turn(row[X] - pose[0], row[Y] - pose[1], c, s)
        vx, vy = _turn(row[VX] - pose[RATES], row[VY] - pose[RATES + 1], c, s)
        row[X], row[Y], row[VX], row[VY] = x, y, vx + w * y, vy - w * x
    return made


@compiled
def from_axes(rows: RecordArray, n: int, pose: FloatArray) -> None:
    """Carry rows (`operators.track.TRACK_ROW`) back into the moving frame, in place."""
    c, s, w = math.cos(pose[HEADING]), -math.sin(pose[HEADING]), pose[RATES + HEADING]
    for i in range(n):
        row = rows[i]
        x, y = _turn(row.x_m - pose[0], row.y_m - pose[1], c, s)
        vx, vy = float(row.vx_mps) - pose[RATES], float(row.vy_mps) - pose[RATES + 1]
        vx, vy = _turn(vx, vy, c, s)
        row.x_m, row.y_m = x, y
        row.vx_mps, row.vy_mps = np.float32(vx + w * y), np.float32(vy - w * x)
        heading = (row.heading_rad - pose[HEADING] + math.pi) % (2.0 * math.pi) - math.pi
        row.heading_rad = np.float32(heading)
        row.turn_rate_radps -= np.float32(w)
        xx, xy, yy = _turn_covariance(
            float(row.cov_xx_m2), float(row.cov_xy_m2), float(row.cov_yy_m2), c, s
        )
        row.cov_xx_m2, row.cov_xy_m2 = np.float32(xx), np.float32(xy)
        row.cov_yy_m2 = np.float32(yy)


@compiled
def _add_one(
    track: FloatArray,
    seen: FloatArray,
    pose: FloatArray,
    information: FloatArray,
    vector: FloatArray,
) -> int:
    """Add what one pair says of the rigid motion; 1 if it is no outlier."""
    d2, determinant, _ = innovation(track, seen)
    if d2 > OUTLIER**2:
        return 0
    dt = track[LAG] + seen[AFTER]
    off = (
        seen[OX] - track[X] - dt * track[VX],
        seen[OY] - track[Y] - dt * track[VY],
    )
    # one variance for both axes: the innovation's own direction must not choose the weight
    weight = 1.0 / math.sqrt(determinant)
    if d2 > 4.0:  # Huber's weight beyond two sigma
        weight *= 2.0 / math.sqrt(d2)
    x, y = seen[OX] - pose[0], seen[OY] - pose[1]
    H = np.array([[1.0, 0.0, -y], [0.0, 1.0, x]])
    for i in range(3):
        for k in range(2):
            vector[i] += weight * H[k, i] * off[k]
            for j in range(3):
                information[i, j] += weight * H[k, i] * H[k, j]
    return 1


@compiled
def correct_pose(
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    confirmed: BoolArray,
    ahead: FloatArray,
    seen: FloatArray,
    usable: IntArray,
    observations: RecordArray,
    pose: FloatArray,
) -> None:
    """Correct the pose by what a frame's confirmed tracks have in common; move the frame with it.

    Parameters
    ----------
    slots, observation_of : ndarrays of shape (n,)
        Tracks and the observation that each takes, -1 for none.
    ahead, seen
        Predicted tracks and prepared observations; `seen` and `observations` are moved in place.
    """
    information, vector, pairs = np.zeros((3, 3)), np.zeros(3), 0
    for i in range(slots.shape[0]):
        j = observation_of[i]
        if j >= 0 and confirmed[i] and tracks[slots[i]].looks >= SETTLED_LOOKS:
            pairs += _add_one(ahead[i], seen[j], pose, information, vector)
    if pairs < FEWEST:
        return
    P = pose[COVARIANCE:UNREST].copy().reshape((6, 6))
    corner = np.ascontiguousarray(P[:3, :3])
    gain = np.ascontiguousarray(P[:, :3]) @ np.linalg.inv(np.eye(3) + information @ corner)
    moved = -gain @ vector
    _learn_unrest(pose, information, vector, corner)
    for i in range(6):
        pose[i] += moved[i]
    P -= gain @ information @ np.ascontiguousarray(P[:3, :])
    pose[COVARIANCE:UNREST] = (0.5 * (P + P.T)).ravel()
    for j in range(seen.shape[0]):
        x, y = seen[j, OX] - pose[0], seen[j, OY] - pose[1]
        seen[j, OX] += moved[0] - moved[2] * y
        seen[j, OY] += moved[1] + moved[2] * x
        observations[usable[j]].heading_rad += np.float32(moved[2])


@compiled
def _learn_unrest(
    pose: FloatArray, information: FloatArray, vector: FloatArray, corner: FloatArray
) -> None:
    """Let the noise factor follow the normalised innovation squared, which should be 3."""
    spread = np.linalg.inv(information + 1e-9 * np.eye(3))
    innovation_of_pose = spread @ vector
    fit = np.linalg.inv(corner + spread) @ innovation_of_pose
    nis = float(np.sum(innovation_of_pose * fit))
    step = 0.2 * (min(nis / 3.0, 6.0) - 1.0)
    pose[UNREST] = min(max(pose[UNREST] + step, UNREST_RANGE[0]), UNREST_RANGE[1])


@compiled
def carry_to(pose: FloatArray, about: Record, posed_us: int) -> int:
    """Carry the pose to a frame's event time, unless it is older; the time that it now has."""
    if about.event_us > posed_us:
        carry(pose, (about.event_us - posed_us) / 1e6 if posed_us > 0 else 0.0)
    return max(int(about.event_us), posed_us)

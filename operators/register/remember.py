"""The short list of raw observations that each track carries: samples of the last half second.

Two sources' clocks may be apart by more than the period of a frame. So that the observations which
are paired were made at nearly one time, not only stamped at one, the list goes back a little.
"""

import numpy as np

from operators._typing import FloatArray
from operators.gaussian import AFTER, OX, OY, RXX, RYY
from operators.jit import Record, compiled

REMEMBERED = 6
# One source's samples are at least so far apart: nearer ones would tell the same again.
SPACING_US = 150_000
NEVER = -(2**62)
MICROSECONDS = 1e6

# Fields at the end of `operators.fuse.state.TRACK`.
RAW_FIELDS = [
    ("raw_us", "<i8", (REMEMBERED,)),  # by the source's own clock
    ("raw_x_m", "<f8", (REMEMBERED,)),  # as the source said, uncorrected
    ("raw_y_m", "<f8", (REMEMBERED,)),
    ("raw_vx_mps", "<f4", (REMEMBERED,)),  # velocity of the track then
    ("raw_vy_mps", "<f4", (REMEMBERED,)),
    ("raw_variance_m2", "<f4", (REMEMBERED,)),  # mean of the two axes
    ("raw_slot", "u1", (REMEMBERED,)),
]


@compiled
def forget_raw(track: Record) -> None:
    """Empty the list of a new track."""
    for k in range(REMEMBERED):
        track.raw_us[k] = NEVER
        track.raw_x_m[k] = track.raw_y_m[k] = 0.0
        track.raw_vx_mps[k] = track.raw_vy_mps[k] = track.raw_variance_m2[k] = np.float32(0.0)
        track.raw_slot[k] = 0


@compiled
def own_entry(track: Record, slot: int) -> int:
    """Where the list holds the last sample of a source; -1 for nowhere."""
    found = -1
    for k in range(REMEMBERED):
        if track.raw_us[k] != NEVER and track.raw_slot[k] == slot:
            found = k if found < 0 or track.raw_us[k] > track.raw_us[found] else found
    return found


@compiled
def stamp_us(seen: FloatArray, event_us: int) -> int:
    """When a source says it made an observation, by its own clock."""
    return event_us + int(round(seen[AFTER] * MICROSECONDS))  # noqa: RUF046  (mypy, numba)


@compiled
def remember(track: Record, slot: int, at_us: int, raw: FloatArray, vx: float, vy: float) -> None:
    """Put an observation in the place of the oldest."""
    k = 0
    for other in range(1, REMEMBERED):
        if track.raw_us[other] < track.raw_us[k]:
            k = other
    track.raw_us[k], track.raw_slot[k] = at_us, slot
    track.raw_x_m[k], track.raw_y_m[k] = raw[OX], raw[OY]
    track.raw_vx_mps[k], track.raw_vy_mps[k] = np.float32(vx), np.float32(vy)
    track.raw_variance_m2[k] = np.float32(0.5 * (raw[RXX] + raw[RYY]))

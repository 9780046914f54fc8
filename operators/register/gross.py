"""Faults so gross that nothing associates: a wrong datum, swapped axes, a wrong unit of length.

Such a source is hundreds of metres off. Its places are put through each mix-up's remedy, and where
the remedied places fall onto what *other* sources see, again and again, while they do not as they
came, the mix-up has a name. Roads are lines and traffic is dense in places, so a few hits are luck:
the remedy must hit a quarter of all places, and four times as often as the claim and as any other
remedy.
"""

from enum import IntEnum

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.fuse.index import SIDE, bucket_of
from operators.gaussian import OX, OY
from operators.jit import Record, compiled
from operators.register.correct import true_place
from operators.register.remember import REMEMBERED
from operators.register.state import REMEDIES, Registry


class Mixup(IntEnum):
    """What a source mixed up; the number is also that of its remedy."""

    NONE = 0
    GCJ02_AS_WGS84 = 1
    BD09_AS_WGS84 = 2
    AXES_SWAPPED = 3
    FEET_AS_METRES = 4
    METRES_AS_FEET = 5
    CENTIMETRES_AS_METRES = 6


GCJ02, BD09 = int(Mixup.GCJ02_AS_WGS84), int(Mixup.BD09_AS_WGS84)
SWAPPED = int(Mixup.AXES_SWAPPED)
FOOT_M = 0.3048
# Of remedies about the source's site: factor on the lever.
FACTORS = np.array([1.0, 1.0, 1.0, 1.0, FOOT_M, 1.0 / FOOT_M, 0.01])
NEAR_M = 5.0  # clock and pose may be off besides
FRESH_US = 500_000
KEEP = 0.85  # of the evidence, from second to second: it lasts 7 s
ENOUGH = 5.0
CLEARLY = 4.0
LEAST_SHARE = 0.25  # of what was weighed; luck hits a tenth
MOST_WEIGHED = 64


@compiled
def weigh(
    registry: Registry,
    slot: int,
    is_new: bool,
    event_us: int,
    circle: FloatArray,
    raw: FloatArray,
    tracks: RecordArray,
    heads: IntArray,
    links: IntArray,
) -> int:
    """Mix-up of a frame's source as known after this frame, 0 for none; looks once a second.

    Parameters
    ----------
    slot, is_new
        Of the source; whether it did not have the slot before.
    circle : ndarray of shape (3,)
        What the source looks at; its middle is what units of length and axes refer to. Without a
        radius only datums are considered.
    raw : ndarray of shape (m, PREPARED)
        Prepared observations before any correction.
    tracks, heads, links
        Tracks with their samples, and their index.
    """
    if is_new:
        registry.evidence[slot] = 0.0
        registry.mixups[slot] = 0
    second = event_us // 1_000_000
    if second <= registry.weighed_s[slot]:
        return int(registry.mixups[slot])
    registry.weighed_s[slot] = second
    evidence = registry.evidence[slot]
    weighed = min(raw.shape[0], MOST_WEIGHED)
    evidence *= KEEP
    evidence[REMEDIES] += weighed
    for remedy in range(REMEDIES):
        if _applies(registry, remedy, circle):
            for j in range(weighed):
                x, y = _remedied(registry, remedy, circle, raw[j, OX], raw[j, OY])
                if _is_hit(registry, slot, event_us, x, y, tracks, heads, links):
                    evidence[remedy] += 1.0
    registry.mixups[slot] = _verdict(evidence, int(registry.mixups[slot]))
    return int(registry.mixups[slot])


@compiled
def _verdict(evidence: FloatArray, present: int) -> int:
    """Mix-up that the evidence names; the present one stays until another is as clear."""
    best = 0
    for remedy in range(REMEDIES):
        if evidence[remedy] > evidence[best]:
            best = remedy
    for remedy in range(REMEDIES):
        if remedy != best and evidence[remedy] * CLEARLY > evidence[best]:
            return present
    enough = evidence[best] >= max(ENOUGH, LEAST_SHARE * evidence[REMEDIES])
    return best if enough else present


@compiled
def _applies(registry: Registry, remedy: int, circle: FloatArray) -> bool:
    """Whether a remedy can be tried: of datums with a known offset, of others with a site."""
    if remedy in (GCJ02, BD09):
        return bool(registry.offsets[remedy - GCJ02].any())
    return bool(remedy == 0 or circle[2] > 0.0)


@compiled
def _remedied(
    registry: Registry, remedy: int, circle: FloatArray, x: float, y: float
) -> tuple[float, float]:
    """Where an observation would be if its source had made the mix-up."""
    if remedy in (GCJ02, BD09):
        offset = registry.offsets[remedy - GCJ02]
        return x - offset[0], y - offset[1]
    if remedy == SWAPPED:
        return circle[0] + y - circle[1], circle[1] + x - circle[0]
    factor = FACTORS[remedy]
    return circle[0] + factor * (x - circle[0]), circle[1] + factor * (y - circle[1])


@compiled
def _is_hit(
    registry: Registry,
    slot: int,
    event_us: int,
    x: float,
    y: float,
    tracks: RecordArray,
    heads: IntArray,
    links: IntArray,
) -> bool:
    """Whether another source sees something there."""
    bucket = bucket_of(x, y)
    i, j = bucket // SIDE, bucket % SIDE
    for di in range(-1, 2):
        for dj in range(-1, 2):
            other = heads[((i + di) % SIDE) * SIDE + (j + dj) % SIDE]
            while other >= 0:
                if _is_there(registry, slot, event_us, x, y, tracks[other]):
                    return True
                other = links[other]
    return False


@compiled
def _is_there(
    registry: Registry, slot: int, event_us: int, x: float, y: float, track: Record
) -> bool:
    for k in range(REMEMBERED):
        age_us = event_us - track.raw_us[k]
        if track.raw_slot[k] == slot or abs(age_us) > FRESH_US:
            continue
        ox, oy = track.raw_x_m[k], track.raw_y_m[k]
        role = registry.roles[track.raw_slot[k]]
        if role >= 0:
            ox, oy = true_place(registry, role, ox, oy)
        dx = ox + age_us / 1e6 * track.raw_vx_mps[k] - x
        dy = oy + age_us / 1e6 * track.raw_vy_mps[k] - y
        if dx * dx + dy * dy < NEAR_M**2:
            return True
    return False

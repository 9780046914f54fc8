"""How much a source errs: what its innovations tell, and what they cannot.

Declared accuracies are claims. The innovations of a source on confirmed tracks tell what they are
worth: ``E[v v'] = H P H' + R``, so the mean of ``|v|² - tr H P H'`` beside that of the declared
``tr R`` is the factor by which its R is wrong (R. K. Mehra, On the identification of variances and
adaptive Kalman filtering, IEEE TAC 15(2), 1970, reduced to one factor). Innovations beyond the
gate's bulk count as if at its edge, so that outliers do not pass for noise.

A box whose far side gets no light is off in the same way frame after frame. The track follows such
an error that *lasts*, and no innovation of the same source shows it; those between two sources do.
Its variance counts where two sources meet in a track, and in what is published, since no mean
removes it.
"""

import math

from operators._typing import FloatArray, IntArray, RecordArray
from operators.gaussian import (
    AFTER,
    CXX,
    CYY,
    LAG,
    OX,
    OY,
    PXX,
    PYY,
    RXX,
    RXY,
    RYY,
    VARIANCE_FLOOR_M2,
    VX,
    VXX,
    VY,
    VYY,
)
from operators.jit import Record, compiled, inlined
from operators.register.remember import own_entry, stamp_us
from operators.register.state import Registry

NOISE_KEPT = 600.0  # observations over which the factor is learned
# Errors that last are seen anew only every some seconds, and a hundred things of one frame tell
# little of them: what is assumed counts as the first number, and the last is remembered.
LASTING_FIRST, LASTING_KEPT = 4000.0, 40_000.0
FIRST_KEPT = 60.0  # what the claim itself counts, in observations
LARGEST_FACTOR = 30.0
FIRST_LASTING_M2 = 0.3**2  # a middle of a box that is seen from one side
LARGEST_LASTING_M2 = 4.0
LEAST_CLAIM_M2 = 1e-4
WHITE_KEPT = 10_000.0  # observations over which a source is judged, some minutes
LARGEST_WHITE_M2 = 50.0  # trace; beyond is no noise but another object
# A source's own observations are compared that follow each other within
LONGEST_STEP_S = 0.35
MOST_SPREAD = 2.0  # m²/s², if the velocity in between is so well known
PUSH_MPS2 = 1.5  # and the thing accelerates like ordinary traffic
BULK = 9.0  # squared distance beyond which an innovation is an outlier
WELL_KNOWN_M2 = 1.0  # trace; a track less certain hides what its sources err
SIDES_COS = 0.5  # of 60 degrees between lines of sight
SEEN_LONG = 10.0  # looks after which a track's own error has settled


@compiled
def scale_noise(source: Record, seen: FloatArray) -> None:
    """Turn the declared covariances of a frame into what the source is known for, in place."""
    factor, lasting = source.noise_factor, source.lasting_m2
    for j in range(seen.shape[0]):
        seen[j, RXX] = factor * seen[j, RXX] + lasting
        seen[j, RXY] *= factor
        seen[j, RYY] = factor * seen[j, RYY] + lasting


@compiled
def first_lasting_m2(observations: RecordArray) -> float:
    """What is assumed of a source's lasting errors: none, if it says how accurate it is."""
    for j in range(observations.shape[0]):
        if observations[j].cov_xx_m2 > 0.0:
            return 0.0
    return FIRST_LASTING_M2


@inlined
def foreseen_trace_m2(ahead: FloatArray, seen: FloatArray) -> float:
    """Trace of H P H'."""
    dt = ahead[LAG] + seen[AFTER]
    foreseen = ahead[PXX] + ahead[PYY]
    return float(foreseen + dt * (ahead[CXX] + ahead[CYY] + dt * (ahead[VXX] + ahead[VYY])))


@inlined
def learn_noise(source: Record, about: Record, seen: FloatArray, found_m2: float) -> None:
    """Let a source's factor learn from one innovation on a track that it saw last, too.

    The claim is what the frame was scaled from. The source's factor of now has learned from this
    frame already: a claim by that would drive a frame of thousands ever farther from the truth.

    Parameters
    ----------
    about : record of `operators.fuse.take.ABOUT`
    seen : ndarray of shape (PREPARED,)
        The observation, its covariance after `scale_noise`.
    found_m2
        Squared length of the innovation, less the trace of H P H'.
    """
    claimed = (seen[RXX] + seen[RYY] - 2.0 * about.lasting_m2) / about.noise_factor
    _follow(source, found_m2, claimed)


@compiled
def learn_white(
    source: Record,
    slot: int,
    event_us: int,
    tracks: RecordArray,
    slots: IntArray,
    observation_of: IntArray,
    ahead: FloatArray,
    raw: FloatArray,
) -> None:
    """Let a source's factor learn from how its own observations of a thing follow each other.

    What other sources say of the thing, and what lasts of its own error, is not in the difference
    of two raw observations less the motion between them: its variance is twice R.

    Parameters
    ----------
    slots, observation_of, ahead
        As in `operators.fuse.take.update_all`.
    raw : ndarray of shape (m, PREPARED)
        Prepared observations before scaling and correction.
    """
    for i in range(slots.shape[0]):
        if observation_of[i] < 0 or not tracks[slots[i]].confirmed:
            continue
        track, seen = tracks[slots[i]], raw[observation_of[i]]
        own = own_entry(track, slot)
        spread = ahead[i, VXX] + ahead[i, VYY]
        if own < 0 or spread > MOST_SPREAD:
            continue
        dt = (stamp_us(seen, event_us) - track.raw_us[own]) / 1e6
        if not 0.0 < dt <= LONGEST_STEP_S:
            continue
        dx = seen[OX] - track.raw_x_m[own] - dt * ahead[i, VX]
        dy = seen[OY] - track.raw_y_m[own] - dt * ahead[i, VY]
        claimed = seen[RXX] + seen[RYY]
        pushed = 0.5 * (0.5 * PUSH_MPS2 * dt * dt) ** 2
        found = 0.5 * (dx * dx + dy * dy - dt * dt * spread) - pushed
        _note_white(source, found, claimed)
        found = min(found, BULK * source.noise_factor * claimed)
        _follow(source, found, claimed)


@inlined
def _follow(source: Record, found: float, claimed: float) -> None:
    if source.noise_count == FIRST_KEPT:  # the claim counts as so many, whatever it is
        source.noise_found = source.noise_claimed = max(claimed, LEAST_CLAIM_M2)
    source.noise_count = min(source.noise_count + 1.0, NOISE_KEPT)
    share = 1.0 / source.noise_count
    source.noise_found += share * (found - source.noise_found)
    source.noise_claimed += share * (max(claimed, LEAST_CLAIM_M2) - source.noise_claimed)
    # however much it claims: no box's centre is known better than the floor
    least = 2.0 * VARIANCE_FLOOR_M2 / source.noise_claimed
    factor = source.noise_found / source.noise_claimed
    source.noise_factor = min(max(factor, least), LARGEST_FACTOR)


@inlined
def _note_white(source: Record, found: float, claimed: float) -> None:
    """Keep the means of what is found and claimed, nothing assumed: what a source is judged by."""
    source.white_count = min(source.white_count + 1.0, WHITE_KEPT)
    share = 1.0 / source.white_count
    source.white_m2 += share * (min(found, LARGEST_WHITE_M2) - source.white_m2)
    source.white_claimed_m2 += share * (claimed - source.white_claimed_m2)


@compiled
def learn_lasting(
    source: Record,
    other: Record,
    about: Record,
    seen: FloatArray,
    found_m2: float,
    shared: bool,
    apart: bool,
) -> None:
    """Let two sources learn how lastingly they err, from one's innovation on what the other saw.

    What innovation, H P H' and R leave is the sum of both variances where the track has only the
    other's error in it; in a track that is `shared` already it has the mean of both, and what is
    left is a quarter of the sum.

    The mean of what is left is kept with its sign: cut at zero step by step, chance alone would
    pass for errors that last. Of two that look from different sides (`apart`) one does not err as
    the other does, so what is assumed of them gives way to what is found.
    """
    # What the frame was prepared with, not what was learned since: that would feed on itself.
    noise_m2 = seen[RXX] + seen[RYY] - 2.0 * about.lasting_m2
    both = 0.5 * (found_m2 - noise_m2) * (4.0 if shared else 1.0)
    for one in (source, other):
        if one.lasting_count == 0.0:
            one.lasting_found_m2, one.lasting_count = one.lasting_m2, LASTING_FIRST
    surprise = 0.5 * (both - source.lasting_found_m2 - other.lasting_found_m2)
    for one in (source, other):
        one.lasting_count = min(one.lasting_count + 1.0, LASTING_KEPT)
        found = one.lasting_found_m2 + surprise / one.lasting_count
        one.lasting_found_m2 = min(max(found, -LARGEST_LASTING_M2), LARGEST_LASTING_M2)
        if apart:
            one.least_lasting_m2 *= 1.0 - 1.0 / LASTING_FIRST
        one.lasting_m2 = max(one.lasting_found_m2, one.least_lasting_m2)


@compiled
def look_apart(
    registry: Registry, slot: int, other: int, track: Record, x_m: float, y_m: float
) -> bool:
    """Whether two sources of boxes see a place from different sides.

    What gets no light from one side is seen from the other. Of points nothing is known of sides.
    """
    a, b = registry.roles[slot], registry.roles[other]
    if a < 0 or b < 0 or not track.size_m[0] > 0.0:
        return False
    ax, ay = x_m - registry.units[a].site_x_m, y_m - registry.units[a].site_y_m
    bx, by = x_m - registry.units[b].site_x_m, y_m - registry.units[b].site_y_m
    return bool(ax * bx + ay * by < SIDES_COS * math.hypot(ax, ay) * math.hypot(bx, by))

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
    VX,
    VXX,
    VY,
    VYY,
)
from operators.jit import Record, compiled, inlined
from operators.register.remember import own_entry, stamp_us

NOISE_KEPT = 600.0  # observations over which the factor is learned
LASTING_KEPT = 4000.0  # errors that last are seen anew only every some seconds
FIRST_KEPT = 60.0  # what the claim itself counts, in observations
LEAST_FACTOR = 0.1
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
def learn_noise(source: Record, seen: FloatArray, found_m2: float) -> None:
    """Let a source's factor learn from one innovation on a track that it saw last, too.

    Parameters
    ----------
    seen : ndarray of shape (PREPARED,)
        The observation, its covariance after `scale_noise`.
    found_m2
        Squared length of the innovation, less the trace of H P H'.
    """
    claimed = (seen[RXX] + seen[RYY] - 2.0 * source.lasting_m2) / source.noise_factor
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
    source.noise_count = min(source.noise_count + 1.0, NOISE_KEPT)
    share = 1.0 / source.noise_count
    source.noise_found += share * (found - source.noise_found)
    source.noise_claimed += share * (max(claimed, LEAST_CLAIM_M2) - source.noise_claimed)
    factor = source.noise_found / source.noise_claimed
    source.noise_factor = min(max(factor, LEAST_FACTOR), LARGEST_FACTOR)


@inlined
def _note_white(source: Record, found: float, claimed: float) -> None:
    """Keep the means of what is found and claimed, nothing assumed: what a source is judged by."""
    source.white_count = min(source.white_count + 1.0, WHITE_KEPT)
    share = 1.0 / source.white_count
    source.white_m2 += share * (min(found, LARGEST_WHITE_M2) - source.white_m2)
    source.white_claimed_m2 += share * (claimed - source.white_claimed_m2)


@compiled
def learn_lasting(
    source: Record, other: Record, seen: FloatArray, found_m2: float, shared: bool
) -> None:
    """Let two sources learn how lastingly they err, from one's innovation on what the other saw.

    What innovation, H P H' and R leave is the sum of both variances where the track has only the
    other's error in it; in a track that is `shared` already it has the mean of both, and what is
    left is a quarter of the sum.
    """
    noise_m2 = seen[RXX] + seen[RYY] - 2.0 * source.lasting_m2
    both = 0.5 * (found_m2 - noise_m2) * (4.0 if shared else 1.0)
    step = (both - source.lasting_m2 - other.lasting_m2) / (2.0 * LASTING_KEPT)
    for one in (source, other):
        one.lasting_m2 = min(max(one.lasting_m2 + step, one.least_lasting_m2), LARGEST_LASTING_M2)

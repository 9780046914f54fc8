"""What a source's scores are worth, and how sure it is that a track is no ghost.

Detectors score on scales of their own: shares of one, percentages, unbounded logits. So a score
counts by its place among its source's own scores: ``u = (score - mean) / deviation``, and
``log odds = a + b u`` that the observation is of an object. a and b are learned by logistic
regression (stochastic gradient) from what became of the source's observations: how steadily their
tracks are seen tells, without any score, how likely they are of objects.

Hits alone tell an object from chance, not from a wall that looks like a car again and again. Such a
ghost is seen less often and scored lower. So each chance that a source had to see a track gives
evidence, ``ln(Pd / Pf)`` and the score's log odds for a hit, ``ln((1 - Pd) / (1 - Pf))`` for a
miss, with Pf a third of Pd. What a source saw in a row is alike, so the mean of the looks counts,
as often as there were independent ones.
"""

import math

import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.fuse.account import sources_at
from operators.jit import Record, compiled, inlined

FEWEST_SCORES = 20.0  # before so many a scale is not known
SCORES_KEPT = 5000.0  # the scale follows a source whose detector is replaced
LEARNING = 0.01
MOST_WORTH = 3.0
FIRST_A, FIRST_B = 1.0, 1.0
A_RANGE = (-2.0, 3.0)
B_RANGE = (0.2, 3.0)
DETECTION_KEPT = 200.0  # looks over which a source's detection probability is learned
GHOST_SHARE = 1.0 / 3.0
LOOKS_KEPT = 30.0
INDEPENDENT_LOOKS = 3.0
LEARNED_FROM = 10.0  # looks; before, how steadily a track is seen is chance
SECOND_SOURCE = 2.0  # two sources seldom see one ghost


@compiled
def take_scores(source: Record, observations: RecordArray, usable: IntArray) -> None:
    """Let a source's scale of scores learn from a frame (Welford's recurrence)."""
    for j in range(usable.shape[0]):
        score = float(observations[usable[j]].score)
        if not math.isfinite(score):
            continue
        source.scores = min(source.scores + 1.0, SCORES_KEPT)
        off = score - source.score_mean
        source.score_mean += off / source.scores
        source.score_variance += (
            off * (score - source.score_mean) - source.score_variance
        ) / source.scores


@inlined
def place_of(source: Record, score: float) -> float:
    """Place of a score among its source's, in standard deviations; NaN if that is unknown."""
    if source.scores < FEWEST_SCORES or not source.score_variance > 1e-12:
        return math.nan
    return float((score - source.score_mean) / math.sqrt(source.score_variance))


@inlined
def worth_of(source: Record, place: float) -> float:
    """Log odds that an observation is of an object, from its score's place; 0 if unknown."""
    if not math.isfinite(place):
        return 0.0
    odds = source.score_a + source.score_b * place
    return float(min(max(odds, -MOST_WORTH), MOST_WORTH))


@inlined
def learn(source: Record, place: float, is_object: float, times: float) -> None:
    """One step of the logistic regression."""
    if not math.isfinite(place):
        return
    place = min(max(place, -MOST_WORTH), MOST_WORTH)
    odds = source.score_a + source.score_b * place
    step = LEARNING * times * (is_object - 1.0 / (1.0 + math.exp(-odds)))
    source.score_a = min(max(source.score_a + step, A_RANGE[0]), A_RANGE[1])
    source.score_b = min(max(source.score_b + step * place, B_RANGE[0]), B_RANGE[1])


@compiled
def learn_from_the_dead(tracks: RecordArray, n: int, gone: BoolArray, sources: RecordArray) -> None:
    """Let the sources of tracks that died tentative learn that they were of nothing."""
    for slot in range(n):
        track = tracks[slot]
        if gone[slot] and not track.confirmed and track.placed > 0.0:
            learn(sources[track.placed_slot], track.place_sum / track.placed, 0.0, track.placed)


@inlined
def learn_detection(source: Record, seen: float) -> None:
    """Let a source's detection probability learn from one look at a confirmed track."""
    source.detection += (seen - source.detection) / DETECTION_KEPT
    source.detection = min(max(source.detection, 0.3), 0.99)


@inlined
def look(track: Record, evidence: float, worth: float) -> None:
    """Take the evidence of one look, and what a score adds to it, into the means of the track's."""
    track.looks = np.float32(min(track.looks + 1.0, LOOKS_KEPT))
    track.steadiness += np.float32((evidence - track.steadiness) / track.looks)
    track.quality += np.float32((evidence + worth - track.quality) / track.looks)


@inlined
def look_and_see(
    track: Record, source: Record, slot: int, observation: Record, worth: float
) -> None:
    """Count that a source saw the track, with the worth of the observation."""
    track.vain_looks = 0
    look(track, -math.log(GHOST_SHARE), worth)
    place = place_of(source, float(observation.score))
    if math.isfinite(place) and track.placed < LOOKS_KEPT:
        track.placed += np.float32(1.0)
        track.place_sum += np.float32(place)
        track.placed_slot = slot
    if math.isfinite(place) and track.looks >= LEARNED_FROM:
        odds = float(track.prior_odds) + INDEPENDENT_LOOKS * float(track.steadiness)
        learn(source, place, 1.0 / (1.0 + math.exp(-odds)), 1.0)
    if track.confirmed:
        learn_detection(source, 1.0)


@inlined
def look_in_vain(track: Record, source: Record, share: float) -> None:
    """Count that a source did not see the track; `share` 1 if it saw it lately, else less."""
    if share == 0.0:
        return
    track.vain_looks += 1
    detection = source.detection
    look(track, share * math.log((1.0 - detection) / (1.0 - GHOST_SHARE * detection)), 0.0)
    if track.confirmed and share == 1.0:
        learn_detection(source, 0.0)


@inlined
def log_odds_of_object(track: Record, at_us: int) -> float:
    """Log odds that a track is of an object and not of a ghost."""
    odds = float(track.prior_odds) + float(track.quality) * min(
        float(track.looks), INDEPENDENT_LOOKS
    )
    seen = sources_at(track, at_us)
    if seen & (seen - np.uint64(1)) != 0:
        odds += SECOND_SOURCE
    return odds


@compiled
def worths(
    source: Record, observations: RecordArray, usable: IntArray, seen: FloatArray, column: int
) -> None:
    """Fill a column of the prepared observations with their worths."""
    for j in range(usable.shape[0]):
        place = place_of(source, float(observations[usable[j]].score))
        seen[j, column] = worth_of(source, place)

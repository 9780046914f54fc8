"""Where MOTA is lost: when the truth was missed, and on which tracks false boxes lie."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.metrics.average import averages
from benchmarks.metrics.boxes import Boxes
from benchmarks.metrics.clear import Clear, Scene
from operators._typing import BoolArray, FloatArray, IntArray


class Budget(NamedTuple):
    """Shares of the truth's boxes, which with the switches add up to 1 - MOTA; and two others.

    Parameters
    ----------
    missed_always, missed_before, missed_between, missed_after
        Missed boxes of objects without any match; of others before their first match, between
        matches, behind the last.
    false_tracks, false_boxes
        False boxes of tracks most of whose boxes are false; of other tracks.
    amota_ranked
        AMOTA if tracks were ranked by their share of matched boxes, of equal ones the longer first.
    score_loss
        Mean logarithmic loss of the scores as chances to be matched, see `score_loss`.
    """

    missed_always: float
    missed_before: float
    missed_between: float
    missed_after: float
    false_tracks: float
    false_boxes: float
    amota_ranked: float
    score_loss: float


def budget(scene: Scene, found: Clear) -> Budget:
    """Losses of a sequence; `found` is `scene.clear()`."""
    truth, tracks = scene.truth, scene.tracks
    matched = np.zeros(len(truth), np.bool_)
    matched[found.truth_row] = True
    missed = np.bincount(_when(truth, matched)[~matched], minlength=4) / max(1, len(truth))
    hit = np.zeros(len(tracks), np.bool_)
    hit[found.track_row] = True
    boxes = np.bincount(tracks.identity, minlength=tracks.identities)
    share = np.bincount(tracks.identity, hit, tracks.identities) / np.maximum(1, boxes)
    mostly_false = (share < 0.5)[tracks.identity]
    lost = [(~hit & mostly_false).sum(), (~hit & ~mostly_false).sum()]
    # no two tracks alike: those of equal score enter together, which lifts AMOTA
    rank = np.empty(len(share))
    rank[np.lexsort((boxes, share))] = np.arange(len(share))
    ranked = Scene(truth, replace(tracks, score=rank[tracks.identity]), scene.pairs)
    return Budget(
        *missed.tolist(),
        *(float(boxes_lost / max(1, len(truth))) for boxes_lost in lost),
        averages(ranked, found).amota,
        score_loss(tracks.score, hit),
    )


def _when(truth: Boxes, matched: BoolArray) -> IntArray:
    """0 for boxes of objects without a match, 1 before the first, 2 between, 3 after the last."""
    n = truth.identities
    first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    np.minimum.at(first, truth.identity[matched], truth.frame[matched])
    np.maximum.at(last, truth.identity[matched], truth.frame[matched])
    first, last = first[truth.identity], last[truth.identity]
    when: IntArray = np.select([last < 0, truth.frame < first, truth.frame <= last], [0, 1, 2], 3)
    return when


def score_loss(score: FloatArray, hit: BoolArray) -> float:
    """Mean logarithmic loss of scores as chances to be matched; NaN if they are none (not 0..1).

    Parameters
    ----------
    score, hit : ndarrays of shape (n,)
        Of each box; whether it was matched.
    """
    if not len(score) or not (score.min() >= 0.0 and score.max() <= 1.0):
        return np.nan
    chance = np.where(hit, score, 1.0 - score)
    return float(-np.log(np.maximum(chance, 1e-3)).mean())

"""AMOTA, sAMOTA and AMOTP (Weng, Wang, Held, Kitani, 2020): CLEAR over recall.

A track's score is the mean over its boxes, and sets its place: for each of 40 recall steps the
threshold on it is sought at which that share of the truth is matched, and CLEAR is counted with the
tracks above. A recall that is never reached counts as 0. With every miss counted, MOTA at recall r
is r at most, so AMOTA is 51.25 % at most; only tracks of equal score, which enter together, can
lift it above (scores that rank nothing make it MOTA).
"""

from typing import NamedTuple

import numpy as np

from benchmarks.metrics.boxes import Boxes
from benchmarks.metrics.clear import Clear, Scene
from operators._typing import FloatArray

STEPS = 40


class Averages(NamedTuple):
    """Shares, 0 to 1 (MOTA may be below 0).

    Parameters
    ----------
    amota, samota, amotp
        Means over the recall steps of MOTA, of MOTA scaled to the recall and cut to 0..1, of MOTP.
    amota_all_false
        AMOTA if the false boxes of all tracks counted at each step, also of those below.
    best_mota, best_score
        The greatest MOTA over thresholds (none among them), and the threshold that gives it.
    """

    amota: float
    samota: float
    amotp: float
    amota_all_false: float
    best_mota: float
    best_score: float


def mean_scores(tracks: Boxes) -> FloatArray:
    """Mean score of each track, by identity."""
    total = np.bincount(tracks.identity, tracks.score, tracks.identities)
    boxes = np.bincount(tracks.identity, minlength=tracks.identities)
    scores: FloatArray = total / np.maximum(1, boxes)
    return scores


def averages(scene: Scene, all_tracks: Clear, steps: int = STEPS) -> Averages:
    """Averages over recall; `all_tracks` is `scene.clear()`."""
    scores = mean_scores(scene.tracks)
    counted = {-np.inf: all_tracks}
    amota = samota = amotp = strict = 0.0
    for step, threshold in enumerate(_thresholds(scene, scores, all_tracks, steps), 1):
        if threshold not in counted:
            counted[threshold] = scene.clear(scores >= threshold)
        one, recall = counted[threshold], step / steps
        amota += one.mota
        samota += _scaled(one, recall)
        amotp += one.motp
        strict += one.mota_with(all_tracks.false)
    best_score, best = max(counted.items(), key=lambda item: item[1].mota)
    return Averages(
        amota / steps, samota / steps, amotp / steps, strict / steps, best.mota, float(best_score)
    )


def _thresholds(scene: Scene, scores: FloatArray, found: Clear, steps: int) -> list[float]:
    """Least track score at each recall step that is reached, in order of recall."""
    track = scene.tracks.identity[found.track_row]
    ranked = np.sort(scores[track])[::-1]
    wanted = np.rint(np.arange(1, steps + 1) / steps * found.truths).astype(np.int64)
    wanted = np.maximum(wanted, 1)
    return [float(ranked[n - 1]) for n in wanted.tolist() if n <= len(ranked)]


def _scaled(found: Clear, recall: float) -> float:
    wrong = found.false + found.misses + found.switches
    truths = max(1, found.truths)
    scaled = 1.0 - (wrong - (1.0 - recall) * truths) / (recall * truths)
    return min(1.0, max(0.0, scaled))

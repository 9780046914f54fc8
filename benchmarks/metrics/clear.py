"""CLEAR MOT (Bernardin, Stiefelhagen, 2008): MOTA, MOTP, switches, fragmentations.

A pair that was matched stays matched as long as it is near enough; what is left is assigned anew,
as many pairs as can be and then with the greatest similarity. A switch is a match with another
track than the last one of the object, however long ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.metrics.boxes import Boxes, Pairs
from operators._typing import BoolArray, IntArray

Candidate = tuple[int, int, float]  # row of the truth, row of the track, similarity


@dataclass(frozen=True, slots=True)
class Clear:
    """Counts over a sequence.

    Parameters
    ----------
    truths, false, switches, fragmentations
        Boxes of the truth; of tracks without a match; changes of track; interruptions.
    truth_row, track_row : ndarrays of shape (m,)
        The matches.
    similarity
        Sum over the matches.
    """

    truths: int
    false: int
    switches: int
    fragmentations: int
    truth_row: IntArray
    track_row: IntArray
    similarity: float

    @property
    def matches(self) -> int:
        """Boxes of the truth that a track was matched with."""
        return len(self.truth_row)

    @property
    def misses(self) -> int:
        """Boxes of the truth without a match."""
        return self.truths - self.matches

    @property
    def recall(self) -> float:
        """Share of the truth's boxes that are matched."""
        return self.matches / max(1, self.truths)

    @property
    def precision(self) -> float:
        """Share of the tracks' boxes that are matched."""
        return self.matches / max(1, self.matches + self.false)

    @property
    def mota(self) -> float:
        """1 - (misses + false + switches) / truths."""
        return self.mota_with(self.false)

    def mota_with(self, false: int) -> float:
        """MOTA if that many false boxes had been there."""
        return 1.0 - (self.misses + false + self.switches) / max(1, self.truths)

    @property
    def motp(self) -> float:
        """Mean similarity of the matches."""
        return self.similarity / max(1, self.matches)


class Scene:
    """Truth and tracks of one sequence, with the pairs of them that may be matched."""

    def __init__(self, truth: Boxes, tracks: Boxes, near: Pairs) -> None:
        self.truth = truth
        self.tracks = tracks
        self.pairs = near
        rows = list(
            zip(near.truth.tolist(), near.track.tolist(), near.similarity.tolist(), strict=True)
        )
        frame = truth.frame[near.truth]
        ends = [*(np.flatnonzero(np.diff(frame)) + 1).tolist(), len(rows)]
        self._frames = [rows[a:b] for a, b in zip([0, *ends], ends, strict=False)]
        self._object_of: list[int] = truth.identity.tolist()
        self._track_of: list[int] = tracks.identity.tolist()

    def clear(self, kept: BoolArray | None = None) -> Clear:
        """Count over the sequence; `kept` says of each track whether it is there (default: all)."""
        keep = np.ones(self.tracks.identities, np.bool_) if kept is None else kept
        stays = keep.tolist()
        held: dict[int, int] = {}
        matches: list[Candidate] = []
        switches = 0
        for frame in self._frames:
            candidates = [one for one in frame if stays[self._track_of[one[1]]]]
            for one in self._matched(candidates, held):
                thing, track = self._object_of[one[0]], self._track_of[one[1]]
                switches += held.get(thing, track) != track
                held[thing] = track
                matches.append(one)
        truth_row = np.array([one[0] for one in matches], np.int64)
        return Clear(
            len(self.truth),
            int(keep[self.tracks.identity].sum()) - len(matches),
            switches,
            _interruptions(self.truth, truth_row),
            truth_row,
            np.array([one[1] for one in matches], np.int64),
            sum(one[2] for one in matches),
        )

    def _matched(self, candidates: list[Candidate], held: dict[int, int]) -> list[Candidate]:
        matched: list[Candidate] = []
        objects: set[int] = set()
        tracks: set[int] = set()
        for i, j, similarity in candidates:
            if held.get(self._object_of[i]) == self._track_of[j] and j not in tracks:
                matched.append((i, j, similarity))
                objects.add(i)
                tracks.add(j)
        left = [one for one in candidates if one[0] not in objects and one[1] not in tracks]
        return matched + assigned(left)


def assigned(candidates: Sequence[Candidate]) -> list[Candidate]:
    """One-to-one pairs among the candidates: as many as can be, then most similar."""
    objects = {i: k for k, i in enumerate(dict.fromkeys(one[0] for one in candidates))}
    tracks = {j: k for k, j in enumerate(dict.fromkeys(one[1] for one in candidates))}
    if len(objects) == len(candidates) == len(tracks):
        return list(candidates)
    cost = np.full((len(objects), len(tracks)), 2.0 * len(candidates))
    known = {}
    for i, j, similarity in candidates:
        cost[objects[i], tracks[j]] = 1.0 - similarity
        known[objects[i], tracks[j]] = (i, j, similarity)
    chosen = zip(*(side.tolist() for side in linear_sum_assignment(cost)), strict=True)
    return [known[cell] for cell in chosen if cell in known]


def _interruptions(truth: Boxes, matched_rows: IntArray) -> int:
    """Times that a matched object is then missed and later matched again."""
    matched = np.zeros(len(truth), np.bool_)
    matched[matched_rows] = True
    order = np.lexsort((truth.frame, truth.identity))
    hits = order[matched[order]]
    place = np.empty(len(truth), np.int64)
    place[order] = np.arange(len(truth))
    same = np.diff(truth.identity[hits]) == 0
    return int((same & (np.diff(place[hits]) > 1)).sum())

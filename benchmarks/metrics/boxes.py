"""Boxes of a whole sequence as columns, and the pairs of them that lie near each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from benchmarks.metrics.overlap import overlaps
from operators._typing import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Boxes:
    """n boxes at the instants of a sequence; NaN where a number is not known.

    Parameters
    ----------
    frame : ndarray of shape (n,)
        Index of the instant, ascending.
    identity : ndarray of shape (n,)
        Track or object, numbered from 0 (`numbered`).
    centre_m, size_m : ndarrays of shape (n, 3)
        Middle of the box; length, width, height.
    heading_rad, score : ndarrays of shape (n,)
        Counter-clockwise from +x; any scale, higher is surer.
    velocity_mps : ndarray of shape (n, 2)
    covariance_m2 : ndarray of shape (n, 2, 2)
        Of the position.
    """

    frame: IntArray
    identity: IntArray
    centre_m: FloatArray
    size_m: FloatArray
    heading_rad: FloatArray
    score: FloatArray
    velocity_mps: FloatArray
    covariance_m2: FloatArray

    def __len__(self) -> int:
        """Count the boxes."""
        return len(self.frame)

    @property
    def identities(self) -> int:
        """Number of tracks or objects."""
        return int(self.identity.max()) + 1 if len(self) else 0

    def numbered(self) -> Self:
        """The same with identities 0, 1, 2, ... in the order of the ids."""
        if not len(self):
            return self
        return replace(self, identity=np.unique(self.identity, return_inverse=True)[1])


class Pairs(NamedTuple):
    """m pairs of a truth and a track box of one instant, in order of frame, truth, track.

    Shapes (m,); similarity in (0, 1].
    """

    truth: IntArray
    track: IntArray
    similarity: FloatArray

    def at_least(self, least: float) -> "Pairs":
        """Pairs with at least that similarity."""
        near = self.similarity >= least
        return Pairs(self.truth[near], self.track[near], self.similarity[near])


Similarity = Callable[[Boxes, IntArray, Boxes, IntArray], FloatArray]


def pairs(truth: Boxes, tracks: Boxes, similarity: Similarity) -> Pairs:
    """All pairs of one instant whose similarity is above 0."""
    i, j = _together(truth.frame, tracks.frame)
    found = similarity(truth, i, tracks, j)
    some = found > 0.0
    return Pairs(i[some], j[some], found[some])


def closeness(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray) -> FloatArray:
    """1 - d / 4 m of the horizontal centre distance d, at least 0: 0.5 stands for 2 m."""
    away = truth.centre_m[i, :2] - tracks.centre_m[j, :2]
    closeness: FloatArray = np.maximum(0.0, 1.0 - np.hypot(away[:, 0], away[:, 1]) / 4.0)
    return closeness


def closeness_to_body(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray) -> FloatArray:
    """The same of the distance from the track's point to the true box, 0 m inside it.

    For sources that see a point of a body and not how large it is.
    """
    away = tracks.centre_m[j, :2] - truth.centre_m[i, :2]
    cos, sin = np.cos(truth.heading_rad[i]), np.sin(truth.heading_rad[i])
    along, across = away[:, 0] * cos + away[:, 1] * sin, away[:, 1] * cos - away[:, 0] * sin
    beyond = np.abs(np.column_stack((along, across))) - truth.size_m[i, :2] / 2.0
    outside = np.hypot(*np.maximum(beyond, 0.0).T)
    closeness: FloatArray = np.maximum(0.0, 1.0 - outside / 4.0)
    return closeness


def iou_3d(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray) -> FloatArray:
    """Shared volume over joint volume of upright boxes; 0 where one lacks a number."""
    return _iou(truth, i, tracks, j, solid=True)


def iou_bev(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray) -> FloatArray:
    """Shared area over joint area in bird's eye view; 0 where one lacks a number."""
    return _iou(truth, i, tracks, j, solid=False)


def _iou(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray, *, solid: bool) -> FloatArray:
    found = np.zeros(len(i))
    near = _may_touch(truth, i, tracks, j)
    i, j = i[near], j[near]
    one, other = truth.size_m[i], tracks.size_m[j]
    shared = overlaps(
        truth.centre_m[i, :2],
        one[:, :2],
        truth.heading_rad[i],
        tracks.centre_m[j, :2],
        other[:, :2],
        tracks.heading_rad[j],
    )
    joint = one[:, 0] * one[:, 1], other[:, 0] * other[:, 1]
    if solid:
        shared = shared * _shared_height(truth.centre_m[i, 2], one, tracks.centre_m[j, 2], other)
        joint = joint[0] * one[:, 2], joint[1] * other[:, 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        found[near] = np.nan_to_num(shared / (joint[0] + joint[1] - shared))
    return found


def _shared_height(
    z_m: FloatArray, size_m: FloatArray, other_z_m: FloatArray, other_m: FloatArray
) -> FloatArray:
    top = np.minimum(z_m + size_m[:, 2] / 2.0, other_z_m + other_m[:, 2] / 2.0)
    bottom = np.maximum(z_m - size_m[:, 2] / 2.0, other_z_m - other_m[:, 2] / 2.0)
    shared: FloatArray = np.maximum(0.0, top - bottom)
    return shared


def _may_touch(truth: Boxes, i: IntArray, tracks: Boxes, j: IntArray) -> BoolArray:
    """Whether the circles about the boxes touch; False where a number is not known."""
    reach = (np.hypot(*truth.size_m[i, :2].T) + np.hypot(*tracks.size_m[j, :2].T)) / 2.0
    away = np.hypot(*(truth.centre_m[i, :2] - tracks.centre_m[j, :2]).T)
    touch: BoolArray = (away < reach) & ~np.isnan(truth.heading_rad[i] + tracks.heading_rad[j])
    return touch


def _together(one: IntArray, other: IntArray) -> tuple[IntArray, IntArray]:
    """Index pairs of equal entries of two ascending arrays."""
    first = np.searchsorted(other, one, "left")
    counts = np.searchsorted(other, one, "right") - first
    i = np.repeat(np.arange(len(one)), counts)
    within = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts)
    return i, np.repeat(first, counts) + within

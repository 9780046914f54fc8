"""The figures that every scenario shows, and what a row of the table demands of them."""

from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from benchmarks.metrics.boxes import Boxes, closeness, pairs
from benchmarks.metrics.clear import Clear, Scene
from benchmarks.metrics.error import errors
from benchmarks.metrics.gospa import gospa
from benchmarks.metrics.hota import hota
from operators._typing import BoolArray, FloatArray

HALF_M = 80.0  # scored is what lies within this of the origin, along each axis
ANEES = (0.8, 1.5)
Inside = Callable[[FloatArray], BoolArray]


class Score(NamedTuple):
    """Figures of one run; matches are by centres within 2 m.

    Parameters
    ----------
    gospa_m, hota, switches, rmse_m, anees, velocity_mps
        As in `benchmarks.metrics`.
    missed, false
        Share of the truth without a track; share of the shown rows without an object.
    bias_m
        Length of the mean error: what all tracks are off alike.
    objects
        Distinct objects in the truth.
    """

    gospa_m: float
    hota: float
    switches: int
    rmse_m: float
    anees: float
    missed: float
    false: float
    bias_m: float
    velocity_mps: float
    objects: int


class Demand(NamedTuple):
    """A figure and the range that it must lie in; NaN was not measured and lies nowhere."""

    what: str
    measured: float
    least: float
    most: float

    @property
    def reached(self) -> bool:
        """Whether it lies in the range."""
        return self.least <= self.measured <= self.most

    @property
    def asked(self) -> str:
        """The range in words."""
        if np.isinf(self.most):
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if np.isinf(-self.least) else f"{self.least:g} .. {self.most:g}"


def at_most(what: str, measured: float, most: float) -> Demand:
    """A figure with an upper bound."""
    return Demand(what, float(measured), -np.inf, most)


def at_least(what: str, measured: float, least: float) -> Demand:
    """A figure with a lower bound."""
    return Demand(what, float(measured), least, np.inf)


def honest(score: Score) -> Demand:
    """ANEES as demanded in every scenario."""
    return Demand("ANEES", score.anees, *ANEES)


def near(on: Score, off: Score) -> Demand:
    """Position RMSE within 10 % of the run without the fault."""
    return at_most("RMSE / without fault", on.rmse_m / off.rmse_m, 1.10)


def as_good(on: Score, off: Score) -> Demand:
    """GOSPA within 10 % of the run without the fault."""
    return at_most("GOSPA / without fault", on.gospa_m / off.gospa_m, 1.10)


def within(boxes: Boxes, inside: Inside) -> Boxes:
    """The boxes whose middle lies in a region."""
    return chosen(boxes, inside(boxes.centre_m[:, :2]))


def chosen(boxes: Boxes, rows: BoolArray) -> Boxes:
    """Some of the boxes, numbered anew."""
    return Boxes(*(getattr(boxes, one.name)[rows] for one in fields(Boxes))).numbered()


def middle(places_m: FloatArray) -> BoolArray:
    """Whether a place lies in the square that is scored."""
    inside: BoolArray = np.abs(places_m).max(axis=1, initial=0.0) <= HALF_M
    return inside


def score(truth: Boxes, tracks: Boxes, n_instants: int, inside: Inside = middle) -> Score:
    """Figures of tracks against the truth in a region."""
    truth, tracks = within(truth, inside), within(tracks, inside)
    every = pairs(truth, tracks, closeness)
    clear = Scene(truth, tracks, every.at_least(0.5)).clear()
    off = errors(truth, tracks, clear)
    return Score(
        gospa_m=_mean_gospa(truth, tracks, n_instants),
        hota=float(hota(Scene(truth, tracks, every)).hota.mean()),
        switches=clear.switches,
        rmse_m=off.rmse_m,
        anees=off.anees,
        missed=1.0 - clear.recall,
        false=clear.false / max(1, len(tracks)),
        bias_m=_bias_m(truth, tracks, clear),
        velocity_mps=off.velocity_mps,
        objects=truth.identities,
    )


def _bias_m(truth: Boxes, tracks: Boxes, clear: Clear) -> float:
    if not clear.matches:
        return float("nan")
    off = tracks.centre_m[clear.track_row, :2] - truth.centre_m[clear.truth_row, :2]
    return float(np.hypot(*off.mean(axis=0)))


def _mean_gospa(truth: Boxes, tracks: Boxes, n: int) -> float:
    def parts(boxes: Boxes) -> list[FloatArray]:
        ends = np.searchsorted(boxes.frame, np.arange(1, n))
        return np.split(boxes.centre_m[:, :2], ends)

    both = zip(parts(truth), parts(tracks), strict=True)
    return float(np.mean([gospa(one, other).distance for one, other in both]))

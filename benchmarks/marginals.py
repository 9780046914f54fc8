"""Marginal association probabilities against the hard choice, in scenes that are ambiguous.

    python -m benchmarks.marginals [--seeds 8]

Walkers who meet on a crossing, queues at a red light that start, and the 200 targets of
`benchmarks.tracker_scenario`, each tracked twice: as the tracker does it, and with joint
probabilistic data association (Fortmann, Bar-Shalom, Scheffe, Sonar tracking of multiple targets
using joint probabilistic data association, IEEE JOE 8(3), 1983) in each component of 2 to 8
confirmed tracks. The marginals are exact: a sum over sets of observations that are taken, track
after track, forwards and backwards. A track takes the mean of its component's observations with
what they scatter, weighted by its marginals, instead of the one that it was given; which track an
observation belongs to is not changed. Decision 18 is made by this.
"""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks.tracker_scenario import START_US, STEP_US, Scene, Score, frame_of, make_scene, score
from operators import tracker
from operators._typing import BoolArray, FloatArray, IntArray
from operators.associate.assign import _group, _take_alone, _worthwhile
from operators.frame import ObjectClass
from operators.fuse import one_frame
from operators.gaussian import OX, OY, RXX, RXY, RYY
from operators.parameters import Parameters

LARGEST = 8  # tracks, and observations, of a component
CLEAR = 0.99  # a marginal beyond which nothing is ambiguous


@njit(cache=False)
def _forwards(weights: FloatArray, missed: FloatArray) -> FloatArray:
    """Sums over the tracks before each, by the set of observations that they take."""
    n, m = weights.shape
    made = np.zeros((n + 1, 1 << m))
    made[0, 0] = 1.0
    for i in range(n):
        for taken in range(1 << m):
            made[i + 1, taken] += made[i, taken] * missed[i]
            for j in range(m):
                if not (taken >> j) & 1:
                    made[i + 1, taken | (1 << j)] += made[i, taken] * weights[i, j]
    return made


@njit(cache=False)
def _backwards(weights: FloatArray, missed: FloatArray) -> FloatArray:
    """Sums over each track and those after it, by the set of observations already taken."""
    n, m = weights.shape
    made = np.ones((n + 1, 1 << m))
    for i in range(n - 1, -1, -1):
        for taken in range(1 << m):
            made[i, taken] = made[i + 1, taken] * missed[i]
            for j in range(m):
                if not (taken >> j) & 1:
                    made[i, taken] += weights[i, j] * made[i + 1, taken | (1 << j)]
    return made


@njit(cache=False)
def marginals(weights: FloatArray, missed: FloatArray) -> FloatArray:
    """Probability of each pair over all ways to assign.

    Parameters
    ----------
    weights : ndarray of shape (n, m)
        Likelihood of each pair, 0 if it is none.
    missed : ndarray of shape (n,)
        Of each track without an observation, on the same scale.

    Returns
    -------
    ndarray of shape (n, m)
        What a row lacks of 1 is the probability of no observation.
    """
    before, after = _forwards(weights, missed), _backwards(weights, missed)
    n, m = weights.shape
    made = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            for taken in range(1 << m):
                if not (taken >> j) & 1:
                    made[i, j] += before[i, taken] * after[i + 1, taken | (1 << j)]
            made[i, j] *= weights[i, j] / after[0, 0]
    return made


def blend(seen: FloatArray, shares: FloatArray) -> FloatArray:
    """One observation that stands for several: their mean and what they scatter.

    Parameters
    ----------
    seen : ndarray of shape (m, PREPARED)
    shares : ndarray of shape (m,)
        Marginals of one track; what they lack of 1 widens the covariance.
    """
    total = float(shares.sum())
    part = shares / total
    made = seen[int(np.argmax(shares))].copy()
    made[OX], made[OY] = part @ seen[:, OX], part @ seen[:, OY]
    dx, dy = seen[:, OX] - made[OX], seen[:, OY] - made[OY]
    made[RXX] = part @ (seen[:, RXX] + dx * dx) / total
    made[RXY] = part @ (seen[:, RXY] + dx * dy) / total
    made[RYY] = part @ (seen[:, RYY] + dy * dy) / total
    return made


class Frames:
    """The frame's kernel with its parts in Python, so that one step can be put between."""

    def __init__(self) -> None:
        self.parts = one_frame.take_frame.py_func.__globals__
        self.kept = {name: self.parts[name] for name in ("gate", "assign", "_miss_costs")}
        self.seen: FloatArray = np.empty((0, 0))
        self.ranked: BoolArray = np.empty(0, np.bool_)
        self.blended = 0

    def __enter__(self) -> "Frames":
        self.parts.update(gate=self.gate, assign=self.assign, _miss_costs=self.miss_costs)
        tracker.take_frame, self.compiled = self.take, tracker.take_frame
        return self

    def __exit__(self, *_: object) -> None:
        self.parts.update(self.kept)
        tracker.take_frame = self.compiled

    def take(self, *arguments: Any) -> IntArray:
        given = list(arguments)
        for k in (2, 9):  # sources and facts of the frame, whose fields are read by name
            given[k] = given[k].view(np.recarray)
        found: IntArray = one_frame.take_frame.py_func(*given)
        return found

    def gate(self, ahead: FloatArray, keys: Any, seen: FloatArray, *rest: Any) -> Any:
        self.seen = seen
        return self.kept["gate"](ahead, keys, seen, *rest)

    def miss_costs(self, tracks: Any, slots: IntArray, at_us: int, *rest: Any) -> FloatArray:
        fresh = at_us - tracks["last_us"][slots] <= one_frame.FRESH_US
        self.ranked = fresh & (tracks["confirmed"][slots] == 1)
        cost: FloatArray = self.kept["_miss_costs"](tracks, slots, at_us, *rest)
        return cost

    def assign(
        self, degree: IntArray, target: IntArray, cost: FloatArray, miss_cost: FloatArray, m: int
    ) -> IntArray:
        """The hard choice; observations of ambiguous components are blended in place."""
        chosen: IntArray = self.kept["assign"](degree, target, cost, miss_cost, m)
        rows, columns = _worthwhile(degree, cost, miss_cost)
        _, rows, columns = _take_alone(rows, columns, target, len(degree), m)
        starts = _group(rows, columns, target, len(degree), m)
        was = self.seen.copy()
        for low, high in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            pairs = rows[low:high], columns[low:high]
            self._soften(*pairs, target, cost, miss_cost, chosen, was)
        return chosen

    def _soften(
        self,
        rows: IntArray,
        columns: IntArray,
        target: IntArray,
        cost: FloatArray,
        miss_cost: FloatArray,
        chosen: IntArray,
        was: FloatArray,
    ) -> None:
        tracks, i = np.unique(rows, return_inverse=True)
        places, j = np.unique(target[rows, columns], return_inverse=True)
        fits = 2 <= len(tracks) <= LARGEST and len(places) <= LARGEST
        if not (fits and self.ranked[tracks].all()):
            return
        least = cost[rows, columns].min()
        weights = np.zeros((len(tracks), len(places)))
        weights[i, j] = np.exp(-0.5 * (cost[rows, columns] - least))
        alone = miss_cost[tracks] - one_frame.CONFIRMED_RANK - least
        shares = marginals(weights, np.exp(-0.5 * alone))
        for k, track in enumerate(tracks.tolist()):
            if chosen[track] >= 0 and shares[k].sum() > 0.05 and shares[k].max() < CLEAR:
                self.seen[target[track, chosen[track]]] = blend(was[places], shares[k])
                self.blended += 1


def walkers(seed: int) -> Scene:
    """Twelve who cross a road from both sides within four metres, sigma 0.3 m."""
    rng = np.random.default_rng(seed)
    t, paths = np.arange(300) * STEP_US / 1e6, []
    for k in range(12):
        speed, late_s = rng.uniform(1.0, 1.6), rng.uniform(0.0, 2.0)
        x = (1.0 if k % 2 else -1.0) * (-16.0 + speed * (t - late_s))
        y = rng.uniform(-2.0, 2.0) + 0.047 * np.cumsum(rng.normal(0.0, 0.3, len(t)))
        paths.append(np.column_stack((x, y)) + 500.0)
    return _observed(rng, np.stack(paths, 1), 0.3)


def queues(seed: int) -> Scene:
    """Three lanes of eight cars that stand 6.5 m apart and start one after another, 0.7 m."""
    rng = np.random.default_rng(seed)
    t, paths = np.arange(400) * STEP_US / 1e6, []
    for lane in range(3):
        for k in range(8):
            gone_s = np.maximum(t - 20.0 - 1.2 * k, 0.0)
            way = 0.75 * np.minimum(gone_s, 6.0) ** 2 + 9.0 * np.maximum(gone_s - 6.0, 0.0)
            paths.append(np.column_stack((way - 6.5 * k, np.full(len(t), 3.2 * lane))) + 500.0)
    return _observed(rng, np.stack(paths, 1), 0.7)


def _observed(rng: np.random.Generator, truth: FloatArray, sigma_m: float) -> Scene:
    low, high = truth.reshape(-1, 2).min(0), truth.reshape(-1, 2).max(0)
    seen = []
    for places in truth:
        hits = places[rng.random(len(places)) < 0.95]
        false = rng.uniform(low, high, (rng.poisson(0.5), 2))
        seen.append(np.vstack((hits + rng.normal(0.0, sigma_m, hits.shape), false)))
    return Scene(truth, seen)


class Kind(NamedTuple):
    make: Callable[[int], Scene]
    object_class: ObjectClass
    sigma_m: float


KINDS = {
    "walkers": Kind(walkers, ObjectClass.PEDESTRIAN, 0.3),
    "queues": Kind(queues, ObjectClass.CAR, 0.7),
    "200 targets": Kind(lambda seed: make_scene(200, 20.0, seed), ObjectClass.UNKNOWN, 0.5),
}


def fused(scene: Scene, kind: Kind) -> Score:
    """Score of what is shown after each frame, from 5 s on."""
    state, pictures = tracker.empty(), []
    for k, places in enumerate(scene.seen):
        frame = frame_of(places, START_US + k * STEP_US)
        frame.observations["object_class"] = kind.object_class
        frame.observations["cov_xx_m2"] = frame.observations["cov_yy_m2"] = kind.sigma_m**2
        tracker.advance(state, frame, Parameters())
        rows = tracker.rows(state, frame.event_time_us)
        rows = rows[rows["confirmed"] == 1]
        pictures.append((rows["track_id"].copy(), np.column_stack((rows["x_m"], rows["y_m"]))))
    return score(scene.truth, pictures, 50)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marginals")
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    print(f"{'scene':13}{'choice':>8}{'GOSPA':>8}{'RMSE m':>8}{'missed':>8}{'switches':>9}")
    for name, kind in KINDS.items():
        scenes = [kind.make(seed) for seed in range(seeds)]
        hard = [fused(scene, kind) for scene in scenes]
        with Frames():
            soft = [fused(scene, kind) for scene in scenes]
        for choice, found in (("hard", hard), ("soft", soft)):
            gospa, rmse_m, missed, _, _ = np.mean(found, axis=0)
            switches = sum(one.switches for one in found)
            print(f"{name:13}{choice:>8}{gospa:8.3f}{rmse_m:8.3f}{missed:8.2f}{switches:9d}")


if __name__ == "__main__":
    main()

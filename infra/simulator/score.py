"""Scores of fused rows against the truth. Nothing of the sensors' own ids enters.

Definitions, all at a gate of 3 m:

- *matching*: at each tick, the one-to-one assignment of rows to the objects on the road that has
  the most pairs within the gate and, of those, the least total distance; a pair of the track's
  last matched tick counts as 0.5 m closer, so that two people side by side are not exchanged by
  noise alone.
- *in view*: within the view of at least one source and not hidden (geometry, not luck).
- *eligible object*: in view for 2 s in all or longer.
- *track of an object*: the object to which most of the track's rows were matched.

Rows outside the time of the truth are left out. A row near an object that another row already
holds is a duplicate, not a false row.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from infra.simulator.frames import CLUTTER, SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.truth import Truth
from operators._typing import BoolArray, FloatArray, IntArray

GATE_M = 3.0
ELIGIBLE_S = 2.0
CONTINUITY_M = 0.5


@dataclass(frozen=True, slots=True)
class FusedRows:
    """Fused states, one row a confirmed track and tick, in any order.

    Parameters
    ----------
    time_us, track_id, object_class : ndarrays of shape (n,)
        Tick in UTC microseconds; any integers that tell tracks apart; `ObjectClass`.
    x_m, y_m : ndarrays of shape (n,)
        Box centre in the truth's local metres.
    sources : sequence of n collections of source ids
        Who contributed to the row.
    """

    time_us: IntArray
    track_id: IntArray
    object_class: IntArray
    x_m: FloatArray
    y_m: FloatArray
    sources: Sequence[Iterable[str]]

    @classmethod
    def from_wgs84(
        cls,
        placement: Placement,
        time_us: IntArray,
        track_id: IntArray,
        object_class: IntArray,
        lat_deg: FloatArray,
        lon_deg: FloatArray,
        sources: Sequence[Iterable[str]],
    ) -> Self:
        """Rows from latitude and longitude; heights are taken as the placement's."""
        alt = np.full(len(lat_deg), placement.alt_m)
        x, y, _ = placement.wgs84_to_local(lat_deg, lon_deg, alt)
        return cls(time_us, track_id, object_class, x, y, sources)

    def within(self, first_us: int, last_us: int) -> "FusedRows":
        """Rows of the ticks from `first_us` to `last_us`, ordered by tick."""
        order = np.argsort(self.time_us, kind="stable")
        times = self.time_us[order]
        chosen = order[(times >= first_us) & (times <= last_us)]
        return FusedRows(
            self.time_us[chosen],
            self.track_id[chosen],
            self.object_class[chosen],
            self.x_m[chosen],
            self.y_m[chosen],
            [self.sources[i] for i in chosen],
        )


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one fused output; shares are 0 to 1, NaN where nothing could be counted.

    Parameters
    ----------
    tracks_per_true_object
        (Tracks of eligible objects + tracks never matched) / eligible objects ever matched; 1 is
        perfect. Objects never matched are no discount: `missed_objects` and coverage show them.
    never_matched_tracks, eligible_objects, missed_objects
        Counts behind it; missed is eligible and never matched.
    truth_coverage
        Of all (instant of truth, object in view): share with a matched row within half a step.
        Rows are expected at the truth's 10 Hz or faster.
    false_row_share
        Share of rows with no object at all within the gate.
    duplicate_row_share
        Share of rows with an object within the gate that the matching gave to another row.
    position_rmse_m
        Root mean square of the distance (both axes together) of matched rows.
    best_single_source_rmse_m
        Least over the sources of the same for raw observations, see `source_rmse_m`.
    multi_source_linked_share
        Of the objects in two or more views at once for 2 s: share with a track that names two or
        more of those sources over the rows matched to the object.
    id_switches
        Times that an object's matched track differs from the one before.
    class_correct_share
        Share of matched rows of the right class.
    """

    tracks_per_true_object: float
    never_matched_tracks: int
    eligible_objects: int
    missed_objects: int
    truth_coverage: float
    false_row_share: float
    duplicate_row_share: float
    position_rmse_m: float
    best_single_source_rmse_m: float
    multi_source_linked_share: float
    id_switches: int
    class_correct_share: float


@dataclass(frozen=True, slots=True)
class _Matches:
    """For each row: matched object or -1, distance to it, and whether any object is near."""

    object_index: IntArray
    distance_m: FloatArray
    near: BoolArray


def score(
    truth: Truth,
    views: Mapping[str, BoolArray],
    frames: Iterable[SensorFrame],
    fused: FusedRows,
) -> Score:
    """Score of `fused` against the truth; `views` and `frames` as in `Simulated`."""
    rows = fused.within(int(truth.time_us[0]), int(truth.time_us[-1]))
    matches = _match(truth, rows)
    hit = matches.object_index >= 0
    step_s = truth.step_us / 1e6
    in_view = np.any(list(views.values()), axis=0)
    eligible = in_view.sum(axis=0) * step_s >= ELIGIBLE_S - step_s / 2
    matched_objects = np.zeros(len(eligible), np.bool_)
    matched_objects[matches.object_index[hit]] = True
    owned, never = _count_tracks(rows, matches, eligible)
    right = truth.object_class[matches.object_index[hit]] == rows.object_class[hit]
    return Score(
        tracks_per_true_object=_ratio(owned + never, (eligible & matched_objects).sum()),
        never_matched_tracks=never,
        eligible_objects=int(eligible.sum()),
        missed_objects=int((eligible & ~matched_objects).sum()),
        truth_coverage=_coverage(truth, in_view, rows, matches),
        false_row_share=_ratio((~matches.near).sum(), len(hit)),
        duplicate_row_share=_ratio((matches.near & ~hit).sum(), len(hit)),
        position_rmse_m=_rms(matches.distance_m[hit]),
        best_single_source_rmse_m=min(source_rmse_m(truth, frames).values(), default=math.nan),
        multi_source_linked_share=_linked_share(truth, views, rows, matches),
        id_switches=_id_switches(rows, matches),
        class_correct_share=_ratio(right.sum(), hit.sum()),
    )


def source_rmse_m(truth: Truth, frames: Iterable[SensorFrame]) -> dict[str, float]:
    """Root-mean-square distance of each source's raw observations (clutter left out) to the truth.

    The truth is taken at the event time that the source claims: a clock error is the source's.
    """
    squares: defaultdict[str, list[FloatArray]] = defaultdict(list)
    for frame in frames:
        real = frame.object_index != CLUTTER
        at = truth.at(np.array([frame.claimed_time_us]), frame.object_index[real])
        square = (frame.x_m[real] - at.x_m[0]) ** 2 + (frame.y_m[real] - at.y_m[0]) ** 2
        squares[frame.source_id].append(square[~np.isnan(square)])
    return {s: float(np.sqrt(np.concatenate(q).mean())) for s, q in squares.items()}


def _match(truth: Truth, rows: FusedRows) -> _Matches:
    n = len(rows.time_us)
    ticks, starts = np.unique(rows.time_us, return_index=True)
    snapshot = truth.at(ticks)
    matches = _Matches(np.full(n, -1), np.full(n, np.nan), np.zeros(n, np.bool_))
    tracks = _track_numbers(rows)
    held = np.full(len(tracks), -1)  # object of each track's last matched tick
    for k, start in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else n
        objects = np.flatnonzero(snapshot.present[k])
        if not len(objects):
            continue
        positions = np.column_stack([rows.x_m[start:end], rows.y_m[start:end]])
        there = np.column_stack([snapshot.x_m[k, objects], snapshot.y_m[k, objects]])
        distance = cdist(positions, there)
        matches.near[start:end] = distance.min(axis=1) <= GATE_M
        gated = np.where(distance <= GATE_M, distance, np.inf)
        gated[held[tracks[start:end]][:, None] == objects[None, :]] -= CONTINUITY_M
        # A pair outside the gate costs more than all pairs inside together, so it is never
        # taken in place of one inside; it is dropped afterwards.
        beyond = (GATE_M + CONTINUITY_M) * (min(distance.shape) + 1)
        row, column = linear_sum_assignment(np.minimum(gated, beyond))
        good = distance[row, column] <= GATE_M
        matches.object_index[start + row[good]] = objects[column[good]]
        matches.distance_m[start + row[good]] = distance[row, column][good]
        held[tracks[start + row[good]]] = objects[column[good]]
    return matches


def _count_tracks(rows: FusedRows, matches: _Matches, eligible: BoolArray) -> tuple[int, int]:
    """Count the tracks of eligible objects, and the tracks never matched."""
    hit = matches.object_index >= 0
    pairs, counts = np.unique(
        np.column_stack([_track_numbers(rows)[hit], matches.object_index[hit]]),
        axis=0,
        return_counts=True,
    )
    order = np.lexsort((-counts, pairs[:, 0]))
    _, first = np.unique(pairs[order, 0], return_index=True)
    owners = pairs[order, 1][first]
    never = len(np.unique(rows.track_id)) - len(owners)
    return int(eligible[owners].sum()), never


def _track_numbers(rows: FusedRows) -> IntArray:
    """Tracks as 0, 1, ...: ids may be 64-bit hashes that do not fit a signed column."""
    return np.asarray(np.unique(rows.track_id, return_inverse=True)[1], np.int64)


def _coverage(truth: Truth, in_view: BoolArray, rows: FusedRows, matches: _Matches) -> float:
    hit = matches.object_index >= 0
    instant = np.round((rows.time_us[hit] - truth.time_us[0]) / truth.step_us).astype(np.int64)
    covered = np.zeros_like(in_view)
    covered[instant, matches.object_index[hit]] = True
    return _ratio((covered & in_view).sum(), in_view.sum())


def _linked_share(
    truth: Truth, views: Mapping[str, BoolArray], rows: FusedRows, matches: _Matches
) -> float:
    together = np.sum(list(views.values()), axis=0) >= 2
    several = np.flatnonzero(together.sum(axis=0) * truth.step_us >= ELIGIBLE_S * 1e6)
    viewers = {i: {name for name, view in views.items() if view[:, i].any()} for i in several}
    named: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    tracks = _track_numbers(rows)
    for row in np.flatnonzero(np.isin(matches.object_index, several)):
        named[int(matches.object_index[row]), int(tracks[row])].update(rows.sources[row])
    linked = {i for (i, _), sources in named.items() if len(sources & viewers[i]) >= 2}
    return _ratio(len(linked), len(several))


def _id_switches(rows: FusedRows, matches: _Matches) -> int:
    hit = np.flatnonzero(matches.object_index >= 0)
    ordered = hit[np.lexsort((rows.time_us[hit], matches.object_index[hit]))]
    same_object = np.diff(matches.object_index[ordered]) == 0
    other_track = np.diff(_track_numbers(rows)[ordered]) != 0
    return int((same_object & other_track).sum())


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else math.nan


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else math.nan

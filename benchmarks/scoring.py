"""Figures of published tracks against the truth of a recording."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np

from benchmarks.metrics.average import averages
from benchmarks.metrics.boxes import Boxes, closeness, closeness_to_body, iou_3d, pairs
from benchmarks.metrics.budget import budget
from benchmarks.metrics.clear import Clear, Scene
from benchmarks.metrics.error import errors
from benchmarks.metrics.gospa import gospa
from benchmarks.metrics.hota import hota
from benchmarks.metrics.identity import idf1
from operators._typing import IntArray

OF_BOXES = {"iou": (iou_3d, 0.25), "2m": (closeness, 0.5)}
OF_POINTS = {"body": (closeness_to_body, 0.5), "2m": (closeness, 0.5)}
_OF_NOTE = 10  # instants that an object must be there to count as one that was never tracked


def together(shown: Iterable[tuple[int, Boxes]], times_us: IntArray) -> Boxes:
    """What was published at the instants of the truth, as one sequence; the rest is left out."""
    index = {int(at): k for k, at in enumerate(times_us)}
    parts = [(index[at], boxes) for at, boxes in shown if at in index]
    if not parts:
        return nothing()
    frame = np.concatenate([np.full(len(boxes), k) for k, boxes in parts])
    columns = [
        np.concatenate([getattr(boxes, one.name) for _, boxes in parts]) for one in fields(Boxes)
    ]
    return Boxes(frame, *columns[1:]).numbered()


def nothing() -> Boxes:
    """No box."""
    none = np.zeros(0, np.int64)
    empty = np.zeros(0)
    return Boxes(none, none, np.zeros((0, 3)), np.zeros((0, 3)), empty, empty, np.zeros((0, 2)),
                 np.zeros((0, 2, 2)))  # fmt: skip


def within(tracks: Boxes, reach_m: float) -> Boxes:
    """Boxes at most so far from the middle of the frame: beyond, the truth tells of nothing."""
    near = np.hypot(*tracks.centre_m[:, :2].T) <= reach_m
    return Boxes(*(getattr(tracks, one.name)[near] for one in fields(Boxes))).numbered()


def figures(truth: Boxes, tracks: Boxes, instants: int, *, solid: bool) -> dict[str, float]:
    """All figures by name; shares are 0 to 1. `solid` is whether tracks can know their size."""
    made: dict[str, float] = {}
    for name, (similarity, least) in (OF_BOXES if solid else OF_POINTS).items():
        every = pairs(truth, tracks, similarity)
        scene = Scene(truth, tracks, every.at_least(least))
        clear = scene.clear()
        found = {**_counted(scene, clear), **_shaped(Scene(truth, tracks, every))}
        found |= averages(scene, clear)._asdict() | budget(scene, clear)._asdict()
        if name == "2m":
            found |= errors(truth, tracks, clear)._asdict()
        made |= {f"{name}.{key}": float(value) for key, value in found.items()}
    made["gospa_m"] = _mean_gospa(truth, tracks, instants)
    made["truths"], made["boxes"] = len(truth), len(tracks)
    made["tracks_per_object"] = tracks.identities / max(1, truth.identities)
    return made


def _counted(scene: Scene, clear: Clear) -> dict[str, float]:
    lived = np.bincount(scene.truth.identity) >= _OF_NOTE
    tracked = np.zeros(len(lived), np.bool_)
    tracked[scene.truth.identity[clear.truth_row]] = True
    return {
        "mota": clear.mota,
        "motp": clear.motp,
        "recall": clear.recall,
        "precision": clear.precision,
        "switches": clear.switches,
        "fragmentations": clear.fragmentations,
        "never_tracked": float((lived & ~tracked).sum() / max(1, lived.sum())),
        "idf1": idf1(scene),
    }


def _shaped(scene: Scene) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in hota(scene)._asdict().items()}


def _mean_gospa(truth: Boxes, tracks: Boxes, instants: int) -> float:
    ends = np.arange(instants + 1)
    first, start = np.searchsorted(truth.frame, ends), np.searchsorted(tracks.frame, ends)
    return float(
        np.mean(
            [
                gospa(
                    truth.centre_m[first[k] : first[k + 1], :2],
                    tracks.centre_m[start[k] : start[k + 1], :2],
                ).distance
                for k in range(instants)
            ]
        )
    )

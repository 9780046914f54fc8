"""Groups of vehicles as one subject: queues, and stops of several at once.

A group keeps its name while most of its members carry it, so that a queue whose head leaves and
whose end grows stays one queue.
"""

from typing import NamedTuple

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.events.kinds import EventKind
from operators.events.scene import CLAIM, Claims, Scene, alike, below, claims, subject_of
from operators.jit import KeyArray, compiled


class Shape(NamedTuple):
    """What makes a group of a kind.

    Parameters
    ----------
    field
        Of the memory that carries the group's name.
    reach_m
        Between neighbours, middle to middle.
    least
        Number of vehicles.
    least_m
        From the first to the last.
    hold_s
        For how long.
    slow_mps
        What a member's speed is below.
    """

    field: str
    reach_m: float
    least: int
    least_m: float
    hold_s: float
    slow_mps: float


SHAPES = {
    # Five in a row, 25 m: two lanes beside each other are one queue.
    EventKind.QUEUE_END: Shape("group", 25.0, 5, 25.0, 3.0, 3.0),
    # Three at once is no chance: one stops for reasons of its own, and one behind it.
    EventKind.GROUP_STOP: Shape("stop", 35.0, 3, 5.0, 0.5, 1.5),
}


_LEAVES_MPS = 5.0


def groups(scene: Scene, kind: EventKind, chosen: IntArray) -> Claims:
    """Claims about the groups among some rows; the first track is the last vehicle.

    Parameters
    ----------
    scene
        The tick; the names of groups are written to its memory.
    kind
        One of `SHAPES`.
    chosen
        Rows that may be members.
    """
    shape = SHAPES[kind]
    found = [np.zeros(0, CLAIM)]
    members: dict[int, IntArray] = {}
    taken: set[int] = set()
    names = scene.memory[shape.field].copy()
    scene.memory[shape.field][scene.rows["speed_mps"] > _LEAVES_MPS] = 0
    if len(chosen) < shape.least:
        return Claims(found[0], members)
    for rows in _clusters(scene, chosen, shape.reach_m):
        back = _backwards(scene, rows)
        extent_m = float(np.ptp(back) + scene.rows["length_m"][rows[0]])
        if len(rows) < shape.least or extent_m < shape.least_m:
            continue
        last = int(rows[np.argmax(back)])
        subject = _name(names[rows], taken)
        if not subject:
            subject = subject_of(kind.text, int(scene.rows["track_id"][last]), scene.tick_us)
        taken.add(subject)
        scene.memory[shape.field][rows] = subject
        members[len(found) - 1] = rows
        found.append(_claim(scene, kind, rows, last, subject, extent_m))
    return Claims(np.concatenate(found), members)


@compiled
def components(one: IntArray, other: IntArray, n: int) -> IntArray:
    """Connected components of n things by their links, shape (n,): the least number of each.

    Union by the smaller root with path halving (Tarjan and van Leeuwen, 1984).
    """
    root = np.arange(n)
    for k in range(len(one)):
        a, b = one[k], other[k]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        root[max(a, b)] = min(a, b)
    for k in range(n):
        root[k] = root[root[k]]
    return root


def _clusters(scene: Scene, chosen: IntArray, reach_m: float) -> list[IntArray]:
    """Rows that stand together and look the same way, largest cluster first."""
    n, rows, course = len(scene.rows), scene.rows, scene.memory["course_rad"]
    among = np.zeros(n, np.bool_)
    among[chosen] = True
    i, j = scene.pairs[among[scene.pairs].all(axis=1)].T
    near = np.hypot(rows["x_m"][i] - rows["x_m"][j], rows["y_m"][i] - rows["y_m"][j]) < reach_m
    near &= alike(course[i], course[j], 0.7)
    number = components(i[near], j[near], n)
    found = [chosen[number[chosen] == k] for k in np.unique(number[chosen])]
    return sorted(found, key=lambda one: (-len(one), int(one[0])))


def _backwards(scene: Scene, rows: IntArray) -> FloatArray:
    """How far back each member is, along the way that they look."""
    course = scene.memory["course_rad"][rows]
    ux, uy = np.cos(course).sum(), np.sin(course).sum()
    back: FloatArray = -(scene.rows["x_m"][rows] * ux + scene.rows["y_m"][rows] * uy)
    return back / max(float(np.hypot(ux, uy)), 1e-6)


def _name(names: KeyArray, taken: set[int]) -> int:
    """The name that most members carry, 0 if there is none that is free."""
    known, counts = np.unique(names[names > 0], return_counts=True)
    free = [(-count, name) for name, count in zip(known.tolist(), counts.tolist(), strict=True)]
    return next((name for _, name in sorted(free) if name not in taken), 0)


def _claim(
    scene: Scene, kind: EventKind, rows: IntArray, last: int, subject: int, extent_m: float
) -> np.ndarray:  # type: ignore[type-arg]
    shape, at = SHAPES[kind], scene.rows[rows]
    chance = below(at["speed_mps"], shape.slow_mps + 0.5, at["speed_sigma_mps"]).mean()
    return claims(
        kind, scene, np.array([last]),
        subject=subject, chance=chance, hold_s=shape.hold_s, severity=3,
        value=extent_m if kind is EventKind.QUEUE_END else len(rows), radius_m=10.0,
    )  # fmt: skip

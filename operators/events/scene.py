"""A cell at a tick as the kinds of events see it, and what they claim of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.enrich.versions import Version
from operators.events.ground import Roads
from operators.events.kinds import EventKind
from operators.road.network import ID_MASK

NEAR_M = 40.0
# What may be happening to one subject: a track, a pair or a group of them.
CLAIM = np.dtype(
    [
        ("kind", "u1"),
        ("severity", "u1"),
        ("subject", "<u8"),
        ("row", "<i8"),  # the first track
        ("other", "<i8"),  # the second one, -1 if there is none
        ("chance", "<f8"),
        ("hold_s", "<f8"),  # for how long it has to be likely
        ("value", "<f8"),  # of the measure of the kind
        ("began_us", "<i8"),  # since when; 0 for this tick
        ("radius_m", "<f8"),
    ]
)


@dataclass(frozen=True, slots=True)
class Applied:
    """Third parties' features by object.

    Parameters
    ----------
    names
        Of all features that apply to any object.
    place, name : ndarrays of shape (m,)
        Row of an object, and index into `names` of a feature that applies to it.
    versions
        Features that are known, by name, as they were at the tick.
    """

    names: Sequence[str]
    place: IntArray
    name: IntArray
    versions: Mapping[str, Version]

    def of_kind(self, kind: str) -> list[tuple[str, Version, IntArray]]:
        """Features of a kind: name, version and rows of the objects that they apply to."""
        return [
            (name, self.versions[name], self.place[self.name == k])
            for k, name in enumerate(self.names)
            if name in self.versions and self.versions[name]["kind"] == kind
        ]

    def of_row(self, row: int) -> list[str]:
        """Names of the features that apply to an object."""
        return [self.names[k] for k in self.name[self.place == row].tolist()]

    def incidents_at(self, row: int) -> list[tuple[str, Version]]:
        """Incidents that apply to an object, with their names."""
        known = [(n, self.versions[n]) for n in self.of_row(row) if n in self.versions]
        return [one for one in known if one[1]["kind"] == "incident"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the kinds look at; arrays of n objects, sorted by track.

    Parameters
    ----------
    key
        Of the cell.
    tick_us
        UTC microseconds.
    since_s
        Since the tick before, seconds.
    rows : structured array, dtype `operators.events.rows.ROW`
    memory : structured array, dtype `operators.events.memory.MEMORY`
        Kinds may write their own fields.
    ground : structured array, dtype `operators.events.ground.GROUND`
    slots
        Instants of the trails in the memory.
    roads
        Of the cell; None if nothing is known of them.
    pairs : ndarray of shape (p, 2)
        Rows of objects nearer to each other than `NEAR_M`, the lower one first, in order.
    applied
        Features.
    """

    key: str
    tick_us: int
    since_s: float
    rows: RecordArray
    memory: RecordArray
    ground: RecordArray
    slots: Sequence[int]
    roads: Roads | None
    pairs: IntArray
    applied: Applied


@dataclass(frozen=True, slots=True)
class Claims:
    """What one family of kinds says at a tick.

    Parameters
    ----------
    found : structured array, dtype `CLAIM`
    members
        Rows of the tracks of groups, by index of the claim.
    """

    found: RecordArray
    members: Mapping[int, IntArray]


NO_MEMBERS: dict[int, IntArray] = {}


def joined(several: Sequence[Claims]) -> Claims:
    """Claims one behind the other."""
    members: dict[int, IntArray] = {}
    before = 0
    for one in several:
        members |= {before + k: rows for k, rows in one.members.items()}
        before += len(one.found)
    found, filled = np.zeros(before, CLAIM), 0
    for one in several:  # joining structured arrays by numpy costs twenty times that
        found[filled : filled + len(one.found)] = one.found
        filled += len(one.found)
    return Claims(found, members)


def near_pairs(rows: RecordArray) -> IntArray:
    """Pairs of rows within `NEAR_M`, shape (p, 2), in order."""
    if len(rows) < 2:
        return np.zeros((0, 2), np.int64)
    tree = cKDTree(np.column_stack((rows["x_m"], rows["y_m"])))
    pairs = tree.query_pairs(NEAR_M, output_type="ndarray").astype(np.int64)
    ordered: IntArray = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered


def claims(kind: EventKind, scene: Scene, chosen: IntArray, **columns: Any) -> RecordArray:
    """Claims about single objects, of shape (m,), dtype `CLAIM`.

    Parameters
    ----------
    kind
        What of.
    scene
        The tick.
    chosen : ndarray of shape (m,)
        Rows.
    columns
        Other fields, each of shape (m,) or one for all.
    """
    made = np.zeros(len(chosen), CLAIM)
    made["kind"], made["row"], made["other"] = kind, chosen, -1
    made["subject"] = scene.rows["track_id"][chosen]
    made["severity"], made["radius_m"] = 2, 5.0
    for name, column in columns.items():
        made[name] = column
    return made


def subject_of(*parts: object) -> int:
    """63-bit id of what something is about."""
    digest = blake2b(repr(parts).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") & ID_MASK) or 1


def below(value: FloatArray, limit: FloatArray | float, sigma: FloatArray | float) -> FloatArray:
    """Chance that a normal variable about `value` is below `limit`."""
    chance: FloatArray = ndtr((limit - value) / np.maximum(sigma, 1e-6))
    return chance


def alike(first_rad: FloatArray, second_rad: FloatArray, cosine: float) -> BoolArray:
    """Which directions differ by less than the angle of a cosine; none that is unknown."""
    same: BoolArray = np.cos(first_rad - second_rad) > cosine
    return same

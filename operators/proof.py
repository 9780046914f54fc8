"""Proof that tracks of two cells are one object: the cells linked the same observations to them.

Both cells get an observation that lies in their shared halo, at the same tick. If both linked it
to one track each, that speaks for the two tracks being one object, and against every other pair
that either of them was taken for. The score of a pair counts both, within bounds, so that an
exchange of two neighbours in a dense queue is outweighed, and a wrong union is found out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.report import CLAIM

PROOF_US = 5_000_000  # after so long without a shared observation nothing is known of a pair
MOST = 4
LEAST = -3

Local = tuple[str, int]  # cell and local track id
Pair = tuple[str, int, str, int]  # two locals, in order


class Proof(msgspec.Struct, array_like=True):
    """What is known of a pair: its score, and when it last moved."""

    score: int
    at_us: int


def count_shared(claims: Mapping[str, RecordArray]) -> Counter[Pair]:
    """Number of observations that each pair of tracks of two cells has in common.

    Parameters
    ----------
    claims
        Arrays of dtype `operators.report.CLAIM` by cell, each observation at most once in a cell.
    """
    cells = sorted(cell for cell, made in claims.items() if len(made))
    if len(cells) < 2:
        return Counter()
    every = np.concatenate([claims[cell] for cell in cells])
    of = np.repeat(np.arange(len(cells)), [len(claims[cell]) for cell in cells])
    order = np.lexsort((of, every["observation"]))
    observation, track, of = every["observation"][order], every["track_id"][order], of[order]
    found: Counter[Pair] = Counter()
    for apart in range(1, len(cells)):
        same = np.flatnonzero(observation[apart:] == observation[:-apart])
        if not len(same):
            break
        other = same + apart
        columns = (of[same], track[same], of[other], track[other])
        for a, i, b, j in zip(*(column.tolist() for column in columns), strict=True):
            if a != b:
                found[cells[a], i, cells[b], j] += 1
    return found


def weigh(proofs: dict[Pair, Proof], found: Counter[Pair], at_us: int) -> None:
    """Let the shared observations of one tick move the scores; `proofs` is changed in place.

    A pair gains what it shares, if that is as much as either of the two shares with others of the
    same two cells, and loses the difference if not. Only what sees both of them, apart, makes a
    score negative.

    Parameters
    ----------
    proofs
        By pair.
    found
        As `count_shared` counted them.
    at_us
        Instant of the tick.
    """
    joint: Counter[tuple[str, int, str]] = Counter()
    for (a, i, b, j), n in found.items():
        joint[a, i, b] += n
        joint[b, j, a] += n
    for pair in [*proofs, *(pair for pair in found if pair not in proofs)]:
        a, i, b, j = pair
        n, one, other = found[pair], joint[a, i, b], joint[b, j, a]
        gained = _gained(n, max(one, other) - n)
        if gained > 0 or (gained and pair in proofs):
            before = proofs[pair].score if pair in proofs else 0
            least = LEAST if one and other else min(before, 0)
            proofs[pair] = Proof(min(max(before + gained, least), MOST), at_us)


def _gained(n: int, against: int) -> int:
    return n if n >= against else n - against


def forget_proofs(proofs: dict[Pair, Proof], at_us: int) -> None:
    """Drop what is too old to be known; `proofs` is changed in place."""
    for pair in [p for p, proof in proofs.items() if at_us - proof.at_us > PROOF_US]:
        del proofs[pair]


def latest(tables: Iterable[Mapping[str, bytes]], names: RecordArray) -> dict[str, RecordArray]:
    """What each cell said last of some observations.

    Parameters
    ----------
    tables
        Packed `CLAIM` arrays by cell, those of the oldest tick first.
    names : structured array, dtype `CLAIM`
        The observations asked for; `track_id` is not used.
    """
    said: dict[str, list[RecordArray]] = {}
    for table in tables:
        for cell, packed in table.items():
            made = np.frombuffer(packed, CLAIM)
            kept = made[np.isin(made["observation"], names["observation"])]
            if len(kept):
                said.setdefault(cell, []).append(kept)
    return {cell: once(np.concatenate(parts)) for cell, parts in said.items()}


def once(claims: RecordArray) -> RecordArray:
    """The last of the claims on each observation, in order of their names."""
    _, back = np.unique(claims["observation"][::-1], return_index=True)
    kept: RecordArray = claims[len(claims) - 1 - back]
    return kept

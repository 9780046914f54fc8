"""Tracks in the halo of a cell: what the identity step is told of them.

Two cells that track one object in their shared halo link the same observations to it. So a cell
tells, once a second for each confirmed track near its border, which observations it linked; and
more rarely, for each that was there before, that it lives.
"""

from collections.abc import Sequence, Set

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.frame import Frame
from operators.report import Sighting, observation_names
from operators.transform.cells import LOCAL, cell

SIGHTING_US = 1_000_000  # how often a track in the halo is told
AWAY_US = 20_000_000  # how often one is told that was in a halo before, so that its id is kept
LOST_US = 60_000_000  # how long one is remembered that is not seen


class Halo(msgspec.Struct, array_like=True):
    """One track that is or was near the border.

    Since when it is, or was last told of; the observations not yet told; whether it ever was.
    """

    since_us: int
    observations: list[int]
    told: bool = False


def watch_halo(
    key: str,
    halo: dict[int, Halo],
    rows: RecordArray,
    taken: Sequence[tuple[Frame, RecordArray]],
    tick_us: int,
    halo_m: float,
) -> list[Sighting]:
    """Sightings to tell at a tick; `halo` is brought up to date in place.

    Parameters
    ----------
    key
        The cell's.
    halo
        Tracks that are or were near the border by local id.
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        Living tracks at the tick.
    taken
        New frames with one `operators.track.LINK` for each observation.
    tick_us, halo_m
        The tick; width of the halo, metres.
    """
    if key == LOCAL:
        return []
    near = np.abs(cell(key).inside_m(rows["x_m"], rows["y_m"])) < halo_m
    around = set(rows["track_id"][near].tolist())
    alive = dict(zip(rows["track_id"].tolist(), rows, strict=True)) if halo or around else {}
    _leave(halo, around, alive.keys(), tick_us)
    for track_id in sorted(around):
        halo.setdefault(track_id, Halo(tick_us, []))
    _collect({track_id: halo[track_id] for track_id in around}, taken)
    told = []
    for track_id, held in sorted(halo.items()):
        row = alive.get(track_id)
        every_us = SIGHTING_US if track_id in around else AWAY_US
        if row is not None and row["confirmed"] and tick_us - held.since_us >= every_us:
            told.append(Sighting(key, track_id, int(row["born_us"]), held.observations))
            halo[track_id] = Halo(tick_us, [], told=True)
    return told


def _leave(halo: dict[int, Halo], around: Set[int], alive: Set[int], tick_us: int) -> None:
    """Forget tracks that left the border untold, and those that have long gone."""
    for track_id in halo.keys() - around:
        held = halo[track_id]
        if not held.told or (track_id not in alive and tick_us - held.since_us > LOST_US):
            del halo[track_id]
        else:
            held.observations.clear()


def _collect(halo: dict[int, Halo], taken: Sequence[tuple[Frame, RecordArray]]) -> None:
    for frame, links in taken:
        hit = np.isin(links["track_id"], np.fromiter(halo, np.uint64, len(halo)))
        if not hit.any():
            continue
        record = (frame.topic, frame.partition, frame.offset)
        names = observation_names(record, frame.observations["index"][hit])
        for track_id, name in zip(links["track_id"][hit].tolist(), names, strict=True):
            halo[track_id].observations.append(name)

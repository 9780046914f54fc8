"""Tracks in the halo of a cell: what the identity step is told of them.

Two cells that track one object in their shared halo link the same observations to it. So a cell
tells, once a second for each confirmed track near its border, which observations it linked.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.frame import Frame
from operators.report import Sighting, observation_names
from operators.transform.cells import LOCAL, cell

SIGHTING_US = 1_000_000  # how often a track in the halo is told


class Halo(msgspec.Struct, array_like=True):
    """One track near the border: since when, and the observations not yet told."""

    since_us: int
    observations: list[int]


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
        Tracks near the border by local id.
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
    around = {int(row["track_id"]): row for row in rows[near]}
    for track_id in halo.keys() - around.keys():
        del halo[track_id]
    for track_id in sorted(around):
        halo.setdefault(track_id, Halo(tick_us, []))
    _collect(halo, taken)
    told = []
    for track_id, held in sorted(halo.items()):
        row = around[track_id]
        if row["confirmed"] and tick_us - held.since_us >= SIGHTING_US:
            told.append(Sighting(key, track_id, int(row["born_us"]), held.observations))
            halo[track_id] = Halo(tick_us, [])
    return told


def _collect(halo: dict[int, Halo], taken: Sequence[tuple[Frame, RecordArray]]) -> None:
    for frame, links in taken:
        hit = np.isin(links["track_id"], np.fromiter(halo, np.uint64, len(halo)))
        if not hit.any():
            continue
        record = (frame.topic, frame.partition, frame.offset)
        names = observation_names(record, frame.observations["index"][hit])
        for track_id, name in zip(links["track_id"][hit].tolist(), names, strict=True):
            halo[track_id].observations.append(name)

"""Along the border of a cell: what it tells the identity step at each tick.

Two cells that track one object in their shared halo link the same observations to it, and take
them at the same tick, for that is a property of the record. So a cell tells at each tick which
tracks it may show near its border, which observations it linked there, and which tracks are gone.

Who shows what is decided by depth, the distance inside the cell's own border:

    out of it   |  by the identity step (`in_band`)   |  the cell alone
    ------------+-------------------------------------+------------------> depth
         -halo - 10 m             0             halo + 50 m

Beyond its halo a cell gets no observations, so what it has there is a guess. The band reaches
farther in than out, so that a track is told before any neighbour can see its object.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray, RecordArray
from operators.frame import Frame
from operators.jit import compiled
from operators.report import CLAIM, SEEN, Sighting, observation_names
from operators.transform.cells import LOCAL, cell, inside_one_m

OUTER_M = 10.0  # a state's error beyond the halo: observed within it, estimated outside
INNER_M = 50.0  # a tick of the fastest, a state's error in each of two cells, and room
SHARED_M = 5.0  # nearer than halo and this: a neighbour may have got the observation


class Halo(msgspec.Struct, array_like=True):
    """What a cell remembers of its tracks from tick to tick.

    Parameters
    ----------
    tracks
        Ids of all tracks at the last tick, packed little-endian uint64.
    lost_us
        Tracks that are missing since, and the tick at which that was noticed.
    told
        Tracks that the identity step knows.
    """

    tracks: bytes = b""
    lost_us: dict[int, int] = {}
    told: list[int] = []


def depths(key: str, rows: RecordArray) -> FloatArray:
    """Distance inside the border of a cell, metres; infinite in a recording without a place.

    Parameters
    ----------
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
    """
    if key == LOCAL:
        return np.full(len(rows), np.inf)
    return cell(key).inside_m(rows["x_m"], rows["y_m"])


def in_band(depth_m: FloatArray, halo_m: float) -> BoolArray:
    """Where the identity step decides; shape of `depth_m`."""
    band: BoolArray = (depth_m > -halo_m - OUTER_M) & (depth_m < halo_m + INNER_M)
    return band


def forget_tracks(halo: Halo, living: Sequence[int], tick_us: int, patience_us: int) -> list[int]:
    """Tracks that are gone for good; `halo` is brought up to date.

    Parameters
    ----------
    living
        Ids of all tracks of the cell, the hidden ones too.
    tick_us, patience_us
        The tick; for how long a frame that comes late may still bring a track back.
    """
    now = np.array(living, "<u8").tobytes()
    if now != halo.tracks:
        before, after = _unpacked(halo.tracks), _unpacked(now)
        for track_id in before - after:
            halo.lost_us[track_id] = tick_us
        for track_id in after & halo.lost_us.keys():
            del halo.lost_us[track_id]
        halo.tracks = now
    gone = sorted(t for t, since in halo.lost_us.items() if tick_us - since > patience_us)
    for track_id in gone:
        del halo.lost_us[track_id]
    return gone


def _unpacked(ids: bytes) -> set[int]:
    return set(np.frombuffer(ids, "<u8").tolist())


def watch_border(
    key: str,
    halo: Halo,
    rows: RecordArray,
    taken: Sequence[tuple[Frame, RecordArray]],
    corrected: Sequence[tuple[Frame, RecordArray]],
    gone: Sequence[int],
    halo_m: float,
) -> Sighting | None:
    """What the identity step is told at a tick; None for nothing.

    Parameters
    ----------
    key
        The cell's.
    halo
        Brought up to date in place.
    rows : structured array of shape (n,), dtype `operators.track.TRACK_ROW`
        Living tracks at the tick.
    taken, corrected
        New frames, and frames of earlier ticks that a replay linked otherwise, each with one
        `operators.track.LINK` for each observation, track 0 where there is nothing to tell.
    gone
        As `forget_tracks` gave it.
    halo_m
        Width of the halo, metres.
    """
    if key == LOCAL:
        return None
    seen = _seen(rows, depths(key, rows), halo_m)
    claims, again = _claims(key, taken, halo_m), _claims(key, corrected, halo_m)
    told = set(halo.told)
    over = sorted(told.intersection(gone))
    fresh = set(seen["track_id"].tolist()) - told
    if over or fresh:
        halo.told = sorted((told | fresh).difference(over))
    if not (len(seen) or len(claims) or len(again) or over):
        return None
    return Sighting(key, seen.tobytes(), claims.tobytes(), again.tobytes(), over)


def all_gone(key: str, halo: Halo) -> Sighting | None:
    """What is told of a cell that falls asleep and forgets everything; None for nothing."""
    return Sighting(key, b"", b"", b"", halo.told) if halo.told else None


def _seen(rows: RecordArray, depth_m: FloatArray, halo_m: float) -> RecordArray:
    near = np.flatnonzero(in_band(depth_m, halo_m) & (rows["confirmed"] == 1))
    seen = np.zeros(len(near), SEEN)
    for name in ("track_id", "born_us", "last_us"):
        seen[name] = rows[name][near]
    seen["depth_m"] = depth_m[near]
    return seen


def _claims(key: str, done: Sequence[tuple[Frame, RecordArray]], halo_m: float) -> RecordArray:
    """Linked observations that a neighbour may have got too, dtype `CLAIM`."""
    edges, found = cell(key).edges, []
    for frame, links in done:
        near = _near(edges, frame.observations, links, halo_m + SHARED_M)
        if len(near):
            found.append((frame, links, near))
    if not found:
        return np.zeros(0, CLAIM)
    of = np.repeat(np.arange(len(found)), [len(near) for *_, near in found])
    places = [(frame.topic, frame.partition, frame.offset) for frame, *_ in found]
    index = np.concatenate([frame.observations["index"][near] for frame, _, near in found])
    claims = np.zeros(len(of), CLAIM)
    claims["observation"] = observation_names(places, of, index)
    claims["track_id"] = np.concatenate([links["track_id"][near] for _, links, near in found])
    return claims


@compiled
def _near(
    edges: FloatArray, observations: RecordArray, links: RecordArray, within_m: float
) -> IntArray:
    """Positions of the used observations less than so far inside of the border."""
    near, size = np.empty(len(links), np.int64), 0
    for k in range(len(links)):
        if links[k].track_id == 0:  # what is not used may be nowhere at all
            continue
        if inside_one_m(edges, observations[k].x_m, observations[k].y_m) < within_m:
            near[size] = k
            size += 1
    return near[:size]

"""Ids that outlast a rollback.

A frame that comes late may start a track earlier than it was started before, and so give an object
that was already published another birth, hence another id. The observations tell who is who: the
track that now holds what a vanished track held is the same object, and takes over its id.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.frame import Frame
from operators.jit import KeyArray

Done = list[tuple[Frame, RecordArray]]  # frames with their links, in the order taken


class Claim(msgspec.Struct, array_like=True):
    """Tracks of one frame's observations, packed little-endian uint64; 0 for none."""

    topic: str
    partition: int
    offset: int
    event_time_us: int
    tracks: bytes


_DECODER = msgspec.msgpack.Decoder(list[Claim])
_ENCODER = msgspec.msgpack.Encoder()

Name = tuple[str, int, int, int]  # of a frame: topic, partition, offset, event time


def pack_claims(done: Done) -> bytes:
    """Packed claims of one interval."""
    return _ENCODER.encode(
        [Claim(*_name(frame), links["track_id"].astype("<u8").tobytes()) for frame, links in done]
    )


def unpack_claims(data: bytes) -> dict[Name, KeyArray]:
    """Tracks of each frame's observations, by name of the frame."""
    return {
        (c.topic, c.partition, c.offset, c.event_time_us): np.frombuffer(c.tracks, "<u8")
        for c in _DECODER.decode(data)
    }


def heirs(
    done: Iterable[tuple[Frame, RecordArray]],
    before: dict[Name, KeyArray],
    living: Sequence[int],
) -> dict[int, int]:
    """Which new track takes over the id of which vanished one.

    Parameters
    ----------
    done
        Frames with their links after the replay.
    before
        Tracks of the same frames' observations before it.
    living
        Ids of the tracks after it.

    Returns
    -------
    dict
        Old id by new id; each at most once, those with most observations in common first.
    """
    votes: Counter[tuple[int, int]] = Counter()
    for frame, links in done:
        old = before.get(_name(frame))
        if old is None:
            continue
        new = links["track_id"]
        moved = (old != new) & (old != 0) & (new != 0)
        votes.update(zip(new[moved].tolist(), old[moved].tolist(), strict=True))
    if not votes:
        return {}
    known = {track for tracks in before.values() for track in tracks.tolist()}
    alive = set(living)
    chosen: dict[int, int] = {}
    for (new_id, old_id), _ in sorted(votes.items(), key=lambda v: (-v[1], v[0])):
        fresh = new_id in alive and new_id not in known and new_id not in chosen
        if fresh and old_id not in alive and old_id not in chosen.values():
            chosen[new_id] = old_id
    return chosen


def rename_links(done: Done, names: dict[int, int]) -> None:
    """Put the ids that were taken over into links, in place."""
    for _, links in done:
        for new_id, old_id in names.items():
            links["track_id"][links["track_id"] == new_id] = old_id


def corrections(done: Done, before: dict[Name, KeyArray]) -> Done:
    """Frames of which a replay linked some observations otherwise than before.

    Parameters
    ----------
    done
        Frames with their links after the replay.
    before
        Tracks of the same frames' observations before it.

    Returns
    -------
    list
        Those frames, with track 0 in the links of the observations that stayed where they were.
    """
    corrected = []
    for frame, links in done:
        old = before.get(_name(frame))
        if old is None:
            continue
        stayed = old == links["track_id"]
        if not stayed.all():
            changed = links.copy()
            changed["track_id"][stayed] = 0
            corrected.append((frame, changed))
    return corrected


def _name(frame: Frame) -> Name:
    return frame.topic, frame.partition, frame.offset, frame.event_time_us

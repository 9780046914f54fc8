"""The tracker of one cell: source frames in order of event time -> tracks and links.

The state after some frames depends on those frames in the order given and on nothing else: tracks
are deleted by event times inside `advance`, and `rows` only looks. The caller sorts frames by
`Frame.order`, and goes back to an earlier state when a frame comes late.

One frame: foresee the tracks near it at its own event time, gate, assign, update, count the misses
of what its source should have seen, start tracks from the rest. One compiled call does all that.
"""

import struct
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.frame import Frame, FrameFlag, SourceKind, copied, empty_observations
from operators.fuse.frame_motion import carry, from_axes
from operators.fuse.one_frame import take_frame
from operators.fuse.show import fill_rows
from operators.fuse.sources import source_table
from operators.fuse.standing import standings
from operators.fuse.state import (
    N_TRACKS,
    POSED_US,
    TrackerState,
    empty,
    ids_of,
    make_room,
    pack,
    rename,
    sources_of,
    unpack,
)
from operators.fuse.take import (
    ABOUT,
)
from operators.motion import motion_table, rate_table
from operators.parameters import Parameters
from operators.register.state import ANCHOR, NO_ROLE
from operators.track import LINK, TRACK_ROW

__all__ = [
    "TrackerState",
    "advance",
    "empty",
    "ids_of",
    "locate",
    "pack",
    "rename",
    "rows",
    "sources_of",
    "standings",
    "unpack",
    "warm_up",
]

# The layout of `ABOUT`: filling a structured array field by field takes longer than the kernel.
_ABOUT = struct.Struct("<qqqQqqqddd?????q")
_FILTERED, _FUSED, _MOVING = (
    int(flag) for flag in (FrameFlag.FILTERED, FrameFlag.FUSED, FrameFlag.MAY_MOVE)
)
_PROBE, _ROADSIDE = int(SourceKind.PROBE), int(SourceKind.ROADSIDE)

MOTION = motion_table()
RATES = rate_table()
SOURCES = source_table()
LARGEST_CIRCLE_M = 1e5


@lru_cache(maxsize=4096)
def source_key(source_id: str) -> int:
    """64-bit hash of a source id; never 0."""
    digest = blake2b(source_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") | 1


def track_id_of(message: blake2b, index: int, local_id: int, salt: int = 0) -> int:
    """63-bit id of the track that an observation starts; never 0.

    Parameters
    ----------
    message
        From `_message_hash`.
    index, local_id
        Of the observation in its message. Vehicles of one gateway have messages of their own: they
        are told apart by their own ids.
    salt
        Tells apart observations that claim the same place in the same message.
    """
    made = message.copy()
    made.update(f"{index}\x1f{local_id}\x1f{salt}".encode())
    return (int.from_bytes(made.digest(), "little") >> 1) or 1


def _message_hash(station_id: str, frame: Frame) -> blake2b:
    """Hash of what the ids of all tracks that a message starts have in common."""
    common = f"{station_id}\x1f{frame.source_id}\x1f{frame.event_time_us}\x1f"
    return blake2b(common.encode(), digest_size=8)


def _circle(frame: Frame) -> FloatArray:
    """Circle in which the absence of an observation means something; radius 0 for none.

    A probe reports itself: it says nothing about what else is there.
    """
    x, y, radius = frame.coverage_x_m, frame.coverage_y_m, frame.coverage_radius_m
    usable = 0.0 < radius <= LARGEST_CIRCLE_M and max(abs(x), abs(y)) <= 1e7
    if frame.kind == _PROBE or not usable:
        return np.zeros(3)
    return np.array([x, y, radius])


def _role_of(frame: Frame, parameters: Parameters) -> int:
    """What the registration makes of a source: measures it (0), measures by it, or neither.

    A feed and what is fused of others' data are no sensors at a place.
    """
    if frame.kind == _PROBE or frame.source_id in parameters.surveyed.split(","):
        return ANCHOR
    registered = frame.kind == _ROADSIDE and not int(frame.flags) & _FUSED
    return 0 if registered else NO_ROLE


def _name_births(
    state: TrackerState,
    frame: Frame,
    born: IntArray,
    links: RecordArray,
    repeated: bool,
    station_id: str,
) -> None:
    """Give the tracks that the frame started their ids.

    Ids can only meet if one message has an index twice, or a source sends one instant twice.
    """
    n = int(state.counts[N_TRACKS])
    first = n - len(born)
    known = set(state.tracks["track_id"][:first].tolist()) if repeated else set()
    seen, message = frame.observations, _message_hash(station_id, frame)
    ids: list[int] = []
    # two columns: numpy would pick records field by field
    indices, local_ids = seen["index"][born].tolist(), seen["local_id"][born].tolist()
    for index, local_id in zip(indices, local_ids, strict=True):
        salt, track_id = 0, track_id_of(message, index, local_id)
        while track_id in known:
            salt += 1
            track_id = track_id_of(message, index, local_id, salt)
        known.add(track_id)
        ids.append(track_id)
    state.tracks["track_id"][first:n] = links["track_id"][born] = ids


def advance(state: TrackerState, frame: Frame, parameters: Parameters) -> RecordArray:
    """Take a frame into the state.

    Parameters
    ----------
    state
        Changed in place.
    frame
        The next one in order of `Frame.order`. One that is older than what the state has seen is
        taken too, as an observation of the past; nothing is rolled back here.
    parameters
        `station_id`, `tick_us` and `max_tracks` are used.

    Returns
    -------
    structured array of shape (len(frame.observations),), dtype `LINK`
        What became of each observation: USED, BIRTH, CLUTTER, OVERFLOW or, if its source mixed
        something up (`operators.register.gross`), QUARANTINED. The residual of a
        birth is NaN (nothing was expected), its weight 1.
    """
    n = len(frame.observations)
    observations = copied(frame.observations)
    make_room(state, min(int(state.counts[N_TRACKS]) + n, max(parameters.max_tracks, 0)))
    links = np.zeros(n, LINK)
    kind = int(frame.kind) if 0 < frame.kind < len(SOURCES) else 0
    flags = int(frame.flags)
    facts = _ABOUT.pack(
        frame.event_time_us,
        parameters.tick_us,
        parameters.max_tracks,
        source_key(frame.source_id),
        -1,
        0,
        0,
        0.0,
        1.0,
        1.0,
        flags & _FILTERED != 0,
        flags & _FUSED != 0,
        False,
        flags & _MOVING != 0,
        kind == _PROBE,
        _role_of(frame, parameters),
    )
    about = np.frombuffer(bytearray(facts), ABOUT)
    born = take_frame(
        state.tracks,
        state.counts,
        state.sources,
        state.heads,
        state.links,
        state.registry,
        observations,
        links,
        _circle(frame),
        about,
        SOURCES[kind],
        MOTION,
        RATES,
        state.gaps,
        state.pose,
    )
    since_us = int(about["since_us"][0])
    if since_us < 0:
        state.sources["name"][int(about["slot"][0])] = frame.source_id.encode()
    if len(born):
        _name_births(state, frame, born, links, since_us == 0, parameters.station_id)
    return links


def locate(state: TrackerState, offsets_m: FloatArray) -> None:
    """Tell a new state what other datums would add to a place in its cell.

    Parameters
    ----------
    offsets_m : ndarray of shape (2, 2)
        East and north, metres, of GCJ-02 and of BD-09; zero where they do not apply.
    """
    state.registry.offsets[:] = offsets_m


def rows(state: TrackerState, at_us: int) -> RecordArray:
    """All living tracks at an instant; the state is not changed.

    Tracks unseen for too long are left out: tentative ones after 0.5 s, confirmed ones when their
    place has become uncertain by half a lane (`operators.fuse.lifecycle.shown_us`).

    Parameters
    ----------
    at_us
        UTC microseconds. `observations` of a row counts those since the tick before.

    Returns
    -------
    structured array, dtype `TRACK_ROW`
        In order of birth.
    """
    n = int(state.counts[N_TRACKS])
    made = np.zeros(n, TRACK_ROW)
    n = fill_rows(
        state.tracks, n, at_us, MOTION, RATES, state.gaps, state.sources, state.registry, made
    )
    posed_us = int(state.counts[POSED_US])
    if posed_us:
        pose = state.pose.copy()
        carry(pose, (at_us - posed_us) / 1e6)
        from_axes(made, n, pose)
    return made[:n]


def warm_up() -> None:
    """Compile every kernel, or read it from the cache on disk, so that no frame has to wait."""
    state = empty()
    observations = empty_observations(1)
    observations["x_m"] = observations["y_m"] = 0.0
    frame = Frame(
        "warm-up", SourceKind.ROADSIDE, 0, 0, 0, "", 0, 0, 0, 0.0, 0.0, 50.0, observations
    )
    advance(state, frame, Parameters())
    rows(unpack(pack(state)), 0)

"""What a cell keeps between frames: its tracks and its sources, and their packed bytes."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from operators._typing import FloatArray, IntArray, RecordArray
from operators.errors import LayoutError
from operators.frame import ObjectClass
from operators.fuse.frame_motion import at_rest
from operators.fuse.gaps import no_gaps
from operators.fuse.imm import LENGTH
from operators.fuse.index import BUCKETS
from operators.jit import compiled
from operators.register.anchors import ANCHOR_FIELDS, CARRIED_FIELDS
from operators.register.remember import RAW_FIELDS
from operators.register.state import Registry, no_registry, pack_registry, unpack_registry

VERSION = 7
LOCAL_KEYS = 4
WITNESSES = 8
QUARTERS = 4
MAX_SOURCES = 64
SOURCE_NAME_BYTES = 128
FIRST_CAPACITY = 64

# Where a probe said last that it is, as it came: not registered, not filtered.
PLACE_FIELDS = [("probe_x_m", "<f4"), ("probe_y_m", "<f4")]
# For how long a track has been likelier to stand than to move.
STOOD_FIELDS = [("stood_s", "<f4")]
# What is found of a source's lasting errors.
LASTING_FIELDS = [
    ("lasting_found_m2", "<f8"),  # mean of what tells of them; chance may make it negative
    ("lasting_count", "<f8"),
]
# Frames that a source sent last, newest first: what tells one from another, and how many of the
# tracks that it saw moved.
FRAMES = 4
FRAME_FIELDS = [("frame_digest", "<u8", (FRAMES,)), ("frame_movers", "u1", (FRAMES,))]
# One track. Times in UTC microseconds; axes of the cell, metres and metres a second.
TRACK = np.dtype(
    [
        ("track_id", "<u8"),
        ("time_us", "<i8"),  # of the state
        ("born_us", "<i8"),
        ("last_us", "<i8"),  # event time of the last frame that saw it
        ("evidence_us", "<i8"),  # of the last hit or miss
        ("counted_until_us", "<i8"),  # the tick whose observations are counted
        ("recent_quarter", "<i8"),  # quarter of a second that `recent[0]` stands for
        ("recent", "<u8", (QUARTERS,)),  # source slots that saw it, by quarter second
        ("local_keys", "<u8", (LOCAL_KEYS,)),  # last local id of a source, at its slot modulo 4
        ("seen_us", "<i8", (WITNESSES,)),  # when a source saw it last, at its slot modulo 8
        ("seen_slot", "u1", (WITNESSES,)),
        ("probe_id", "<u8"),  # local id of the probe that last reported itself as this track
        ("probe_us", "<i8"),  # when it did
        ("twin_id", "<u8"),  # older track that it may be a double of
        ("mean", "<f8", (4,)),  # moments over the models: place and velocity
        ("covariance", "<f8", (10,)),  # upper triangle by rows
        ("models", "<f8", (LENGTH,)),  # see `operators.fuse.imm`
        ("z_m", "<f4"),
        ("z_variance_m2", "<f4"),
        ("heading_rad", "<f4"),
        ("heading_variance_rad2", "<f4"),
        ("heading_votes", "<f4"),  # boxes that point as the heading does, less those that oppose it
        ("size_m", "<f4", (3,)),
        ("size_weight", "<f4", (3,)),
        ("log_odds", "<f4"),  # of existence
        ("prior_odds", "<f4"),  # log odds of existence of what the first source tells
        ("quality", "<f4"),  # mean evidence of a look that it is no ghost
        ("steadiness", "<f4"),  # the same without what scores say
        ("looks", "<f4"),
        ("rhythm_us", "<f4"),  # usual time from one hit to the next
        ("place_sum", "<f4"),  # of the places of its scores among their source's
        ("placed", "<f4"),
        ("credit", "<f4"),  # updates, weighted by how far their source can invent objects
        ("class_counts", "<f4", (len(ObjectClass),)),
        ("bucket", "<i4"),  # where the index filed it
        ("counted", "<u2"),
        ("twin_sweeps", "u1"),
        ("object_class", "u1"),
        ("confirmed", "u1"),
        ("placed_slot", "u1"),
        ("last_slot", "u1"),  # of the source that saw it last
        ("vain_looks", "u1"),  # misses that counted since the last hit
        *RAW_FIELDS,
        *ANCHOR_FIELDS,
        *PLACE_FIELDS,
        *STOOD_FIELDS,
    ]
)

# One source of the cell; its place is the bit that it has in masks.
SOURCE = np.dtype(
    [
        ("key", "<u8"),
        ("heard_us", "<i8"),
        ("scores", "<f8"),  # how many told its scale
        ("score_mean", "<f8"),
        ("score_variance", "<f8"),
        ("score_a", "<f8"),  # log odds of an object by the place of a score: a + b u
        ("score_b", "<f8"),
        ("detection", "<f8"),  # probability that a frame contains what it saw lately
        ("noise_count", "<f8"),
        ("noise_found", "<f8"),  # mean of what its innovations say of tr R, m²
        ("noise_claimed", "<f8"),  # mean of what it claims, m²
        ("noise_factor", "<f8"),  # by which its covariances are multiplied
        ("lasting_m2", "<f8"),  # variance an axis of errors that last, so that no mean removes them
        ("white_count", "<f8"),
        ("white_m2", "<f8"),  # mean of what its own differences say of tr R, nothing assumed
        ("white_claimed_m2", "<f8"),  # mean of what it claims beside
        ("least_lasting_m2", "<f8"),  # what is assumed of it: no difference shows less
        ("name", f"S{SOURCE_NAME_BYTES}"),
        *CARRIED_FIELDS,
        *LASTING_FIELDS,
        *FRAME_FIELDS,
    ]
)
# Versions that are read: bytes of a source and of a track. Each begins as the one before; what it
# has more of is zero, which is "not learned yet".
SIZES = {VERSION: (SOURCE.itemsize, TRACK.itemsize)}
SIZES[6] = (
    SOURCE.itemsize - np.dtype(FRAME_FIELDS).itemsize,
    TRACK.itemsize - np.dtype(STOOD_FIELDS).itemsize,
)
SIZES[5] = (
    SIZES[6][0] - np.dtype(LASTING_FIELDS).itemsize,
    SIZES[6][1] - np.dtype(PLACE_FIELDS).itemsize,
)
SIZES[4] = (
    SIZES[5][0] - np.dtype(CARRIED_FIELDS).itemsize,
    SIZES[5][1] - np.dtype(ANCHOR_FIELDS).itemsize,
)

N_TRACKS, N_SOURCES, SWEPT, POSED_US = range(4)
NEVER = -(2**62)
HEADER = struct.Struct("<BBHIIIIqq")


@dataclass(slots=True)
class TrackerState:
    """Everything that one cell's tracker knows.

    Parameters
    ----------
    tracks : structured array of shape (capacity,), dtype `TRACK`
        The first ``counts[N_TRACKS]`` are alive, in order of birth.
    sources : structured array of shape (64,), dtype `SOURCE`
    counts : ndarray of shape (4,)
        Number of tracks, number of source slots in use, last swept interval of event time, event
        time of the pose.
    heads : ndarray of shape (BUCKETS,)
    links : ndarray of shape (capacity,)
        The index; follows from ``tracks["bucket"]`` and is not packed.
    gaps : ndarray of shape (2, 2, 16)
        What is known of gaps, see `operators.fuse.gaps`.
    pose : ndarray of shape (43,)
        Where the frame of a recording is, see `operators.fuse.frame_motion`.
    registry
        Clocks and poses of the cell's units.
    """

    tracks: RecordArray
    sources: RecordArray
    counts: IntArray
    heads: IntArray
    links: IntArray
    gaps: FloatArray
    pose: FloatArray
    registry: Registry


def empty() -> TrackerState:
    """State of a cell that has seen nothing."""
    return TrackerState(
        np.zeros(FIRST_CAPACITY, TRACK),
        np.zeros(MAX_SOURCES, SOURCE),
        np.array([0, 0, NEVER, 0], np.int64),
        np.full(BUCKETS, -1, np.int64),
        np.full(FIRST_CAPACITY, -1, np.int64),
        no_gaps(),
        at_rest(),
        no_registry(),
    )


def make_room(state: TrackerState, wanted: int) -> None:
    """Let the state hold at least `wanted` tracks."""
    capacity = len(state.tracks)
    if wanted <= capacity:
        return
    grown = max(wanted, 2 * capacity)
    tracks, links = np.zeros(grown, TRACK), np.full(grown, -1, np.int64)
    _copy_records(state.tracks, tracks)
    links[:capacity] = state.links
    state.tracks, state.links = tracks, links


def _copy_records(source: RecordArray, target: RecordArray) -> None:
    """Copy records to the front of `target` as bytes: numpy would go field by field."""
    target.view(np.uint8)[: source.nbytes] = source.view(np.uint8)


@compiled
def fill_index(tracks: RecordArray, n: int, heads: IntArray, links: IntArray) -> None:
    """Build the index anew from the bucket of each track."""
    heads[:] = -1
    for slot in range(n):
        bucket = tracks[slot].bucket
        links[slot] = heads[bucket]
        heads[bucket] = slot


def pack(state: TrackerState) -> bytes:
    """Bytes of a state: version, counts, gaps, pose, sources, tracks, registry; little-endian."""
    n_tracks, n_sources, swept, posed_us = (int(value) for value in state.counts)
    registry = pack_registry(state.registry)
    sizes = (TRACK.itemsize, n_tracks, n_sources, SOURCE.itemsize, len(registry))
    header = HEADER.pack(VERSION, 0, *sizes, swept, posed_us)
    learned = state.gaps.astype("<f8").tobytes(), state.pose.astype("<f8").tobytes()
    tracks = state.tracks[:n_tracks].tobytes()
    return b"".join((header, *learned, state.sources[:n_sources].tobytes(), tracks, registry))


def unpack(data: bytes) -> TrackerState:
    """State from `pack`'s bytes.

    Raises
    ------
    LayoutError
        If the bytes are cut short, too long, or of another version.
    """
    if len(data) < HEADER.size or data[0] not in SIZES:
        msg = f"tracker state of {len(data)} bytes is of none of the versions {sorted(SIZES)}"
        raise LayoutError(msg)
    header = HEADER.unpack_from(data)
    _, _, track_size, n_tracks, n_sources, source_size, registry_size, swept, posed_us = header
    state = empty()
    posed = HEADER.size + state.gaps.nbytes
    first = posed + state.pose.nbytes
    at = first + n_sources * source_size
    tracks_end = at + n_tracks * track_size
    end = tracks_end + registry_size
    sizes_fit = (source_size, track_size) == SIZES[data[0]]
    if end != len(data) or not sizes_fit or n_sources > MAX_SOURCES:
        msg = f"tracker state has {len(data)} bytes, its header says {end}"
        raise LayoutError(msg)
    make_room(state, n_tracks)
    gaps = np.frombuffer(data, "<f8", state.gaps.size, HEADER.size)
    state.gaps[:] = gaps.reshape(state.gaps.shape)
    state.pose[:] = np.frombuffer(data, "<f8", state.pose.size, posed)
    _fill_records(data[first:at], n_sources, state.sources)
    _fill_records(data[at:tracks_end], n_tracks, state.tracks)
    state.counts[:] = n_tracks, n_sources, swept, posed_us
    if n_tracks and not _buckets_fit(state.tracks["bucket"][:n_tracks]):
        msg = "tracker state names a bucket that does not exist"
        raise LayoutError(msg)
    fill_index(state.tracks, n_tracks, state.heads, state.links)
    state.registry = unpack_registry(data[tracks_end:])
    return state


def _fill_records(data: bytes, n: int, target: RecordArray) -> None:
    """Fill the first n records from those of a version that begins as this one does."""
    if n:
        told = np.frombuffer(data, np.uint8).reshape(n, -1)
        target[:n].view(np.uint8).reshape(n, -1)[:, : told.shape[1]] = told


def _buckets_fit(buckets: IntArray) -> bool:
    return bool(buckets.min() >= 0 and buckets.max() < BUCKETS)


def sources_of(state: TrackerState) -> list[str]:
    """Source id of each slot; bit s of ``TRACK_ROW.sources`` stands for the s-th.

    Ids longer than 128 bytes are cut here (and only here: they are told apart by their hash).
    """
    names = state.sources["name"][: int(state.counts[N_SOURCES])]
    return [name.decode("utf-8", "ignore") for name in names.tolist()]


def ids_of(state: TrackerState) -> list[int]:
    """Ids of all tracks, in order of birth."""
    ids: list[int] = state.tracks["track_id"][: state.counts[N_TRACKS]].tolist()
    return ids


def rename(state: TrackerState, names: Mapping[int, int]) -> None:
    """Give tracks other ids, in place: new by present id."""
    tracks = state.tracks[: state.counts[N_TRACKS]]
    for present, other in names.items():
        for name in ("track_id", "twin_id"):
            tracks[name][tracks[name] == present] = other

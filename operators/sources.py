"""Source entries: what is declared about each sender, as versioned data.

An entry arrives on `station.sources` as JSON and takes effect at `valid_from_us`, but not before
5 s after its own receive time, so that every parallel front knows it in time and a replay uses
the entry of that time.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
import numpy as np

from operators.decode.decoded import Datum
from operators.decode.geometry import Geometry, geometry_text
from operators.errors import DecodeError, FrameError
from operators.frame import SourceKind
from operators.raw import unpack_raw
from operators.reasons import Reason
from operators.shared import Changes
from operators.transform.datum import SHIFTED, shift_applies
from operators.transform.grid import grid

NOTICE_US = 5_000_000  # an entry takes effect at the earliest this long after its receive time

MAX_ID_BYTES = 128  # what a tracker keeps of a name
MAX_REACH_M = 20_000.0  # a sensor's frame goes to every cell in its reach
# Least and largest sensible value of each number.
_RANGES: dict[str, tuple[float, float]] = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-180.0, 180.0),
    "heading_rad": (-100.0, 100.0),
    "coverage_radius_m": (0.1, 2e6),
    "nominal_rate_hz": (1e-6, 1e4),
    "nominal_delay_ms": (0.0, 60_000.0),
    "position_sigma_m": (1e-4, 1e4),
    "valid_from_us": (0, 253_402_300_799_999_999),  # the year 9999
}

_Frame = Annotated[str, msgspec.Meta(pattern="^(wgs84|local|EPSG:[1-9][0-9]{3,5})$")]

KINDS = {"roadside": SourceKind.ROADSIDE, "probe": SourceKind.PROBE, "feed": SourceKind.FEED}


class SourceEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is declared about one source.

    Parameters
    ----------
    source_id
        Name of the sender; the key of its records.
    kind
        ``roadside``, ``probe`` (a fleet or gateway; its vehicles are local ids) or ``feed``.
    format
        Adapter to use where the record has no ``format`` header; None to take the topic's default.
    datum
        What the degrees in its messages are in.
    frame
        What the metres in its messages are in: ``wgs84`` for those about the pose below;
        ``EPSG:`` and a code for a grid or geocentric axes (`operators.transform.grid`);
        ``local`` for a recording without a place on the Earth.
    lat_deg, lon_deg, heading_rad
        Pose, surveyed: where the sensor stands, always WGS-84, and where its x axis points,
        counter-clockwise from east.
    coverage_radius_m
        It looks at a circle of this radius around its place; None if unknown.
    nominal_rate_hz, nominal_delay_ms
        Source frames a second, and the usual delay from event to receipt; None for that of its
        kind (`operators.align.clock`).
    position_sigma_m
        Standard deviation per axis to assume where a message declares none, metres.
    owner
        Who supplies the data.
    valid_from_us
        From when the entry holds, UTC microseconds.
    quarantined
        True if nothing of this source may be used.
    regions
        What the names of regions (or stations) in a feed's messages cover: GeoJSON geometries in
        WGS-84 by name; `coverage_radius_m` is how far around them.
    """

    source_id: str
    kind: Literal["roadside", "probe", "feed"]
    format: str | None = None
    datum: Datum = "WGS-84"
    frame: _Frame = "wgs84"
    lat_deg: float | None = None
    lon_deg: float | None = None
    heading_rad: float = 0.0
    coverage_radius_m: float | None = None
    nominal_rate_hz: float | None = None
    nominal_delay_ms: float | None = None
    position_sigma_m: float | None = None
    owner: str = ""
    valid_from_us: int = 0
    quarantined: bool = False
    regions: dict[str, Geometry] = {}

    @property
    def is_metric(self) -> bool:
        """Whether its positions are in a metric frame of the EPSG registry."""
        return self.frame.startswith("EPSG:")


class EntryVersion(msgspec.Struct, frozen=True):
    """One version of an entry: the instant from which it holds, and its place in the log."""

    effective_us: int
    received_us: int
    offset: int
    entry: SourceEntry


_ENTRY = msgspec.json.Decoder(SourceEntry)
_VERSIONS = msgspec.msgpack.Decoder(list[EntryVersion])
_ENCODER = msgspec.msgpack.Encoder()


def parse_entry(payload: bytes) -> SourceEntry:
    """Source entry of one record of `station.sources`.

    Raises
    ------
    DecodeError
        ``BAD_SOURCE_ENTRY`` with what is wrong.
    """
    try:
        entry = _ENTRY.decode(payload)
    except msgspec.DecodeError as error:
        raise DecodeError(Reason.BAD_SOURCE_ENTRY, str(error)) from None
    for wrong in (_wrong_numbers(entry), _wrong_place(entry), _wrong_frame(entry)):
        if wrong:
            raise DecodeError(Reason.BAD_SOURCE_ENTRY, wrong)
    return entry


def supplier_of(entry: SourceEntry | None) -> tuple[str, float]:
    """Owner of a source and the frames a second that it promises; empty and NaN if not known."""
    if entry is None:
        return "", math.nan
    rate_hz = entry.nominal_rate_hz
    return entry.owner, math.nan if rate_hz is None else rate_hz


def _wrong_numbers(entry: SourceEntry) -> str:
    if len(entry.owner.encode()) > MAX_ID_BYTES:
        return f"owner of {len(entry.owner.encode())} bytes, limit {MAX_ID_BYTES}"
    if not 0 < len(entry.source_id.encode()) <= MAX_ID_BYTES:
        return f"source_id of {len(entry.source_id.encode())} bytes, limit {MAX_ID_BYTES}"
    for name, (least, most) in _RANGES.items():
        value = getattr(entry, name)
        if value is not None and not least <= value <= most:
            return f"{name}={value}, not in {least:g} to {most:g}"
    return ""


def _wrong_place(entry: SourceEntry) -> str:
    reach_m = entry.coverage_radius_m
    if entry.kind != "feed" and reach_m is not None and reach_m > MAX_REACH_M:
        return f"coverage_radius_m={reach_m}, limit {MAX_REACH_M:g} for a sensor"
    if (entry.lat_deg is None) != (entry.lon_deg is None):
        return "lat_deg and lon_deg go together"
    for name, geometry in entry.regions.items():
        try:
            geometry_text(geometry)
        except DecodeError as error:
            return f"region {name[:40]}: {error.detail}"
    return ""


def _wrong_frame(entry: SourceEntry) -> str:
    """What in datum, frame and pose contradicts itself."""
    lat, lon = entry.lat_deg, entry.lon_deg
    if entry.datum in SHIFTED:
        if entry.frame != "wgs84":
            return f"datum {entry.datum} is one of degrees, and frame {entry.frame} has none"
        if lat is not None and lon is not None and not shift_applies(lon, lat):
            return f"datum {entry.datum} of a source at {lat}, {lon}: that is not in China"
    if not entry.is_metric:
        return ""
    try:
        declared = grid(entry.frame)
    except FrameError as error:
        return str(error)
    if entry.heading_rad != 0.0:
        return f"{entry.frame} has axes of its own, and heading_rad={entry.heading_rad}"
    if lat is not None and not np.all(declared.is_in_area(np.array([lon]), np.array([lat]))):
        return f"the source stands at {lat}, {lon}, beyond the area of use of {entry.frame}"
    return ""


def effective_us(entry: SourceEntry, receive_time_us: int) -> int:
    """Instant from which an entry received at `receive_time_us` holds, microseconds."""
    return max(entry.valid_from_us, receive_time_us + NOTICE_US)


def add_version(
    packed: bytes | None, entry: SourceEntry, received_us: int, offset: int = 0
) -> bytes:
    """Packed versions of a source with one more, in the order of the instants.

    Of versions for one instant the one received last comes last, in whatever order they come in.
    """
    versions = _VERSIONS.decode(packed) if packed else []
    added = EntryVersion(effective_us(entry, received_us), received_us, offset, entry)
    versions.append(added)
    return _ENCODER.encode(
        sorted(versions, key=lambda v: (v.effective_us, v.received_us, v.offset))
    )


def entry_at(shared: Mapping[str, bytes], source_id: str, at_us: int) -> SourceEntry | None:
    """The entry of `source_id` that holds at `at_us`, None if there is none."""
    packed = shared.get(source_id)
    if packed is None:
        return None
    held = None
    for version in _versions(packed):
        if version.effective_us <= at_us:
            held = version.entry
    return held


@lru_cache(maxsize=4096)
def _versions(packed: bytes) -> list[EntryVersion]:
    return _VERSIONS.decode(packed)


def share_source(shared: Mapping[str, bytes], event: bytes) -> Changes:
    """What a record of `station.sources` changes: the packed versions of its source's entry.

    Nothing for a pulse or an entry that cannot be read (the front rejects it by name).
    """
    record = unpack_raw(event)
    if record.body is None:
        return {}
    try:
        entry = parse_entry(record.body)
    except DecodeError:
        return {}
    known = shared.get(entry.source_id)
    return {entry.source_id: add_version(known, entry, record.receive_time_us, record.offset)}

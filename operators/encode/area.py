"""The area of a roadside unit, and the names under which the station sends its messages there.

A message has to say who sends it, in 8 octets (RSM), 4 octets (SDSM) or 32 bits (CPM). All come
from one hash of the station and the area, so that a receiver of two neighbouring areas does not mix
their object ids, and the station knows its own messages when they come back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from operators.sources import SourceEntry

# CPM's coordinates end 1310.71 m from the reference position.
MOST_REACH_M = 1300.0
USUAL_REACH_M = 250.0  # of a unit that declares none


@dataclass(frozen=True, slots=True)
class Area:
    """Where messages are for.

    Parameters
    ----------
    area_id
        Name: the roadside unit's source id.
    lat_deg, lon_deg
        Reference position: where the unit stands, WGS-84 degrees.
    radius_m
        Objects up to this distance are told.
    """

    area_id: str
    lat_deg: float
    lon_deg: float
    radius_m: float

    @property
    def lat_e7(self) -> int:
        """Latitude in 1e-7 degrees, as messages have it."""
        return round(self.lat_deg * 1e7)

    @property
    def lon_e7(self) -> int:
        """Longitude in 1e-7 degrees."""
        return round(self.lon_deg * 1e7)


def area_of(entry: SourceEntry) -> Area | None:
    """The area of a source, None if it is no roadside unit with a place on the Earth."""
    if entry.kind != "roadside" or entry.lat_deg is None or entry.lon_deg is None:
        return None
    radius_m = min(entry.coverage_radius_m or USUAL_REACH_M, MOST_REACH_M)
    return Area(entry.source_id, entry.lat_deg, entry.lon_deg, radius_m)


@lru_cache(maxsize=65536)
def sender_tag(station_id: str, area_id: str) -> int:
    """64 bits that name a station's sender in an area: BLAKE2b (RFC 7693) of both names."""
    text = f"{len(station_id)}:{station_id}{area_id}".encode()
    return int.from_bytes(blake2b(text, digest_size=8, person=b"station").digest(), "big")


def rsm_sender(tag: int) -> str:
    """The 8 octets of an RSM's id; also the `source_uuid` of a CPM."""
    return f"{tag:016X}"


def sdsm_sender(tag: int) -> str:
    """The 4 octets of an SDSM's sourceID."""
    return f"{tag >> 32:08X}"


def cpm_sender(tag: int) -> int:
    """The station id of a CPM."""
    return tag >> 32


def own_names(station_id: str, area_id: str) -> tuple[str, ...]:
    """Every name of a sender under which our own messages can come back."""
    tag = sender_tag(station_id, area_id)
    return rsm_sender(tag), sdsm_sender(tag), str(cpm_sender(tag))


class OwnSenders:
    """Recognises senders as this station's own; a cache of a pure function of names.

    Parameters
    ----------
    station_id
        Of this station.
    """

    def __init__(self, station_id: str) -> None:
        self._station_id = station_id
        self._seen = 0
        self._areas: dict[str, str] = {}

    def area(self, sender: str | None, source_ids: Collection[str]) -> str:
        """Area that the station has a sender of this name for, empty if none.

        Parameters
        ----------
        sender
            As a message names its sender.
        source_ids
            Every source with an entry, whether or not it is an area; it only grows.
        """
        if len(source_ids) != self._seen:
            self._seen = len(source_ids)
            for source_id in source_ids:
                for name in own_names(self._station_id, source_id):
                    self._areas[name] = source_id
        return self._areas.get(sender or "", "")

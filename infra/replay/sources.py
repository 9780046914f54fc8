"""Source entries that recorded files need: who sent them, from where, how well they measure.

What the publishers of a file left out or made anonymous has to be invented so that the file can
be placed on a map; `PLACES` says which is which.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from infra.replay.messages import RecordedMessage
from operators.decode.decoded import Decoded, DecodedFrame, Space
from operators.decode.formats import Formats
from operators.errors import DecodeError

SourceEntry = dict[str, str | float | None]

_KIND_NAMES = {1: "roadside", 2: "probe", 3: "feed"}
_US_PER_S = 1_000_000
_DEFAULT_RADIUS_M = 500.0
_DEFAULT_SIGMA_M = 1.5
_BUILT_IN = Formats()
# For files in local metres that name no place on Earth: invented, in the open Atlantic.
_NOWHERE = (30.0, -40.0)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a known source stands and how well it measures."""

    lat_deg: float
    lon_deg: float
    radius_m: float
    sigma_m: float
    rate_hz: float
    owner: str


# * 100001 (msg58.json): the file's own place, whose digits its publisher replaced by 1234567; so
#   the place is invented, by them. x, y reach 1.2 km from their origin, which is taken to be
#   there, x east. Radar positions come in steps of 1.42 m by 0.80 m; video scatters by metres.
# * 319348466_1188213963 and R328328 (congestion_tracks.txt, rsm.dawnline.json): the file's refPos.
#   A datum is not stated; the refPos of both agree.
# * sensor1 (CARMA): no place in the files: invented, at the test track from which the same
#   project's sample BSM comes.
PLACES = {
    "100001/video": _Place(40.1234567, 116.1234567, 1300.0, 8.0, 0.86, "OpenV2X"),
    "100001/radar": _Place(40.1234567, 116.1234567, 1300.0, 1.5, 0.86, "OpenV2X"),
    "319348466_1188213963/video": _Place(31.9348466, 118.8213963, 400.0, 1.0, 5.0, "OpenV2X"),
    "R328328": _Place(31.9348466, 118.8213964, 400.0, 1.0, 10.0, "OpenV2X"),
    "sensor1": _Place(38.9550676, -77.1496884, 200.0, 0.5, 10.0, "CARMA"),
}


def source_entries_for(
    messages: Iterable[RecordedMessage], formats: Formats = _BUILT_IN
) -> list[SourceEntry]:
    """Entries for `station.sources`, one for each source of the messages, by source id.

    A source that `PLACES` does not know stands at the middle of the first positions that it
    sends, or in the open ocean if they are local; its rate is measured from the receive times.

    Returns
    -------
    list of dict
        `source_id`, `kind`, `format`, `datum`, `lat_deg`, `lon_deg`, `heading_rad` (of the local x
        axis, counter-clockwise from east), `coverage_radius_m` (None: moves or unknown),
        `nominal_rate_hz`, `position_sigma_m` (to use where a message declares none), `owner`.
    """
    grouped: dict[str, list[RecordedMessage]] = {}
    for message in messages:
        grouped.setdefault(message.source_id, []).append(message)
    return [_entry(source_id, grouped[source_id], formats) for source_id in sorted(grouped)]


def _entry(source_id: str, messages: list[RecordedMessage], formats: Formats) -> SourceEntry:
    info = formats[messages[0].format]
    kind = _KIND_NAMES[info.kind]
    place = PLACES.get(source_id) or _place_from(messages, formats)
    return {
        "source_id": source_id,
        "kind": kind,
        "format": info.name,
        "datum": "WGS-84",
        "lat_deg": place.lat_deg,
        "lon_deg": place.lon_deg,
        "heading_rad": 0.0,
        "coverage_radius_m": place.radius_m if kind == "roadside" else None,
        "nominal_rate_hz": place.rate_hz,
        "position_sigma_m": place.sigma_m,
        "owner": place.owner,
    }


def _place_from(messages: list[RecordedMessage], formats: Formats) -> _Place:
    frame = next(
        (f for m in messages for f in _decoded(m, formats).frames if len(f.position)), None
    )
    lat_deg, lon_deg = _NOWHERE if frame is None else _middle(frame)
    span_us = messages[-1].receive_time_us - messages[0].receive_time_us
    rate_hz = (len(messages) - 1) * _US_PER_S / span_us if span_us > 0 else 1.0
    return _Place(lat_deg, lon_deg, _DEFAULT_RADIUS_M, _DEFAULT_SIGMA_M, rate_hz, "recorded")


def _decoded(message: RecordedMessage, formats: Formats) -> Decoded:
    try:
        return formats.decode(message.format, message.payload, message.receive_time_us)
    except DecodeError:
        return Decoded()


def _middle(frame: DecodedFrame) -> tuple[float, float]:
    lon_deg, lat_deg = frame.position.mean(axis=0).tolist()
    if frame.space is Space.LOCAL or not math.isfinite(lat_deg):
        return _NOWHERE
    return lat_deg, lon_deg

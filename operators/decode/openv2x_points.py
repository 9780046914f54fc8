"""Format `openv2x.points.json`: track points as the algorithms of OpenV2X hand them around.

A list of points, a map of track id to points, or a map of track id to one point. Points of one
device, one kind of source and one `secMark` are one frame; its source id is ``<unit>/video``,
``<unit>/radar``, ..., because each sensor of a unit errs on its own. The unit is `rsuId`, else the
place ``<refPos_lat>_<refPos_lon>``. Two writings exist, told apart by `refPos_lat`:

| | device style (`devicePosLat`) | reference style (`refPos_lat`) |
|---|---|---|
| size | metres | width, length cm; height 5 cm |
| x, y | metres | metres east and north of the reference |
| lat, lon | 1e-7 deg | 1e-7 deg |

**Position.** A point whose lat and lon do not leave the device (within 5e-7 deg) while x, y are
metres away was made anonymous: the frame is LOCAL and x, y count. Otherwise it is GEOGRAPHIC.

**Speed and heading are not used**, because what they mean cannot be told from a message. The
writers' own code takes 0.02 m/s and 0.0125 deg clockwise from north. But of the two recordings
that exist, the reference-style one moves at 3.63 times that speed (5 to 95 %: 3.59-3.71, km/h
taken for m/s) and its headings are mirrored: 153 of 155 moving pairs agree within 10 deg with
180 deg minus the heading (median error 0.6 deg), none with the heading. In the device style the
speeds are whole multiples of 0.36, so km/h, but the nine radar tracks move at half of them
(0.48 to 0.52), and the headings are small angles in radians from +y that no motion of the tracks
repeats. A velocity of the wrong sense
costs a tracker more than none; speed 0 is kept as standing.

`secMark` is anchored; the same id twice in a frame cannot both be true: the later one stands and
the earlier counts as refused. Accuracy is not given. Dropped: lane, timeStamp (a copy of secMark).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, DecodedFrame, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import (
    LATITUDE_UNAVAILABLE,
    LONGITUDE_UNAVAILABLE,
    Latitude,
    Longitude,
)
from operators.decode.json_text import read_json
from operators.decode.participants import (
    FUSED_SOURCES,
    ROADSIDE_UNIT,
    class_of_participant,
    participant_type,
    source_code,
    source_name,
)
from operators.decode.rows import UNKNOWN_VELOCITY, FrameRows, decoded, id_hash
from operators.frame import FrameFlag
from operators.normalise.event_time import second_of_minute_us

_AT_THE_DEVICE = 5  # 1e-7 deg, some 5 cm
_AWAY_M = 1.0
_Metres = Annotated[float, Meta(ge=-100_000.0, le=100_000.0)]
_Size = Annotated[float, Meta(ge=0.0, le=10_000.0)]


class Point(msgspec.Struct, rename="camel"):
    """One point; numbers may come as floats (``118.0``) or as strings."""

    ptc_type: str | float
    source: float
    sec_mark: Annotated[float, Meta(ge=0, le=65_535)]
    lat: Latitude
    lon: Longitude
    x: _Metres
    y: _Metres
    ptc_id: float = 0.0
    global_id: str | None = msgspec.field(name="globalTrackId", default=None)
    global_track_id: str | None = msgspec.field(name="global_track_id", default=None)
    rsu_id: str | None = None
    device_id: str | None = None
    device_pos_lat: Latitude | None = None
    device_pos_lon: Longitude | None = None
    ref_lat: Latitude | None = msgspec.field(name="refPos_lat", default=None)
    ref_lon: Longitude | None = msgspec.field(name="refPos_lon", default=None)
    speed: float | None = None
    length: _Size = 0.0
    width: _Size = 0.0
    height: _Size = 0.0


FrameKey = tuple[float, str, int]  # secMark, unit, source code

_LIST = msgspec.json.Decoder(list[Point])
_MAP = msgspec.json.Decoder(dict[str, Point | list[Point]])


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; one frame for each device, kind of source and mark, in time order.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE for an unknown type or source, and the reasons of `json_text.read_json`.
    """
    points = _points(payload)
    check_objects(len(points))
    groups: dict[FrameKey, list[tuple[int, Point]]] = {}
    for index, point in enumerate(points):
        groups.setdefault(frame_key(point), []).append((index, point))
    return decoded([_frame(key, groups[key], anchor_us) for key in sorted(groups)])


def frame_key(point: Point) -> FrameKey:
    """Return what tells one frame from another: mark, unit and source."""
    unit = point.rsu_id or point.device_id or f"{point.ref_lat}_{point.ref_lon}"
    return (point.sec_mark, unit, source_code(point.source))


def source_id_of(key: FrameKey) -> str:
    """Return the source id of the frame with that key."""
    _, unit, source = key
    return f"{unit}/{source_name(source)}"


def _points(payload: bytes) -> list[Point]:
    if payload.lstrip().startswith(b"["):
        return read_json(_LIST, payload)
    tracks = read_json(_MAP, payload).values()
    return [point for t in tracks for point in (t if isinstance(t, list) else [t])]


def _frame(key: FrameKey, group: list[tuple[int, Point]], anchor_us: int) -> DecodedFrame:
    mark_ms, _, source = key
    last = {_id_of(point): index for index, point in group}
    local = _is_anonymous([point for _, point in group])
    rows = FrameRows()
    for index, point in group:
        kind = participant_type(point.ptc_type)
        if kind == ROADSIDE_UNIT:
            continue
        if last[_id_of(point)] != index:
            rows.refused += 1
            continue
        _add(rows, index, point, kind, local)
    return rows.frame(
        source_id_of(key),
        second_of_minute_us(round(mark_ms), anchor_us),
        FrameFlag.FUSED if source in FUSED_SOURCES else 0,
        Space.LOCAL if local else Space.GEOGRAPHIC,
    )


def _id_of(point: Point) -> str:
    return point.global_track_id or point.global_id or f"{point.ptc_id:g}"


def _is_anonymous(points: list[Point]) -> bool:
    """Whether the geographic positions stick to the device while x, y do not."""
    stuck = all(
        p.device_pos_lat is not None
        and p.device_pos_lon is not None
        and abs(p.lat - p.device_pos_lat) <= _AT_THE_DEVICE
        and abs(p.lon - p.device_pos_lon) <= _AT_THE_DEVICE
        for p in points
    )
    return stuck and any(abs(p.x) > _AWAY_M or abs(p.y) > _AWAY_M for p in points)


def _add(rows: FrameRows, index: int, point: Point, kind: int, local: bool) -> None:
    if not local and (point.lat == LATITUDE_UNAVAILABLE or point.lon == LONGITUDE_UNAVAILABLE):
        rows.refused += 1
        return
    metric = point.ref_lat is None
    per_m, height_per_m = (1.0, 1.0) if metric else (100.0, 20.0)
    first, second = (point.x, point.y) if local else (point.lon / 1e7, point.lat / 1e7)
    rows.add(
        index,
        first,
        second,
        velocity_mps=(0.0, 0.0) if point.speed == 0.0 else UNKNOWN_VELOCITY,
        size_m=(point.length / per_m, point.width / per_m, point.height / height_per_m),
        object_class=class_of_participant(kind, 0),
        local_id=id_hash(_id_of(point)),
    )

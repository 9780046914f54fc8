"""Format `rsap.json`: objects of the road-cloud interface (RSAP) in the JSON that goes over Kafka.

As far as it is publicly documented; the binary form of the interface is not read.

| field | unit | unavailable |
|---|---|---|
| rcuId, deviceId | together the source id, ``<rcuId>/<deviceId>`` | left out |
| deviceType | 1 fusion (flag FUSED), 2 camera, 3 radar, 4 lidar | - |
| gnssType | **datum of the degrees**: 0 GCJ-02, 2 WGS-84 | 1 its own: the source's entry decides |
| timestampOfDevOut, -DetIn, -DetOut | ms since 1970 | left out, 0 |
| targets: longitude, latitude | degrees with a fraction | 180.0000001, 90.0000001 |
| targets: speed | 0.01 m/s | 65535 |
| targets: heading | whole degrees clockwise from north | beyond 360 |
| targets: elevation | 0.1 m | 4294962295 |
| targets: uuid, objId | local id, uuid before objId | - |
| targets: type | as of COCO | others unknown |

Types: 0 person, 1 bicycle, 2 car, 3 motorbike, 5 bus, 7 truck, and 20 for what has no motor.

The event time is when the device gave its picture out (DevOut), else the first of the later stages
that is told: the road was so before any of them. Some senders count from UTC+8: their clock shows
as 8 h fast and is corrected as any coarse clock. Numbers may be texts. Objects come out of a
tracker: FILTERED.

Dropped: locEast and locNorth (of what point is not said), speedEast and -North, sizes (their unit
is not documented), confidences of unknown scale, accelerations, histories and predictions, lane,
plate, the list of contributing devices, kafkaTime.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from operators.decode.decoded import Datum, Decoded, Space
from operators.decode.guard import check_objects
from operators.decode.j2735 import heading_from_north_rad, velocity_mps
from operators.decode.json_text import read_json
from operators.decode.rows import NAN, FrameRows, decoded, id_hash
from operators.frame import FrameFlag, ObjectClass

_FUSION = 1
_DATUM_OF_TYPE: dict[int, Datum] = {0: "GCJ-02", 2: "WGS-84"}
_SPEED_UNAVAILABLE = 65_535
_HIGHEST = 61_439  # 0.1 m; the sentinel lies far beyond
_CLASS_OF_TYPE = {
    0: ObjectClass.PEDESTRIAN,
    1: ObjectClass.BICYCLE,
    2: ObjectClass.CAR,
    3: ObjectClass.MOTORCYCLE,
    5: ObjectClass.BUS,
    7: ObjectClass.TRUCK,
    20: ObjectClass.BICYCLE,
}

_EpochMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class _Target(msgspec.Struct, rename="camel"):
    longitude: Annotated[float, Meta(ge=-180.0, le=180.000_000_1)]
    latitude: Annotated[float, Meta(ge=-90.0, le=90.000_000_1)]
    uuid: str = ""
    obj_id: int | None = None
    type: Annotated[int, Meta(ge=0, le=255)] = 255
    speed: Annotated[float, Meta(ge=0, le=_SPEED_UNAVAILABLE)] = _SPEED_UNAVAILABLE
    heading: Annotated[float, Meta(ge=0, le=4_294_967_295)] = 361.0
    elevation: Annotated[float, Meta(ge=-5000, le=4_294_967_295)] = 4_294_962_295.0


class _Rsap(msgspec.Struct, rename="camel"):
    rcu_id: str
    targets: list[_Target]
    device_id: str = ""
    device_type: int = 0
    gnss_type: int = 1
    dev_out: _EpochMs = msgspec.field(name="timestampOfDevOut", default=0)
    det_in: _EpochMs = msgspec.field(name="timestampOfDetIn", default=0)
    det_out: _EpochMs = msgspec.field(name="timestampOfDetOut", default=0)


_DECODER = msgspec.json.Decoder(_Rsap, strict=False)  # numbers come as texts too


def adapt(payload: bytes, anchor_us: int) -> Decoded:
    """Read one message; the anchor is not needed.

    Raises
    ------
    DecodeError
        UNAVAILABLE if no object has a position, and the reasons of `json_text.read_json`.
    """
    rsap = read_json(_DECODER, payload)
    check_objects(len(rsap.targets))
    rows = FrameRows()
    for index, one in enumerate(rsap.targets):
        _add(rows, index, one)
    told_ms = rsap.dev_out or rsap.det_in or rsap.det_out
    flags = FrameFlag.FILTERED | (FrameFlag.FUSED if rsap.device_type == _FUSION else 0)
    frame = rows.frame(
        "/".join(name for name in (rsap.rcu_id, rsap.device_id) if name) or None,
        told_ms * 1000 if told_ms else None,
        int(flags),
        Space.GEOGRAPHIC,
        _DATUM_OF_TYPE.get(rsap.gnss_type),
    )
    return decoded([frame])


def _add(rows: FrameRows, index: int, one: _Target) -> None:
    if one.longitude > 180.0 or one.latitude > 90.0:
        rows.refused += 1
        return
    heading_rad = heading_from_north_rad(NAN if one.heading > 360.0 else one.heading)
    speed_mps = NAN if one.speed == _SPEED_UNAVAILABLE else one.speed / 100
    rows.add(
        index,
        one.longitude,
        one.latitude,
        z_m=NAN if one.elevation > _HIGHEST else one.elevation / 10,
        velocity_mps=velocity_mps(speed_mps, heading_rad),
        heading_rad=heading_rad,
        object_class=_CLASS_OF_TYPE.get(one.type, ObjectClass.UNKNOWN),
        local_id=id_hash(one.uuid or ("" if one.obj_id is None else str(one.obj_id))),
    )

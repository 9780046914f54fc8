"""Fused objects as SDSM, SAE J3224 in the JSON of the JPO-ODE: read back as `sdsm.json`.

| field | of the fused object |
|---|---|
| sourceID | 4 octets of the station and the area (`area`); equipmentType is rsu |
| sDSMTimeStamp | the tick, UTC |
| refPos | place of the area's unit; its elevation is the objects' middle one |
| objectID | number of the track in the area |
| measurementTime | ms from the stamp, positive is newer |
| pos | 0.1 m north, east and down of refPos, along the geodesic |
| posConfidence, speedConfidence, headingConf | bounds at 95 %, never finer than the state is |
| speed, heading | `quantise.heading_of_motion` |
| objType, objTypeCfd | class and its probability |
| detVeh, detVRU, detObst | size and class of vehicles; basicType; size of obstacles |

A message has 256 objects at most and one at least: an area that is empty sends none. Left out:
existence, acceleration, context, sizes of people and animals, which the standard has no field for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.decode.j2735 import (
    ELEVATION_UNAVAILABLE,
    HEADING_CONFIDENCE_NAMES,
    POSITION_CONFIDENCE_NAMES,
    SPEED_CONFIDENCE_NAMES,
)
from operators.encode.area import Area, sdsm_sender
from operators.encode.j2735 import Columns, columns
from operators.encode.quantise import whole
from operators.frame import ObjectClass
from operators.transform.cells import local_frame

MOST_OBJECTS = 256
_MOST_OFFSET = 32_767
_MOST_DELAY_MS = 1500
_KIND = (
    "us.dot.its.jpo.asn.j2735.r2024.SensorDataSharingMessage.SensorDataSharingMessageMessageFrame"
)
_WALKERS = {
    ObjectClass.PEDESTRIAN: "aPEDESTRIAN",
    ObjectClass.BICYCLE: "aPEDALCYCLIST",
    ObjectClass.ANIMAL: "anANIMAL",
}
_TYPE_OF = {
    ObjectClass.UNKNOWN: "unknown",
    ObjectClass.OBSTACLE: "unknown",
    ObjectClass.PEDESTRIAN: "vru",
    ObjectClass.BICYCLE: "vru",
    ObjectClass.ANIMAL: "animal",
}
_TYPES = [_TYPE_OF.get(one, "vehicle") for one in ObjectClass]


def encode(
    area: Area, tag: int, tick_us: int, rows: RecordArray, numbers: Sequence[int], count: int
) -> list[bytes]:
    """Records of an area, one message each; parameters as for `rsm.encode`."""
    if not len(rows):
        return []
    base = _reference(area, rows)
    objects = _objects(base, tick_us, rows, numbers)
    return [
        _record(
            {
                "msgCnt": (count + number) % 128,
                "sourceID": sdsm_sender(tag),
                "equipmentType": "rsu",
                "sDSMTimeStamp": _stamp(tick_us),
                "refPos": base,
                "refPosXYConf": {"semiMajor": 255, "semiMinor": 255, "orientation": 65_535},
                "objects": objects[start : start + MOST_OBJECTS],
            },
            tick_us,
        )
        for number, start in enumerate(range(0, len(objects), MOST_OBJECTS))
    ]


def _record(message: dict[str, Any], tick_us: int) -> bytes:
    at = datetime.fromtimestamp(tick_us // 1_000_000, UTC)
    made = f"{at:%Y-%m-%dT%H:%M:%S}.{tick_us // 1000 % 1000:03}Z"
    metadata = {
        "recordType": "sdsmTx",
        "recordGeneratedBy": "RSU",
        "recordGeneratedAt": made,
        "odeReceivedAt": made,
        "schemaVersion": 8,
        "payloadType": "us.dot.its.jpo.ode.model.OdeMessageFramePayload",
        "source": "RSU",
    }
    data = {"messageId": 41, "value": {"SensorDataSharingMessage": message}}
    return msgspec.json.encode({"metadata": metadata, "payload": {"data": data, "dataType": _KIND}})


def _stamp(tick_us: int) -> dict[str, int]:
    at = datetime.fromtimestamp(tick_us // 1_000_000, UTC)
    return {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "minute": at.minute,
        "second": tick_us // 1000 % 60_000,
        "offset": 0,
    }


def _reference(area: Area, rows: RecordArray) -> dict[str, int]:
    known = rows["altitude_m"][np.isfinite(rows["altitude_m"])]
    middle = np.median(known) if len(known) else np.nan
    (elevation,) = whole(np.array([middle]), 10, -4095, 61_439, ELEVATION_UNAVAILABLE)
    return {"lat": area.lat_e7, "long": area.lon_e7, "elevation": elevation}


def _offsets(base: dict[str, int], rows: RecordArray) -> list[dict[str, int]]:
    """North, east and down of the reference position, 0.1 m."""
    frame = local_frame(base["long"] / 1e7, base["lat"] / 1e7)
    east_m, north_m = frame.to_local(rows["lon_deg"], rows["lat_deg"])
    north = whole(north_m, 10, -_MOST_OFFSET, _MOST_OFFSET, 0)
    east = whole(east_m, 10, -_MOST_OFFSET, _MOST_OFFSET, 0)
    rise_m = rows["altitude_m"].astype(float) - base["elevation"] / 10
    down = whole(-rise_m, 10, -_MOST_OFFSET, _MOST_OFFSET, 0)
    return [
        {"offsetX": x, "offsetY": y, "offsetZ": z} if known else {"offsetX": x, "offsetY": y}
        for x, y, z, known in zip(north, east, down, np.isfinite(rise_m).tolist(), strict=True)
    ]


def _objects(
    base: dict[str, int], tick_us: int, rows: RecordArray, numbers: Sequence[int]
) -> list[dict[str, Any]]:
    fields, kinds = columns(rows), [ObjectClass(one) for one in rows["object_class"].tolist()]
    sure = whole(rows["class_probability"], 100, 0, 100, 101)
    delays_ms = ((rows["tick_us"] - tick_us) // 1000).clip(-_MOST_DELAY_MS, _MOST_DELAY_MS).tolist()
    places = _offsets(base, rows)
    made = []
    for i, number in enumerate(numbers):
        common = {
            "objType": _TYPES[kinds[i]],
            "objTypeCfd": sure[i],
            "objectID": number,
            "measurementTime": delays_ms[i],
            "timeConfidence": "unavailable",
            "pos": places[i],
            "posConfidence": {
                "pos": POSITION_CONFIDENCE_NAMES[fields.position_code[i]],
                "elevation": "unavailable",
            },
            "speed": fields.speed[i],
            "speedConfidence": SPEED_CONFIDENCE_NAMES[fields.speed_code[i]],
            "heading": fields.heading[i],
            "headingConf": HEADING_CONFIDENCE_NAMES[fields.heading_code[i]],
        }
        options = _options(kinds[i], fields, i)
        made.append(
            {"detObjCommon": common, "detObjOptData": options}
            if options
            else {"detObjCommon": common}
        )
    return made


def _options(kind: ObjectClass, fields: Columns, i: int) -> dict[str, Any]:
    if kind in _WALKERS:
        return {"detVRU": {"basicType": _WALKERS[kind]}}
    if kind is ObjectClass.OBSTACLE:
        return {"detObst": _obstacle(fields, i)}
    if kind is ObjectClass.UNKNOWN:
        return {}
    size = {"width": fields.width_cm[i], "length": fields.length_cm[i]}
    vehicle = {
        "size": size,
        "height": fields.height_5cm[i],
        "vehicleClass": fields.vehicle_class[i],
    }
    return {"detVeh": vehicle}


def _obstacle(fields: Columns, i: int) -> dict[str, Any]:
    """Size in 0.1 m, which is coarser than the vehicles' fields."""
    size = {
        "width": round(fields.width_cm[i] / 10),
        "length": round(fields.length_cm[i] / 10),
        "height": round(fields.height_5cm[i] / 2),
    }
    confidence = {f"{name}Confidence": "unavailable" for name in size}
    return {"obstSize": size, "obstSizeConfidence": confidence}

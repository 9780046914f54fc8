"""A sensor's frame as an SDSM (SAE J3224) in the JSON of the JPO-ODE, every value raw.

Offsets are in 0.1 m north and east of the reference position, which is the origin of the frame.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from infra.simulator.frames import SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.rsm import (
    BASIC_VEHICLE_CLASS,
    clockwise_heading,
    position_confidence,
    scaled,
)
from operators.decode.j2735 import POSITION_CONFIDENCE_NAMES
from operators.frame import ObjectClass

_KIND = (
    "us.dot.its.jpo.asn.j2735.r2024.SensorDataSharingMessage.SensorDataSharingMessageMessageFrame"
)


def encode_sdsm(frame: SensorFrame, sender: int, placement: Placement, count: int) -> bytes:
    """One message of a roadside unit; `count` is its `msgCnt`, modulo 128."""
    message = {
        "msgCnt": count % 128,
        "sourceID": f"{sender:08X}",
        "equipmentType": "rsu",
        "sDSMTimeStamp": _stamp(frame.claimed_time_us),
        "refPos": {
            "lat": round(placement.lat_deg * 1e7),
            "long": round(placement.lon_deg * 1e7),
            "elevation": round(placement.alt_m * 10),
        },
        "refPosXYConf": {"semiMajor": 255, "semiMinor": 255, "orientation": 65_535},
        "objects": [_object(frame, i) for i in range(len(frame))],
    }
    data = {"messageId": 41, "value": {"SensorDataSharingMessage": message}}
    metadata = {"recordType": "sdsmTx", "recordGeneratedBy": "RSU", "schemaVersion": 8}
    return msgspec.json.encode({"metadata": metadata, "payload": {"data": data, "dataType": _KIND}})


def _stamp(time_us: int) -> dict[str, int]:
    at = datetime.fromtimestamp(time_us // 1_000_000, UTC)
    return {
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "minute": at.minute,
        "second": time_us // 1000 % 60_000,
    }


def _object(frame: SensorFrame, i: int) -> dict[str, Any]:
    confidence = POSITION_CONFIDENCE_NAMES[position_confidence(frame.position_sigma_m[i])]
    common = {
        "objType": "vehicle",
        "objTypeCfd": scaled(float(frame.score[i]), 0.01, 101, 100),
        "objectID": int(frame.local_id[i]),
        "measurementTime": 0,
        "timeConfidence": "unavailable",
        "pos": {"offsetX": round(frame.y_m[i] * 10), "offsetY": round(frame.x_m[i] * 10)},
        "posConfidence": {"pos": confidence, "elevation": "unavailable"},
        "speed": scaled(frame.speed_mps[i], 0.02, 8191, 8190),
        "speedConfidence": "unavailable",
        "heading": clockwise_heading(frame.heading_rad[i]),
        "headingConf": "unavailable",
    }
    vehicle = {
        "size": {
            "width": scaled(frame.width_m[i], 0.01, 0, 1023),
            "length": scaled(frame.length_m[i], 0.01, 0, 4095),
        },
        "height": scaled(frame.height_m[i], 0.05, 0, 127),
        "vehicleClass": BASIC_VEHICLE_CLASS[ObjectClass(int(frame.object_class[i]))],
    }
    return {"detObjCommon": common, "detObjOptData": {"detVeh": vehicle}}

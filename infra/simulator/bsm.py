"""Basic Safety Message (SAE J2735) as JSON of a JPO-ODE, schema version 9: all values raw.

==================  ====================================  ==================
field               unit                                  unavailable
==================  ====================================  ==================
secMark             ms of the minute                      65535
lat, long           1e-7 deg                              900000001, 1800000001
elev                0.1 m                                 -4096
semiMajor, -Minor   0.05 m, one sigma                     255
speed               0.02 m/s                              8191
heading             0.0125 deg, clockwise from north      28800
accelSet.long, lat  0.01 m/s²                             2001
accelSet.vert       0.02 g                                -127
size                1 cm                                  0
height (part II)    5 cm                                  0
==================  ====================================  ==================

An ambulance is on a call: its light bar and its siren are in use.
"""

from typing import Any

import msgspec
import numpy as np

from infra.simulator.frames import SensorFrame
from infra.simulator.ode import UNKNOWN, ode_metadata
from infra.simulator.placement import Placement
from infra.simulator.rsm import BASIC_VEHICLE_CLASS, clockwise_heading, scaled
from operators.frame import ObjectClass


def encode_bsm(frame: SensorFrame, placement: Placement, count: int, serial: int) -> bytes:
    """One vehicle's report; `count` is its `msgCnt`, `serial` numbers the gateway's messages."""
    parts = [_size(frame)]
    if frame.object_class[0] == ObjectClass.EMERGENCY:
        parts.insert(0, _alerts())
    value = {"BasicSafetyMessage": {"coreData": _core(frame, placement, count), "partII": parts}}
    data = {"messageId": 20, "value": value}
    kind = "us.dot.its.jpo.asn.j2735.r2024.BasicSafetyMessage.BasicSafetyMessageMessageFrame"
    return msgspec.json.encode(
        {"metadata": _metadata(frame, serial), "payload": {"data": data, "dataType": kind}}
    )


def _core(frame: SensorFrame, placement: Placement, count: int) -> dict[str, Any]:
    lat, lon, alt = placement.local_to_wgs84(frame.x_m, frame.y_m, np.zeros(1))
    # One sigma, rounded up so that it is never better than it is; 254 stands for 12.70 m and more.
    sigma = min(int(np.ceil(float(frame.position_sigma_m[0]) / 0.05)), 254)
    return {
        "msgCnt": count % 128,
        "id": f"{int(frame.local_id[0]):08x}",
        "secMark": frame.claimed_time_us // 1000 % 60000,
        "lat": round(float(lat[0]) * 1e7),
        "long": round(float(lon[0]) * 1e7),
        "elev": round(float(alt[0]) * 10),
        "accuracy": {"semiMajor": sigma, "semiMinor": sigma, "orientation": 0},
        "transmission": "forwardGears",
        "speed": scaled(frame.speed_mps[0], 0.02, 8191, 8190),
        "heading": clockwise_heading(frame.heading_rad[0]),
        "angle": 127,
        "accelSet": {"long": 2001, "lat": 2001, "vert": -127, "yaw": 0},
        "brakes": {
            "wheelBrakes": "80",
            **dict.fromkeys(("traction", "abs", "scs", "brakeBoost", "auxBrakes"), UNKNOWN),
        },
        "size": {
            "width": scaled(frame.width_m[0], 0.01, 0, 1023),
            "length": scaled(frame.length_m[0], 0.01, 0, 4095),
        },
    }


def _size(frame: SensorFrame) -> dict[str, Any]:
    kind = BASIC_VEHICLE_CLASS.get(ObjectClass(int(frame.object_class[0])), 0)
    extensions = {
        "classDetails": {
            "keyType": kind,
            "role": "basicVehicle",
            "hpmsType": "none",
            "fuelType": 0,
        },
        "vehicleData": {"height": scaled(frame.height_m[0], 0.05, 0, 127)},
    }
    return {"partII-Id": 2, "partII-Value": {"SupplementalVehicleExtensions": extensions}}


def _alerts() -> dict[str, Any]:
    alerts = {
        "sspRights": 0,
        "sirenUse": "inUse",
        "lightsUse": "inUse",
        "multi": "singleVehicle",
        "responseType": "emergency",
    }
    extensions = {"vehicleAlerts": alerts}
    return {"partII-Id": 1, "partII-Value": {"SpecialVehicleExtensions": extensions}}


def _metadata(frame: SensorFrame, serial: int) -> dict[str, Any]:
    location = dict.fromkeys(("latitude", "longitude", "elevation", "speed", "heading"), UNKNOWN)
    return ode_metadata(
        frame.source_id,
        serial,
        frame.receive_time_us,
        recordType="bsmTx",
        receivedMessageDetails={"locationData": location, "rxSource": "RSU"},
        payloadType="us.dot.its.jpo.ode.model.OdeMessageFramePayload",
        recordGeneratedBy="OBU",
        source="EV",
    )

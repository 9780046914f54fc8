"""Roadside Safety Message (T/CSAE 53-2020) as JSON, in the dialect of OpenV2X.

Field names, units and sentinels of the standard's ASN.1; the envelope (`content.rsms[]`), names in
`ptcType` and the hexadecimal `global_track_id` of OpenV2X. Enumerations are numbers.

=============  ===================================  ==================
field          unit                                 unavailable
=============  ===================================  ==================
secMark        ms of the minute                     60000 and more
lat, lon       1e-7 deg                             900000001, 1800000001
ele            0.1 m                                -4096
speed          0.02 m/s                             8191
heading        0.0125 deg, clockwise from north     28800
width, length  1 cm                                 0
height         5 cm                                 0
posConfidence  0-15: 95 % radius of 500 m to 1 cm   0
=============  ===================================  ==================

A message has 1 to 16 participants: a larger frame spans several with equal id and secMark. A frame
that saw nothing names the unit itself: participant 0 of type `rsu`, as the standard provides.
"""

import math
from typing import Any

import msgspec
import numpy as np

from infra.simulator.frames import SensorFrame
from infra.simulator.placement import Placement
from infra.simulator.roadside import RoadsideUnit
from operators.frame import ObjectClass

MOST_PARTICIPANTS = 16
# 95 % radius in metres of each PositionConfidence, from index 1.
POSITION_CONFIDENCE_M = (500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
RADIUS_95_SIGMAS = 2.4477  # sqrt(chi-square of two degrees of freedom at 95 %)

_TYPE = {
    ObjectClass.UNKNOWN: "unknown",
    ObjectClass.BICYCLE: "non-motor",
    ObjectClass.PEDESTRIAN: "pedestrian",
}
# BasicVehicleClass: passenger car, light truck, truck, transit.
BASIC_VEHICLE_CLASS = {
    ObjectClass.CAR: 10,
    ObjectClass.VAN: 20,
    ObjectClass.TRUCK: 25,
    ObjectClass.BUS: 50,
    ObjectClass.EMERGENCY: 60,
}


def position_confidence(sigma_m: float) -> int:
    """Finest enumeration value that still holds 95 % of the errors, 0 if none does."""
    radius_m = RADIUS_95_SIGMAS * float(sigma_m)
    return sum(radius_m <= limit for limit in POSITION_CONFIDENCE_M)


def scaled(value: float, unit: float, unavailable: int, most: int) -> int:
    """`value` in whole units, at most `most`; the sentinel if it is NaN."""
    if math.isnan(value):
        return unavailable
    return min(round(value / unit), most)


def clockwise_heading(heading_rad: float) -> int:
    """Heading in 0.0125 deg clockwise from north, 28800 if NaN."""
    if math.isnan(heading_rad):
        return 28800
    return round((90.0 - math.degrees(heading_rad)) % 360.0 / 0.0125) % 28800


def encode_rsm(
    frame: SensorFrame, unit: RoadsideUnit, placement: Placement, first_count: int
) -> list[bytes]:
    """Encode one frame; `msgCnt` counts on from `first_count`, modulo 128."""
    participants = _participants(frame, unit, placement) or [_itself(frame, unit, placement)]
    reference = _mast_position(unit, placement)
    messages: list[bytes] = []
    for start in range(0, len(participants), MOST_PARTICIPANTS):
        body = {
            "msgCnt": (first_count + len(messages)) % 128,
            "id": unit.source_id,
            "refPos": reference,
            "participants": participants[start : start + MOST_PARTICIPANTS],
        }
        envelope = {"name": unit.source_id, "id": unit.source_id, "content": {"rsms": [body]}}
        messages.append(msgspec.json.encode(envelope))
    return messages


def _position(lat_deg: float, lon_deg: float, alt_m: float) -> dict[str, int]:
    return {"lat": round(lat_deg * 1e7), "lon": round(lon_deg * 1e7), "ele": round(alt_m * 10)}


def _mast_position(unit: RoadsideUnit, placement: Placement) -> dict[str, int]:
    foot = placement.local_to_wgs84(np.array(unit.x_m), np.array(unit.y_m), np.array(0.0))
    return _position(*(float(value) for value in foot))


def _participants(
    frame: SensorFrame, unit: RoadsideUnit, placement: Placement
) -> list[dict[str, Any]]:
    """All objects of the frame; positions are on the road's surface below the box centre."""
    places = np.transpose(placement.local_to_wgs84(frame.x_m, frame.y_m, np.zeros(len(frame))))
    return [_participant(frame, i, unit, _position(*places[i].tolist())) for i in range(len(frame))]


def _participant(
    frame: SensorFrame, i: int, unit: RoadsideUnit, position: dict[str, int]
) -> dict[str, Any]:
    kind = ObjectClass(int(frame.object_class[i]))
    number = int(frame.local_id[i])
    participant = {
        "ptcType": _TYPE.get(kind, "motor"),
        "ptcId": number,
        "global_track_id": f"{unit.source_id[-4:].encode().hex()}{number:04x}",
        "source": int(unit.sensor),
        "secMark": frame.claimed_time_us // 1000 % 60000,
        "pos": position,
        "posConfidence": {"pos": position_confidence(frame.position_sigma_m[i]), "elevation": 0},
        "speed": scaled(frame.speed_mps[i], 0.02, 8191, 8190),
        "heading": clockwise_heading(frame.heading_rad[i]),
        "size": {
            "width": scaled(frame.width_m[i], 0.01, 0, 1023),
            "length": scaled(frame.length_m[i], 0.01, 0, 4095),
            "height": scaled(frame.height_m[i], 0.05, 0, 127),
        },
    }
    if kind in BASIC_VEHICLE_CLASS:
        participant["vehicleClass"] = {"classification": BASIC_VEHICLE_CLASS[kind]}
    return participant


def _itself(frame: SensorFrame, unit: RoadsideUnit, placement: Placement) -> dict[str, Any]:
    return {
        "ptcType": "rsu",
        "ptcId": 0,
        "source": 1,
        "secMark": frame.claimed_time_us // 1000 % 60000,
        "pos": _mast_position(unit, placement),
        "speed": 0,
        "heading": 28800,
    }

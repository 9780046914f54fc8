"""MAP and SPaT (SAE J2735) of a junction as JSON of a JPO-ODE.

A MAP draws lanes from the stop line outward, in centimetres from node to node; a SPaT tells times
as tenths of a second of the UTC hour. Signals of fixed time know their ends: the least, the most
and the likely one are one.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from infra.simulator.junctions import Junction, JunctionLane
from infra.simulator.lights import Shown
from infra.simulator.ode import ode_metadata
from infra.simulator.placement import Placement

REGION = 1
REVISION = 1
_TENTH_US, _HOUR_US = 100_000, 3_600_000_000
_CERTAIN = 15
_FIXED_TIME = {"fixedTimeOperation": True}


def encode_map(
    junction: Junction, placement: Placement, source_id: str, receive_time_us: int
) -> bytes:
    """Geometry of a junction."""
    place = placement.local_to_wgs84(*(np.array(v) for v in (junction.x_m, junction.y_m, 0.0)))
    lat, lon, alt = (float(value) for value in place)
    intersection = {
        "id": _reference(junction.number),
        "revision": REVISION,
        "refPoint": {"latitude": round(lat, 7), "longitude": round(lon, 7), "elevation": alt},
        "laneWidth": 350,
        "speedLimits": {
            "speedLimits": [{"type": "vehicleMaxSpeed", "speed": round(junction.limit_mps * 50)}]
        },
        "laneSet": {"GenericLane": [_lane(one, junction) for one in junction.lanes]},
    }
    data = {"msgIssueRevision": REVISION, "layerType": "intersectionData"}
    data |= {"intersections": {"intersectionGeometry": [intersection]}}
    metadata = ode_metadata(
        source_id,
        0,
        receive_time_us,
        recordType="mapTx",
        receivedMessageDetails={"rxSource": "NA"},
        payloadType="us.dot.its.jpo.ode.model.OdeMapPayload",
        recordGeneratedBy="RSU",
        mapSource="RSU",
    )
    return _message(metadata, data)


def encode_spat(
    junction: Junction, source_id: str, event_time_us: int, receive_time_us: int, serial: int
) -> bytes:
    """What all groups of a junction show at an instant."""
    instant = datetime.fromtimestamp(event_time_us // 1_000_000, UTC)
    year = datetime(instant.year, 1, 1, tzinfo=UTC)
    state = {
        "id": _reference(junction.number),
        "revision": REVISION,
        "status": _FIXED_TIME,
        "moy": int((instant - year).total_seconds()) // 60,
        "timeStamp": event_time_us // 1000 % 60_000,
        "states": {
            "movementList": [
                {"signalGroup": number, "state_time_speed": {"movementEventList": [_event(shown)]}}
                for number, shown in junction.shown(event_time_us).items()
            ]
        },
    }
    metadata = ode_metadata(
        source_id,
        serial,
        receive_time_us,
        recordType="spatTx",
        receivedMessageDetails={"rxSource": "NA"},
        payloadType="us.dot.its.jpo.ode.model.OdeSpatPayload",
        recordGeneratedBy="RSU",
        spatSource="RSU",
    )
    return _message(metadata, {"intersectionStateList": {"intersectionStatelist": [state]}})


def _message(metadata: dict[str, Any], data: dict[str, Any]) -> bytes:
    payload = {"data": data, "dataType": metadata["payloadType"].replace("Payload", "Data")}
    return msgspec.json.encode({"metadata": metadata, "payload": payload})


def _reference(number: int) -> dict[str, int]:
    return {"region": REGION, "id": number}


def _event(shown: Shown) -> dict[str, Any]:
    end = _mark(shown.end_us)
    timing: dict[str, int] = {
        "startTime": _mark(shown.start_us),
        "minEndTime": end,
        "maxEndTime": end,
    }
    timing |= {"likelyTime": end, "confidence": _CERTAIN, "nextTime": _mark(shown.next_us)}
    return {"eventState": shown.phase.name, "timing": timing}


def _mark(time_us: int) -> int:
    return time_us % _HOUR_US // _TENTH_US


def _lane(lane: JunctionLane, junction: Junction) -> dict[str, Any]:
    outward = lane.points[::-1] if lane.inward and not lane.outward else lane.points
    cm = np.round((outward - (junction.x_m, junction.y_m)) * 100).astype(int)
    steps = np.diff(cm, axis=0, prepend=np.zeros((1, 2), int)).tolist()
    nodes: list[dict[str, Any]] = [{"delta": {"nodeXY6": {"x": x, "y": y}}} for x, y in steps]
    wider = round(lane.width_m * 100) - 350
    if wider:
        nodes[0] |= {"attributes": {"dWidth": wider}}
    use = {"ingressPath": lane.inward, "egressPath": lane.outward}
    told: dict[str, Any] = {
        "laneID": lane.number,
        "laneAttributes": {"directionalUse": use, "laneType": {lane.kind: {}}},
        "nodeList": {"nodes": nodes},
    }
    if lane.approach:
        told["ingressApproach" if lane.inward else "egressApproach"] = lane.approach
    if lane.ways:
        told["connectsTo"] = {"connectsTo": [_connection(*way, junction) for way in lane.ways]}
    return told


def _connection(other: int, lane: int, group: int, junction: Junction) -> dict[str, Any]:
    told: dict[str, Any] = {"connectingLane": {"lane": lane}}
    if other != junction.number:
        told["remoteIntersection"] = _reference(other)
    if group:
        told["signalGroup"] = group
    return told

"""Messages of each roadside and probe format: recorded where there are any, else made here."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parents[2] / "shared/data"
LAT, LON = 319_348_466, 1_188_213_963  # 1e-7 deg
Items = list[dict[str, Any]]


class Message(NamedTuple):
    """A message to read: what it is, its format and its bytes."""

    what: str
    format: str
    payload: bytes


def messages(sizes: tuple[int, ...]) -> list[Message]:
    """One message of each probe format, and of each roadside format by number of objects."""
    found = [Message(name, *told) for name, told in _PROBES.items()]
    for name, make in _ROADSIDE.items():
        found += [Message(f"{name}, {n} objects", name, make(n)) for n in sizes]
    points = (DATA / "openv2x/msg58.json").read_bytes()
    return [*found, Message("recorded points", "openv2x.points.json", points)]


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _compact(path: str) -> bytes:
    return _dump(json.loads((DATA / path).read_bytes()))


def _ode(value: dict[str, Any]) -> bytes:
    metadata = json.loads((DATA / "jpo-ode/sample-sdsm.json").read_bytes())["metadata"]
    return _dump({"metadata": metadata, "payload": {"data": {"value": value}}})


def _participants(n: int) -> Items:
    return [
        {
            "ptcType": "motor",
            "ptcId": k + 1,
            "global_track_id": f"ab{k:04x}",
            "source": 3,
            "secMark": 43_900,
            "pos": {"lat": LAT + 100 * k, "lon": LON, "ele": 105},
            "posConfidence": {"pos": 9, "elevation": 0},
            "transmission": 2,
            "speed": 500 + k,
            "heading": 7200,
            "motionCfd": {"speedCfd": 5, "headingCfd": 4},
            "size": {"width": 180, "length": 500, "height": 30},
            "vehicleClass": {"classification": 10},
        }
        for k in range(n)
    ]


def _rsm(n: int) -> bytes:
    reference = {"lat": LAT, "lon": LON, "ele": 100}
    rsm = {"msgCnt": 1, "id": "R1", "refPos": reference, "participants": _participants(n)}
    return _dump({"name": "R1", "id": "R1", "content": {"rsms": [rsm]}})


def _dris(n: int) -> bytes:
    told = [
        {
            "ptc_type": "motor",
            "ptc_id": k + 1,
            "global_track_id": 10**15 + k,
            "source": "video",
            "sec_mark": 43_900,
            "pos": {"lat": LAT / 1e7, "lon": LON / 1e7, "ele": 105},
            "pos_confidence": {"position_confidence": 9, "ele_confidence": 0},
            "speed": 500 + k,
            "heading": 7200,
            "size": {"width": 180, "length": 500, "height": 30},
            "vehicle_class": {"basic_vehicle_class": 10, "fuel_type": 0},
        }
        for k in range(n)
    ]
    source = {"rsm_source_type": "rsu", "rsm_source_id": "1", "esn": "R328"}
    return _dump({"header": {}, "body": {"rsm_source": source, "participant_list": told}})


def _dawnline(n: int) -> bytes:
    (device,) = json.loads((DATA / "openv2x/rsm.dawnline.json").read_bytes())["payload"]
    return _dump([device | {"content": device["content"] * n}])


def _ssm(n: int) -> bytes:
    told = [
        {"ptc": one, "detectedPTCType": 3, "typeConfidence": 180, "tracking": 900}
        for one in _participants(n)
    ]
    head = {"msgCnt": 1, "id": "RSU00001", "equipmentType": 1, "secMark": 43_900}
    return _dump(head | {"sensorPos": {"lat": LAT, "lon": LON}, "participants": told})


def _sdsm(n: int) -> bytes:
    sample = json.loads((DATA / "jpo-ode/sample-sdsm.json").read_bytes())
    message = sample["payload"]["data"]["value"]["SensorDataSharingMessage"]
    return _ode({"SensorDataSharingMessage": message | {"objects": message["objects"][:1] * n}})


def _cpm(n: int) -> bytes:
    sure = {"confidence": 50}
    told = [
        {
            "measurement_delta_time": -20,
            "object_id": k,
            "position": {
                "x_coordinate": {"value": 100 * k} | sure,
                "y_coordinate": {"value": -2000} | sure,
            },
            "velocity": {
                "polar_velocity": {
                    "velocity_magnitude": {"value": 1000} | sure,
                    "velocity_direction": {"value": 900} | sure,
                }
            },
            "angles": {"z_angle": {"value": 900} | sure},
            "object_dimension_x": {"value": 45, "confidence": 2},
            "object_dimension_y": {"value": 18, "confidence": 2},
            "object_age": 1500,
            "object_perception_quality": 12,
            "sensor_id_list": [1],
            "classification": [{"object_class": {"vehicle": 5}, "confidence": 90}],
        }
        for k in range(n)
    ]
    ellipse = {"semi_major": 10, "semi_minor": 10, "semi_major_orientation": 0}
    place = {
        "latitude": LAT,
        "longitude": LON,
        "position_confidence_ellipse": ellipse,
        "altitude": {"value": 1000, "confidence": 1},
    }
    message = {
        "protocol_version": 2,
        "station_id": 9,
        "management_container": {"reference_time": 10**12, "reference_position": place},
        "sensor_information_container": [
            {"sensor_id": 1, "sensor_type": 2, "shadowing_applies": False}
        ],
        "perceived_object_container": told,
    }
    head = {"message_type": "cpm", "source_uuid": "rsu_9", "timestamp": 1_742_890_346_165}
    return _dump(head | {"version": "2.1.1", "message": message})


def _old_cpm(n: int) -> bytes:
    sure = {"x_distance": 50, "y_distance": 50, "x_speed": 5, "y_speed": 5, "object": 12}
    told = [
        {
            "object_id": k % 256,
            "time_of_measurement": -20,
            "x_distance": 100 * k,
            "y_distance": -2000,
            "x_speed": 300,
            "y_speed": -400,
            "yaw_angle": 900,
            "planar_object_dimension_1": 18,
            "planar_object_dimension_2": 45,
            "object_age": 1500,
            "confidence": sure,
            "classification": [{"object_class": {"vehicle": 1}, "confidence": 90}],
        }
        for k in range(n)
    ]
    ellipse = {
        "semi_major_confidence": 10,
        "semi_minor_confidence": 10,
        "semi_major_orientation": 0,
    }
    management = {
        "station_type": 15,
        "reference_position": {"latitude": LAT, "longitude": LON, "altitude": 1000},
        "confidence": {"position_confidence_ellipse": ellipse, "altitude": 15},
    }
    message = {
        "protocol_version": 1,
        "station_id": 9,
        "generation_delta_time": 28_278,
        "management_container": management,
        "perceived_object_container": told,
    }
    head = {"type": "cpm", "origin": "self", "version": "1.2.2", "source_uuid": "rsu_9"}
    return _dump(head | {"timestamp": 1_742_890_346_165, "message": message})


def _rsap(n: int) -> bytes:
    told = [
        {
            "uuid": f"{k:032x}",
            "objId": k,
            "type": 2,
            "status": 1,
            "longitude": LON / 1e7,
            "latitude": LAT / 1e7,
            "locEast": 12.5,
            "locNorth": -3.5,
            "speed": 1000,
            "heading": 90,
            "elevation": 435,
            "speedConfidence": 3,
        }
        for k in range(n)
    ]
    head = {"rcuId": "RCU1", "deviceId": "CAM3", "deviceType": 2, "gnssType": 2}
    return _dump(head | {"timestampOfDevOut": 1_700_000_000_123, "targets": told})


def _csae() -> bytes:
    (one,) = _participants(1)
    kept = ("secMark", "speed", "heading", "motionCfd", "size", "vehicleClass", "posConfidence")
    bsm = {name: one[name] for name in kept}
    brakes = {"brakePadel": "off", "wheelBrakes": "00000", "traction": "off", "abs": "off"}
    accelerations = {"long": 0, "lat": 0, "vert": 0, "yaw": 0}
    head = {"msgCnt": 7, "id": "0102030405060708", "transmission": "forwardGears"}
    pos = {"lat": LAT, "long": LON, "elevation": 105}
    return _dump(head | bsm | {"pos": pos, "accelSet": accelerations, "brakes": brakes})


def _dris_bsm() -> bytes:
    brakes = {"abs": 1, "scs": 1, "brake_pedal": 1, "traction": 1, "wheel_brakes": [1, 0, 0, 0, 0]}
    body = {
        "vehicle_id": "01020304",
        "time_stamp": "2021-01-08T02:03:41.907Z",
        "pos": {"lat": LAT / 1e7, "lon": LON / 1e7, "ele": 105},
        "pos_confidence": {"position_confidence": 9, "ele_confidence": 0},
        "transmission": 2,
        "speed": 500,
        "heading": 7200,
        "brakes": brakes,
        "size": {"width": 180, "length": 500, "height": 30},
        "vehicle_class": {"basic_vehicle_class": 10, "fuel_type": 5},
    }
    return _dump({"header": {}, "body": body})


_PROBES: dict[str, tuple[str, bytes]] = {
    "BSM, schema 6, recorded": (
        "bsm.json",
        (DATA / "jpo-ode/bsmLogDuringEvent.json").read_bytes().splitlines()[0],
    ),
    "BSM, schema 9": ("bsm.json", _compact("jpo-ode/sample.ode-bsm-reference.v9.json")),
    "BSM, CARMA Streets": ("bsm.carma.json", _compact("carma-streets/bsm.json")),
    "BSM, T/CSAE 53": ("bsm.csae.json", _csae()),
    "BSM, DRIS": ("bsm.dris.json", _dris_bsm()),
    "CAM, version 1": ("cam.json", _compact("its-client/Cam.json")),
    "PSM": ("psm.json", _compact("jpo-ode/expected-psm.json")),
    "CARMA object": ("carma.objects.json", _compact("carma-streets/detected_truck.json")),
}
_ROADSIDE: dict[str, Callable[[int], bytes]] = {
    "rsm.json": _rsm,
    "rsm.dris.json": _dris,
    "rsm.dawnline.json": _dawnline,
    "ssm.json": _ssm,
    "sdsm.json": _sdsm,
    "cpm.json": _cpm,
    "cpm.tr103562.json": _old_cpm,
    "rsap.json": _rsap,
}

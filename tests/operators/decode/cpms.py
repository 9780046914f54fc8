"""CPMs of both releases that the JSON Schemas of its-client approve of."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from operators.normalise.event_time import its_ms_from_utc_us

DATA = Path(__file__).parents[3].parent / "shared/data/its-client"
NOW_US = 1_742_890_346_165_000
SITE = (6.0, 45.0)  # longitude and latitude of the reference position


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((DATA / name).read_bytes()))


NEW, OLD = schema("cpm_schema_2-1-1.json"), schema("cpm_schema_1-2-2.json")


def axis(value: int, confidence: int = 4096) -> dict[str, int]:
    return {"value": value, "confidence": confidence}


def new_object(**changes: Any) -> dict[str, Any]:
    """An object of TS 103 324, 10 m east and 20 m south."""
    made = {
        "measurement_delta_time": 0, "object_id": 7,
        "position": {"x_coordinate": axis(1000, 196), "y_coordinate": axis(-2000, 392)},
    }  # fmt: skip
    return made | changes


def new_cpm(*objects: dict[str, Any], **changes: Any) -> bytes:
    """A message of schema 2-1-1; `changes` are containers of the message."""
    place = {
        "latitude": 450_000_000, "longitude": 60_000_000,
        "position_confidence_ellipse": {
            "semi_major": 4095, "semi_minor": 4095, "semi_major_orientation": 3601,
        },
        "altitude": {"value": 20_000, "confidence": 15},
    }  # fmt: skip
    message: dict[str, Any] = {
        "protocol_version": 2, "station_id": 9,
        "management_container": {
            "reference_time": its_ms_from_utc_us(NOW_US), "reference_position": place,
        },
        "perceived_object_container": list(objects),
    }  # fmt: skip
    whole = {
        "message_type": "cpm", "source_uuid": "rsu_9", "timestamp": NOW_US // 1000,
        "version": "2.1.1", "message": message | changes,
    }  # fmt: skip
    NEW.validate(whole)
    return json.dumps(whole).encode()


def old_object(**changes: Any) -> dict[str, Any]:
    """An object of TR 103 562, 10 m along x and 20 m against y; `confidence` is added to."""
    confidence = {"x_distance": 196, "y_distance": 392, "x_speed": 0, "y_speed": 0, "object": 15}
    made = {
        "object_id": 7, "time_of_measurement": 0, "x_distance": 1000, "y_distance": -2000,
        "x_speed": 300, "y_speed": -400, "object_age": 1500,
    }  # fmt: skip
    return made | changes | {"confidence": confidence | changes.get("confidence", {})}


def old_cpm(
    *objects: dict[str, Any],
    station_type: int = 15,
    heading: int | None = None,
    sensors: dict[int, int] | None = None,
) -> bytes:
    """A message of schema 1-2-2; of a vehicle if it has a heading."""
    ellipse = {
        "semi_major_confidence": 4095, "semi_minor_confidence": 4095,
        "semi_major_orientation": 3601,
    }  # fmt: skip
    message: dict[str, Any] = {
        "protocol_version": 1, "station_id": 9,
        "generation_delta_time": its_ms_from_utc_us(NOW_US) % 65_536,
        "management_container": {
            "station_type": station_type,
            "reference_position": {
                "latitude": 450_000_000, "longitude": 60_000_000, "altitude": 20_000,
            },
            "confidence": {"position_confidence_ellipse": ellipse, "altitude": 15},
        },
    }  # fmt: skip
    if objects:
        message["perceived_object_container"] = list(objects)
    if heading is not None:
        message["station_data_container"] = {
            "originating_vehicle_container": {
                "heading": heading, "speed": 1000, "confidence": {"heading": 127, "speed": 127},
            }
        }  # fmt: skip
    if sensors is not None:
        circle = {"stationary_sensor_circular": {"radius": 100}}
        message["sensor_information_container"] = [
            {"sensor_id": k, "type": kind, "detection_area": circle} for k, kind in sensors.items()
        ]
    whole = {
        "type": "cpm", "origin": "self", "version": "1.2.2", "source_uuid": "rsu_9",
        "timestamp": NOW_US // 1000, "message": message,
    }  # fmt: skip
    OLD.validate(whole)
    return json.dumps(whole).encode()

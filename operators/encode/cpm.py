"""Fused objects as CPM, ETSI TS 103 324 v2.1.1 in the JSON of its-client (schema 2-1-1).

| field | unit | of the fused object |
|---|---|---|
| source_uuid, station_id | | the station and the area (`area`) |
| reference_time | ms of TAI since 2004 | the tick |
| reference_position | 1e-7 deg; 0.01 m | the area's unit; the objects' middle altitude |
| segmentation_info | | where one message does not hold all |
| object_id | | number of the track in the area |
| measurement_delta_time | ms, negative is before | |
| position | 0.01 m east, north and up of the reference | centre of the box |
| confidence of it | 0.01 m, 95 % of the axis | never finer than the state is |
| velocity | 0.01 m/s east and north | cartesian |
| angles.z_angle | 0.1 deg counter-clockwise from east | heading of the box |
| dimensions x, y, z | 0.1 m | length, width, height |
| object_perception_quality | 0-15 | existence |
| classification | class and % | class and its probability; emergency is special (10) |

TAI is 5 s ahead of UTC as the epoch counts (leap seconds since 2004; none since 2017). The sensor
is of type 13, ITS aggregation: made of what others sent. Axes are tangent to the Earth at the
reference position, which differs from the distance on it by less than 1 mm at 1.3 km. Left out:
acceleration, correlations, context.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from operators._typing import FloatArray, RecordArray
from operators.decode.j2735 import SIGMAS_AT_95_AXIS
from operators.encode.area import Area, cpm_sender, rsm_sender
from operators.encode.quantise import whole
from operators.frame import ObjectClass
from operators.fused import speed_sigma_mps
from operators.transform.cells import local_frame

MOST_OBJECTS = 255
MOST_MESSAGES = 8
EPOCH_MS = 1_072_915_200_000  # 2004-01-01T00:00:00Z in Unix time
LEAP_MS = 5000
_SENSOR_ID, _ITS_AGGREGATION = 1, 13
_VEHICLES = {
    ObjectClass.CAR: 5,
    ObjectClass.BUS: 6,
    ObjectClass.VAN: 7,
    ObjectClass.TRUCK: 8,
    ObjectClass.TRAILER: 9,
    ObjectClass.EMERGENCY: 10,
    ObjectClass.TRAM: 11,
}
_OTHER = {"other": 0}
_CLASSES: dict[int, dict[str, Any]] = {
    **{one: {"vehicle": code} for one, code in _VEHICLES.items()},
    ObjectClass.PEDESTRIAN: {"vru": {"pedestrian": 1}},
    ObjectClass.BICYCLE: {"vru": {"bicyclist_and_light_vru_vehicle": 1}},
    ObjectClass.MOTORCYCLE: {"vru": {"motorcylist": 2}},  # spelt so in the schema
    ObjectClass.ANIMAL: {"vru": {"animal": 0}},
    ObjectClass.OBSTACLE: {"other": 1},
}


def encode(
    area: Area, tag: int, tick_us: int, rows: RecordArray, numbers: Sequence[int], count: int
) -> list[bytes]:
    """Records of an area, one message each, also when it is empty; as `rsm.encode`.

    `count` is not used: a CPM has no counter. Objects beyond 8 messages are left out.
    """
    reference = _reference(area, rows)
    told = _objects(area, reference, tick_us, rows, numbers)
    starts = list(range(0, max(1, len(told)), MOST_OBJECTS))[:MOST_MESSAGES]
    return [
        _record(tag, tick_us, reference, told[start : start + MOST_OBJECTS], number, len(starts))
        for number, start in enumerate(starts, 1)
    ]


def _record(
    tag: int,
    tick_us: int,
    reference: dict[str, Any],
    told: list[dict[str, Any]],
    number: int,
    total: int,
) -> bytes:
    management: dict[str, Any] = {
        "reference_time": tick_us // 1000 - EPOCH_MS + LEAP_MS,
        "reference_position": reference,
    }
    if total > 1:
        management["segmentation_info"] = {"total_msg_no": total, "this_msg_no": number}
    sensor = {
        "sensor_id": _SENSOR_ID,
        "sensor_type": _ITS_AGGREGATION,
        "shadowing_applies": False,
    }
    return msgspec.json.encode(
        {
            "message_type": "cpm",
            "source_uuid": rsm_sender(tag),
            "timestamp": tick_us // 1000,
            "version": "2.1.1",
            "message": {
                "protocol_version": 2,
                "station_id": cpm_sender(tag),
                "management_container": management,
                "sensor_information_container": [sensor],
                "perceived_object_container": told,
            },
        }
    )


def _reference(area: Area, rows: RecordArray) -> dict[str, Any]:
    known = rows["altitude_m"][np.isfinite(rows["altitude_m"])]
    middle = np.median(known) if len(known) else np.nan
    (altitude,) = whole(np.array([middle]), 100, -100_000, 800_000, 800_001)
    return {
        "latitude": area.lat_e7,
        "longitude": area.lon_e7,
        "position_confidence_ellipse": {
            "semi_major": 4095,
            "semi_minor": 4095,
            "semi_major_orientation": 3601,
        },
        "altitude": {"value": altitude, "confidence": 15},
    }


def _objects(
    area: Area,
    reference: dict[str, Any],
    tick_us: int,
    rows: RecordArray,
    numbers: Sequence[int],
) -> list[dict[str, Any]]:
    if not len(rows):
        return []
    frame = local_frame(area.lon_e7 / 1e7, area.lat_e7 / 1e7)
    east_m, north_m = frame.to_local(rows["lon_deg"], rows["lat_deg"])
    up_m = rows["altitude_m"].astype(float) - reference["altitude"]["value"] / 100
    delays_ms = ((rows["tick_us"] - tick_us) // 1000).clip(-2048, 2047).tolist()
    velocities = _velocities(rows)
    quality = whole(rows["existence"], 15, 0, 15, 0)
    sure = whole(rows["class_probability"], 100, 1, 100, 101)
    positions = _positions(east_m, north_m, up_m, rows)
    extras = [_extras(*one) for one in zip(*_extra_columns(rows), strict=True)]
    return [
        {
            "measurement_delta_time": delays_ms[i],
            "object_id": number,
            "position": positions[i],
            "velocity": velocities[i],
            **extras[i],
            "object_perception_quality": quality[i],
            "sensor_id_list": [_SENSOR_ID],
            "classification": [
                {
                    "object_class": _CLASSES.get(kind, _OTHER),
                    "confidence": sure[i],
                }
            ],
        }
        for i, (number, kind) in enumerate(zip(numbers, rows["object_class"].tolist(), strict=True))
    ]


def _positions(
    east_m: FloatArray, north_m: FloatArray, up_m: FloatArray, rows: RecordArray
) -> list[dict[str, Any]]:
    def axis(metres: FloatArray, variance: FloatArray | None) -> list[dict[str, int]]:
        bound_m = np.full(len(metres), np.nan)
        if variance is not None:
            bound_m = np.sqrt(variance.astype(float)) * SIGMAS_AT_95_AXIS
        values = whole(metres, 100, -131_071, 131_070, 0)
        bounds = whole(np.ceil(bound_m * 100), 1, 1, 4095, 4096)
        return [{"value": v, "confidence": c} for v, c in zip(values, bounds, strict=True)]

    x, y = axis(east_m, rows["cov_ee_m2"]), axis(north_m, rows["cov_nn_m2"])
    z, known = axis(up_m, None), np.isfinite(up_m).tolist()
    return [
        {"x_coordinate": x[i], "y_coordinate": y[i], **({"z_coordinate": z[i]} if known[i] else {})}
        for i in range(len(rows))
    ]


def _velocities(rows: RecordArray) -> list[dict[str, Any]]:
    bound_mps = speed_sigma_mps(rows) * SIGMAS_AT_95_AXIS
    bounds = whole(np.ceil(bound_mps * 100), 1, 1, 126, 127)
    east = whole(rows["velocity_east_mps"], 100, -16_382, 16_382, 16_383)
    north = whole(rows["velocity_north_mps"], 100, -16_382, 16_382, 16_383)
    return [
        {
            "cartesian_velocity": {
                "x_velocity": {"value": x, "confidence": bound},
                "y_velocity": {"value": y, "confidence": bound},
            }
        }
        for x, y, bound in zip(east, north, bounds, strict=True)
    ]


def _extra_columns(rows: RecordArray) -> tuple[list[int], list[int], list[int], list[int]]:
    """Angle and dimensions in 0.1 deg and 0.1 m; their sentinels where unknown."""
    turned_deg = (90.0 - np.degrees(rows["heading_rad"].astype(float))) % 360.0
    angles = [0 if one == 3600 else one for one in whole(turned_deg, 10, 0, 3600, 3601)]
    length, width, height = (
        whole(rows[name], 10, 1, 255, 256) for name in ("length_m", "width_m", "height_m")
    )
    return angles, length, width, height


def _extras(angle: int, length: int, width: int, height: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if angle != 3601:
        made["angles"] = {"z_angle": {"value": angle, "confidence": 127}}
    for name, value in (("x", length), ("y", width), ("z", height)):
        if value != 256:
            made[f"object_dimension_{name}"] = {"value": value, "confidence": 32}
    return made

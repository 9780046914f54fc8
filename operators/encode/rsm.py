"""Fused objects as RSM, T/CSAE 53-2020 in JSON: what `operators.decode.rsm` reads as `rsm.json`.

One record holds all messages of an area at a tick, ``{"content": {"rsms": [...]}}``, each with 16
participants at most, as the standard allows; a unit broadcasts them one by one.

| field | of the fused object |
|---|---|
| id | 8 octets of the station and the area (`area`) |
| ptcId | number of the track in the area, 1-65535 |
| global_track_id | the track id, 16 hexadecimal digits (no field of the standard) |
| source | 7, integrated |
| secMark | the tick, ms of the minute |
| pos | centre of the box, 1e-7 deg; elevation 0.1 m |
| posConfidence, motionCfd | bounds at 95 %, never finer than the state is |
| speed, heading | `quantise.heading_of_motion` |
| size | of the box; 0 where unknown |
| ptcType, vehicleClass | of the class; animals and obstacles have none and are unknown |

An area without objects names the unit itself, participant 0, as the standard provides. Left out:
existence, class probability, acceleration, context.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from operators._typing import RecordArray
from operators.decode.j2735 import ELEVATION_UNAVAILABLE, HEADING_UNAVAILABLE
from operators.encode.area import Area, rsm_sender
from operators.encode.j2735 import columns
from operators.encode.quantise import whole
from operators.frame import ObjectClass

MOST_PARTICIPANTS = 16
_INTEGRATED, _SELF = 7, 1
_MINUTE_MS = 60_000
_TYPE_OF = {
    ObjectClass.BICYCLE: "non-motor",
    ObjectClass.PEDESTRIAN: "pedestrian",
    ObjectClass.UNKNOWN: "unknown",
    ObjectClass.ANIMAL: "unknown",
    ObjectClass.OBSTACLE: "unknown",
}
_TYPES = [_TYPE_OF.get(one, "motor") for one in ObjectClass]


def encode(
    area: Area, tag: int, tick_us: int, rows: RecordArray, numbers: Sequence[int], count: int
) -> tuple[bytes, int]:
    """One record of an area.

    Parameters
    ----------
    area, tag
        Where, and the sender (`area.sender_tag`).
    tick_us
        The instant; each object has its own too.
    rows : structured array of shape (n,), dtype `operators.fused.FUSED`
    numbers
        Number of each object in the area, 1 to 65535.
    count
        Messages sent before; `msgCnt` goes on from it, modulo 128.

    Returns
    -------
    tuple of the record and the number of messages in it
    """
    told = _participants(rows, numbers) or [_itself(area, tick_us)]
    reference = {"lat": area.lat_e7, "lon": area.lon_e7}
    rsms = [
        {
            "msgCnt": (count + number) % 128,
            "id": rsm_sender(tag),
            "refPos": reference,
            "participants": told[start : start + MOST_PARTICIPANTS],
        }
        for number, start in enumerate(range(0, len(told), MOST_PARTICIPANTS))
    ]
    record = {"name": area.area_id, "id": rsm_sender(tag), "content": {"rsms": rsms}}
    return msgspec.json.encode(record), len(rsms)


def _participants(rows: RecordArray, numbers: Sequence[int]) -> list[dict[str, Any]]:
    fields = columns(rows)
    places = zip(
        np.rint(rows["lat_deg"] * 1e7).astype(np.int64).tolist(),
        np.rint(rows["lon_deg"] * 1e7).astype(np.int64).tolist(),
        whole(rows["altitude_m"], 10, -4095, 61_439, ELEVATION_UNAVAILABLE),
        strict=True,
    )
    marks = (rows["tick_us"] // 1000 % _MINUTE_MS).tolist()
    named = zip(
        numbers,
        rows["track_id"].tolist(),
        marks,
        places,
        rows["object_class"].tolist(),
        strict=True,
    )
    return [
        {
            "ptcType": _TYPES[kind],
            "ptcId": number,
            "global_track_id": f"{track_id:016x}",
            "source": _INTEGRATED,
            "secMark": mark,
            "pos": {"lat": lat, "lon": lon, "ele": elevation},
            "posConfidence": {"pos": position_code, "elevation": 0},
            "speed": speed,
            "heading": heading,
            "motionCfd": {"speedCfd": speed_code, "headingCfd": heading_code},
            "size": {"width": width, "length": length, "height": height},
            "vehicleClass": {"classification": vehicle_class},
        }
        for (number, track_id, mark, (lat, lon, elevation), kind), (
            speed,
            heading,
            length,
            width,
            height,
            vehicle_class,
            position_code,
            speed_code,
            heading_code,
        ) in zip(named, zip(*fields, strict=True), strict=True)
    ]


def _itself(area: Area, tick_us: int) -> dict[str, Any]:
    return {
        "ptcType": "rsu",
        "ptcId": 0,
        "source": _SELF,
        "secMark": tick_us // 1000 % _MINUTE_MS,
        "pos": {"lat": area.lat_e7, "lon": area.lon_e7},
        "speed": 0,
        "heading": HEADING_UNAVAILABLE,
    }

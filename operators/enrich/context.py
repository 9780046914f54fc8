"""Which third-party features apply to which objects at a tick."""

from collections.abc import Mapping
from enum import IntFlag
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from operators._typing import BoolArray, FloatArray, IntArray
from operators.transform.cells import local_frame


class ContextFlag(IntFlag):
    """Bits of ``context_flags``."""

    WEATHER = 1
    EMERGENCY = 2
    WORK_ZONE = 4
    INCIDENT = 8
    WARNING = 16


_FLAGS = {
    "weather": ContextFlag.WEATHER,
    "emergency": ContextFlag.EMERGENCY,
    "work_zone": ContextFlag.WORK_ZONE,
    "incident": ContextFlag.INCIDENT,
    "warning": ContextFlag.WARNING,
}

KEPT_US = 600_000_000  # ticks in work are never this far behind the newest record

_LIST = msgspec.msgpack.Decoder(list[dict[str, Any]])
_ONE = msgspec.msgpack.Decoder(dict[str, Any])
_ENCODER = msgspec.msgpack.Encoder()


def share_feature(shared: Mapping[str, bytes], event: bytes) -> tuple[str, bytes]:
    """What a record of `context.features` adds: feature id and packed list of its versions.

    What is visible at a tick depends on receive times alone, so a version goes only when another
    replaced it so long ago that no tick still to come can ask for it.
    """
    feature = _ONE.decode(event)
    packed = shared.get(feature["feature_id"])
    versions = _LIST.decode(packed) if packed else []
    versions.append(feature)
    versions.sort(key=lambda v: (v["receive_time_us"], v["topic"], v["partition"], v["offset"]))
    past_us = versions[-1]["receive_time_us"] - KEPT_US
    replaced = sum(version["receive_time_us"] <= past_us for version in versions[1:])
    return feature["feature_id"], _ENCODER.encode(versions[replaced:])


def context_flags(
    shared: Mapping[str, bytes], lon_deg: FloatArray, lat_deg: FloatArray, tick_us: int
) -> IntArray:
    """Flags of what applies to each point at a tick.

    Parameters
    ----------
    shared
        Packed versions of each feature, from `share_feature`.
    lon_deg, lat_deg : ndarray of shape (n,)
        WGS-84 degrees.
    tick_us
        A feature counts from its receive time on, within its validity.

    Returns
    -------
    ndarray of shape (n,), `ContextFlag` bits
    """
    flags = np.zeros(len(lon_deg), np.int64)
    for packed in shared.values():
        feature = _visible(packed, tick_us)
        if feature is None or not len(lon_deg):
            continue
        inside = _inside(feature["area"], feature["radius_m"], lon_deg, lat_deg)
        flags[inside] |= int(_FLAGS.get(feature["kind"], ContextFlag.WARNING))
    return flags


def _visible(packed: bytes, tick_us: int) -> dict[str, Any] | None:
    newest = None
    for version in _versions(packed):
        if version["receive_time_us"] <= tick_us:
            newest = version
    if newest is None or newest["cancelled"]:
        return None
    start, end = newest["valid_from_us"], newest["valid_to_us"]
    if (start is not None and tick_us < start) or (end is not None and tick_us >= end):
        return None
    return newest


@lru_cache(maxsize=16384)
def _versions(packed: bytes) -> list[dict[str, Any]]:
    return _LIST.decode(packed)


@lru_cache(maxsize=16384)
def _geometry(area: str) -> tuple[str, list[list[FloatArray]]]:
    """Kind of geometry and the rings of each of its parts, degrees, longitude first."""
    geometry = msgspec.json.decode(area)
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        return kind, [[np.array([coordinates], float)]]
    polygons = [coordinates] if kind == "Polygon" else coordinates
    return kind, [[np.array(ring, float) for ring in polygon] for polygon in polygons]


def _inside(
    area: str, radius_m: float | None, lon_deg: FloatArray, lat_deg: FloatArray
) -> BoolArray:
    if not area:
        return np.zeros(len(lon_deg), bool)
    kind, parts = _geometry(area)
    if kind == "Point":
        lon, lat = parts[0][0][0]
        x, y = local_frame(float(lon), float(lat)).to_local(lon_deg, lat_deg)
        near: BoolArray = np.hypot(x, y) <= (radius_m or 0.0)
        return near
    inside = np.zeros(len(lon_deg), bool)
    for rings in parts:
        odd = np.zeros(len(lon_deg), bool)
        for ring in rings:
            odd ^= _in_ring(ring, lon_deg, lat_deg)
        inside |= odd
    return inside


def _in_ring(ring: FloatArray, lon_deg: FloatArray, lat_deg: FloatArray) -> BoolArray:
    """Even-odd rule (Shimrat, 1962, Algorithm 112) for points against one closed ring."""
    x0, y0 = ring[:-1, 0], ring[:-1, 1]
    x1, y1 = ring[1:, 0], ring[1:, 1]
    x, y = lon_deg[:, None], lat_deg[:, None]
    spans = (y0 > y) != (y1 > y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)
    crosses = spans & (x < (x1 - x0) * (y - y0) / rise + x0)
    odd: BoolArray = crosses.sum(axis=1) % 2 == 1
    return odd

"""What a cell shows near the borders of its neighbours, so that their events see beyond them.

A *strip* is a picture of fewer objects and columns: those within `STRIP_M` of a neighbour's border.
The neighbour adds it to its own picture of the same tick.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from operators._typing import FloatArray, IntArray
from operators.transform.cells import cell, neighbours

# Roads are known 160 m beyond a border (`operators.road.placing`). At 30 m/s a driver is in the
# next cell's view for 5 s before he is in the cell, longer than nearly all claims have to be
# likely; pairs, leaders and members of queues are 40 m apart at most.
STRIP_M = 150.0
# Columns that events need, with the size of an element.
_SIZES = {
    "track_id": 8, "lat_e7": 4, "lon_e7": 4, "velocity_east_mps": 4, "velocity_north_mps": 4,
    "heading_rad": 4, "length_m": 4, "width_m": 4, "object_class": 1, "cov_ee_m2": 4,
    "cov_en_m2": 4, "cov_nn_m2": 4, "velocity_variance_m2ps2": 4, "age_us": 4, "segment_id": 8,
    "lane_id": 8, "along_m": 4, "signal_phase": 1, "signal_end_s": 4, "context_flags": 4,
    "weather_index": 2, "feature_count": 2,
}  # fmt: skip
Fields = Mapping[str, Any]  # of a record of `fused.objects`, or of a strip


def strips_of(picture: Fields) -> dict[str, dict[str, Any]]:
    """Strips of a picture of a cell on the Earth, by the neighbour's key; none that is empty."""
    if not picture["count"]:
        return {}
    home = cell(picture["cell_key"])
    lon, lat = (np.frombuffer(picture[name], "<i4") / 1e7 for name in ("lon_e7", "lat_e7"))
    near = np.flatnonzero(home.inside_m(*home.frame.to_local(lon, lat)) < STRIP_M)
    found = {}
    for key in neighbours(home.key) if len(near) else ():
        seen = near[_depth_m(key, lon[near], lat[near]) > -STRIP_M]
        if key != home.key and len(seen):
            found[key] = _part(picture, seen)
    return found


def _depth_m(key: str, lon: FloatArray, lat: FloatArray) -> FloatArray:
    there = cell(key)
    return there.inside_m(*there.frame.to_local(lon, lat))


def _part(picture: Fields, rows: IntArray) -> dict[str, Any]:
    """Some objects of a picture, in order."""
    part = {"cell_key": picture["cell_key"], "tick_us": picture["tick_us"], "count": len(rows)}
    for name, size in _SIZES.items():
        part[name] = np.frombuffer(picture[name], f"V{size}")[rows].tobytes()
    part |= {"features": [], "feature_index": b"", "weather": picture["weather"]}
    return part | (_features_of(picture, rows) if picture["features"] else {})


def _features_of(picture: Fields, rows: IntArray) -> dict[str, Any]:
    counts = np.frombuffer(picture["feature_count"], "<u2")
    held = np.isin(np.repeat(np.arange(len(counts)), counts), rows)
    used, index = np.unique(_indices(picture)[held], return_inverse=True)
    names = [picture["features"][k] for k in used.tolist()]
    return {"features": names, "feature_index": index.astype("<u2").tobytes()}


def _indices(picture: Fields) -> IntArray:
    return np.frombuffer(picture["feature_index"], "<u2").astype(np.int64)


def merged(picture: Fields, strips: Sequence[Fields]) -> Fields:
    """A picture with the strips of its neighbours at the same tick.

    Parameters
    ----------
    picture
        Of the cell.
    strips
        In the order of the neighbours' keys.

    Returns
    -------
    mapping
        Fields that events need; the first ``own`` objects are the cell's. A track that several
        show is that of the first of them.
    """
    known = np.frombuffer(picture["track_id"], "<u8") if picture["count"] else np.zeros(0, "<u8")
    parts = [picture]
    for strip in strips:
        ids = np.frombuffer(strip["track_id"], "<u8")
        new = np.flatnonzero(~np.isin(ids, known))
        known = np.concatenate([known, ids[new]])
        parts.append(strip if len(new) == len(ids) else _part(strip, new))
    if not any(one["count"] for one in parts[1:]):
        return picture
    held = [one for one in parts if one["count"]]
    columns = {name: b"".join(one[name] for one in held) for name in _SIZES}
    whole = {**picture, **columns, **_tables(held)}
    return whole | {"count": sum(one["count"] for one in held), "own": picture["count"]}


def _tables(parts: Sequence[Fields]) -> dict[str, Any]:
    """Features and weather of several, each feature once, with what points at them."""
    names: dict[str, int] = {}
    weather: list[Any] = []
    index, weather_index = [], []
    for one in parts:
        at = np.array([names.setdefault(n, len(names)) for n in one["features"]], np.int64)
        index.append(at[_indices(one)])
        weather_index.append(np.frombuffer(one["weather_index"], "<u2") + len(weather))
        weather += one["weather"]
    return {
        "features": list(names),
        "feature_index": np.concatenate(index).astype("<u2").tobytes(),
        "weather": weather,
        "weather_index": np.concatenate(weather_index).astype("<u2").tobytes(),
    }

"""Surroundings of one vehicle as JSON."""

from typing import Any

import msgspec
import numpy as np

from infra.serve.hub import Moment
from infra.serve.render import objects, rounded
from operators._typing import RecordArray
from operators.current import Part
from operators.surroundings import Sight, surroundings

_NUMBERS = (
    "distance_m",
    "ahead_m",
    "right_m",
    "closing_mps",
    "approach_s",
    "approach_m",
    "reach_s",
)
REACH_M = 1000.0  # the fastest vehicle's way, and any radius


def around_vehicle(moment: Moment, part: Part, radius_m: float, sight_m: float) -> bytes:
    """What is around an object, nearest first, as one JSON text.

    Parameters
    ----------
    moment
        The tick.
    part
        The object.
    radius_m, sight_m
        As for `operators.surroundings.surroundings`.
    """
    vehicle = part.held.rows[part.chosen]
    lat, lon = float(vehicle["lat_deg"][0]), float(vehicle["lon_deg"][0])
    near = moment.closed.around(lat, lon, REACH_M)
    rows = np.concatenate([one.held.rows[one.chosen] for one in near])
    told = surroundings(vehicle, rows, np.zeros(len(rows), bool), radius_m, sight_m)
    values = [value for one in near for value in _objects(one)]
    (own,) = _objects(part)
    met = meetings(told)
    around = [values[i] | one for i, one in zip(told["index"].tolist(), met, strict=True)]
    return msgspec.json.encode({"tick_us": moment.tick_us, "vehicle": own, "objects": around})


def _objects(part: Part) -> list[dict[str, Any]]:
    rows = part.held.rows[part.chosen]
    lat, lon = rounded(rows["lat_deg"], 7), rounded(rows["lon_deg"], 7)
    return [
        {"lat_deg": lat[i], "lon_deg": lon[i], **one}
        for i, one in enumerate(objects(rows, part.held.sources))
    ]


def meetings(told: RecordArray) -> list[dict[str, Any]]:
    """How a vehicle meets each object, as JSON values; `told` as `surroundings` gives it."""
    columns = {name: rounded(told[name], 2) for name in _NUMBERS}
    numbers = [dict(zip(columns, one, strict=True)) for one in zip(*columns.values(), strict=True)]
    words = [Sight(one).name.lower() for one in told["sight"].tolist()]
    way = told["on_way"].tolist()
    return [
        {**one, "on_way": way[i], "sight": words[i], "beyond_sight": words[i] in _BEYOND}
        for i, one in enumerate(numbers)
    ]


_BEYOND = ("hidden", "far")

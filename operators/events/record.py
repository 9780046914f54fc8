"""Records of `road.events`: an event with the context that applied where it is."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from operators.decode.geometry import place_text
from operators.events.kinds import RULES, EventKind
from operators.events.scene import Scene
from operators.events.watch import Change
from operators.parameters import Parameters
from operators.transform.cells import cell
from operators.transform.place import cell_integer

ENCODER = msgspec.msgpack.Encoder()


def record_of(
    change: Change, scene: Scene, picture: Mapping[str, Any], parameters: Parameters
) -> bytes:
    """One record.

    Parameters
    ----------
    change
        What is told, before it is noted as told.
    scene
        The tick.
    picture
        The record of `fused.objects` that it was seen in.
    parameters
        Of the run.
    """
    watch = change.watch
    kind = EventKind(watch.kind)
    lon, lat = cell(scene.key).frame.to_geographic(np.array([watch.x_m]), np.array([watch.y_m]))
    context = _context(change.row, scene, picture)
    return ENCODER.encode(
        {
            "event_id": watch.event_id,
            "kind": kind.text,
            "change": change.change,
            "sequence": watch.sequence,
            "reason": change.reason,
            "cell": cell_integer(scene.key),
            "cell_key": scene.key,
            "tick_us": scene.tick_us,
            "began_us": watch.began_us,
            "opened_us": watch.opened_us,
            "lat_e7": round(float(lat[0]) * 1e7),
            "lon_e7": round(float(lon[0]) * 1e7),
            "area": place_text(round(float(lon[0]), 7), round(float(lat[0]), 7)),
            "radius_m": watch.radius_m,
            "severity": watch.severity,
            "confidence": round(watch.confidence, 4),
            "measures": {RULES[kind].measure: round(watch.value, 3)},
            "segment_id": watch.segment_id,
            "lane_id": watch.lane_id,
            "track_ids": watch.tracks,
            **context,
            "incident": watch.incident,
            "station_id": parameters.station_id,
            "run_id": parameters.run_id,
        }
    )


def _context(row: int, scene: Scene, picture: Mapping[str, Any]) -> dict[str, Any]:
    """What applies to the first track, nothing if it is not seen."""
    if row < 0:
        return {"features": [], "context_flags": 0, "weather": {}}
    given = picture["weather"][int(scene.rows["weather_index"][row])]
    return {
        "features": scene.applied.of_row(row),
        "context_flags": int(scene.rows["context_flags"][row]),
        "weather": {name: float(v) for name, v in given.items() if v is not None},
    }

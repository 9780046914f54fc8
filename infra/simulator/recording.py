"""Sensor frames as a Recording: JSON lines for offline fusion and tests."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
import numpy as np

from infra.simulator.frames import SensorFrame
from infra.simulator.placement import Placement
from operators.frame import ObjectClass

Axes = Literal["local", "wgs84"]


def recording_lines(
    frames: Iterable[SensorFrame], axes: Axes, placement: Placement
) -> Iterator[bytes]:
    """One line (without its end) a frame, in the order given, which is that of receive time.

    `local` has x, y, z (m, box centre) and the heading counter-clockwise from +x; `wgs84` has
    lat_deg, lon_deg, alt_m and the heading clockwise from north. Velocities and covariance are in
    east-north metres in both. The event time is the one that the source claims.
    """
    for frame in frames:
        yield msgspec.json.encode(
            {
                "source": frame.source_id,
                "event_time_us": frame.claimed_time_us,
                "receive_time_us": frame.receive_time_us,
                "frame": axes,
                "objects": _objects(frame, axes, placement),
            }
        )


def _objects(frame: SensorFrame, axes: Axes, placement: Placement) -> list[dict[str, Any]]:
    z = np.where(np.isnan(frame.height_m), 0.0, frame.height_m / 2.0)
    positions = {"x": frame.x_m, "y": frame.y_m, "z": z}
    heading = frame.heading_rad
    if axes == "wgs84":
        lat, lon, alt = placement.local_to_wgs84(frame.x_m, frame.y_m, z)
        positions = {"lat_deg": lat, "lon_deg": lon, "alt_m": alt}
        heading = (np.pi / 2.0 - heading) % (2.0 * np.pi)
    columns = {
        **positions,
        "heading_rad": heading,
        "length_m": frame.length_m,
        "width_m": frame.width_m,
        "height_m": frame.height_m,
        "score": frame.score,
        "vx": frame.speed_mps * np.cos(frame.heading_rad),
        "vy": frame.speed_mps * np.sin(frame.heading_rad),
    }
    objects = []
    for i in range(len(frame)):
        # NaN becomes null: JSON has no other word for it.
        made: dict[str, Any] = {name: float(column[i]) for name, column in columns.items()}
        variance = float(frame.position_sigma_m[i]) ** 2
        made["position_cov"] = [variance, 0.0, 0.0, variance]
        made["class"] = ObjectClass(int(frame.object_class[i])).name.lower()
        made["local_id"] = str(int(frame.local_id[i]))
        objects.append(made)
    return objects

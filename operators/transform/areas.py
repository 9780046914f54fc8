"""Where a third-party feature applies, in WGS-84."""

from typing import Any

import msgspec
import numpy as np

from operators.decode.decoded import Datum, Feature
from operators.sources import SourceEntry
from operators.transform.datum import SHIFTED, to_wgs84


def declared_area(feature: Feature, entry: SourceEntry | None) -> tuple[str, float | None]:
    """GeoJSON geometry of a feature in WGS-84 as text, and the radius around a point, metres.

    The degrees of its message are in the datum that the message says, else the feed's entry. A
    weather report names a station, not a place: the entry knows it.
    """
    area, radius_m = feature.area, feature.radius_m
    datum = feature.datum or (entry.datum if entry is not None else "WGS-84")
    if area and datum in SHIFTED:
        geometry = msgspec.json.decode(area)
        geometry["coordinates"] = _moved(geometry["coordinates"], datum)
        return msgspec.json.encode(geometry).decode(), radius_m
    if not area and entry is not None and entry.lat_deg is not None:
        point = {"type": "Point", "coordinates": [entry.lon_deg, entry.lat_deg]}
        return msgspec.json.encode(point).decode(), entry.coverage_radius_m
    return area, radius_m


def _moved(coordinates: list[Any], datum: Datum) -> list[Any]:
    """Coordinates of a GeoJSON geometry, however deep its rings lie."""
    if not isinstance(coordinates[0], list):
        lon, lat, _ = to_wgs84(datum, np.array(coordinates[:1]), np.array(coordinates[1:2]))
        return [float(lon[0]), float(lat[0]), *coordinates[2:]]
    return [_moved(part, datum) for part in coordinates]

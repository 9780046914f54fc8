"""Where a third-party feature applies, in WGS-84."""

from typing import Any

import msgspec
import numpy as np

from operators._typing import FloatArray
from operators.decode.decoded import Datum, Feature
from operators.decode.geometry import place_text, positions
from operators.errors import DecodeError
from operators.reasons import Reason
from operators.sources import SourceEntry
from operators.transform.datum import SHIFTED, to_wgs84
from operators.transform.ellipsoid import metres_per_degree


def declared_area(feature: Feature, entry: SourceEntry | None) -> tuple[str, float | None]:
    """GeoJSON geometry of a feature in WGS-84 as text, and the radius around a point, metres.

    The degrees of its message are in the datum that the message says, else the feed's entry. Where
    the message names regions or stations only, the entry knows their places, in WGS-84: those of
    `regions`, all that it knows taken together, else the feed's own.

    Raises
    ------
    DecodeError
        OUT_OF_RANGE if longitude and latitude of the message are swapped: mirrored, it lies where
        the feed declares to be, and as it is, it does not.
    """
    if feature.area:
        _check_order(feature.area, entry)
        return _in_wgs84(feature, entry), feature.radius_m
    if entry is None:
        return "", None
    named = [entry.regions[name] for name in feature.regions if name in entry.regions]
    if len(named) > 1:
        together = {"type": "GeometryCollection", "geometries": named}
        return msgspec.json.encode(together).decode(), entry.coverage_radius_m
    if named:
        return msgspec.json.encode(named[0]).decode(), entry.coverage_radius_m
    if entry.regions or entry.lat_deg is None or entry.lon_deg is None:
        return "", None
    return place_text(entry.lon_deg, entry.lat_deg), entry.coverage_radius_m


def _in_wgs84(feature: Feature, entry: SourceEntry | None) -> str:
    datum = feature.datum or (entry.datum if entry is not None else "WGS-84")
    if datum not in SHIFTED:
        return feature.area
    geometry = msgspec.json.decode(feature.area)
    geometry["coordinates"] = _moved(geometry["coordinates"], datum)
    return msgspec.json.encode(geometry).decode()


def _check_order(area: str, entry: SourceEntry | None) -> None:
    if entry is None or entry.lat_deg is None or entry.lon_deg is None:
        return
    if entry.coverage_radius_m is None:
        return
    lon, lat = np.array(list(positions(msgspec.json.decode(area)["coordinates"])), float).T
    centre = entry.lon_deg, entry.lat_deg
    reach = entry.coverage_radius_m
    if not _is_within(lon, lat, centre, reach) and _is_within(lat, lon, centre, reach):
        msg = f"longitude {lon[0]:g} and latitude {lat[0]:g} are swapped, as the feed's place says"
        raise DecodeError(Reason.OUT_OF_RANGE, msg)


def _is_within(
    lon: FloatArray, lat: FloatArray, centre: tuple[float, float], reach_m: float
) -> bool:
    """Whether any place is within a feed's reach, to a percent."""
    east_m, north_m = metres_per_degree(centre[1])
    far = np.hypot((lon - centre[0]) * east_m, (lat - centre[1]) * north_m)
    return bool((far <= reach_m).any())


def _moved(coordinates: list[Any], datum: Datum) -> list[Any]:
    """Coordinates of a GeoJSON geometry, however deep its rings lie."""
    if not isinstance(coordinates[0], list):
        lon, lat, _ = to_wgs84(datum, np.array(coordinates[:1]), np.array(coordinates[1:2]))
        return [float(lon[0]), float(lat[0]), *coordinates[2:]]
    return [_moved(part, datum) for part in coordinates]

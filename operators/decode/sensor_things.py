"""Format `sensorthings.json`: road weather, Observations of the OGC SensorThings API 1.1 (18-088).

An observation with its ``Datastream`` expanded (to ``ObservedProperty`` and, for the place,
``Thing/Locations`` or the observation's own ``FeatureOfInterest``), alone or as the ``value`` of a
collection. Each is a ``weather`` feature ``sensorthings/<datastream id>`` with one value:

| observed property (words in its name) | becomes |
|---|---|
| visibility | `visibility_m` from m, km, mi |
| wind speed (not gust) | `wind_mps` from m/s, km/h, kn |
| precipitation or rain, with intensity or rate | `precipitation_mmph` from mm/h |
| precipitation type | `precipitation` |
| road or pavement, with surface, state or condition | `road_surface` |

Other properties, and results that are no number where one is due, are UNAVAILABLE alone and left
out of a collection. `phenomenonTime` (an instant, or an interval of which the end counts) is the
start of the validity, which is 20 minutes: stations report each 10. `resultTime` is the time of
issue. A place reaches 1 km, an area nowhere beyond itself; without one the feed's entry knows it.
"""

import math
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from operators.decode.decoded import Decoded, Feature
from operators.decode.geometry import Geometry, Point, geometry_text
from operators.decode.guard import check_objects
from operators.decode.json_text import read_json
from operators.decode.texts import required_time_us
from operators.enrich.weather import PRECIPITATION, ROAD_SURFACE
from operators.errors import DecodeError
from operators.reasons import Reason

HOLDS_US = 20 * 60_000_000
RADIUS_M = 1000.0
_LENGTH = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
_SPEED = {"m/s": 1.0, "km/h": 1 / 3.6, "kn": 1852 / 3600, "kt": 1852 / 3600}
_RATE = {"mm/h": 1.0}
# Words of the observed property's name, the property, and its units or names.
_PROPERTIES: tuple[tuple[str, str, dict[str, float] | tuple[str, ...]], ...] = (
    (r"visibility", "visibility_m", _LENGTH),
    (r"wind.*(?<!gust )speed(?!.*gust)", "wind_mps", _SPEED),
    (r"(precipitation|rain).*(intensity|rate)", "precipitation_mmph", _RATE),
    (r"precipitation.*type", "precipitation", PRECIPITATION),
    (r"(road|pavement).*(surface|state|condition)", "road_surface", ROAD_SURFACE),
)
_Id = str | int


class _Unit(msgspec.Struct):
    symbol: str | None = None


class _Name(msgspec.Struct):
    name: str


class _Location(msgspec.Struct):
    location: Geometry


class _Thing(msgspec.Struct):
    locations: list[_Location] = msgspec.field(name="Locations", default_factory=list)


class _Datastream(msgspec.Struct):
    id: _Id = msgspec.field(name="@iot.id")
    observed: _Name = msgspec.field(name="ObservedProperty")
    unit: _Unit = msgspec.field(name="unitOfMeasurement", default_factory=_Unit)
    thing: _Thing = msgspec.field(name="Thing", default_factory=_Thing)


class _Interest(msgspec.Struct):
    feature: Geometry


class _Observation(msgspec.Struct):
    time: str = msgspec.field(name="phenomenonTime")
    result: Any
    datastream: _Datastream = msgspec.field(name="Datastream")
    result_time: str | None = msgspec.field(name="resultTime", default=None)
    interest: _Interest | None = msgspec.field(name="FeatureOfInterest", default=None)


class _Collection(msgspec.Struct):
    value: Annotated[list[_Observation], Meta(min_length=1)]


_ONE = msgspec.json.Decoder(_Observation)
_MANY = msgspec.json.Decoder(_Collection)


def adapt(payload: bytes, anchor_us: int) -> Decoded:  # its times have full dates
    """Read one observation or a collection of them.

    Raises
    ------
    DecodeError
        UNAVAILABLE if nothing in it tells the weather, MALFORMED for a time without an offset, and
        the reasons of `json_text.read_json`.
    """
    many = b'"value"' in payload and b'"phenomenonTime"' in payload and _begins_with_list(payload)
    found = read_json(_MANY, payload).value if many else [read_json(_ONE, payload)]
    check_objects(len(found))
    features = tuple(_feature(one, told) for one in found if (told := _told(one)))
    if not features:
        names = ", ".join(one.datastream.observed.name[:40] for one in found[:3])
        raise DecodeError(Reason.UNAVAILABLE, f"no weather in: {names}")
    return Decoded(features=features)


def _begins_with_list(payload: bytes) -> bool:
    """Whether observations stand in a list, not one alone with a member of that name."""
    return re.search(rb'"value"\s*:\s*\[\s*\{', payload) is not None


def _told(one: _Observation) -> dict[str, str]:
    """The property that an observation tells, under its name here; empty for none."""
    name = one.datastream.observed.name.lower().replace("_", " ")
    for words, key, units in _PROPERTIES:
        if re.search(words, name):
            return _value(one, key, units)
    return {}


def _value(
    one: _Observation, key: str, units: dict[str, float] | tuple[str, ...]
) -> dict[str, str]:
    if isinstance(units, tuple):
        word = str(one.result).lower().replace(" ", "_")
        return {key: word} if word in units else {}
    factor = units.get(one.datastream.unit.symbol or "")
    number = one.result if isinstance(one.result, int | float) else math.nan
    if factor is None or not 0 <= number < 1e9:
        return {}
    return {key: f"{number * factor:.3f}"}


def _feature(one: _Observation, told: dict[str, str]) -> Feature:
    start_us = required_time_us(one.time.rpartition("/")[2], "phenomenonTime")
    area = _area(one)
    return Feature(
        feature_id=f"sensorthings/{one.datastream.id}",
        kind="weather",
        valid_from_us=start_us,
        valid_to_us=start_us + HOLDS_US,
        area="" if area is None else geometry_text(area),
        radius_m=RADIUS_M if isinstance(area, Point) else None,
        cancelled=False,
        properties=told,
        issued_us=start_us
        if one.result_time is None
        else required_time_us(one.result_time, "resultTime"),
    )


def _area(one: _Observation) -> Geometry | None:
    if one.interest is not None:
        return one.interest.feature
    locations = one.datastream.thing.locations
    return locations[0].location if locations else None

"""The weather of a place, out of what several reports say of it.

Feeds say many things in many ways; their adapters put these five into the properties of a
``weather`` feature, under these names:

| property | value |
|---|---|
| `visibility_m` | horizontal visibility; a report of "more than" has its bound |
| `wind_mps` | mean wind |
| `precipitation` | one of `PRECIPITATION` |
| `precipitation_mmph` | rate of water |
| `road_surface` | one of `ROAD_SURFACE` |
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

# In the order of their codes; 0 is for unknown.
PRECIPITATION = ("unknown", "none", "drizzle", "rain", "freezing_rain", "sleet", "snow", "hail")
ROAD_SURFACE = ("unknown", "dry", "moist", "wet", "flooded", "slush", "snow", "frost", "ice")


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """Weather of a place; None where nobody said."""

    visibility_m: float | None = None
    wind_mps: float | None = None
    precipitation: int | None = None
    precipitation_mmph: float | None = None
    road_surface: int | None = None


VALUES = Weather.__struct_fields__
_CODES = ("precipitation", "road_surface")


def weather_of(properties: Mapping[str, str]) -> Weather:
    """What the properties of one feature say; what is no value counts as not said."""
    return Weather(
        visibility_m=_number(properties.get("visibility_m")),
        wind_mps=_number(properties.get("wind_mps")),
        precipitation=_code(PRECIPITATION, properties.get("precipitation")),
        precipitation_mmph=_number(properties.get("precipitation_mmph")),
        road_surface=_code(ROAD_SURFACE, properties.get("road_surface")),
    )


def as_numbers(weather: Weather) -> tuple[float, ...]:
    """Values in the order of `VALUES`, NaN for what nobody said."""
    return tuple(math.nan if value is None else value for value in msgspec.structs.astuple(weather))


def as_record(numbers: Iterable[float]) -> dict[str, float | int | None]:
    """Values of `as_numbers` by name, codes as whole numbers, None for what nobody said."""
    return {
        name: None if math.isnan(number) else int(number) if name in _CODES else number
        for name, number in zip(VALUES, numbers, strict=True)
    }


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0.0 <= number < 1e9 else None


def _code(names: tuple[str, ...], text: str | None) -> int | None:
    return names.index(text) if text in names[1:] else None

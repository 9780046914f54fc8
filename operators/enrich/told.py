"""What a feature tells of a place in it, as numbers: one record of `TOLD` for each row."""

from collections.abc import Mapping
from enum import IntFlag
from typing import Any

import numpy as np

from operators.enrich.shapes import Box
from operators.enrich.weather import VALUES, Weather, as_numbers, weather_of


class ContextFlag(IntFlag):
    """Bits of ``context_flags``."""

    WEATHER = 1
    EMERGENCY = 2
    WORK_ZONE = 4
    INCIDENT = 8
    WARNING = 16
    EMERGENCY_VEHICLE = 32


_FLAGS = {flag.name.lower(): int(flag) for flag in ContextFlag if flag.name}

TOLD = np.dtype(
    [
        ("flag", "<i8"),
        ("size_deg2", "<f8"),  # of the box: the report for the smaller area knows better
        ("receive_time_us", "<i8"),
        ("weather", "<f8", len(VALUES)),  # `weather.VALUES`, NaN where it says nothing
    ]
)


def told(version: Mapping[str, Any], box: Box) -> tuple[Any, ...]:
    """What a version of a feature tells in one of its parts."""
    west, south, east, north = box
    kind = version["kind"]
    weather = weather_of(version["properties"]) if kind == "weather" else Weather()
    return (
        _FLAGS.get(kind, int(ContextFlag.WARNING)),
        (east - west) * (north - south),
        version["receive_time_us"],
        as_numbers(weather),
    )

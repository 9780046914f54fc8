"""Units that a declared mapping may name, and what a declared accuracy means."""

import math

# Factor to the canonical unit of the dimension: metres, m/s, radians, 1.
_LENGTHS = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "km": 1000.0, "ft": 0.3048}
_SPEEDS = {
    "m/s": 1.0,
    "cm/s": 0.01,
    "km/h": 1 / 3.6,
    "mph": 1609.344 / 3600,
    "kn": 1852 / 3600,
    "ft/s": 0.3048,
}
_ANGLES = {"rad": 1.0, "deg": math.pi / 180}
_DEGREES = {"deg": 1.0, "rad": 180 / math.pi}
_RATIOS = {"1": 1.0, "percent": 0.01}

DIMENSIONS = {
    "length": _LENGTHS,
    "speed": _SPEEDS,
    "angle": _ANGLES,
    "degrees": _DEGREES,
    "ratio": _RATIOS,
}

# Standard deviation of one axis by a declared accuracy of 1. For a circular normal distribution
# the radius that holds a share p is sqrt(-2 ln(1 - p)) sigma.
SIGMA_OF = {
    "sigma": 1.0,
    "axis_95": 1 / 1.96,
    "radius_50": 1 / math.sqrt(-2 * math.log(0.50)),
    "radius_68": 1 / math.sqrt(-2 * math.log(0.32)),
    "radius_95": 1 / math.sqrt(-2 * math.log(0.05)),
}

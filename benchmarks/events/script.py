"""What a scripted scene is made of: who moves how, what happens, what signals and feeds say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.events.feed import Actor, an_actor
from benchmarks.events.town import (
    HALF_M,
    geographic,
    turned,
)
from operators.events.kinds import EventKind
from operators.road.signal import Phase

RED, GREEN, AMBER = (
    Phase.STOP_AND_REMAIN,
    Phase.PROTECTED_MOVEMENT_ALLOWED,
    Phase.PROTECTED_CLEARANCE,
)
Rng = np.random.Generator
STOPPED, CONFLICT = EventKind.STOPPED_VEHICLE, EventKind.CONFLICT
# What a near miss at a junction may be told as besides.
BESIDES = (EventKind.HARD_BRAKING, EventKind.RED_LIGHT_RUNNING, EventKind.GROUP_STOP)


@dataclass(frozen=True, slots=True)
class Expected:
    """An event that happens: its kind, one of its tracks, and when it begins."""

    kind: EventKind
    tracks: tuple[int, ...]
    begins_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """One scene.

    Parameters
    ----------
    actors
        Who is there.
    expected
        What happens.
    also
        Kinds that may be told as a consequence: neither right nor wrong.
    signals
        Phases of the two groups from each second on.
    features
        What third parties say, from each second on.
    """

    actors: list[Actor]
    expected: list[Expected] = field(default_factory=list)
    also: tuple[EventKind, ...] = ()
    signals: Mapping[float, tuple[int, int]] = field(default_factory=dict)
    features: Mapping[float, list[dict[str, object]]] = field(default_factory=dict)


def a_point(x_m: float, y_m: float) -> str:
    """GeoJSON of a place."""
    (place,) = geographic([(x_m, y_m), (x_m, y_m)])[:1]
    return f'{{"type":"Point","coordinates":[{place[0]:.7f},{place[1]:.7f}]}}'


def an_area(*corners: tuple[float, float]) -> str:
    """GeoJSON of a polygon."""
    ring = ",".join(f"[{lon:.7f},{lat:.7f}]" for lon, lat in geographic([*corners, corners[0]]))
    return f'{{"type":"Polygon","coordinates":[[{ring}]]}}'


def along(y_m: float, back: bool = False) -> list[tuple[float, float]]:
    """A straight way through the cell."""
    ends = [(-HALF_M, y_m), (HALF_M, y_m)]
    return ends[::-1] if back else ends


def through(angle_rad: float) -> list[tuple[float, float]]:
    """Straight over the junction."""
    return turned([(-250.0, -1.75), (250.0, -1.75)], angle_rad)


def brakes_at(speed: float, away_m: float, braking: float) -> float:
    """Seconds of steady driving before a stop `away_m` ahead."""
    return (away_m - speed**2 / (2 * braking)) / speed


def to_middle(
    v: float, at_s: float, angle: float, track_id: int, phases: list[tuple[float, float]]
) -> Actor:
    """Somebody whose middle would be in the middle of the junction at an instant."""
    start = -(v * at_s)
    return an_actor(track_id, turned([(start, -1.75), (250.0, -1.75)], angle), v, phases)

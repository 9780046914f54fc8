"""A little network for scripted scenes: a motorway, a country road, a junction with signals."""

from collections.abc import Sequence

import numpy as np

from operators.road.network import Lane, LaneKind, RoadPart, Segment, Turn
from operators.transform.cells import Cell, cell, owner

HOME: Cell = cell(owner(39.90, 116.40, 7))
INTERSECTION = "7"
# Motorway: two lanes each way, 8 m between; driven on the right.
EAST_M, WEST_M = (300.0, 296.5), (311.5, 315.0)
RURAL_EAST_M, RURAL_WEST_M = -1.75, 1.75
JUNCTION_Y_M = -500.0
STOP_M = 12.0  # stop lines from the middle
HALF_M = 650.0
Points = Sequence[tuple[float, float]]


def geographic(points: Points) -> tuple[tuple[float, float], ...]:
    """Longitude and latitude of places in the frame of the cell."""
    lon, lat = HOME.frame.to_geographic(*np.array(points, float).T.copy())
    return tuple(zip(lon.tolist(), lat.tolist(), strict=True))


def a_lane(
    name: str, points: Points, width_m: float = 3.5, kind: LaneKind = "vehicle", *turns: Turn
) -> Lane:
    """A lane by places in the frame of the cell."""
    return Lane(name, geographic(points), width_m, kind, False, turns)


def the_town() -> list[RoadPart]:
    """All pieces."""
    return [
        RoadPart("roads", (*_roads(),)),
        RoadPart(f"intersection/{INTERSECTION}", (*_junction(),)),
    ]


def _roads() -> list[Segment]:
    east = [a_lane(f"A:e{k}", [(-HALF_M, y), (HALF_M, y)]) for k, y in enumerate(EAST_M)]
    west = [a_lane(f"A:w{k}", [(HALF_M, y), (-HALF_M, y)]) for k, y in enumerate(WEST_M)]
    there = a_lane("B:e", [(-HALF_M, RURAL_EAST_M), (HALF_M, RURAL_EAST_M)])
    back = a_lane("B:w", [(HALF_M, RURAL_WEST_M), (-HALF_M, RURAL_WEST_M)])
    return [
        Segment("A:e", tuple(east), 33.0),
        Segment("A:w", tuple(west), 33.0),
        Segment("B:e", (there,), 16.7),
        Segment("B:w", (back,), 16.7),
    ]


def _junction() -> list[Segment]:
    """Four approaches with a lane in and a lane out, ways straight on, and one crossing."""
    found = []
    for name, angle, group in (
        ("e", 0.0, 1),
        ("w", np.pi, 1),
        ("n", np.pi / 2, 2),
        ("s", -np.pi / 2, 2),
    ):
        enters, through, leaves = (
            turned(points, angle)
            for points in (
                [(-250.0, -1.75), (-STOP_M, -1.75)],
                [(-STOP_M, -1.75), (STOP_M, -1.75)],
                [(STOP_M, -1.75), (250.0, -1.75)],
            )
        )
        way = Turn(f"C:{name}-through", INTERSECTION, group)
        found += [
            Segment(
                f"C:{name}-in", (a_lane(f"C:{name}-in", enters, 3.5, "vehicle", way),), 13.9, True
            ),
            Segment(
                f"C:{name}-t",
                (a_lane(f"C:{name}-through", through, 3.5, "vehicle", Turn(f"C:{name}-out")),),
            ),
            Segment(f"C:{name}-out", (a_lane(f"C:{name}-out", leaves),), 13.9),
        ]
    walk = a_lane("C:walk", turned([(16.0, -8.0), (16.0, 8.0)], 0.0), 4.0, "pedestrian")
    return [*found, Segment("C:walk", (walk,))]


def turned(points: Points, angle_rad: float) -> list[tuple[float, float]]:
    """Places relative to the junction, turned about its middle, in the frame of the cell."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return [(x * c - y * s, x * s + y * c + JUNCTION_Y_M) for x, y in points]
